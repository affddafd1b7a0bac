// Distances along surfaces: known ones, those of another program, and the laws of both ways to find them.

import Foundation
import SextantArrays
import SextantTestSupport
import Testing

@testable import SextantGeometry

@Suite struct SurfaceDistanceTests {
  @Test func heatFindsGreatCircles() throws {
    let surface = try SurfaceMesh(SurfaceZoo.sphere(4))
    let solver = try HeatMethodDistanceSolver(surface)
    for source in [0, 700] {
      let found = try solver.distance(from: [source])
      #expect(found == (try surface.distance(from: [source])))
      #expect(found[source] == 0)
      for (vertex, position) in surface.positions.enumerated() {
        let known = acos(max(-1, min(1, position.dot(surface.positions[source]))))
        #expect(abs(found[vertex] - known) < 0.06)
      }
    }
  }

  @Test func heatFindsStraightLinesInAPatch() throws {
    let surface = try SurfaceMesh(SurfaceZoo.patch(31, 31, shear: 0.3))
    let source = 15 * 31 + 15
    let found = try surface.distance(from: [source])
    let errors = surface.positions.indices.map {
      abs(found[$0] - (surface.positions[$0] - surface.positions[source]).length)
    }
    // Edges are 0.5 long, and the patch 15 wide.
    #expect(errors.max() ?? 9 < 0.5 && errors.reduce(0, +) / Double(errors.count) < 0.2)
  }

  @Test(arguments: try SurfaceReference.load())
  func heatFindsWhatPotpourriFinds(_ reference: SurfaceReference) throws {
    let found = try SurfaceMesh(reference.mesh).distance(from: reference.sources)
    // There, the sources of a piece keep what they have less their mean; a distance is not negative and 0 at a source. Their
    // solver shifts the stiffness by a millionth to hold the constant, which moves distances by as much.
    for (vertex, known) in reference.distances.enumerated() where !reference.sources.contains(vertex) {
      #expect(abs(found[vertex] - max(0, known)) < 1e-5)
    }
    #expect(reference.sources.allSatisfy { found[$0] == 0 })
  }

  @Test func piecesWithoutASourceAreInfinitelyFar() throws {
    let surface = try SurfaceMesh(SurfaceZoo.twoPieces)
    let paths = SurfacePaths(surface)
    let found = try surface.distance(from: [3])
    #expect((0...20).allSatisfy { found[$0] < 3 } && (21..<32).allSatisfy { found[$0] == .infinity })
    // Vertex 0 hangs on vertex 1; as a source it stands for that.
    let way = (surface.positions[0] - surface.positions[1]).length
    #expect(abs(found[0] - found[1] - way) < 1e-12)
    let fromGuest = try surface.distance(from: [0])
    #expect(fromGuest[0] == 0 && fromGuest[1] == 0 && fromGuest[2] > 0)
    #expect(paths.nearest(100, to: 3).count == 21 && paths.nearest(100, to: 30).count == 11)
    #expect(try surface.distance(from: []).allSatisfy { $0 == .infinity })
    let both = try surface.distance(from: [3, 25])
    #expect(both.allSatisfy { $0 < 3 } && both[3] == 0 && both[25] == 0)
    #expect(throws: GeometryError.self) { try surface.distance(from: [99]) }
    #expect(throws: GeometryError.self) { try surface.distance(from: [-1]) }
    #expect(throws: GeometryError.self) { try HeatMethodDistanceSolver(surface, timeScale: 0) }
    #expect(throws: GeometryError.self) { try HeatMethodDistanceSolver(surface, timeScale: .nan) }
  }

  @Test func pathsFollowTheSphere() throws {
    let surface = try SurfaceMesh(SurfaceZoo.sphere(3))
    let paths = SurfacePaths(surface)
    for source in [0, 100] {
      let found = paths.nearest(surface.nodeCount, to: source)
      #expect(found.count == surface.nodeCount && found[0] == .init(node: source, distance: 0))
      #expect(zip(found, found.dropFirst()).allSatisfy { $0.distance <= $1.distance })
      for neighbour in found.dropFirst() {
        let known = acos(max(-1, min(1, surface.positions[neighbour.node].dot(surface.positions[source]))))
        // Chords are a little shorter than arcs.
        #expect((0.995...1.045).contains(neighbour.distance / known))
      }
    }
  }

  @Test(arguments: try SurfaceZoo.all()) func nearestIsTheBeginningOfAll(_ named: NamedDomain) throws {
    let surface = try #require(named.domain as? SurfaceMesh)
    let paths = SurfacePaths(surface)
    let nodes = Array(0..<surface.nodeCount)
    let some = paths.nearest(5, toEach: nodes)
    for node in nodes.prefix(40) {
      let all = paths.nearest(surface.nodeCount, to: node)
      #expect(Array(all.prefix(5)) == some[node])
      // No path is shorter than the straight line.
      for other in all {
        let straight = (surface.nodePositions[node] - surface.nodePositions[other.node]).length
        #expect(other.distance >= straight * (1 - 1e-3) - 1e-12)
      }
      // There and back is as far.
      let last = try #require(all.last)
      let back = paths.nearest(surface.nodeCount, to: last.node).first { $0.node == node }
      #expect(abs((back?.distance ?? -1) - last.distance) <= 1e-12 * last.distance)
      let odd = nodes.map { $0 % 2 == 1 }
      #expect(paths.nearest(3, to: node, among: odd) == Array(all.filter { odd[$0.node] }.prefix(3)))
    }
  }

  @Test func nearestSourcesAreThoseOfEachNode() throws {
    let surface = try SurfaceMesh(SurfaceZoo.sphere(2))
    let paths = SurfacePaths(surface)
    let sources = [3, 50, 7, 120, 99, 50]
    let found = paths.nearestSources(3, from: sources)
    for node in 0..<surface.nodeCount {
      let all = paths.nearest(surface.nodeCount, to: node)
      let distances = sources.map { source in all.first { $0.node == source }?.distance ?? .infinity }
      let known = distances.sorted().prefix(3)
      #expect(zip(found[node], known).allSatisfy { abs($0.distance - $1) < 1e-12 } && found[node].count == 3)
      #expect(found[node].allSatisfy { abs(distances[$0.node] - $0.distance) < 1e-12 })
      #expect(Set(found[node].map(\.node)).count == 3)
    }
  }

  @Test(.enabled(if: SharedMeshes.arePresent, "\(SharedMeshes.absence)"))
  func earsAreFarApartAlongTheBunny() throws {
    let surface = try SurfaceMesh(MeshFile.read(SharedMeshes.path("bunny/bun_zipper_res3.ply")))
    // The tips of the ears: the highest vertex, and the highest of those away from it.
    let order = surface.positions.indices.sorted { surface.positions[$0].y > surface.positions[$1].y }
    let first = order[0]
    let distances = try surface.distance(from: [first])
    let second = try #require(order.first { distances[$0] > 0.08 && surface.positions[$0].y > 0.16 })
    let straight = (surface.positions[first] - surface.positions[second]).length
    #expect(distances[second] > 1.7 * straight)
    let path = try #require(SurfacePaths(surface).nearest(surface.nodeCount, to: first).first { $0.node == second })
    #expect(abs(path.distance / distances[second] - 1) < 0.1)
  }
}
