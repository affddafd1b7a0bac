// The Delaunay triangulation of points on the sphere, which is their convex hull. Points are inserted one after
// another, in the order of a space-filling curve; each splits the triangle that it falls into, and edges are
// flipped until no point lies outside a neighbouring triangle's plane (Lawson, 1977). Flips keep the
// triangulation valid whatever the rounding, so that four points on one circle do no harm.
// Not here: point sets that leave more than half of the sphere empty.

import SextantArrays

/// Triangles that turn left seen from outside and cover the sphere.
struct SphericalDelaunay {
  private let positions: [SIMD3<Double>]
  /// The corners of each triangle.
  private(set) var triangles: [SIMD3<Int32>] = []
  /// The triangle across the edge opposite to each corner.
  private var neighbours: [SIMD3<Int32>] = []
  private var lastTriangle: Int32 = 0

  /// Triangulates distinct positions of length 1. Throws ``GeometryError/invalidMesh(_:)``.
  init(_ positions: [SIMD3<Double>]) throws {
    self.positions = positions
    triangles.reserveCapacity(2 * positions.count)
    neighbours.reserveCapacity(2 * positions.count)
    let first = try Self.enclosingTetrahedron(positions)
    let (a, b, c, d) = (first[0], first[1], first[2], first[3])
    triangles = [SIMD3(a, b, c), SIMD3(a, c, d), SIMD3(a, d, b), SIMD3(b, d, c)]
    neighbours = [SIMD3(3, 1, 2), SIMD3(3, 2, 0), SIMD3(3, 0, 1), SIMD3(1, 0, 2)]
    for vertex in Self.alongCurve(positions) where !first.contains(vertex) { try insert(vertex) }
  }

  /// Four points whose tetrahedron holds the centre, in the order that makes their faces turn left: those nearest to
  /// the corners of a regular tetrahedron, in the first of several directions that will do.
  private static func enclosingTetrahedron(_ positions: [SIMD3<Double>]) throws -> [Int32] {
    var random = RandomStream(seed: 1)
    for _ in 0..<64 where !positions.isEmpty {
      let x = SIMD3(random.normal(), random.normal(), random.normal()).normalized
      let y = x.cross(SIMD3(random.normal(), random.normal(), random.normal())).normalized
      let z = x.cross(y)
      let corners = [x + y + z, x - y - z, y - x - z, z - x - y].compactMap { direction in
        positions.indices.max { positions[$0].dot(direction) < positions[$1].dot(direction) }
      }
      let p = corners.map { positions[$0] }
      let volumes = [
        tripleProduct(p[0], p[1], p[2]), tripleProduct(p[0], p[2], p[3]), tripleProduct(p[0], p[3], p[1]),
        tripleProduct(p[1], p[3], p[2]),
      ]
      if volumes.allSatisfy({ $0 > 1e-6 }) { return corners.map(Int32.init) }
    }
    throw GeometryError.invalidMesh(
      "The \(positions.count) points do not surround the centre of the sphere: expected points on all sides, to triangulate the whole sphere."
    )
  }

  /// The vertices along a Morton curve, so that each falls near the one before.
  private static func alongCurve(_ positions: [SIMD3<Double>]) -> [Int32] {
    func spread(_ value: Double) -> UInt64 {
      var bits = UInt64(min(1023, max(0, (value + 1) * 512)))
      bits = (bits | bits << 16) & 0x0300_00FF
      bits = (bits | bits << 8) & 0x0300_F00F
      bits = (bits | bits << 4) & 0x030C_30C3
      return (bits | bits << 2) & 0x0924_9249
    }
    let keys = positions.map { spread($0.x) | spread($0.y) << 1 | spread($0.z) << 2 }
    return positions.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }.map(Int32.init)
  }

  private func position(_ vertex: Int32) -> SIMD3<Double> { positions[Int(vertex)] }

  /// Walks towards a place, always across an edge that separates it from the triangle.
  private func triangle(around place: SIMD3<Double>) throws -> Int32 {
    var current = lastTriangle
    for _ in 0...triangles.count {
      let corners = triangles[Int(current)]
      // A place on an edge up to rounding is inside of both triangles, or the walk could go to and fro.
      let next = (0..<3).first {
        tripleProduct(position(corners[($0 + 1) % 3]), position(corners[($0 + 2) % 3]), place) < -1e-15
      }
      guard let next else { return current }
      current = neighbours[Int(current)][next]
    }
    throw GeometryError.invalidMesh("A point could not be placed in the triangulation. Look for points that coincide.")
  }

  private mutating func insert(_ vertex: Int32) throws {
    let place = position(vertex)
    let t = try triangle(around: place)
    let corners = triangles[Int(t)]
    guard (0..<3).allSatisfy({ (position(corners[$0]) - place).squaredLength > 1e-24 }) else {
      throw GeometryError.invalidMesh("Point number \(vertex + 1) lies where another does. Remove duplicates first.")
    }
    let (a, b, c, outer) = (corners.x, corners.y, corners.z, neighbours[Int(t)])
    let (second, third) = (Int32(triangles.count), Int32(triangles.count + 1))
    triangles[Int(t)] = SIMD3(vertex, b, c)
    neighbours[Int(t)] = SIMD3(outer.x, second, third)
    triangles += [SIMD3(vertex, c, a), SIMD3(vertex, a, b)]
    neighbours += [SIMD3(outer.y, third, t), SIMD3(outer.z, t, second)]
    replaceNeighbour(of: outer.y, t, by: second)
    replaceNeighbour(of: outer.z, t, by: third)
    var suspects = [t, second, third]
    while let suspect = suspects.popLast() {
      if let other = flipIfNeeded(suspect) { suspects += [suspect, other] }
    }
    lastTriangle = t
  }

  private mutating func replaceNeighbour(of triangle: Int32, _ old: Int32, by new: Int32) {
    for side in 0..<3 where neighbours[Int(triangle)][side] == old {
      neighbours[Int(triangle)][side] = new
      return
    }
  }

  /// Flips the edge opposite to a triangle's first corner, the new point, if the point across lies outside the
  /// triangle's plane; gives the triangle across.
  private mutating func flipIfNeeded(_ t: Int32) -> Int32? {
    let (corners, sides) = (triangles[Int(t)], neighbours[Int(t)])
    let other = sides.x
    let otherSides = neighbours[Int(other)]
    guard let side = (0..<3).first(where: { otherSides[$0] == t }) else { return nil }
    let across = triangles[Int(other)][side]
    let new = position(corners.x)
    let normal = (position(corners.y) - new).cross(position(corners.z) - new)
    // Edges between points that lie in one plane up to rounding are not flipped, so that the flips end.
    guard (position(across) - new).dot(normal) > 1e-15 * normal.length else { return nil }
    let (acrossFirst, acrossSecond) = (otherSides[(side + 1) % 3], otherSides[(side + 2) % 3])
    triangles[Int(t)] = SIMD3(corners.x, corners.y, across)
    neighbours[Int(t)] = SIMD3(acrossFirst, other, sides.z)
    triangles[Int(other)] = SIMD3(corners.x, across, corners.z)
    neighbours[Int(other)] = SIMD3(acrossSecond, sides.y, t)
    replaceNeighbour(of: acrossFirst, other, by: t)
    replaceNeighbour(of: sides.y, t, by: other)
    return other
  }
}
