// Distances along a surface from the flow of heat (Crane, Weischedel and Wardetzky, "Geodesics in heat", 2013): heat that
// spreads for a short time points away from its source, and distance is the function whose slope is 1 in that direction.
// Two sparse factorisations for a surface, two solves for each set of sources; the result is smooth, and a few per cent off
// on coarse meshes. Not here: shortest paths from vertex to vertex, see SurfacePaths.

import SextantArrays
import SextantSparse

/// A surface made ready for distances.
public struct HeatMethodDistanceSolver: Sendable {
  private let surface: SurfaceMesh
  /// Of areas + time · stiffness.
  private let flow: SparseCholesky
  /// Of the stiffness, with one node of each piece of the surface held.
  private let potential: SparseCholesky
  /// The piece of the surface that each node is on.
  private let pieces: [Int32]

  /// Factorises both systems.
  ///
  /// - Parameter timeScale: How long heat flows, in squared mean lengths of the edges; more gives smoother distances.
  /// - Throws: ``SparseCholeskyError``, and ``GeometryError/invalidMesh(_:)`` for a time that is not above 0.
  public init(_ surface: SurfaceMesh, timeScale: Double = 1) throws {
    guard timeScale > 0, timeScale.isFinite else {
      throw GeometryError.invalidMesh(
        "Heat flows for \(timeScale) squared edge lengths: expected a finite time above 0.")
    }
    self.surface = surface
    let length = surface.cover.meanEdgeLength
    let stiffness = surface.stiffness
    let time = timeScale * length * length
    flow = try SparseCholesky(
      SparseMatrix(
        rowCount: stiffness.rowCount, columnCount: stiffness.columnCount, rowStarts: stiffness.rowStarts,
        columns: stiffness.columns, values: stiffness.values.map { time * $0 }
      ).addingToDiagonal(surface.nodeAreas))
    pieces = surface.pieceOfNode
    // The divergence of a piece sums to 0, so that holding one node does not change what is found, up to a constant.
    var held = [Double](repeating: 0, count: stiffness.rowCount)
    var seen: Set<Int32> = []
    for (node, piece) in pieces.enumerated() where seen.insert(piece).inserted { held[node] = 1 }
    potential = try SparseCholesky(stiffness.addingToDiagonal(held))
  }

  /// The distance of each vertex (V) from the nearest of `sources`, along the surface in its unit of length.
  ///
  /// Infinite on pieces of the surface without a source. A vertex without triangles is as far off as the vertex that it
  /// hangs on and the way there, and as a source it stands for that one. Throws ``GeometryError/invalidMesh(_:)`` for a
  /// source that is not a vertex.
  public func distance(from sources: [Int]) throws -> [Double] {
    if let bad = sources.first(where: { $0 < 0 || $0 >= surface.vertexCount }) {
      throw GeometryError.invalidMesh("Source \(bad) is no vertex: expected 0…\(surface.vertexCount - 1).")
    }
    let hosts = surface.hostOfIsolatedNode
    let given = sources.map { surface.nodeOfVertex[$0] }
    let nodes = Set(given.map { hosts[$0] ?? $0 }).sorted()
    guard !nodes.isEmpty else { return [Double](repeating: .infinity, count: surface.vertexCount) }
    var heat = [Double](repeating: 0, count: surface.nodeCount)
    for node in nodes { heat[Int(node)] = 1 }
    var result = potential.solve(surface.cover.directionDivergence(of: flow.solve(heat)).map { 0.5 * $0 })
    // What is found is distance up to a constant for each piece: the sources of a piece lie at 0 on average.
    var offsets: [Int32: (sum: Double, count: Double)] = [:]
    for node in nodes {
      let piece = pieces[Int(node)]
      offsets[piece, default: (0, 0)].sum += result[Int(node)]
      offsets[piece, default: (0, 0)].count += 1
    }
    for node in result.indices {
      result[node] = offsets[pieces[node]].map { max(0, result[node] - $0.sum / $0.count) } ?? .infinity
    }
    for node in nodes { result[Int(node)] = 0 }
    for (guest, host) in hosts {
      let way = (surface.nodePositions[Int(guest)] - surface.nodePositions[Int(host)]).length
      result[Int(guest)] = result[Int(host)] + way
    }
    for node in given { result[Int(node)] = 0 }
    return surface.nodeOfVertex.map { result[Int($0)] }
  }
}

extension SurfaceMesh {
  /// The distance of each vertex (V) from the nearest of `sources` along the surface; see ``HeatMethodDistanceSolver``.
  ///
  /// Throws what that throws.
  public func distance(from sources: [Int]) throws -> [Double] {
    try HeatMethodDistanceSolver(self).distance(from: sources)
  }

  /// The number of the connected piece that each node is on, vertices without triangles on that of their host.
  var pieceOfNode: [Int32] { stiffness.connectedComponents }
}

extension IntrinsicTriangulation {
  /// The mean length of the sides.
  var meanEdgeLength: Double { lengths.reduce(0) { $0 + $1.sum() } / Double(3 * max(1, lengths.count)) }

  /// The divergence at each vertex of the unit field against the slope of `values` (vertices), as a potential's stiffness
  /// times its values would be: on each face the field is constant.
  func directionDivergence(of values: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: values.count)
    for face in corners.indices {
      let (sides, t) = (lengths[face], corners[face])
      let area = area(of: face)
      guard area > 0 else { continue }
      // The first corner at the origin, the second on the x axis.
      let x = (sides.x * sides.x + sides.z * sides.z - sides.y * sides.y) / (2 * sides.x)
      let places = [SIMD2(0, 0), SIMD2(sides.x, 0), SIMD2(x, 2 * area / sides.x)]
      // Rises of the three corners: values far from a source are tiny, so they are scaled before squaring.
      let scale = max(abs(values[Int(t.x)]), abs(values[Int(t.y)]), abs(values[Int(t.z)]))
      guard scale > 0 else { continue }
      var slope = SIMD2(0.0, 0)
      for corner in 0..<3 {
        let across = places[(corner + 2) % 3] - places[(corner + 1) % 3]
        slope += values[Int(t[corner])] / scale * SIMD2(-across.y, across.x)
      }
      let length = (slope * slope).sum().squareRoot()
      guard length > 0 else { continue }
      let direction = -slope / length
      for corner in 0..<3 {
        // Minus the integral of the corner's hat function's slope times the field.
        let across = places[(corner + 2) % 3] - places[(corner + 1) % 3]
        result[Int(t[corner])] += 0.5 * (direction * SIMD2(-across.y, across.x)).sum()
      }
    }
    return result
  }
}
