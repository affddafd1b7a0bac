// Images as signals on a surface: each vertex has the image's value at its position in a plane, viewed along the third
// axis. Both sides of the surface get the same image. The APS paper projects the digits of MNIST on the Stanford bunny
// in this way (docs/mathematics.md).

import SextantArrays
import SextantGeometry

/// The projection of a surface onto an image.
public struct ImageProjection: Sendable, Equatable, Codable {
  /// An axis of the mesh's coordinates.
  public enum Axis: String, Sendable, Codable, CaseIterable { case x, y, z }

  /// The axis that points to the right in the image.
  public var horizontal: Axis
  /// The axis that points up in the image.
  public var vertical: Axis

  public init(horizontal: Axis = .x, vertical: Axis = .y) {
    (self.horizontal, self.vertical) = (horizontal, vertical)
  }

  /// The position of each vertex (V) in the unit square, with (0, 0) at the lower left. The square is centred on the
  /// mesh's bounding box and as wide as the longer of its two sides.
  func places(of positions: [SIMD3<Double>]) -> [SIMD2<Double>] {
    func component(_ p: SIMD3<Double>, _ axis: Axis) -> Double {
      switch axis {
      case .x: p.x
      case .y: p.y
      case .z: p.z
      }
    }
    let flat = positions.map { SIMD2(component($0, horizontal), component($0, vertical)) }
    guard let first = flat.first else { return [] }
    let low = flat.reduce(first) { pointwiseMin($0, $1) }
    let high = flat.reduce(first) { pointwiseMax($0, $1) }
    let side = max((high - low).max(), .leastNormalMagnitude)
    let corner = (low + high) / 2 - side / 2
    return flat.map { ($0 - corner) / side }
  }
}

/// Grey images on a surface (values 0…1), which are computed when they are read.
public struct ProjectedImages: SignalSource {
  public let domain: any Domain
  public let variables: [Variable]
  public let labels: [FieldLabel]
  private let images: IDXFile
  /// For each vertex, its upper left pixel and its distance from that pixel, to the right and down.
  private let samples: [(pixel: Int, right: Float, down: Float)]

  /// The images as fields of one variable called `name`. The class of each image (N), if `digits` are given, becomes a
  /// coordinate of the fields.
  public init(
    _ images: IDXFile, on domain: any Domain, projection: ImageProjection = ImageProjection(), digits: [Int]? = nil,
    name: String = "image"
  ) {
    (self.images, self.domain) = (images, domain)
    variables = [Variable(name: name, units: "1", longName: "brightness")]
    labels = (0..<images.count).map { index in
      var coordinates = ["image": "\(index)"]
      if let digits, index < digits.count { coordinates["digit"] = "\(digits[index])" }
      return FieldLabel(coordinates: coordinates)
    }
    // Bilinear interpolation between the pixels' centres; the square spans from the first centre to the last.
    samples = projection.places(of: domain.positions).map { place in
      let right = place.x * Double(images.columns - 1)
      let down = (1 - place.y) * Double(images.rows - 1)
      let column = min(max(0, Int(right)), max(0, images.columns - 2))
      let row = min(max(0, Int(down)), max(0, images.rows - 2))
      return (row * images.columns + column, Float(right - Double(column)), Float(down - Double(row)))
    }
  }

  public func read(_ indices: [Int]) throws -> SignalSet {
    let (vertices, columns) = (samples.count, images.columns)
    // A single row or column has no neighbour for interpolation.
    let (toRight, toBelow) = (columns > 1 ? 1 : 0, images.rows > 1 ? columns : 0)
    let values = Tensor<Float>(shape: [indices.count, vertices, 1]) { out in
      for (row, index) in indices.enumerated() {
        let pixels = images.pixels(index)
        for (vertex, sample) in samples.enumerated() {
          let (p, a, b) = (sample.pixel, sample.right, sample.down)
          let above = pixels[p] * (1 - a) + pixels[p + toRight] * a
          let below = pixels[p + toBelow] * (1 - a) + pixels[p + toBelow + toRight] * a
          out[row * vertices + vertex] = above * (1 - b) + below * b
        }
      }
    }
    return SignalSet(
      domain: domain, variables: variables, values: values,
      isValid: [Bool](repeating: true, count: indices.count * vertices), labels: indices.map { labels[$0] })
  }
}
