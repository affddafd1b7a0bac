// CIFAR's binary batches: records of a label and of three planes of 32×32 bytes, red, green and blue (Krizhevsky,
// "Learning multiple layers of features from tiny images", 2009). CIFAR-100 has two labels. The files have no
// signature: they are known by their ending and by a size that is a whole number of records.

import Foundation
import SextantArrays
import SextantGeometry
import SextantStorage

/// Binary batches of CIFAR-10 and CIFAR-100; fields can be selected as `label` (and `coarse_label`).
public struct CIFARFormat: SignalFormat {
  public init() {}

  public var name: String { "CIFAR batches" }
  public var help: String {
    "binary batches of CIFAR-10 and CIFAR-100 (.bin), images of 32×32 pixels with their labels"
  }

  private static let side = 32
  private static let planeSize = side * side

  /// The number of labels of a record; nil for a file of another kind.
  private static func labelCount(_ path: String) -> Int? {
    guard FileContents.ending(of: path) == "bin", let size = FileContents.size(of: path), size > 0 else { return nil }
    return (1...2).first { size % (3 * planeSize + $0) == 0 }
  }

  public func recognises(_ path: String) -> Bool { Self.labelCount(path) != nil }

  public func open(_ request: SignalRequest) throws -> any SignalDocument {
    guard let labelCount = Self.labelCount(request.path) else {
      throw VertexFileError.anotherKind(
        path: request.path, expected: "a CIFAR batch, a whole number of records of 3073 or 3074 bytes",
        found: FileContents.size(of: request.path).map { "\($0) bytes" } ?? "no file")
    }
    try request.refuseGeometry(for: self, because: "its images have a grid of their own. Leave it out.")
    try request.refuseMonthVariable(for: self)
    try request.refuseSettings(for: self)
    try request.checkBands(["red", "green", "blue"], for: self)
    let domain = try request.imageDomain(rows: Self.side, columns: Self.side)
    let bytes = try [UInt8](FileContents.data(of: request.path))
    return try CIFARDocument(
      path: request.path, domain: domain, bytes: bytes, labelCount: labelCount, planeSize: Self.planeSize
    ).selecting(request.select)
  }
}

/// The images of a batch.
private struct CIFARDocument: ByteImages {
  let path: String
  let domain: any Domain
  let labels: [FieldLabel]
  private let bytes: [UInt8]
  private let labelCount: Int
  private let planeSize: Int

  var format: any SignalFormat { CIFARFormat() }
  var fullScale: Double? { 255 }
  var variables: [Variable] { ["red", "green", "blue"].map { Variable(name: $0) } }

  init(path: String, domain: any Domain, bytes: [UInt8], labelCount: Int, planeSize: Int) {
    (self.path, self.domain, self.bytes) = (path, domain, bytes)
    (self.labelCount, self.planeSize) = (labelCount, planeSize)
    let size = labelCount + 3 * planeSize
    labels = (0..<bytes.count / size).map { index in
      var coordinates = [FieldLabel.numberName: "\(index)", "label": "\(bytes[index * size + labelCount - 1])"]
      if labelCount == 2 { coordinates["coarse_label"] = "\(bytes[index * size])" }
      return FieldLabel(coordinates: coordinates)
    }
  }

  func read(_ indices: [Int]) throws -> SignalSet {
    var values: [Float] = []
    values.reserveCapacity(indices.count * 3 * planeSize)
    for index in indices {
      let start = index * (labelCount + 3 * planeSize) + labelCount
      for pixel in 0..<planeSize {
        for band in 0..<3 { values.append(Float(bytes[start + band * planeSize + pixel])) }
      }
    }
    return SignalSet(
      domain: domain, variables: variables, values: Tensor(values, shape: [indices.count, planeSize, 3]),
      isValid: [Bool](repeating: true, count: values.count), labels: indices.map { labels[$0] })
  }
}
