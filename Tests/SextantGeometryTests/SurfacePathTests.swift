// Shortest paths along surfaces: known distances, and the laws that they keep.

import Foundation
import SextantArrays
import SextantTestSupport
import Testing

@testable import SextantGeometry

@Suite struct SurfacePathTests {
  @Test func noPathLeadsToAnotherPiece() throws {
    let paths = SurfacePaths(try SurfaceMesh(SurfaceZoo.twoPieces))
    #expect(paths.nearest(100, to: 3).count == 21 && paths.nearest(100, to: 30).count == 11)
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

  @Test(.enabled(if: SharedMeshes.arePresent, "\(SharedMeshes.absence)"))
  func earsAreFarApartAlongTheBunny() throws {
    let surface = try SurfaceMesh(MeshFile.read(SharedMeshes.path("bunny/bun_zipper_res3.ply")))
    // The tips of the ears: the highest vertex, and the highest of those away from it.
    let order = surface.positions.indices.sorted { surface.positions[$0].y > surface.positions[$1].y }
    let first = order[0]
    var distances = [Double](repeating: .infinity, count: surface.nodeCount)
    for found in SurfacePaths(surface).nearest(surface.nodeCount, to: first) { distances[found.node] = found.distance }
    let second = try #require(order.first { distances[$0] > 0.08 && surface.positions[$0].y > 0.16 })
    let straight = (surface.positions[first] - surface.positions[second]).length
    #expect(distances[second] > 1.7 * straight)
  }
}
