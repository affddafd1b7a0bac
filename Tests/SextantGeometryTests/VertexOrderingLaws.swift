// Orders of vertices: permutations that keep neighbours on the surface nearer in the array than a shuffled file
// does, and what follows in the array nearer on the surface.

import Foundation
import SextantArrays
import SextantGeometry
import Testing

@Suite struct VertexOrderingLaws {
  /// A mesh whose vertices stand in no order at all.
  private static func shuffledMesh() throws -> SphereMesh {
    let mesh = try SphereMesh.icosphere(subdivisions: 3)
    var stream = RandomStream(seed: 5)
    let order = Array(0..<mesh.vertexCount).shuffled(using: &stream)
    var place = [Int32](repeating: 0, count: order.count)
    for (new, old) in order.enumerated() { place[old] = Int32(new) }
    return try SphereMesh(
      positions: order.map { mesh.positions[$0] },
      triangles: mesh.triangles.map { SIMD3(place[Int($0[0])], place[Int($0[1])], place[Int($0[2])]) })
  }

  /// The mean distance in the array of the two ends of an edge.
  private static func edgeLength(_ order: [Int32], _ mesh: SphereMesh) -> Double {
    var place = [Int](repeating: 0, count: order.count)
    for (new, old) in order.enumerated() { place[Int(old)] = new }
    let lengths = mesh.triangles.flatMap { t in
      (0..<3).map { Double(abs(place[Int(t[$0])] - place[Int(t[($0 + 1) % 3])])) }
    }
    return lengths.reduce(0, +) / Double(lengths.count)
  }

  /// The mean distance on the surface of vertices that follow each other.
  private static func stepLength(_ order: [Int32], _ positions: [SIMD3<Double>]) -> Double {
    let steps = zip(order, order.dropFirst()).map { a, b in
      let difference = positions[Int(a)] - positions[Int(b)]
      return (difference * difference).sum().squareRoot()
    }
    return steps.reduce(0, +) / Double(steps.count)
  }

  @Test(arguments: VertexOrdering.allCases) func everyOrderIsAPermutation(_ ordering: VertexOrdering) throws {
    let grid = try LatitudeLongitudeGrid(
      latitudes: (0..<10).map { 90 - 20 * Double($0) }, longitudes: (0..<18).map { 20 * Double($0) })
    for domain: any Domain in [grid, try SphereMesh.fibonacci(vertexCount: 200), try Self.shuffledMesh()] {
      let order = try ordering.order(of: domain)
      #expect(order.sorted() == (0..<Int32(domain.vertexCount)).map { $0 })
      #expect(try order == ordering.order(of: domain))
    }
  }

  @Test func ordersKeepNeighboursNear() throws {
    let mesh = try Self.shuffledMesh()
    let file = try VertexOrdering.file.order(of: mesh)
    let (edges, steps) = (Self.edgeLength(file, mesh), Self.stepLength(file, mesh.positions))
    for (ordering, edgeShare, stepShare) in [(VertexOrdering.curve, 0.35, 0.2), (.spectral, 0.2, 0.9)] {
      let order = try ordering.order(of: mesh)
      #expect(Self.edgeLength(order, mesh) < edgeShare * edges, "\(ordering)")
      #expect(Self.stepLength(order, mesh.positions) < stepShare * steps, "\(ordering)")
    }
    // The Fibonacci lattice stands in a spiral from pole to pole, each vertex far from the next.
    let spiral = try SphereMesh.fibonacci(vertexCount: 500)
    let (written, curve) = (try VertexOrdering.file.order(of: spiral), try VertexOrdering.curve.order(of: spiral))
    #expect(Self.stepLength(curve, spiral.positions) < 0.5 * Self.stepLength(written, spiral.positions))
  }

  @Test func coincidentVerticesFollowEachOther() throws {
    let grid = try LatitudeLongitudeGrid(
      latitudes: [90, 45, 0, -45, -90], longitudes: (0..<8).map { 45 * Double($0) })
    for ordering in [VertexOrdering.curve, .spectral] {
      let nodes = try ordering.order(of: grid).map { grid.nodeOfVertex[Int($0)] }
      let changes = zip(nodes, nodes.dropFirst()).count { $0 != $1 }
      #expect(changes == grid.nodeCount - 1)
    }
  }
}
