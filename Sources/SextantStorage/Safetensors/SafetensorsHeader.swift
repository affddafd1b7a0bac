// The header of a safetensors file: the types, shapes and byte ranges of its tensors.
//
// It follows the format's README and the checks of the reference implementation: the bytes of all tensors follow each
// other without gaps or overlaps and fill the rest of the file. The file is not trusted: sizes are checked before use.

/// The element types that this package reads and writes.
public enum SafetensorsType: String, Sendable, CaseIterable {
  case float64 = "F64"
  case int64 = "I64"
  case float32 = "F32"
  case int32 = "I32"
  case uint8 = "U8"
  case bool = "BOOL"

  /// Bytes per element.
  public var byteCount: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .uint8, .bool: 1
    }
  }
}

/// The contents of a header.
struct SafetensorsHeader: Equatable {
  /// The description of one tensor; offsets count from the end of the header.
  struct Entry: Equatable {
    var type: SafetensorsType
    var shape: [Int]
    var range: Range<Int>

    /// The number of elements.
    var count: Int { range.count / type.byteCount }
  }

  var metadata: [String: String] = [:]
  var entries: [String: Entry] = [:]

  /// The limit on the header's length, as in the reference implementation.
  static let byteLimit = 100_000_000

  /// Parses and checks a header, given its bytes without the length prefix and the number `dataByteCount` of tensor
  /// bytes.
  init(parsing bytes: UnsafeRawBufferPointer, dataByteCount: Int, path: String) throws {
    var scanner = HeaderScanner(bytes: bytes, path: path)
    try scanner.expect("{", in: "the header")
    if !scanner.take("}") {
      var hasMetadata = false
      repeat {
        let name = try scanner.string()
        try scanner.expect(":", in: "the header")
        if name == "__metadata__" {
          guard !hasMetadata else { throw scanner.error("'__metadata__' occurs twice") }
          hasMetadata = true
          metadata = try Self.metadata(&scanner)
        } else {
          guard entries[name] == nil else {
            throw SafetensorsError.invalidTensor(path: path, tensor: name, reason: "the name occurs twice")
          }
          entries[name] = try Self.entry(named: name, &scanner)
        }
      } while scanner.take(",")
      try scanner.expect("}", in: "the header")
    }
    try scanner.expectEnd()
    try checkLayout(dataByteCount: dataByteCount, path: path)
  }

  private static func metadata(_ scanner: inout HeaderScanner) throws -> [String: String] {
    var metadata: [String: String] = [:]
    try scanner.expect("{", in: "'__metadata__'")
    if scanner.take("}") { return metadata }
    repeat {
      let key = try scanner.string()
      try scanner.expect(":", in: "'__metadata__'")
      let value = try scanner.string()
      guard metadata.updateValue(value, forKey: key) == nil else {
        throw scanner.error("the metadata key '\(key)' occurs twice")
      }
    } while scanner.take(",")
    try scanner.expect("}", in: "'__metadata__'")
    return metadata
  }

  private static func entry(named name: String, _ scanner: inout HeaderScanner) throws -> Entry {
    func fail(_ reason: String) -> SafetensorsError {
      .invalidTensor(path: scanner.path, tensor: name, reason: reason)
    }
    var (typeName, shape, offsets): (String?, [Int]?, [Int]?)
    try scanner.expect("{", in: "tensor '\(name)'")
    repeat {
      let key = try scanner.string()
      try scanner.expect(":", in: "tensor '\(name)'")
      switch key {
      case "dtype" where typeName == nil: typeName = try scanner.string()
      case "shape" where shape == nil: shape = try scanner.naturalNumbers()
      case "data_offsets" where offsets == nil: offsets = try scanner.naturalNumbers()
      default: throw fail("'\(key)' is unknown or occurs twice; expected dtype, shape and data_offsets")
      }
    } while scanner.take(",")
    try scanner.expect("}", in: "tensor '\(name)'")
    guard let typeName, let shape, let offsets, offsets.count == 2 else {
      throw fail("expected dtype, shape and two data_offsets")
    }
    guard let type = SafetensorsType(rawValue: typeName) else {
      let known = SafetensorsType.allCases.map(\.rawValue).joined(separator: ", ")
      throw fail("the element type '\(typeName)' is not one of \(known)")
    }
    guard offsets[0] <= offsets[1] else {
      throw fail("the bytes end (\(offsets[1])) before they start (\(offsets[0]))")
    }
    var byteCount = type.byteCount
    for extent in shape {
      let (product, overflows) = byteCount.multipliedReportingOverflow(by: extent)
      guard !overflows else { throw fail("the shape \(shape) has too many elements") }
      byteCount = product
    }
    guard offsets[1] - offsets[0] == byteCount else {
      throw fail(
        "shape \(shape) of \(typeName) takes \(byteCount) bytes, but the offsets span \(offsets[1] - offsets[0])")
    }
    return Entry(type: type, shape: shape, range: offsets[0]..<offsets[1])
  }

  /// Tensors must fill the data without gaps or overlaps, in any order.
  private func checkLayout(dataByteCount: Int, path: String) throws {
    var end = 0
    let ordered = entries.sorted {
      ($0.value.range.lowerBound, $0.value.range.upperBound, $0.key)
        < ($1.value.range.lowerBound, $1.value.range.upperBound, $1.key)
    }
    for (name, entry) in ordered {
      guard entry.range.upperBound <= dataByteCount else {
        throw SafetensorsError.invalidTensor(
          path: path, tensor: name,
          reason: "the bytes end at \(entry.range.upperBound), but the file has \(dataByteCount). Is it truncated?")
      }
      guard entry.range.lowerBound == end else {
        let problem = entry.range.lowerBound < end ? "overlap those of another tensor" : "leave a gap before them"
        throw SafetensorsError.invalidTensor(path: path, tensor: name, reason: "the bytes \(problem)")
      }
      end = entry.range.upperBound
    }
    guard end == dataByteCount else {
      throw SafetensorsError.invalidFile(
        path: path, reason: "the tensors take \(end) bytes, but \(dataByteCount) follow the header")
    }
  }
}
