// Writes a complete safetensors file, or none. Tensors are ordered by element size, largest first, after a header
// padded to a cache line, so that every tensor is aligned to its elements although the format allows no gaps.

import Foundation
import SextantArrays

/// Collects tensors and metadata, then writes them to one safetensors file.
public struct SafetensorsWriter: Sendable {
  /// The metadata texts stored with the tensors. JSON values are stored as text.
  public var metadata: [String: String]
  private var items: [String: Item] = [:]

  private struct Item: Sendable {
    var type: SafetensorsType
    var shape: [Int]
    /// Passes the bytes to its argument.
    var withBytes: @Sendable (_ body: (UnsafeRawBufferPointer) throws -> Void) throws -> Void

    var byteCount: Int { shape.reduce(type.byteCount, *) }
  }

  /// A file with this metadata and no tensors yet.
  public init(metadata: [String: String] = [:]) { self.metadata = metadata }

  /// Adds a tensor in single precision, replacing one of the same name.
  public mutating func add(_ name: String, _ tensor: Tensor<Float>) {
    items[name] = Item(type: .float32, shape: tensor.shape) { body in
      try tensor.withUnsafeScalars { try body(UnsafeRawBufferPointer($0)) }
    }
  }

  /// Adds a tensor in double precision, replacing one of the same name.
  public mutating func add(_ name: String, _ tensor: Tensor<Double>) {
    items[name] = Item(type: .float64, shape: tensor.shape) { body in
      try tensor.withUnsafeScalars { try body(UnsafeRawBufferPointer($0)) }
    }
  }

  /// Adds integers as I64, in one dimension.
  public mutating func add(_ name: String, integers: [Int]) { addElements(name, .int64, integers.map { Int64($0) }) }

  /// Adds integers as I32, in one dimension.
  public mutating func add(_ name: String, integers: [Int32]) { addElements(name, .int32, integers) }

  /// Adds bytes as U8, in one dimension.
  public mutating func add(_ name: String, bytes: [UInt8]) { addElements(name, .uint8, bytes) }

  /// Adds Boolean values as BOOL, in one dimension.
  public mutating func add(_ name: String, booleans: [Bool]) {
    addElements(name, .bool, booleans.map { $0 ? UInt8(1) : 0 })
  }

  private mutating func addElements<Element: BitwiseCopyable & Sendable>(
    _ name: String, _ type: SafetensorsType, _ elements: [Element]
  ) {
    items[name] = Item(type: type, shape: [elements.count]) { body in try elements.withUnsafeBytes { try body($0) } }
  }

  /// Writes the file. Throws ``FileError``, and ``SafetensorsError`` for names that the format does not allow.
  public func write(to path: String, overwrite: Bool) throws {
    if items["__metadata__"] != nil {
      throw SafetensorsError.invalidTensor(
        path: path, tensor: "__metadata__", reason: "the format reserves this name")
    }
    let ordered = items.sorted { ($1.value.type.byteCount, $0.key) < ($0.value.type.byteCount, $1.key) }
    let header = try header(ordered)
    try WholeFile.write(to: path, overwrite: overwrite) { temporary in
      guard FileManager.default.createFile(atPath: temporary, contents: nil),
        let handle = FileHandle(forWritingAtPath: temporary)
      else {
        throw FileError.system(action: "create the file", path: temporary, reason: WholeFile.lastSystemError)
      }
      defer { try? handle.close() }
      do {
        try handle.write(contentsOf: header)
        for (_, item) in ordered {
          try item.withBytes { bytes in
            guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
            let data = Data(
              bytesNoCopy: UnsafeMutableRawPointer(mutating: base), count: bytes.count, deallocator: .none)
            try handle.write(contentsOf: data)
          }
        }
      } catch {
        throw FileError.system(action: "write the file", path: path, reason: WholeFile.lastSystemError)
      }
    }
  }

  /// The length and the text of the header, padded with spaces.
  private func header(_ ordered: [(key: String, value: Item)]) throws -> Data {
    struct Description: Encodable {
      var type: String
      var shape: [Int]
      var offsets: [Int]

      enum CodingKeys: String, CodingKey {
        case type = "dtype"
        case shape
        case offsets = "data_offsets"
      }
    }
    enum Value: Encodable {
      case tensor(Description)
      case texts([String: String])

      func encode(to encoder: any Encoder) throws {
        switch self {
        case .tensor(let description): try description.encode(to: encoder)
        case .texts(let texts): try texts.encode(to: encoder)
        }
      }
    }
    var values: [String: Value] = [:]
    if !metadata.isEmpty { values["__metadata__"] = .texts(metadata) }
    var offset = 0
    for (name, item) in ordered {
      let end = offset + item.byteCount
      values[name] = .tensor(Description(type: item.type.rawValue, shape: item.shape, offsets: [offset, end]))
      offset = end
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var text = try encoder.encode(values)
    let padded = (8 + text.count + 63) / 64 * 64 - 8
    text.append(contentsOf: [UInt8](repeating: 0x20, count: padded - text.count))
    let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
    return length + text
  }
}
