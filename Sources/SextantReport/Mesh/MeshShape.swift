// The triangles of a surface with a normal at each corner for shading: the mean over the surrounding triangles across
// which the surface is smooth. Files may contain flipped triangles, so the two sides are not distinguished. A cloud of
// points is shown by splats: a disc at each point that lies in the surface and rises a little in its middle, so that of
// overlapping discs the one with the nearest middle is seen.

import Foundation
import SextantGeometry

/// A surface prepared for drawing from any direction.
struct MeshShape: Sendable {
  let positions: [SIMD3<Double>]
  /// The triangles with a non-zero area.
  let triangles: [SIMD3<Int32>]
  /// The vertices of the signal that each triangle is painted by.
  let painted: [SIMD3<Int32>]
  /// The unit normal of each corner of each triangle (three per triangle), on the side of its triangle.
  let cornerNormals: [SIMD3<Float>]

  /// The cosine of the crease angle; normals are not smoothed across sharper edges.
  private static let creaseCosine = 0.5

  /// Throws ``ReportError/unusable(_:)`` for a mesh in which no triangle has an area.
  init(_ mesh: TriangleMesh) throws {
    if mesh.triangles.isEmpty, !mesh.positions.isEmpty {
      self = Self.splats(at: mesh.positions)
      return
    }
    let positions = mesh.positions
    var triangles: [SIMD3<Int32>] = []
    var faces: [SIMD3<Double>] = []
    triangles.reserveCapacity(mesh.triangles.count)
    faces.reserveCapacity(mesh.triangles.count)
    for t in mesh.triangles {
      let normal = cross(
        positions[Int(t.y)] - positions[Int(t.x)], positions[Int(t.z)] - positions[Int(t.x)])
      guard (normal * normal).sum() > 0 else { continue }
      triangles.append(t)
      faces.append(normal)
    }
    guard !triangles.isEmpty else {
      throw ReportError.unusable(
        "A surface of \(mesh.positions.count) vertices and \(mesh.triangles.count) triangles has no area to draw."
      )
    }
    // The triangles around each vertex, in one list.
    var starts = [Int](repeating: 0, count: positions.count + 1)
    for t in triangles { for corner in 0..<3 { starts[Int(t[corner]) + 1] += 1 } }
    for vertex in positions.indices { starts[vertex + 1] += starts[vertex] }
    var next = starts
    var around = [Int](repeating: 0, count: 3 * triangles.count)
    for (f, t) in triangles.enumerated() {
      for corner in 0..<3 {
        around[next[Int(t[corner])]] = f
        next[Int(t[corner])] += 1
      }
    }
    let directions = faces.map { $0 / ($0 * $0).sum().squareRoot() }
    cornerNormals = triangles.indices.flatMap { f in
      (0..<3).map { corner -> SIMD3<Float> in
        let vertex = Int(triangles[f][corner])
        var sum = SIMD3<Double>()
        for other in around[starts[vertex]..<starts[vertex + 1]] {
          let cosine = (directions[f] * directions[other]).sum()
          // A triangle that faces the opposite way is flipped in the file, or is the other side of something thin.
          if abs(cosine) > Self.creaseCosine { sum += cosine < 0 ? -faces[other] : faces[other] }
        }
        return SIMD3<Float>(sum / (sum * sum).sum().squareRoot())
      }
    }
    self.positions = positions
    self.triangles = triangles
    painted = triangles
  }

  /// The number of sides of a splat, and how far its middle rises, in radii.
  private static let (splatSides, splatRise) = (6, 0.3)

  private init(
    positions: [SIMD3<Double>], triangles: [SIMD3<Int32>], painted: [SIMD3<Int32>], cornerNormals: [SIMD3<Float>]
  ) {
    (self.positions, self.triangles, self.painted) = (positions, triangles, painted)
    self.cornerNormals = cornerNormals
  }

  /// Splats at points.
  private static func splats(at points: [SIMD3<Double>]) -> MeshShape {
    let splats = PointSplats(points)
    let sides = splatSides
    var (positions, triangles, painted): ([SIMD3<Double>], [SIMD3<Int32>], [SIMD3<Int32>]) = ([], [], [])
    var cornerNormals: [SIMD3<Float>] = []
    positions.reserveCapacity((sides + 2) * points.count)
    for (point, place) in points.enumerated() {
      let (normal, radius) = (splats.normals[point], splats.radii[point])
      let sizes = SIMD3(abs(normal.x), abs(normal.y), abs(normal.z))
      let axis = sizes.x <= sizes.y && sizes.x <= sizes.z ? 0 : sizes.y <= sizes.z ? 1 : 2
      var other = SIMD3<Double>()
      other[axis] = 1
      let right = cross(other, normal) / (cross(other, normal) * cross(other, normal)).sum().squareRoot()
      let up = cross(normal, right)
      let first = Int32(positions.count)
      positions.append(place + splatRise * radius * normal)
      positions.append(place - splatRise * radius * normal)
      for side in 0..<sides {
        let angle = 2 * Double.pi * Double(side) / Double(sides)
        positions.append(place + radius * (cos(angle) * right + sin(angle) * up))
      }
      for side in 0..<Int32(sides) {
        let (a, b) = (first + 2 + side, first + 2 + (side + 1) % Int32(sides))
        triangles += [SIMD3(first, a, b), SIMD3(first + 1, b, a)]
        painted += [SIMD3](repeating: SIMD3(repeating: Int32(point)), count: 2)
        // Triangles face outwards on both sides.
        cornerNormals += [SIMD3](repeating: SIMD3<Float>(normal), count: 3)
        cornerNormals += [SIMD3](repeating: SIMD3<Float>(-normal), count: 3)
      }
    }
    return MeshShape(positions: positions, triangles: triangles, painted: painted, cornerNormals: cornerNormals)
  }

  /// The bounds of the surface in a view, in the picture's axes.
  func bounds(_ basis: ViewBasis) -> (low: SIMD3<Double>, high: SIMD3<Double>) {
    var (low, high) = (SIMD3(repeating: Double.infinity), SIMD3(repeating: -Double.infinity))
    for t in triangles {
      for corner in 0..<3 {
        let place = basis.seen(positions[Int(t[corner])])
        low = pointwiseMin(low, place)
        high = pointwiseMax(high, place)
      }
    }
    return (low, high)
  }
}

/// The cross product.
private func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
  SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
}
