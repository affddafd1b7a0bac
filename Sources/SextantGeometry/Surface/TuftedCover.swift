// Turns any set of triangles into a surface on which the Laplacian is well defined (Sharp and Crane, "A Laplacian for
// nonmanifold triangle meshes", 2020): every triangle is taken twice, once for each of its faces, and around each edge
// the faces that look at each other are glued. The result has no boundary and two triangles at each edge, whatever the
// file contained: boundaries, the pages of a book, flipped or repeated triangles. If the mesh is a closed manifold, the
// cover consists of two copies of it, and half of its Laplacian is the usual one.

import Foundation

extension IntrinsicTriangulation {
  /// The least difference between the sum of the two shorter sides of a triangle and its longest side, in mean edge
  /// lengths.
  private static let leastSlack = 1e-5

  /// The cover of triangles with three different corners each: face f in front, and f + their number at the back.
  ///
  /// - Parameters:
  ///   - triangles: The corners of each triangle.
  ///   - positions: The position of each corner.
  ///   - held: Edges of a single triangle stay where they are if both of their ends are among these.
  init(
    tuftedCoverOf triangles: [SIMD3<Int32>], _ positions: [SIMD3<Double>], holdingBoundaryBetween held: Set<Int> = []
  ) {
    let count = triangles.count
    let groups = Self.sidesByEdge(triangles)
    let edgeLengths = groups.map { (positions[Int($0.end)] - positions[Int($0.start)]).length }
    let lengths = Self.mollified(
      triangles.map { t in
        let (a, b, c) = (positions[Int(t.x)], positions[Int(t.y)], positions[Int(t.z)])
        return SIMD3((b - a).length, (c - b).length, (a - c).length)
      }, meanLength: edgeLengths.reduce(0, +) / Double(max(1, groups.count)))
    var glued = [Int32](repeating: 0, count: 6 * count)
    var fixed: [Int] = []
    for group in groups {
      let ordered = group.sides.count > 2 ? Self.sortedByAngle(group, triangles, positions) : group.sides
      // Seen along the edge, each triangle has one face that looks counter-clockwise, and its side runs along the edge.
      let forward = ordered.map { side in
        triangles[side / 3][side % 3] == group.start ? side : Self.back(of: side, count)
      }
      let backward = ordered.map { side in
        triangles[side / 3][side % 3] == group.start ? Self.back(of: side, count) : side
      }
      for (place, side) in forward.enumerated() {
        let next = backward[(place + 1) % backward.count]
        glued[side] = Int32(next)
        glued[next] = Int32(side)
      }
      if group.sides.count == 1, held.contains(Int(group.start)), held.contains(Int(group.end)) {
        fixed += forward + backward
      }
    }
    self.init(
      corners: triangles + triangles.map { SIMD3($0.x, $0.z, $0.y) },
      lengths: lengths + lengths.map { SIMD3($0.z, $0.y, $0.x) }, glued: glued, fixed: fixed)
  }

  /// The ends of the edges of a single triangle, as long as no edge of the cover has been flipped.
  var boundaryCorners: Set<Int> {
    let count = corners.count / 2
    var result: Set<Int> = []
    for side in 0..<3 * count where partner(of: side) == Self.back(of: side, count) {
      let corners = corners[side / 3]
      result.formUnion([Int(corners[side % 3]), Int(corners[(side + 1) % 3])])
    }
    return result
  }

  /// The same side of the same triangle, seen from its back, where the order of the corners is reversed.
  private static func back(of side: Int, _ count: Int) -> Int { 3 * (count + side / 3) + 2 - side % 3 }

  /// The sides that share an edge, which runs from vertex `start` to the higher vertex `end`.
  private struct EdgeGroup {
    var start: Int32
    var end: Int32
    var sides: [Int]
  }

  private static func sidesByEdge(_ triangles: [SIMD3<Int32>]) -> [EdgeGroup] {
    let keyed = (0..<3 * triangles.count).map { side in
      let (a, b) = (triangles[side / 3][side % 3], triangles[side / 3][(side + 1) % 3])
      return (key: UInt64(min(a, b)) << 32 | UInt64(max(a, b)), side: side)
    }.sorted { ($0.key, $0.side) < ($1.key, $1.side) }
    var groups: [EdgeGroup] = []
    groups.reserveCapacity(keyed.count / 2)
    for (place, entry) in keyed.enumerated() {
      if place > 0, keyed[place - 1].key == entry.key {
        groups[groups.count - 1].sides.append(entry.side)
      } else {
        groups.append(
          EdgeGroup(start: Int32(entry.key >> 32), end: Int32(entry.key & 0xFFFF_FFFF), sides: [entry.side]))
      }
    }
    return groups
  }

  /// The sides in the order of their triangles around the edge, counter-clockwise; those without a direction come
  /// first.
  private static func sortedByAngle(
    _ group: EdgeGroup, _ triangles: [SIMD3<Int32>], _ positions: [SIMD3<Double>]
  ) -> [Int] {
    let start = positions[Int(group.start)]
    let axis = (positions[Int(group.end)] - start).normalized
    let directions = group.sides.map { side in
      let out = positions[Int(triangles[side / 3][(side + 2) % 3])] - start
      return out - axis * out.dot(axis)
    }
    guard let first = directions.first(where: { $0.length > 0 }) else { return group.sides }
    let angles = directions.map { direction in
      let angle = atan2(axis.dot(first.cross(direction)), first.dot(direction))
      return angle.isFinite ? angle : -.pi
    }
    return group.sides.indices.sorted { (angles[$0], $0) < (angles[$1], $1) }.map { group.sides[$0] }
  }

  /// All lengths, made a little longer by the same amount if some triangle has no area or nearly none.
  private static func mollified(_ lengths: [SIMD3<Double>], meanLength: Double) -> [SIMD3<Double>] {
    let slack = lengths.reduce(Double.infinity) { min($0, $1.sum() - 2 * $1.max()) }
    let addition = max(0, leastSlack * meanLength - slack)
    return addition > 0 ? lengths.map { $0 + addition } : lengths
  }
}
