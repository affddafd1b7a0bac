// Places without a mesh, such as stations, profiles and tracks. Areas come from the distances to the nearest places and
// the Laplacian from a weighted graph of nearest neighbours; both are estimates, good enough to smooth with.

import Foundation
import SextantArrays

/// A set of places on the sphere without given neighbours.
public struct ScatteredPoints: Domain, Geography {
  /// The places, one for each vertex.
  public let places: [GeographicPoint]
  public let nodeOfVertex: [Int32]
  public let nodePositions: [SIMD3<Double>]
  public let areaWeights: [Double]
  public let fingerprint: String
  private let neighbours: NearestNeighbours
  private static let neighbourCount = 8

  public var isScattered: Bool { true }
  /// The places as they were given, not by way of their positions.
  public var points: [GeographicPoint] { places }
  public var vertexCount: Int { places.count }
  public var nodeCount: Int { nodePositions.count }

  /// A domain of the given places; places within 1e-9 radians of each other become one node.
  ///
  /// Throws ``GeometryError/invalidGrid(_:)``.
  public init(_ places: [GeographicPoint]) throws {
    guard !places.isEmpty else { throw GeometryError.invalidGrid("No places: expected at least one.") }
    let positions = try unitPositions(places.map(\.latitude), places.map(\.longitude))
    let merged = CoincidentPoints(positions)
    self.places = places
    nodeOfVertex = merged.nodeOfVertex
    nodePositions = merged.nodePositions
    neighbours = NearestNeighbours(merged.nodePositions)
    areaWeights = merged.sharing(Self.areas(merged.nodePositions, neighbours))
    var hash = Fingerprint(kind: "scattered points")
    hash.add(positions: positions)
    fingerprint = hash.text
  }

  /// The area that each place represents: the area of the disc with its k nearest places, divided by k. The sum is at
  /// most the area of the sphere.
  private static func areas(_ positions: [SIMD3<Double>], _ neighbours: NearestNeighbours) -> [Double] {
    let count = min(neighbourCount, positions.count - 1)
    guard count > 0 else { return [4 * .pi] }
    let (_, distances) = neighbours.nearest(count + 1, toEach: positions)
    // A cap of chord radius r has area π r².
    let areas = positions.indices.map { i in
      let radius = distances[i * (count + 1) + count]
      return .pi * radius * radius / Double(count)
    }
    let total = areas.reduce(0, +)
    // An estimate close to the area of the sphere means that the places cover the sphere.
    return total > 0.8 * 4 * .pi ? areas.map { $0 * 4 * .pi / total } : areas
  }

  /// A graph Laplacian with Gaussian weights, scaled so that it is exact, on average, for the squared distance.
  public var stiffness: SparseMatrix {
    let count = min(Self.neighbourCount, nodeCount - 1)
    guard count > 0 else { return WeightedEdges().laplacian(nodeCount: nodeCount) }
    let width = count + 1
    let (indices, distances) = neighbours.nearest(width, toEach: nodePositions)
    var pairs: Set<SIMD2<Int32>> = []
    for i in 0..<nodeCount {
      for other in indices[i * width + 1..<(i + 1) * width] where other != Int32(i) {
        pairs.insert(SIMD2(min(Int32(i), other), max(Int32(i), other)))
      }
    }
    let edges = pairs.sorted { ($0.x, $0.y) < ($1.x, $1.y) }.map { pair in
      let (a, b) = (Int(pair.x), Int(pair.y))
      let squared = (nodePositions[a] - nodePositions[b]).squaredLength
      let scale = distances[a * width + count] * distances[b * width + count]
      return (a: a, b: b, squared: squared, weight: exp(-2 * squared / scale))
    }
    // Σ_j c_ij d_ij² = 4 A_i, since the Laplacian of the squared distance is 4 in two dimensions.
    var moments = [Double](repeating: 0, count: nodeCount)
    for edge in edges {
      moments[edge.a] += edge.weight * edge.squared
      moments[edge.b] += edge.weight * edge.squared
    }
    let areas = nodeAreas
    var result = WeightedEdges()
    for edge in edges {
      let scale = 2 * areas[edge.a] / moments[edge.a] + 2 * areas[edge.b] / moments[edge.b]
      result.add(Int32(edge.a), Int32(edge.b), weight: edge.weight * scale)
    }
    return result.laplacian(nodeCount: nodeCount)
  }

  public var summary: String { "\(vertexCount) scattered places" }

  /// Inverse-square-distance weights of the three nearest places, or the place itself; no place is outside.
  public func interpolation(to places: [GeographicPoint]) throws -> SparseMatrix {
    let positions = try unitPositions(places.map(\.latitude), places.map(\.longitude))
    let count = min(3, nodeCount)
    let (indices, distances) = neighbours.nearest(count, toEach: positions)
    let representatives = representativeVertices
    var rowStarts = [0]
    var columns: [Int32] = []
    var values: [Double] = []
    for i in places.indices {
      let range = i * count..<(i + 1) * count
      var weights = range.map { 1 / (distances[$0] * distances[$0]) }
      if distances[range.lowerBound] < 1e-9 { weights = [1] + [Double](repeating: 0, count: count - 1) }
      let total = weights.reduce(0, +)
      let entries = zip(range, weights).filter { $0.1 > 0 }.map { (representatives[Int(indices[$0])], $1 / total) }
      appendRow(entries, &columns, &values)
      rowStarts.append(values.count)
    }
    return SparseMatrix(
      rowCount: places.count, columnCount: vertexCount, rowStarts: rowStarts, columns: columns, values: values)
  }
}
