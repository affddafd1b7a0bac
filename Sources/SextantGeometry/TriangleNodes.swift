// What every domain of triangles asks of its nodes: corners that exist, and a neighbour for nodes without a triangle.

/// The nodes of triangles.
enum TriangleNodes {
  /// Throws ``GeometryError/invalidMesh(_:)`` where a triangle has a corner that is none of `count` nodes.
  static func check(_ triangles: [SIMD3<Int32>], count: Int) throws {
    let end = Int32(clamping: count)
    for (i, t) in triangles.enumerated() where (0..<3).contains(where: { t[$0] < 0 || t[$0] >= end }) {
      throw GeometryError.invalidMesh(
        "Triangle number \(i + 1) has corners \(t.x), \(t.y), \(t.z): expected 0…\(count - 1).")
    }
  }

  /// The nearest node with an area for each node without.
  static func hosts(_ positions: [SIMD3<Double>], _ areas: [Double]) -> [Int32: Int32] {
    let isolated = areas.indices.filter { areas[$0] == 0 }
    guard !isolated.isEmpty else { return [:] }
    let used = areas.indices.filter { areas[$0] > 0 }
    let tree = NearestNeighbours(used.map { positions[$0] })
    return Dictionary(
      uniqueKeysWithValues: isolated.compactMap { node in
        tree.nearest(1, to: positions[node]).first.map { (Int32(node), Int32(used[$0.index])) }
      })
  }
}
