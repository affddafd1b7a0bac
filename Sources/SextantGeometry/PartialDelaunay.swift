// The Delaunay triangles of places that cover the sphere or a part of it. Helper points fill the empty part, so that the
// triangulation of the whole sphere can be used, and triangles that reach across empty places are dropped: those whose
// circumscribed circle is much wider than the distances of their corners to their neighbours. So neither the continents
// of an ocean grid nor the outside of a regional one are bridged.

import Foundation
import SextantArrays

/// Triangles between places of a part of the sphere.
struct PartialDelaunay {
  /// The corners of each triangle, turning left seen from outside.
  let triangles: [SIMD3<Int32>]
  /// Whether the triangles cover the whole sphere.
  let isClosed: Bool

  /// A circle is too wide if its radius is more than this many times the spacing of its corners. In grids of models it is
  /// at most 1.7 times as wide: at the poles of octahedral reduced Gaussian grids.
  private static let widestCircle = 2.0
  private static let neighbourCount = 6
  private static let helperCount = 400

  /// Triangulates distinct positions of length 1. Throws ``GeometryError/invalidMesh(_:)``.
  init(_ positions: [SIMD3<Double>]) throws {
    guard positions.count >= 3 else {
      throw GeometryError.invalidMesh("\(positions.count) places cannot be triangulated: expected at least three.")
    }
    let tree = NearestNeighbours(positions)
    let count = min(Self.neighbourCount, positions.count - 1)
    let (_, distances) = tree.nearest(count + 1, toEach: positions)
    let spacing = positions.indices.map { i in
      distances[i * (count + 1) + 1..<(i + 1) * (count + 1)].reduce(0, +) / Double(count)
    }
    let all = try Self.triangulation(positions, spacing, tree)
    let own = Int32(positions.count)
    triangles = all.triangles.filter { t in
      guard t.x < own, t.y < own, t.z < own else { return false }
      let corners = [positions[Int(t.x)], positions[Int(t.y)], positions[Int(t.z)]]
      let widest = max(spacing[Int(t.x)], spacing[Int(t.y)], spacing[Int(t.z)])
      return Self.circumradius(corners[0], corners[1], corners[2]) <= Self.widestCircle * widest
    }
    isClosed = triangles.count == all.triangles.count
  }

  /// The triangulation of the places and of helper points away from them. Places that leave no room for helpers, or
  /// that surround the centre by themselves, need none.
  private static func triangulation(
    _ positions: [SIMD3<Double>], _ spacing: [Double], _ tree: NearestNeighbours
  ) throws -> SphericalDelaunay {
    let turn = Double.pi * (3 - 5.0.squareRoot())
    let lattice = (0..<helperCount).map { i in
      let z = 1 - Double(2 * i + 1) / Double(helperCount)
      let radius = (1 - z * z).squareRoot()
      return SIMD3(radius * cos(turn * Double(i)), radius * sin(turn * Double(i)), z)
    }
    var failure: (any Error)?
    for factor in [3.0, 1.5, 0.75] {
      let helpers = lattice.filter { place in
        tree.nearest(1, to: place).first.map { $0.distance > factor * spacing[$0.index] } ?? true
      }
      do {
        return try SphericalDelaunay(positions + helpers)
      } catch {
        failure = failure ?? error
      }
    }
    throw failure ?? GeometryError.invalidMesh("The places cannot be triangulated.")
  }

  /// The radius of the circle through three points; infinite if they lie on one line.
  private static func circumradius(_ a: SIMD3<Double>, _ b: SIMD3<Double>, _ c: SIMD3<Double>) -> Double {
    let doubleArea = (b - a).cross(c - a).length
    return (a - b).length * (b - c).length * (c - a).length / (2 * doubleArea)
  }
}
