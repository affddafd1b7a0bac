// Finds the triangle that a place on the sphere lies in, and its barycentric weights. The triangles around the nearest
// nodes are tried first, and then all triangles, so that thin triangles and holes are handled correctly, if slowly.

import SextantArrays

/// Triangles on the unit sphere prepared for point location.
struct TriangleLocator {
  private let positions: [SIMD3<Double>]
  private let triangles: [SIMD3<Int32>]
  private let neighbours: NearestNeighbours
  /// The triangles of each node, in compressed rows.
  private let starts: [Int]
  private let incident: [Int32]

  init(positions: [SIMD3<Double>], triangles: [SIMD3<Int32>]) {
    self.positions = positions
    self.triangles = triangles
    neighbours = NearestNeighbours(positions)
    var starts = [Int](repeating: 0, count: positions.count + 1)
    for triangle in triangles { for corner in 0..<3 { starts[Int(triangle[corner]) + 1] += 1 } }
    for i in positions.indices { starts[i + 1] += starts[i] }
    var next = starts
    var incident = [Int32](repeating: 0, count: 3 * triangles.count)
    for (index, triangle) in triangles.enumerated() {
      for corner in 0..<3 {
        incident[next[Int(triangle[corner])]] = Int32(index)
        next[Int(triangle[corner])] += 1
      }
    }
    self.starts = starts
    self.incident = incident
  }

  /// The nodes and weights (summing to 1) that interpolate to a place.
  ///
  /// A place outside all triangles takes the value of the nearest node if that is no farther than half of the node's
  /// longest edge; else nil.
  func weights(at place: SIMD3<Double>) -> [(vertex: Int, weight: Double)]? {
    for count in [1, 8, 64] {
      for neighbour in neighbours.nearest(count, to: place) {
        for slot in starts[neighbour.index]..<starts[neighbour.index + 1] {
          if let found = barycentric(triangles[Int(incident[slot])], place) { return found }
        }
      }
    }
    for triangle in triangles { if let found = barycentric(triangle, place) { return found } }
    guard let nearest = neighbours.nearest(1, to: place).first else { return nil }
    return nearest.distance <= longestEdge(at: nearest.index) / 2 ? [(nearest.index, 1)] : nil
  }

  private func longestEdge(at node: Int) -> Double {
    var longest = 0.0
    for slot in starts[node]..<starts[node + 1] {
      for corner in 0..<3 {
        let other = Int(triangles[Int(incident[slot])][corner])
        longest = max(longest, (positions[other] - positions[node]).length)
      }
    }
    return longest
  }

  /// The weights of a triangle's corners where the ray from the centre through `place` meets its plane.
  private func barycentric(_ triangle: SIMD3<Int32>, _ place: SIMD3<Double>) -> [(vertex: Int, weight: Double)]? {
    let corners = (0..<3).map { positions[Int(triangle[$0])] }
    let volume = tripleProduct(corners[0], corners[1], corners[2])
    guard volume != 0, corners[0].dot(place) + corners[1].dot(place) + corners[2].dot(place) > 0 else { return nil }
    var weights = [0.0, 0.0, 0.0]
    for corner in 0..<3 {
      weights[corner] = tripleProduct(place, corners[(corner + 1) % 3], corners[(corner + 2) % 3]) / volume
    }
    let sum = weights[0] + weights[1] + weights[2]
    // A place on an edge must be found by one of its two triangles at least.
    guard sum > 0, weights.allSatisfy({ $0 >= -1e-10 * sum }) else { return nil }
    let positive = weights.map { $0 <= 1e-12 * sum ? 0 : $0 }
    let total = positive[0] + positive[1] + positive[2]
    return (0..<3).filter { positive[$0] > 0 }.map { (Int(triangle[$0]), positive[$0] / total) }
  }
}

extension TriangleLocator {
  /// The matrix that interpolates to `places` (places × vertices) from nodes with the given representative vertices.
  func interpolation(
    to places: [GeographicPoint], representatives: [Int], vertexCount: Int, summary: String
  ) throws -> SparseMatrix {
    var rowStarts = [0]
    var columns: [Int32] = []
    var values: [Double] = []
    for (index, place) in places.enumerated() {
      guard place.latitude.isFinite, place.longitude.isFinite, abs(place.latitude) <= 90,
        let weights = weights(at: place.position)
      else {
        throw GeometryError.outsideDomain(
          "Place number \(index + 1), \(place), lies outside the \(summary). Leave it out, or use a domain that covers it."
        )
      }
      appendRow(weights.map { (representatives[$0.vertex], $0.weight) }, &columns, &values)
      rowStarts.append(values.count)
    }
    return SparseMatrix(
      rowCount: places.count, columnCount: vertexCount, rowStarts: rowStarts, columns: columns, values: values)
  }
}
