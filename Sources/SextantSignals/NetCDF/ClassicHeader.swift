// The length of a netCDF-3 file according to its own header. libnetcdf silently reads the missing end of a truncated
// file as zeros, so the length is checked first. This follows the netCDF Classic Format Specification (CDF-1, CDF-2 and
// CDF-5); values of attributes are skipped.

import Foundation

enum ClassicHeader {
  /// Throws ``NetCDFError/truncated(path:expectedBytes:foundBytes:)`` if `path` is shorter than its header states.
  static func requireWhole(_ path: String) throws {
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped) else { return }
    do {
      let expected = try expectedByteCount(data)
      if expected > data.count {
        throw NetCDFError.truncated(path: path, expectedBytes: expected, foundBytes: data.count)
      }
    } catch is HeaderEnds {
      throw NetCDFError.truncated(path: path, expectedBytes: data.count + 1, foundBytes: data.count)
    }
  }

  private struct HeaderEnds: Error {}

  /// A cursor over big-endian integers.
  private struct Cursor {
    let data: Data
    var position = 4
    let is64BitData: Bool
    let has64BitOffsets: Bool

    mutating func integer(bytes: Int) throws -> Int {
      guard position + bytes <= data.count else { throw HeaderEnds() }
      var value: UInt64 = 0
      for offset in 0..<bytes { value = value << 8 | UInt64(data[data.startIndex + position + offset]) }
      position += bytes
      return Int(truncatingIfNeeded: value)
    }
    mutating func tag() throws -> Int { try integer(bytes: 4) }
    mutating func count() throws -> Int { try integer(bytes: is64BitData ? 8 : 4) }
    mutating func offset() throws -> Int { try integer(bytes: has64BitOffsets ? 8 : 4) }
    mutating func skip(_ byteCount: Int) throws {
      let (end, overflow) = position.addingReportingOverflow((byteCount + 3) & ~3)
      guard byteCount >= 0, !overflow, end <= data.count else { throw HeaderEnds() }
      position = end
    }
    mutating func skipName() throws { try skip(try count()) }
    mutating func skipAttributes() throws {
      _ = try tag()
      for _ in 0..<(try count()) {
        try skipName()
        let type = try tag()
        let (bytes, overflow) = (try count()).multipliedReportingOverflow(by: ClassicHeader.byteCount(ofType: type))
        if overflow { throw HeaderEnds() }
        try skip(bytes)
      }
    }
  }

  private static func byteCount(ofType code: Int) -> Int {
    switch code {
    case 3, 8: 2
    case 4, 5, 9: 4
    case 6, 10, 11: 8
    default: 1
    }
  }

  private static func expectedByteCount(_ data: Data) throws -> Int {
    let version = data[data.startIndex + 3]
    var cursor = Cursor(data: data, is64BitData: version == 5, has64BitOffsets: version != 1)
    let records = try cursor.count()
    _ = try cursor.tag()
    var lengths: [Int] = []
    for _ in 0..<(try cursor.count()) {
      try cursor.skipName()
      lengths.append(try cursor.count())
    }
    try cursor.skipAttributes()
    _ = try cursor.tag()
    var variables: [(isRecord: Bool, bytes: Int, begin: Int)] = []
    for _ in 0..<(try cursor.count()) {
      try cursor.skipName()
      let rank = try cursor.count()
      var dimensions: [Int] = []
      for _ in 0..<rank { dimensions.append(try cursor.count()) }
      try cursor.skipAttributes()
      let type = try cursor.tag()
      _ = try cursor.count()
      let begin = try cursor.offset()
      guard dimensions.allSatisfy(lengths.indices.contains) else { throw HeaderEnds() }
      let isRecord = dimensions.first.map { lengths[$0] == 0 } ?? false
      let extents = dimensions.dropFirst(isRecord ? 1 : 0).map { lengths[$0] }
      variables.append((isRecord, extents.reduce(byteCount(ofType: type)) { $0 &* $1 }, begin))
    }
    let recordVariables = variables.filter(\.isRecord)
    // A single record variable is not padded to four bytes.
    let recordSize =
      recordVariables.count == 1
      ? recordVariables[0].bytes : recordVariables.reduce(0) { $0 + (($1.bytes + 3) & ~3) }
    // A streaming file has no record count; all bits are set.
    let isStreaming = records < 0 || records == 0xFFFF_FFFF
    return variables.reduce(cursor.position) { longest, variable in
      guard variable.isRecord else { return max(longest, variable.begin + variable.bytes) }
      guard records > 0, !isStreaming else { return longest }
      return max(longest, variable.begin + recordSize * (records - 1) + variable.bytes)
    }
  }
}
