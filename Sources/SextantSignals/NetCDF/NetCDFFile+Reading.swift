// Reading of hyperslabs from an open file: the stored numbers, and texts.

import CNetCDF
import Foundation

extension NetCDFFile {
  /// The stored numbers of a hyperslab in the variable's own order, neither unpacked nor checked for missing values.
  ///
  /// `start` and `count` have one entry for each dimension. 64-bit integers beyond 2⁵³ are rounded.
  public func rawValues(of variable: NetCDFVariable, start: [Int], count: [Int]) throws -> [Double] {
    if let numbers = try external?.values(of: variable.name, start: start, count: count) { return numbers.map { Double($0) } }
    if variable.type == .short,
      let numbers = try unpackedChunks(of: variable, start: start, count: count, as: Int16.self)
    {
      return numbers.map { Double($0) }
    }
    // One additional entry, so that scalars have an address to pass as well.
    return try numbers(of: variable, start: start, count: count) {
      nc_get_vara_double(variable.groupID, variable.id, start + [0], count + [0], $0)
    }
  }

  /// ``rawValues(of:start:count:)`` for a variable that is stored in single precision.
  func rawSingles(of variable: NetCDFVariable, start: [Int], count: [Int]) throws -> [Float] {
    precondition(variable.type == .float, "\(variable.name) is stored as \(variable.type)")
    if let numbers = try external?.values(of: variable.name, start: start, count: count) { return numbers }
    if let numbers = try unpackedChunks(of: variable, start: start, count: count, as: Float.self) { return numbers }
    return try numbers(of: variable, start: start, count: count) {
      nc_get_vara_float(variable.groupID, variable.id, start + [0], count + [0], $0)
    }
  }

  private func numbers<Number>(
    of variable: NetCDFVariable, start: [Int], count: [Int], _ get: (UnsafeMutablePointer<Number>?) -> Int32
  ) throws -> [Number] {
    let total = try checkedCount(variable, start: start, count: count)
    return try [Number](unsafeUninitializedCapacity: total) { buffer, initialized in
      initialized = 0
      guard total > 0 else { return }
      do {
        try NetCDFLibrary.check("read the values", path: path, variable: variable.name) { get(buffer.baseAddress) }
      } catch {
        let missing = CompressionFilter.missing(of: variable.name, path: path)
        guard !missing.isEmpty else { throw error }
        throw NetCDFError.filterMissing(path: path, variable: variable.name, filters: missing.map(\.name))
      }
      initialized = total
    }
  }

  /// All stored numbers of a variable.
  public func rawValues(of variable: NetCDFVariable) throws -> [Double] {
    try rawValues(of: variable, start: variable.shape.map { _ in 0 }, count: variable.shape)
  }

  /// The values of a hyperslab, unpacked in double precision; NaN is missing.
  public func values(of variable: NetCDFVariable, start: [Int], count: [Int]) throws -> [Double] {
    let decoder = try ValueDecoder(variable, in: self)
    var values = try rawValues(of: variable, start: start, count: count)
    for i in values.indices { values[i] = decoder.decode(values[i]) }
    return values
  }

  /// All values of a variable, unpacked in double precision; NaN is missing.
  public func values(of variable: NetCDFVariable) throws -> [Double] {
    try values(of: variable, start: variable.shape.map { _ in 0 }, count: variable.shape)
  }

  /// The texts of a variable of strings, or of characters whose last dimension runs along each text.
  public func texts(of variable: NetCDFVariable) throws -> [String] {
    switch variable.type {
    case .string: try strings(of: variable)
    case .character: try characterTexts(of: variable)
    default:
      throw NetCDFError.unusableVariable(
        path: path, variable: variable.name, reason: "expected text, found numbers.")
    }
  }

  private func strings(of variable: NetCDFVariable) throws -> [String] {
    var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: variable.valueCount)
    try NetCDFLibrary.check("read the strings", path: path, variable: variable.name) {
      nc_get_var_string(variable.groupID, variable.id, &pointers)
    }
    defer { _ = NetCDFLibrary.withLock { nc_free_string(pointers.count, &pointers) } }
    return pointers.map { $0.map { String(cString: $0) } ?? "" }
  }

  private func characterTexts(of variable: NetCDFVariable) throws -> [String] {
    var bytes = [CChar](repeating: 0, count: variable.valueCount)
    guard !bytes.isEmpty else { return [] }
    try NetCDFLibrary.check("read the text", path: path, variable: variable.name) {
      nc_get_var_text(variable.groupID, variable.id, &bytes)
    }
    let length = max(1, variable.shape.last ?? 1)
    return stride(from: 0, to: bytes.count, by: length).map { start in
      let text = bytes[start..<start + length].prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
      return String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespaces)
    }
  }

  /// The number of values in a hyperslab of numbers, which must lie within the variable.
  func checkedCount(_ variable: NetCDFVariable, start: [Int], count: [Int]) throws -> Int {
    guard variable.type.isNumeric else {
      throw NetCDFError.unusableVariable(
        path: path, variable: variable.name, reason: "expected numbers, found \(variable.type).")
    }
    precondition(
      start.count == variable.shape.count && count.count == variable.shape.count
        && zip(zip(start, count), variable.shape).allSatisfy { $0.0 >= 0 && $0.1 >= 0 && $0.0 + $0.1 <= $1 },
      "Hyperslab \(start) + \(count) is outside \(variable.name) of shape \(variable.shape)")
    return count.reduce(1, *)
  }

  /// The chunk shape of the variable (one extent for each dimension); nil if it is stored contiguously.
  public func chunkShape(of variable: NetCDFVariable) throws -> [Int]? {
    guard !variable.dimensions.isEmpty else { return nil }
    var storage: Int32 = 0
    var sizes = [Int](repeating: 0, count: variable.dimensions.count)
    try NetCDFLibrary.check("query the chunks", path: path, variable: variable.name) {
      nc_inq_var_chunking(variable.groupID, variable.id, &storage, &sizes)
    }
    return storage == NC_CHUNKED ? sizes : nil
  }

  /// Lets the library cache `byteCount` bytes of decompressed chunks of a variable, so that neighbouring hyperslabs do
  /// not decompress the same chunk twice. Does nothing for netCDF-3.
  func keepChunks(of variable: NetCDFVariable, byteCount: Int) throws {
    guard format.hasPrefix("netCDF-4") else { return }
    try NetCDFLibrary.check("set the size of the chunk cache", path: path, variable: variable.name) {
      nc_set_var_chunk_cache(variable.groupID, variable.id, byteCount, 4133, 0.75)
    }
  }
}
