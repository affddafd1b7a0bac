// Reads safetensors files, the format in which models are stored and which any framework can read. The file is mapped,
// so opening a large model is fast and only the requested tensors are read.

import SextantArrays

/// A safetensors file opened for reading.
public struct SafetensorsFile: Sendable {
  /// The path of the file.
  public let path: String
  /// The metadata texts stored with the tensors.
  public let metadata: [String: String]
  private let entries: [String: SafetensorsHeader.Entry]
  private let file: MappedFile
  private let dataStart: Int

  /// Opens the file and checks the complete header. Throws ``FileError`` and ``SafetensorsError``.
  public init(path: String) throws {
    self.path = path
    file = try MappedFile(path: path)
    guard file.bytes.count >= 8 else {
      throw SafetensorsError.invalidFile(
        path: path, reason: "it has \(file.bytes.count) bytes, but the header's length field alone takes 8")
    }
    let length = UInt64(littleEndian: file.bytes.loadUnaligned(as: UInt64.self))
    guard length <= SafetensorsHeader.byteLimit, Int(length) <= file.bytes.count - 8 else {
      throw SafetensorsError.invalidFile(
        path: path, reason: "its header should be \(length) bytes long, but the file has \(file.bytes.count)")
    }
    dataStart = 8 + Int(length)
    let header = try SafetensorsHeader(
      parsing: UnsafeRawBufferPointer(rebasing: file.bytes[8..<dataStart]),
      dataByteCount: file.bytes.count - dataStart, path: path)
    metadata = header.metadata
    entries = header.entries
  }

  /// The names of the tensors, sorted.
  public var names: [String] { entries.keys.sorted() }

  /// Whether there is a tensor with this name.
  public func contains(_ name: String) -> Bool { entries[name] != nil }

  /// The shape of a tensor. Throws ``SafetensorsError/missingTensor(path:tensor:present:)``.
  public func shape(of name: String) throws -> [Int] { try entry(name).shape }

  /// The metadata text for `key`. Throws ``SafetensorsError/missingMetadata(path:key:)``.
  public func text(for key: String) throws -> String {
    guard let text = metadata[key] else { throw SafetensorsError.missingMetadata(path: path, key: key) }
    return text
  }

  /// A tensor in single precision, stored as F32; if `shape` is given, it must match.
  public func floats(_ name: String, shape: [Int]? = nil) throws -> Tensor<Float> {
    try tensor(name, type: .float32, shape: shape)
  }

  /// A tensor in double precision, stored as F64; if `shape` is given, it must match.
  public func doubles(_ name: String, shape: [Int]? = nil) throws -> Tensor<Double> {
    try tensor(name, type: .float64, shape: shape)
  }

  /// Integers, stored as I64 or I32, in row-major order.
  public func integers(_ name: String) throws -> [Int] {
    let entry = try entry(name)
    switch entry.type {
    case .int64: return elements(of: entry, as: Int64.self).map { Int($0) }
    case .int32: return elements(of: entry, as: Int32.self).map { Int($0) }
    default: throw mismatch(name, expected: "integers (I64 or I32)", found: entry)
    }
  }

  /// Bytes, stored as U8.
  public func bytes(_ name: String) throws -> [UInt8] {
    let entry = try entry(name)
    guard entry.type == .uint8 else { throw mismatch(name, expected: "bytes (U8)", found: entry) }
    return elements(of: entry, as: UInt8.self)
  }

  /// Boolean values, stored as BOOL.
  public func booleans(_ name: String) throws -> [Bool] {
    let entry = try entry(name)
    guard entry.type == .bool else { throw mismatch(name, expected: "Boolean values (BOOL)", found: entry) }
    // Any non-zero byte counts as true: a `Bool` must not be created from other bytes.
    return elements(of: entry, as: UInt8.self).map { $0 != 0 }
  }

  private func entry(_ name: String) throws -> SafetensorsHeader.Entry {
    guard let entry = entries[name] else {
      throw SafetensorsError.missingTensor(path: path, tensor: name, present: names)
    }
    return entry
  }

  private func mismatch(_ name: String, expected: String, found: SafetensorsHeader.Entry) -> SafetensorsError {
    .mismatch(path: path, tensor: name, expected: expected, found: "\(found.type.rawValue) of shape \(found.shape)")
  }

  private func tensor<Scalar: TensorScalar>(
    _ name: String, type: SafetensorsType, shape: [Int]?
  ) throws -> Tensor<Scalar> {
    let entry = try entry(name)
    guard entry.type == type, shape == nil || shape == entry.shape else {
      let wanted = shape.map { " of shape \($0)" } ?? ""
      throw mismatch(name, expected: type.rawValue + wanted, found: entry)
    }
    return Tensor(shape: entry.shape) { copy(entry, to: UnsafeMutableRawBufferPointer($0)) }
  }

  private func elements<Element: BitwiseCopyable>(of entry: SafetensorsHeader.Entry, as type: Element.Type) -> [Element]
  {
    [Element](unsafeUninitializedCapacity: entry.count) { buffer, count in
      copy(entry, to: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[..<entry.count])))
      count = entry.count
    }
  }

  /// Copies the bytes, because files of other programs may not align their tensors. All threads take part, because the
  /// first access to new memory takes longer than writing to it.
  private func copy(_ entry: SafetensorsHeader.Entry, to target: UnsafeMutableRawBufferPointer) {
    // Sound, because the ranges do not overlap.
    nonisolated(unsafe) let target = target
    let start = dataStart + entry.range.lowerBound
    Parallel.forEachRange(of: entry.range.count, grain: 1 << 20) { range in
      UnsafeMutableRawBufferPointer(rebasing: target[range]).copyBytes(
        from: file.bytes[start + range.lowerBound..<start + range.upperBound])
    }
  }
}
