// A triangulation given by the lengths of its sides alone, in which any edge can be flipped without moving a vertex
// (Fisher, Springborn, Bobenko and Schröder, "An algorithm for the construction of intrinsic Delaunay triangulations",
// 2006). Once edges have been flipped until it is Delaunay, its cotangent weights are not negative, however bad the
// triangles of the file were.
// Not here: how sides are glued where a mesh is no manifold, see TuftedCover.swift.

/// Triangles with side lengths, glued side to side into a surface without boundary.
///
/// Side s of face f runs from its corner s to corner s + 1 (mod 3) and has the number 3·f + s. Glued sides run in
/// opposite directions and have one length.
struct IntrinsicTriangulation: Sendable {
  /// The corners of each face; a corner may appear twice once edges have been flipped.
  private(set) var corners: [SIMD3<Int32>]
  /// The lengths of each face's sides.
  private(set) var lengths: [SIMD3<Double>]
  /// The side that each side is glued to (3 for each face).
  private var glued: [Int32]
  /// Whether each side stays where it is when edges are flipped (3 for each face).
  private var isFixed: [Bool]

  /// A triangulation whose sides `fixed` stay where they are; of each edge, both sides are fixed or neither.
  init(corners: [SIMD3<Int32>], lengths: [SIMD3<Double>], glued: [Int32], fixed: [Int] = []) {
    precondition(corners.count == lengths.count && glued.count == 3 * corners.count, "Sides do not fit the faces")
    isFixed = [Bool](repeating: false, count: glued.count)
    for side in fixed { isFixed[side] = true }
    self.corners = corners
    self.lengths = lengths
    self.glued = glued
  }

  /// The side that a side is glued to.
  func partner(of side: Int) -> Int { Int(glued[side]) }

  /// The area of a face.
  func area(of face: Int) -> Double { triangleArea(lengths[face]) }

  /// The cotangents of a face's angles, each in the place of the opposite side; zero for a face without area.
  func cotangents(of face: Int) -> SIMD3<Double> {
    let squares = lengths[face] * lengths[face]
    let area = area(of: face)
    guard area > 0 else { return SIMD3() }
    return SIMD3(
      squares.y + squares.z - squares.x, squares.z + squares.x - squares.y, squares.x + squares.y - squares.z)
      / (4 * area)
  }

  /// The cotangents on both sides of an edge.
  private func pair(at side: Int) -> (Double, Double) {
    let other = Int(glued[side])
    return (cotangents(of: side / 3)[side % 3], cotangents(of: other / 3)[other % 3])
  }

  /// Σ over the corners of a third of the area of each face (one entry for each vertex).
  func thirdsOfAreas(vertexCount: Int) -> [Double] {
    var areas = [Double](repeating: 0, count: vertexCount)
    for face in corners.indices {
      let third = area(of: face) / 3
      for corner in 0..<3 { areas[Int(corners[face][corner])] += third }
    }
    return areas
  }

  /// The edges with half the sum of the cotangents opposite to them, times `factor`.
  ///
  /// In a Delaunay triangulation, weights can be negative only by rounding and at fixed edges; these become 0, and edges
  /// without a weight are left out.
  func cotangentEdges(factor: Double) -> WeightedEdges {
    var edges = WeightedEdges()
    edges.reserveCapacity(3 * corners.count / 2)
    for side in glued.indices where side < Int(glued[side]) {
      let (first, second) = pair(at: side)
      let weight = factor * 0.5 * (first + second)
      guard weight > 0 else { continue }
      edges.add(corners[side / 3][side % 3], corners[side / 3][(side + 1) % 3], weight: weight)
    }
    return edges
  }

  /// Flips edges until the angles opposite to each that is not fixed add up to at most 180°, and returns the number of
  /// flips.
  ///
  /// Each flip brings the triangulation nearer to Delaunay, so that it ends; the limit is for rounding in triangles
  /// with hardly any area, where clipping the weights (above) is all that is left to do.
  @discardableResult
  mutating func makeDelaunay() -> Int {
    var waiting = glued.indices.filter { $0 < Int(glued[$0]) }
    let limit = 100 * glued.count
    var flips = 0
    while let side = waiting.popLast(), flips < limit {
      let (first, second) = pair(at: side)
      guard first + second < -1e-10 * (abs(first) + abs(second)), let outer = flip(side) else { continue }
      flips += 1
      waiting += outer
    }
    return flips
  }

  /// Calls `body` with each edge.
  func forEachEdge(_ body: (Edge) -> Void) {
    for side in glued.indices where side < Int(glued[side]) {
      let other = Int(glued[side])
      let (f, s, g, t) = (side / 3, side % 3, other / 3, other % 3)
      let unfolded = unfold(side)
      body(
        Edge(
          start: corners[f][s], end: corners[f][(s + 1) % 3], length: lengths[f][s], left: corners[f][(s + 2) % 3],
          right: corners[g][(t + 2) % 3], diagonal: unfolded.isInside ? unfolded.diagonal : nil))
    }
  }

  /// The line between the corners opposite to an edge when its two faces are laid into a plane: how long it is, and
  /// whether it crosses the edge.
  private func unfold(_ side: Int) -> (diagonal: Double, isInside: Bool) {
    let other = Int(glued[side])
    let (f, s, g, t) = (side / 3, side % 3, other / 3, other % 3)
    let (jk, ki) = (lengths[f][(s + 1) % 3], lengths[f][(s + 2) % 3])
    let (il, lj) = (lengths[g][(t + 1) % 3], lengths[g][(t + 2) % 3])
    let ij = lengths[f][s]
    // The start i of the edge at the origin, its end j on the x axis, k above and l below.
    let up = 2 * triangleArea(SIMD3(ij, jk, ki)) / ij
    let down = 2 * triangleArea(SIMD3(ij, il, lj)) / ij
    let (xk, xl) = ((ij * ij + ki * ki - jk * jk) / (2 * ij), (ij * ij + il * il - lj * lj) / (2 * ij))
    let diagonal = ((xk - xl) * (xk - xl) + (up + down) * (up + down)).squareRoot()
    let crossing = (xk * down + xl * up) / (up + down)
    return (diagonal, diagonal > 0 && diagonal.isFinite && crossing > 0 && crossing < ij)
  }

  /// Replaces an edge by the other diagonal of its two faces, unfolded into a plane, and returns the four sides around.
  ///
  /// Nil where both sides belong to one face, or where the diagonal would not lie inside.
  private mutating func flip(_ side: Int) -> [Int]? {
    let other = Int(glued[side])
    let (f, s, g, t) = (side / 3, side % 3, other / 3, other % 3)
    guard f != g, !isFixed[side] else { return nil }
    let (i, j) = (corners[f][s], corners[f][(s + 1) % 3])
    let (k, l) = (corners[f][(s + 2) % 3], corners[g][(t + 2) % 3])
    let (jk, ki) = (lengths[f][(s + 1) % 3], lengths[f][(s + 2) % 3])
    let (il, lj) = (lengths[g][(t + 1) % 3], lengths[g][(t + 2) % 3])
    let (diagonal, isInside) = unfold(side)
    guard isInside else { return nil }
    let around = [
      (old: 3 * f + (s + 1) % 3, new: 3 * f + 2), (old: 3 * f + (s + 2) % 3, new: 3 * g + 1),
      (old: 3 * g + (t + 1) % 3, new: 3 * g + 2), (old: 3 * g + (t + 2) % 3, new: 3 * f + 1),
    ]
    // The four may be glued to each other, as at the two sheets of a boundary.
    let partners = around.map { side in
      let partner = glued[side.old]
      return around.first { $0.old == Int(partner) }.map { Int32($0.new) } ?? partner
    }
    let areFixed = around.map { isFixed[$0.old] }
    corners[f] = SIMD3(k, l, j)
    lengths[f] = SIMD3(diagonal, lj, jk)
    corners[g] = SIMD3(l, k, i)
    lengths[g] = SIMD3(diagonal, ki, il)
    glue(3 * f, 3 * g)
    for (side, partner) in zip(around, partners) { glue(side.new, Int(partner)) }
    (isFixed[3 * f], isFixed[3 * g]) = (false, false)
    for (side, isFixed) in zip(around, areFixed) { self.isFixed[side.new] = isFixed }
    return around.map(\.new)
  }

  private mutating func glue(_ a: Int, _ b: Int) {
    glued[a] = Int32(b)
    glued[b] = Int32(a)
  }
}

extension IntrinsicTriangulation {
  /// An edge between two faces: where it runs, the corners on both sides of it, and the straight line between those
  /// across the edge, nil where it would pass outside of the two faces.
  struct Edge {
    var start: Int32
    var end: Int32
    var length: Double
    var left: Int32
    var right: Int32
    var diagonal: Double?
  }
}

/// The area of a triangle with given side lengths, accurate also for needles (Kahan, "Miscalculating area and angles of
/// a needle-like triangle", 2014); 0 where rounding left no triangle.
func triangleArea(_ sides: SIMD3<Double>) -> Double {
  let (a, c) = (sides.max(), sides.min())
  let b = max(min(sides.x, sides.y), min(max(sides.x, sides.y), sides.z))
  let product = (a + (b + c)) * (c - (a - b)) * (c + (a - b)) * (a + (b - c))
  return product > 0 ? product.squareRoot() / 4 : 0
}
