// Stacks of images in IDX files, the format of MNIST: a header of big-endian numbers, then bytes, optionally
// gzipped. The format is described on the MNIST page of LeCun, Cortes and Burges, "The IDX file format". Labels are one
// number per item.

import Foundation
import SextantArrays
import SextantStorage

/// N images of the same size, stored as bytes: grey ones in three dimensions, those of several bands in four.
public struct IDXFile: Sendable {
  /// The number of pixels from top to bottom.
  public let rows: Int
  /// The number of pixels from left to right.
  public let columns: Int
  /// The number of bands: 1 for grey images.
  public let bands: Int
  /// Whether the bands of an image lie one after the other, and not side by side at each pixel.
  private let isPlanar: Bool
  /// N·rows·columns·bands bytes, 0…255.
  private let bytes: [UInt8]

  /// The number of images, N.
  public var count: Int { bytes.count / size }
  /// The bytes of an image.
  private var size: Int { rows * columns * bands }

  /// Reads an IDX file of images. Throws ``VertexFileError`` and `FileError`.
  public init(path: String) throws {
    let (shape, bytes) = try Self.read(path, dimensions: 3...4, what: "images (three or four dimensions of bytes)")
    guard shape[1] > 0, shape[2] > 0, shape.last != 0 else {
      throw VertexFileError.anotherKind(
        path: path, expected: "images with pixels", found: shape.dropFirst().map(String.init).joined(separator: " × "))
    }
    // N×3×H×W are planes; the last extent of interleaved images is their small number of bands.
    isPlanar = shape.count == 4 && shape[3] > 4 && shape[1] <= 4
    if shape.count == 3 {
      (rows, columns, bands) = (shape[1], shape[2], 1)
    } else {
      (rows, columns, bands) = isPlanar ? (shape[2], shape[3], shape[1]) : (shape[1], shape[2], shape[3])
    }
    self.bytes = bytes
  }

  /// Reads an IDX file of labels (N numbers 0…255). Throws ``VertexFileError`` and `FileError`.
  public static func labels(path: String) throws -> [Int] {
    try read(path, dimensions: 1...1, what: "labels (one dimension of bytes)").bytes.map { Int($0) }
  }

  /// The first band of an image, row by row from the top, 0…1.
  public func pixels(_ index: Int) -> [Float] {
    let numbers = numbers(index)
    return stride(from: 0, to: numbers.count, by: bands).map { numbers[$0] / 255 }
  }

  /// The bytes of an image as numbers (V × bands), row by row from the top.
  func numbers(_ index: Int) -> [Float] {
    let own = bytes[index * size..<(index + 1) * size]
    guard isPlanar else { return own.map { Float($0) } }
    let (start, count) = (own.startIndex, rows * columns)
    return (0..<size).map { Float(own[start + $0 % bands * count + $0 / bands]) }
  }

  private static func read(
    _ path: String, dimensions: ClosedRange<Int>, what: String
  ) throws -> (shape: [Int], bytes: [UInt8]) {
    let data = try [UInt8](FileContents.data(of: path))
    guard data.count >= 4, data[0] == 0, data[1] == 0 else {
      let found =
        data.isEmpty
        ? "an empty file" : "the bytes \(data.prefix(4).map { String(format: "%02x", $0) }.joined(separator: " "))"
      throw VertexFileError.anotherKind(
        path: path,
        expected:
          "an IDX file (two zero bytes, then type and number of dimensions), such as MNIST's train-images-idx3-ubyte.gz",
        found: found)
    }
    guard data[2] == 8, dimensions.contains(Int(data[3])) else {
      throw VertexFileError.anotherKind(
        path: path, expected: what, found: "\(data[3]) dimensions of type 0x\(String(data[2], radix: 16))")
    }
    let dimensions = Int(data[3])
    let header = 4 + 4 * dimensions
    guard data.count >= header else {
      throw VertexFileError.truncated(path: path, expectedBytes: header, foundBytes: data.count)
    }
    let shape = (0..<dimensions).map { d in (0..<4).reduce(0) { $0 << 8 | Int(data[4 + 4 * d + $1]) } }
    // The product of several 32-bit numbers may overflow.
    let wanted = shape.reduce((partialValue: header > 0 ? 1 : 0, overflow: false)) { product, extent in
      let next = product.partialValue.multipliedReportingOverflow(by: extent)
      return (next.partialValue, product.overflow || next.overflow)
    }
    guard !wanted.overflow, data.count - header >= wanted.partialValue else {
      throw VertexFileError.truncated(
        path: path, expectedBytes: wanted.overflow ? .max : header + wanted.partialValue, foundBytes: data.count)
    }
    return (shape, Array(data[header..<header + wanted.partialValue]))
  }
}
