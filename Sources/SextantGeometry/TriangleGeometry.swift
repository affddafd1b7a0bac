// The contributions of single triangles to a domain: areas on the sphere and cotangent weights
// (Pinkall and Polthier, "Computing discrete minimal surfaces and their conjugates", 1993).

import Foundation
import SextantArrays

/// The signed area of a spherical triangle in steradians, positive where a, b, c turn left seen from outside
/// (Van Oosterom and Strackee, 1983).
func sphericalArea(_ a: SIMD3<Double>, _ b: SIMD3<Double>, _ c: SIMD3<Double>) -> Double {
  2 * atan2(tripleProduct(a, b, c), 1 + a.dot(b) + b.dot(c) + c.dot(a))
}

extension WeightedEdges {
  /// Adds `factor` times the cotangent weights of a triangle; one without area adds nothing.
  mutating func addCotangents(
    of triangle: SIMD3<Int32>, _ positions: [SIMD3<Double>], factor: Double = 1
  ) {
    for corner in 0..<3 {
      let (apex, b, c) = (triangle[corner], triangle[(corner + 1) % 3], triangle[(corner + 2) % 3])
      let (u, v) = (positions[Int(b)] - positions[Int(apex)], positions[Int(c)] - positions[Int(apex)])
      let doubleArea = u.cross(v).length
      guard doubleArea > 0 else { continue }
      add(b, c, weight: factor * 0.5 * u.dot(v) / doubleArea)
    }
  }
}

/// A third of each spherical triangle's area to each of its corners (one entry for each position).
func barycentricAreas(_ positions: [SIMD3<Double>], _ triangles: [SIMD3<Int32>]) -> [Double] {
  var areas = [Double](repeating: 0, count: positions.count)
  for triangle in triangles {
    let corners = (0..<3).map { positions[Int(triangle[$0])] }
    let third = abs(sphericalArea(corners[0], corners[1], corners[2])) / 3
    for corner in 0..<3 { areas[Int(triangle[corner])] += third }
  }
  return areas
}

/// The areas of the cells of all places nearer to one position than to any other, for a Delaunay triangulation of the
/// whole sphere with all triangles turning left (one entry for each position).
func voronoiAreas(_ positions: [SIMD3<Double>], _ triangles: [SIMD3<Int32>]) -> [Double] {
  var areas = [Double](repeating: 0, count: positions.count)
  for triangle in triangles {
    let corners = (0..<3).map { positions[Int(triangle[$0])] }
    let centre = (corners[1] - corners[0]).cross(corners[2] - corners[0]).normalized
    for corner in 0..<3 {
      let (a, b) = (corners[corner], corners[(corner + 1) % 3])
      let middle = (a + b).normalized
      areas[Int(triangle[corner])] += sphericalArea(a, middle, centre)
      areas[Int(triangle[(corner + 1) % 3])] += sphericalArea(middle, b, centre)
    }
  }
  return areas
}
