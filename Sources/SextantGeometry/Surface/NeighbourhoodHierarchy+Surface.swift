// The hierarchy of a surface: for each vertex its neighbours in eight directions, and for each resolution the vertices
// that are kept for the next one. This is all that a U-Net with stencils needs, on any mesh.
//
// The kept vertices are spread evenly along the surface (farthest-point sampling), and each represents those nearest to
// it. Neighbours are distinguished by their direction in the tangent plane, so that a weight of a stencil belongs to
// the same direction everywhere: "up" is the projection of the given axis, and directions turn left from "right" as
// seen from outside, as on a page. Where the axis is normal to the surface, the directions are arbitrary; every surface
// with the topology of a sphere has such places.

import SextantArrays

extension NeighbourhoodHierarchy {
  /// The number of entries of a surface's neighbourhood, in the order of a square of pixels: left up, up, right up,
  /// left, the vertex itself, right, left down, down, right down.
  private static let surfaceWidth = 9

  /// Builds the levels of a surface.
  ///
  /// - Parameters:
  ///   - surface: The surface.
  ///   - levelCount: The largest number of levels; there are fewer if a level has too few vertices for another.
  ///   - reduction: The factor by which the number of vertices decreases from level to level, above 1; 4 halves the
  ///     resolution.
  ///   - up: The direction "up" in the mesh's coordinates.
  /// - Throws: ``GeometryError/invalidMesh(_:)`` for an axis without a direction or a reduction of 1 or less.
  public init(
    _ surface: SurfaceMesh, levelCount: Int, reduction: Double = 4, up: SIMD3<Double> = SIMD3(0, 1, 0)
  ) throws {
    guard up.length > 0, up.isFinite, reduction > 1, reduction.isFinite else {
      throw GeometryError.invalidMesh(
        "A hierarchy with “up” along \(up) that divides vertices by \(reduction): expected a direction and a number above 1."
      )
    }
    let paths = SurfacePaths(surface)
    let representatives = surface.representativeVertices
    // Level 0 is built on nodes; at the end, coincident vertices get the neighbourhood of their node.
    var nodes = Array(0..<surface.nodeCount)
    var normals = surface.nodeNormals
    var levels: [Level] = []
    while true {
      let neighbours = Self.neighbourhoods(of: nodes, normals: normals, surface, paths, up: up.normalized)
      let count = Int((Double(nodes.count) / reduction).rounded(.up))
      var level = Level(neighbours: neighbours)
      let isLast = levels.count + 1 >= levelCount || count < Self.surfaceWidth
      if !isLast {
        // Each vertex is as far as possible from those before it, so a smaller set is the beginning of a larger one,
        // and levels nest.
        let spread = paths.spreadNodes(count)
        let order = spread.nodes.indices.sorted { spread.nodes[$0] < spread.nodes[$1] }
        var rank = [Int32](repeating: 0, count: order.count)
        for (new, old) in order.enumerated() { rank[old] = Int32(new) }
        let next = order.map { spread.nodes[$0] }
        var place = [Int: Int32](minimumCapacity: nodes.count)
        for (i, node) in nodes.enumerated() { place[node] = Int32(i) }
        level.kept = next.compactMap { place[$0] }
        level.coarse = nodes.map { rank[Int(spread.nearest[$0])] }
        var sums = [SIMD3<Double>](repeating: SIMD3(), count: next.count)
        for (i, coarse) in level.coarse.enumerated() { sums[Int(coarse)] += normals[i] }
        normals = zip(sums, next).map { $0.length > 1e-9 ? $0.normalized : surface.nodeNormals[$1] }
        nodes = next
      }
      levels.append(level)
      if isLast { break }
    }
    if surface.nodeCount < surface.vertexCount {
      levels[0] = Self.onVertices(levels[0], nodeOfVertex: surface.nodeOfVertex, representatives)
    }
    self.init(width: Self.surfaceWidth, levels: levels)
  }

  /// The neighbourhood of each of `nodes` among them (count × 9).
  private static func neighbourhoods(
    of nodes: [Int], normals: [SIMD3<Double>], _ surface: SurfaceMesh, _ paths: SurfacePaths, up: SIMD3<Double>
  ) -> [Int32] {
    var place = [Int32](repeating: -1, count: surface.nodeCount)
    for (i, node) in nodes.enumerated() { place[node] = Int32(i) }
    let isAll = nodes.count == surface.nodeCount
    let found = paths.nearest(candidateCount, toEach: nodes, among: isAll ? nil : place.map { $0 >= 0 })
    let positions = surface.nodePositions
    var result: [Int32] = []
    result.reserveCapacity(nodes.count * surfaceWidth)
    for (i, node) in nodes.enumerated() {
      let frame = TangentFrame(normal: normals[i], up: up)
      let others = found[i].compactMap { other -> (place: Int32, distance: Double, direction: SIMD2<Double>)? in
        guard other.distance > 0, let direction = frame.direction(positions[other.node] - positions[node])
        else { return nil }
        return (place[other.node], other.distance, direction)
      }
      let spacing = others.prefix(4).reduce(0) { $0 + $1.distance } / Double(max(1, min(4, others.count)))
      for slot in 0..<surfaceWidth {
        let step = SIMD2(Double(slot % 3 - 1), Double(1 - slot / 3))
        guard step != SIMD2() else {
          result.append(Int32(i))
          continue
        }
        let wanted = step / (step * step).sum().squareRoot()
        // Of the vertices in this direction, the one nearest to the neighbour on an even lattice.
        let best = others.lazy.filter {
          ($0.direction * wanted).sum() > leastCosine && $0.distance < farthest * spacing
        }
        .map { other -> (miss: Double, place: Int32) in
          let miss = other.distance * other.direction - spacing * wanted
          return ((miss * miss).sum(), other.place)
        }.min { $0 < $1 }
        result.append(best?.place ?? -1)
      }
    }
    return result
  }

  /// The place of the vertex itself in its neighbourhood.
  private static let centre = 4
  /// The number of near vertices among which the eight neighbours are chosen.
  private static let candidateCount = 25
  /// The cosine of 40°, the largest angle between a neighbour and its direction.
  private static let leastCosine = 0.766
  /// The largest distance of a neighbour, in mean distances of the four nearest vertices.
  private static let farthest = 2.5

  /// The level of vertices for a level of nodes; several vertices may be at one node.
  private static func onVertices(_ level: Level, nodeOfVertex: [Int32], _ representatives: [Int]) -> Level {
    var neighbours: [Int32] = []
    neighbours.reserveCapacity(nodeOfVertex.count * surfaceWidth)
    for (vertex, node) in nodeOfVertex.enumerated() {
      for slot in 0..<surfaceWidth {
        let other = level.neighbours[Int(node) * surfaceWidth + slot]
        neighbours.append(slot == centre ? Int32(vertex) : other < 0 ? -1 : Int32(representatives[Int(other)]))
      }
    }
    return Level(
      neighbours: neighbours, kept: level.kept.map { Int32(representatives[Int($0)]) },
      coarse: level.coarse.isEmpty ? [] : nodeOfVertex.map { level.coarse[Int($0)] })
  }
}

/// The directions right and up in the tangent plane of a surface.
struct TangentFrame {
  let right: SIMD3<Double>
  let up: SIMD3<Double>

  /// - Parameters:
  ///   - normal: Of length 1, or 0 if the surface has no normal; the plane is then orthogonal to `up`.
  ///   - up: Of length 1.
  init(normal: SIMD3<Double>, up: SIMD3<Double>) {
    let normal = normal.squaredLength > 0 ? normal : up
    var upward = up - normal * normal.dot(up)
    if upward.length < 0.1 {
      // "Up" has no component in the plane, so the axis with the smallest component of the normal takes its place.
      let magnitudes = SIMD3(abs(normal.x), abs(normal.y), abs(normal.z))
      let axis = (0..<3).min { magnitudes[$0] < magnitudes[$1] } ?? 0
      var other = SIMD3<Double>()
      other[axis] = 1
      upward = other - normal * normal.dot(other)
    }
    self.up = upward.normalized
    right = self.up.cross(normal)
  }

  /// The direction of a step projected onto the plane, of length 1; nil for a step orthogonal to it.
  func direction(_ step: SIMD3<Double>) -> SIMD2<Double>? {
    let seen = SIMD2(step.dot(right), step.dot(up))
    let length = (seen * seen).sum().squareRoot()
    return length > 1e-9 * step.length && length > 0 ? seen / length : nil
  }
}
