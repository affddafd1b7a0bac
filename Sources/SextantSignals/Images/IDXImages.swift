// IDX files as images: each item is a field on the plane grid of its pixels, with the bytes of the file as values. MNIST's files
// have three dimensions (items, rows, columns), those of colour images a fourth of bands, interleaved or as planes.

import SextantArrays
import SextantGeometry

/// Images of bytes in a file of a kind that is not written: answers to them are images of 8 bits.
protocol ByteImages: SignalDocument {}

/// The images of an IDX file.
struct IDXImages: ByteImages {
  let path: String
  let inputPaths: [String]
  let domain: any Domain
  let variables: [Variable]
  let labels: [FieldLabel]
  private let stack: IDXFile

  /// The largest number that a byte holds.
  var fullScale: Double? { 255 }
  var format: any SignalFormat { IDXFormat() }

  /// - Parameters:
  ///   - stack: The images.
  ///   - request: What is wanted of the file.
  ///   - digits: The class of each image; nil where it is not known.
  ///   - labelFile: The file of the classes.
  /// - Throws: ``SignalFormatError`` for a variable that is none of the bands.
  init(_ stack: IDXFile, for request: SignalRequest, digits: [Int]?, labelFile: String?) throws {
    self.stack = stack
    path = request.path
    inputPaths = [request.path] + [labelFile].compactMap(\.self)
    domain = try request.imageDomain(rows: stack.rows, columns: stack.columns)
    let names = Self.names(stack.bands)
    try request.checkBands(names, for: IDXFormat())
    variables = names.map { Variable(name: $0) }
    labels = (0..<stack.count).map { index in
      var coordinates = ["image": "\(index)"]
      if let digits, index < digits.count { coordinates["digit"] = "\(digits[index])" }
      return FieldLabel(coordinates: coordinates)
    }
  }

  private static func names(_ bands: Int) -> [String] {
    switch bands {
    case 1: ["value"]
    case 3: ["red", "green", "blue"]
    default: (1...bands).map { "band_\($0)" }
    }
  }

  func read(_ indices: [Int]) throws -> SignalSet {
    let values = indices.flatMap { stack.numbers($0) }
    return SignalSet(
      domain: domain, variables: variables, values: Tensor(values, shape: [indices.count, domain.vertexCount, variables.count]),
      isValid: [Bool](repeating: true, count: values.count), labels: indices.map { labels[$0] })
  }
}
