// The triangles around one point of a cloud: its nearest points are projected into the plane of its neighbourhood, and
// the point's own triangles of their Delaunay triangulation are found by walking around it. The triangles of all points
// together cover the surface about three times, once for each of their corners (Sharp and Crane, "A Laplacian for
// nonmanifold triangle meshes", 2020, §5.7).

import SextantArrays

extension PointNeighbourhoods {
  /// How often the triangles of all points cover the surface.
  static let coverings = 3

  /// The triangles around all points, one point after another; a point whose neighbours lie on a line has none.
  var localTriangles: [SIMD3<Int32>] {
    var parts = [[SIMD3<Int32>]](repeating: [], count: positions.count)
    parts.withUnsafeMutableBufferPointer { out in
      guard let base = out.baseAddress else { return }
      let target = UncheckedPointer(base)
      Parallel.forEachRange(of: positions.count, grain: 256) { range in
        for point in range {
          let star = DelaunayStar(centre: Int32(point), coordinates(around: point), ids: Array(around(point)))
          target[point] = star.triangles
        }
      }
    }
    return parts.flatMap(\.self)
  }

  /// The neighbours of a point in the plane through it.
  private func coordinates(around point: Int) -> [SIMD2<Double>] {
    let normal = normals[point]
    // The axis that is farthest from the normal gives a direction in the plane.
    let sizes = SIMD3(abs(normal.x), abs(normal.y), abs(normal.z))
    let axis = sizes.x <= sizes.y && sizes.x <= sizes.z ? 0 : sizes.y <= sizes.z ? 1 : 2
    var other = SIMD3<Double>()
    other[axis] = 1
    let right = other.cross(normal).normalized
    let up = normal.cross(right)
    return around(point).map { neighbour in
      let offset = positions[Int(neighbour)] - positions[point]
      return SIMD2(offset.dot(right), offset.dot(up))
    }
  }
}

/// The Delaunay triangles at the origin of a plane.
private struct DelaunayStar {
  private let centre: Int32
  private let points: [SIMD2<Double>]
  private let ids: [Int32]
  private(set) var triangles: [SIMD3<Int32>] = []

  /// Differences below this part of a length are rounding.
  private static let tolerance = 1e-9

  /// - Parameters:
  ///   - centre: The point at the origin.
  ///   - points: The points around it, nearest in space first.
  ///   - ids: Their numbers.
  init(centre: Int32, _ points: [SIMD2<Double>], ids: [Int32]) {
    self.centre = centre
    let extent = points.map(Self.length).max() ?? 0
    // A point straight above or below the centre has no direction.
    let kept = points.indices.filter { Self.length(points[$0]) > 1e-7 * extent }
    (self.points, self.ids) = (kept.map { points[$0] }, kept.map { ids[$0] })
    // The edge to the nearest point is always a Delaunay edge.
    guard let first = self.points.indices.min(by: { Self.length(self.points[$0]) < Self.length(self.points[$1]) })
    else { return }
    if walk(from: first, side: 1) { return }
    _ = walk(from: first, side: -1)
  }

  private static func length(_ p: SIMD2<Double>) -> Double { (p * p).sum().squareRoot() }

  /// Adds triangles counter-clockwise (`side` 1) or clockwise (−1) from an edge; true if they close around the centre.
  private mutating func walk(from first: Int, side: Double) -> Bool {
    var current = first
    for _ in points.indices {
      guard let next = next(to: current, side: side) else { return false }
      triangles.append(
        side > 0 ? SIMD3(centre, ids[current], ids[next]) : SIMD3(centre, ids[next], ids[current]))
      if next == first { return true }
      current = next
    }
    return false
  }

  /// The third corner of the Delaunay triangle beside the edge from the centre to a point: the one whose circle with the
  /// edge reaches least far to this side. Nil at the boundary of the points.
  private func next(to current: Int, side: Double) -> Int? {
    let p = points[current]
    var (least, best): (Double, [Int]) = (.infinity, [])
    for index in points.indices where index != current {
      let q = points[index]
      let turn = side * (p.x * q.y - p.y * q.x)
      guard turn > Self.tolerance * Self.length(p) * Self.length(q) else { continue }
      // The centre of the circle lies at this height above the middle of the edge, in its length.
      let height = ((q * q).sum() - (q * p).sum()) / (2 * turn)
      if height < least - Self.tolerance * (1 + abs(height)) {
        (least, best) = (height, [index])
      } else if height <= least + Self.tolerance * (1 + abs(height)) {
        best.append(index)
      }
    }
    guard best.count > 1 else { return best.first }
    // Several points on one circle, as on a regular grid: all of them fan out from the lowest number, so that the
    // points of the circle choose the same triangles.
    func angle(_ index: Int) -> Double { (points[index] * p).sum() / (Self.length(points[index]) * Self.length(p)) }
    let ordered = best.sorted { angle($0) > angle($1) }
    let lowest = best.map { ids[$0] }.min() ?? centre
    if centre < lowest, centre < ids[current] { return ordered.first }
    if ids[current] < lowest { return ordered.last }
    return best.first { ids[$0] == lowest }
  }
}
