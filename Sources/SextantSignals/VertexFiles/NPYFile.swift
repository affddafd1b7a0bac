// NumPy array files (.npy), versions 1 to 3: a header that is a Python dictionary, then numbers in either byte order,
// in row-major or column-major order. The format is described in NumPy Enhancement Proposal 1. Objects and structured
// types are rejected.

import Foundation
import SextantArrays
import SextantStorage

/// Reads and writes arrays.
public enum NPYFile {
  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// Whether the file begins like an array file.
  public static func isRecognised(at path: String) -> Bool {
    guard let handle = FileHandle(forReadingAtPath: path) else { return false }
    defer { try? handle.close() }
    return [UInt8]((try? handle.read(upToCount: magic.count)) ?? Data()) == magic
  }

  /// Reads an array of numbers in row-major order, whatever the order in the file.
  ///
  /// Throws `FileError`; ``VertexFileError/anotherKind(path:expected:found:)`` and
  /// ``VertexFileError/truncated(path:expectedBytes:foundBytes:)``.
  public static func read(_ path: String) throws -> Tensor<Float> {
    let (bytes, header) = try contents(of: path)
    return tensor(bytes, header)
  }

  /// The numbers of an array that lies in another file, in double precision and row-major order. Throws like
  /// ``read(_:)``, in the name of `path`.
  static func doubles(in bytes: [UInt8], path: String) throws -> Tensor<Double> {
    tensor(bytes, try Header(bytes, path: path))
  }

  /// The numbers of an array in the precision that their type needs.
  enum Numbers {
    case single(Tensor<Float>)
    /// Doubles, or whole numbers of more than two bytes.
    case wide(Tensor<Double>, isDouble: Bool)

    var shape: [Int] {
      switch self {
      case .single(let tensor): tensor.shape
      case .wide(let tensor, _): tensor.shape
      }
    }
  }

  /// Reads an array like ``read(_:)``, without rounding what single precision cannot hold.
  static func numbers(_ path: String) throws -> Numbers {
    let (bytes, header) = try contents(of: path)
    return switch header.type {
    case .float64: .wide(tensor(bytes, header), isDouble: true)
    case .int32, .int64, .uint32, .uint64: .wide(tensor(bytes, header), isDouble: false)
    default: .single(tensor(bytes, header))
    }
  }

  private static func tensor<Scalar: TensorScalar>(_ bytes: [UInt8], _ header: Header) -> Tensor<Scalar> {
    let tensor = Tensor<Scalar>(shape: header.shape) { out in
      header.type.decode(bytes, at: header.bodyStart, isBigEndian: header.isBigEndian, into: out)
    }
    return header.isColumnMajor ? tensor.reversingOrder() : tensor
  }

  private static func contents(of path: String) throws -> (bytes: [UInt8], header: Header) {
    guard FileManager.default.fileExists(atPath: path) else { throw FileError.missing(path: path) }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw FileError.system(action: "read the file", path: path, reason: "it is a folder or not readable")
    }
    let bytes = [UInt8](data)
    return (bytes, try Header(bytes, path: path))
  }

  /// Writes an array in single precision and row-major order. Throws `FileError`.
  public static func write(_ tensor: Tensor<Float>, to path: String, overwrite: Bool = false) throws {
    try WholeFile.write(to: path, overwrite: overwrite) { temporary in
      let writer = try NPYWriter(creating: temporary, reportedAs: path, shape: tensor.shape)
      try writer.write(tensor.scalars, at: 0)
      try writer.close()
    }
  }

  /// The header of an array in single or double precision, rows first, in version 1 of the format.
  static func header(shape: [Int], isDouble: Bool = false) -> [UInt8] {
    let shape = shape.map { "\($0)," }.joined(separator: " ")
    var text = "{'descr': '<f\(isDouble ? 8 : 4)', 'fortran_order': False, 'shape': (\(shape)), }"
    // The data begin at a multiple of 64 bytes.
    text += String(repeating: " ", count: 63 - (10 + text.utf8.count) % 64) + "\n"
    return magic + [1, 0, UInt8(text.utf8.count % 256), UInt8(text.utf8.count / 256)] + Array(text.utf8)
  }

  /// The contents of the header.
  private struct Header {
    let type: ArrayNumberType
    let isBigEndian: Bool
    let isColumnMajor: Bool
    let shape: [Int]
    let bodyStart: Int

    init(_ bytes: [UInt8], path: String) throws {
      guard bytes.starts(with: magic), bytes.count >= 12, (1...3).contains(bytes[6]) else {
        throw VertexFileError.anotherKind(
          path: path, expected: "a NumPy array file (.npy)", found: FileSignature.description(of: bytes.prefix(64)))
      }
      let sizeLength = bytes[6] == 1 ? 2 : 4
      let length = (0..<sizeLength).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
      bodyStart = 8 + sizeLength + length
      guard bodyStart <= bytes.count else {
        throw VertexFileError.truncated(path: path, expectedBytes: bodyStart, foundBytes: bytes.count)
      }
      let text = String(decoding: bytes[8 + sizeLength..<bodyStart], as: UTF8.self)
      func unusable(_ expected: String) -> VertexFileError {
        .anotherKind(
          path: path, expected: expected, found: "the header \(text.trimmingCharacters(in: .whitespacesAndNewlines))")
      }
      guard let description = Self.value(of: "descr", in: text), description.count >= 4,
        let type = ArrayNumberType(rawValue: String(description.dropFirst(2).prefix { $0 != "'" })),
        let order = description.dropFirst().first, "<>=|".contains(order)
      else { throw unusable("an array of real numbers (floating-point, integer or Boolean)") }
      guard let fortran = Self.value(of: "fortran_order", in: text), let list = Self.value(of: "shape", in: text),
        list.first == "(", let end = list.firstIndex(of: ")")
      else { throw unusable("a header with fortran_order and shape") }
      self.type = type
      isBigEndian = order == ">"
      isColumnMajor = fortran.hasPrefix("True")
      let words = list[list.index(after: list.startIndex)..<end].split { $0 == "," || $0 == " " }
      let extents = words.compactMap { Int($0) }.filter { $0 >= 0 }
      guard extents.count == words.count else { throw unusable("a shape of integers") }
      shape = extents
      var needed = type.byteCount
      for extent in extents {
        let (product, isTooMany) = needed.multipliedReportingOverflow(by: extent)
        needed = isTooMany ? Int.max - bodyStart : product
        if isTooMany { break }
      }
      guard needed <= bytes.count - bodyStart else {
        throw VertexFileError.truncated(path: path, expectedBytes: bodyStart + needed, foundBytes: bytes.count)
      }
    }

    /// The text after a key.
    private static func value(of key: String, in text: String) -> Substring? {
      guard let range = text.range(of: "'\(key)':") else { return nil }
      return text[range.upperBound...].drop { $0 == " " }
    }
  }
}

/// The types of numbers in arrays, with NumPy's abbreviations.
private enum ArrayNumberType: String {
  case float16 = "f2"
  case float32 = "f4"
  case float64 = "f8"
  case int8 = "i1"
  case int16 = "i2"
  case int32 = "i4"
  case int64 = "i8"
  case uint8 = "u1"
  case uint16 = "u2"
  case uint32 = "u4"
  case uint64 = "u8"
  case boolean = "b1"

  var byteCount: Int { Int(String(rawValue.suffix(1))) ?? 1 }

  func decode<Scalar: TensorScalar>(
    _ bytes: [UInt8], at start: Int, isBigEndian: Bool, into out: UnsafeMutableBufferPointer<Scalar>
  ) {
    func decode<Word: FixedWidthInteger>(_: Word.Type, _ number: (Word) -> Scalar) {
      bytes.withUnsafeBytes { raw in
        for index in out.indices {
          let word = raw.loadUnaligned(fromByteOffset: start + index * MemoryLayout<Word>.size, as: Word.self)
          out[index] = number(isBigEndian ? Word(bigEndian: word) : Word(littleEndian: word))
        }
      }
    }
    switch self {
    case .float16: decode(UInt16.self) { Scalar(Float(Float16(bitPattern: $0))) }
    case .float32: decode(UInt32.self) { Scalar(Float(bitPattern: $0)) }
    case .float64: decode(UInt64.self) { Scalar(Double(bitPattern: $0)) }
    case .int8: decode(Int8.self) { Scalar($0) }
    case .int16: decode(Int16.self) { Scalar($0) }
    case .int32: decode(Int32.self) { Scalar($0) }
    case .int64: decode(Int64.self) { Scalar($0) }
    case .uint8: decode(UInt8.self) { Scalar($0) }
    case .uint16: decode(UInt16.self) { Scalar($0) }
    case .uint32: decode(UInt32.self) { Scalar($0) }
    case .uint64: decode(UInt64.self) { Scalar($0) }
    case .boolean: decode(UInt8.self) { $0 == 0 ? 0 : 1 }
    }
  }
}

extension Tensor {
  /// The same array, if its memory has the first index varying fastest.
  fileprivate func reversingOrder() -> Tensor {
    var strides: [Int] = []
    var stride = 1
    for extent in shape {
      strides.append(stride)
      stride *= extent
    }
    let extents = shape
    return withUnsafeScalars { source in
      Tensor(shape: extents) { out in
        var index = [Int](repeating: 0, count: extents.count)
        var offset = 0
        for entry in out.indices {
          out[entry] = source[offset]
          // The last index varies fastest.
          for axis in extents.indices.reversed() {
            index[axis] += 1
            offset += strides[axis]
            guard index[axis] == extents[axis] else { break }
            offset -= index[axis] * strides[axis]
            index[axis] = 0
          }
        }
      }
    }
  }
}
