// Triangulation of polygons. Convex polygons are split into a fan around their first corner; others by ear clipping
// (Meisters, "Polygons have ears", 1975), projected along the normal given by Newell's method. A polygon of n corners
// always gives n − 2 triangles, even if it is flat or self-intersecting.

extension PolygonList {
  /// The largest number of corners of a non-convex polygon, because ear clipping takes a time that grows with its cube.
  static let concaveCornerLimit = 1000

  /// The triangles of the polygons between vertices at `positions`, and the index of the polygon of each triangle.
  /// Polygons of fewer than three corners give none.
  ///
  /// - Throws: ``GeometryError/invalidMesh(_:)``, which names `path`, if a polygon with more than 1000 corners is not
  ///   convex.
  func triangulated(_ positions: [SIMD3<Double>], path: String) throws -> (triangles: [SIMD3<Int32>], polygons: [Int32])
  {
    var triangles: [SIMD3<Int32>] = []
    var origins: [Int32] = []
    triangles.reserveCapacity(max(0, corners.count - 2 * count))
    for index in 0..<count {
      let polygon = Array(self[index])
      guard polygon.count >= 3 else { continue }
      if polygon.count == 3 || Self.isConvex(polygon, positions) {
        for k in 1..<polygon.count - 1 { triangles.append(SIMD3(polygon[0], polygon[k], polygon[k + 1])) }
      } else {
        guard polygon.count <= Self.concaveCornerLimit else {
          throw GeometryError.invalidMesh(
            "\(path): face number \(index + 1) has \(polygon.count) corners and is not convex: expected at most \(Self.concaveCornerLimit). Cut it into smaller faces first."
          )
        }
        triangles += Self.ears(polygon, positions)
      }
      origins += repeatElement(Int32(index), count: polygon.count - 2)
    }
    return (triangles, origins)
  }

  /// Twice the vector area by Newell's method, relative to the first corner, so that polygons far from the origin keep
  /// their precision.
  private static func newellNormal(_ polygon: [Int32], _ positions: [SIMD3<Double>]) -> SIMD3<Double> {
    let origin = positions[Int(polygon[0])]
    var sum = SIMD3<Double>()
    for k in 1..<polygon.count - 1 {
      sum += (positions[Int(polygon[k])] - origin).cross(positions[Int(polygon[k + 1])] - origin)
    }
    return sum
  }

  /// Whether the fan around the first corner covers the polygon: none of its triangles is flipped, and all corners turn
  /// the same way.
  private static func isConvex(_ polygon: [Int32], _ positions: [SIMD3<Double>]) -> Bool {
    let normal = newellNormal(polygon, positions)
    let places = polygon.map { positions[Int($0)] }
    let n = places.count
    for k in 0..<n {
      let (a, b, c) = (places[k], places[(k + 1) % n], places[(k + 2) % n])
      if (b - a).cross(c - b).dot(normal) < 0 { return false }
      if k > 0, k < n - 1, (places[k] - places[0]).cross(places[k + 1] - places[0]).dot(normal) < 0 { return false }
    }
    return true
  }

  /// The triangles of a non-convex polygon.
  private static func ears(_ polygon: [Int32], _ positions: [SIMD3<Double>]) -> [SIMD3<Int32>] {
    let plane = Projection(normal: newellNormal(polygon, positions))
    let places = polygon.map { plane.image(of: positions[Int($0)]) }
    var rest = Array(polygon.indices)
    var triangles: [SIMD3<Int32>] = []
    while rest.count > 3 {
      // If rounding or a self-intersection leaves no ear, any corner will do: the number of triangles remains correct.
      let ear = rest.indices.first { isEar($0, rest, places) } ?? 0
      let (a, b, c) = neighbours(of: ear, in: rest)
      triangles.append(SIMD3(polygon[a], polygon[b], polygon[c]))
      rest.remove(at: ear)
    }
    triangles.append(SIMD3(polygon[rest[0]], polygon[rest[1]], polygon[rest[2]]))
    return triangles
  }

  private static func neighbours(of place: Int, in rest: [Int]) -> (Int, Int, Int) {
    (rest[(place + rest.count - 1) % rest.count], rest[place], rest[(place + 1) % rest.count])
  }

  private static func isEar(_ place: Int, _ rest: [Int], _ places: [SIMD2<Double>]) -> Bool {
    let (a, b, c) = neighbours(of: place, in: rest)
    guard turn(places[a], places[b], places[c]) > 0 else { return false }
    return !rest.contains { k in
      guard k != a, k != b, k != c else { return false }
      let p = places[k]
      // A corner that coincides with a corner of the ear (a bridge to a hole) is not inside it.
      guard p != places[a], p != places[b], p != places[c] else { return false }
      return turn(places[a], places[b], p) >= 0 && turn(places[b], places[c], p) >= 0
        && turn(places[c], places[a], p) >= 0
    }
  }

  /// Twice the area of a triangle in the plane, positive if it is counter-clockwise.
  private static func turn(_ a: SIMD2<Double>, _ b: SIMD2<Double>, _ c: SIMD2<Double>) -> Double {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
  }

  /// The projection along the axis closest to a normal, preserving orientation.
  private struct Projection {
    private let first: Int
    private let second: Int

    init(normal: SIMD3<Double>) {
      let sizes = SIMD3(abs(normal.x), abs(normal.y), abs(normal.z))
      let axis = sizes.x >= sizes.y && sizes.x >= sizes.z ? 0 : sizes.y >= sizes.z ? 1 : 2
      let (u, v) = ((axis + 1) % 3, (axis + 2) % 3)
      (first, second) = normal[axis] >= 0 ? (u, v) : (v, u)
    }

    func image(of p: SIMD3<Double>) -> SIMD2<Double> { SIMD2(p[first], p[second]) }
  }
}
