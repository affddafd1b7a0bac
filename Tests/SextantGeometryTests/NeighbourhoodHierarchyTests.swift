// Hierarchies of surfaces: levels nest and cover, neighbours are near and lie in their directions.

import Foundation
import SextantArrays
import SextantTestSupport
import Testing

@testable import SextantGeometry

@Suite struct NeighbourhoodHierarchyLaws {
  private static let width = 9

  @Test(arguments: try SurfaceZoo.all()) func levelsNestAndCover(_ named: NamedDomain) throws {
    let surface = try #require(named.domain as? SurfaceMesh)
    let hierarchy = try NeighbourhoodHierarchy(surface, levelCount: 4)
    #expect(hierarchy == (try NeighbourhoodHierarchy(surface, levelCount: 4)))
    for (place, level) in hierarchy.levels.enumerated() {
      let count = hierarchy.vertexCount(ofLevel: place)
      for vertex in 0..<count {
        #expect(level.neighbours[vertex * Self.width + 4] == Int32(vertex))
        let others = level.neighbours[vertex * Self.width..<(vertex + 1) * Self.width]
        #expect(others.allSatisfy { $0 >= -1 && $0 < count } && others.count { $0 == vertex } == 1)
      }
      guard place + 1 < hierarchy.levels.count else {
        #expect(level.kept.isEmpty && level.coarse.isEmpty)
        continue
      }
      // What is kept stands for itself, and everything kept stands for something.
      for (coarse, fine) in level.kept.enumerated() {
        #expect(level.coarse[Int(fine)] == Int32(coarse))
      }
    }
  }

  @Test func neighboursLieInTheirDirections() throws {
    // A square patch seen from above, with "up" along y: each inner vertex has the eight around it.
    let (rows, columns) = (9, 8)
    let surface = try SurfaceMesh(SurfaceZoo.patch(rows, columns))
    let level = try NeighbourhoodHierarchy(surface, levelCount: 1).levels[0]
    for i in 0..<rows {
      for j in 0..<columns {
        for slot in 0..<9 {
          let (row, column) = (i + 1 - slot / 3, j + slot % 3 - 1)
          let isInside = (0..<rows).contains(row) && (0..<columns).contains(column)
          // A corner may have one further off on a diagonal that leads outside.
          let found = level.neighbours[(i * columns + j) * 9 + slot]
          if isInside { #expect(found == Int32(row * columns + column)) }
          if !isInside && slot % 2 == 1 { #expect(found == -1) }
        }
      }
    }
    // Turned by a quarter, "up" leads right.
    let turned = try NeighbourhoodHierarchy(surface, levelCount: 1, up: SIMD3(3, 0, 0)).levels[0]
    let middle = 4 * columns + 4
    #expect(turned.neighbours[middle * 9 + 1] == Int32(middle + 1))
    #expect(turned.neighbours[middle * 9 + 3] == Int32(middle + columns))
  }

  @Test func levelsOfASphereAreEvenAndNearlyFull() throws {
    let surface = try SurfaceMesh(SurfaceZoo.sphere(4))
    let hierarchy = try NeighbourhoodHierarchy(surface, levelCount: 5)
    #expect(hierarchy.levels.indices.map(hierarchy.vertexCount) == [2562, 641, 161, 41, 11])
    for (place, level) in hierarchy.levels.dropLast(2).enumerated() {
      let vertices = hierarchy.vertices(ofLevel: place)
      #expect(Double(level.neighbours.count { $0 < 0 }) < 0.03 * Double(level.neighbours.count))
      // A neighbour is near: within four mean spacings.
      let spacing = (4 * Double.pi / Double(vertices.count)).squareRoot()
      for vertex in vertices.indices {
        for other in level.neighbours[vertex * 9..<vertex * 9 + 9] where other >= 0 {
          let step = surface.positions[Int(vertices[Int(other)])] - surface.positions[Int(vertices[vertex])]
          #expect(step.length < 2.5 * spacing)
        }
      }
      var sizes = [Int](repeating: 0, count: hierarchy.vertexCount(ofLevel: 1))
      for coarse in hierarchy.levels[0].coarse { sizes[Int(coarse)] += 1 }
      #expect(sizes.allSatisfy { (1...12).contains($0) })
    }
  }

  @Test func axesWithoutDirectionAreRefused() throws {
    let surface = try SurfaceMesh(SurfaceZoo.patch(5, 5))
    #expect(throws: GeometryError.self) { try NeighbourhoodHierarchy(surface, levelCount: 2, up: SIMD3()) }
    #expect(throws: GeometryError.self) { try NeighbourhoodHierarchy(surface, levelCount: 2, reduction: 1) }
    // Straight at the viewer: some direction is up.
    let level = try NeighbourhoodHierarchy(surface, levelCount: 1, up: SIMD3(0, 0, 1)).levels[0]
    #expect(level.neighbours[12 * 9..<13 * 9].allSatisfy { $0 >= 0 })
  }

  @Test(arguments: VertexOrdering.allCases) func ordersOfSurfacesArePermutations(_ ordering: VertexOrdering) throws {
    for named in try SurfaceZoo.all() {
      let order = try ordering.order(of: named.domain)
      #expect(order.sorted() == (0..<Int32(named.domain.vertexCount)).map { $0 }, "\(named)")
    }
    // Pieces follow each other, each along its own mode.
    let order = try VertexOrdering.spectral.order(of: SurfaceMesh(SurfaceZoo.twoPieces))
    #expect(order.prefix(21).allSatisfy { $0 < 21 })
    let first = order.prefix(21).filter { $0 > 0 }.map { SurfaceZoo.twoPieces.positions[Int($0)].x }
    #expect(first == first.sorted() || first == first.sorted().reversed())
  }

  @Test(.enabled(if: SharedMeshes.arePresent, "\(SharedMeshes.absence)"))
  func ordersKeepTheBunnysNeighboursNear() throws {
    let surface = try SurfaceMesh(MeshFile.read(SharedMeshes.path("bunny/bun_zipper_res3.ply")))
    func meanStep(_ ordering: VertexOrdering) throws -> Double {
      let order = try ordering.order(of: surface)
      #expect(order.sorted() == (0..<1889).map { Int32($0) })
      var place = [Int](repeating: 0, count: order.count)
      for (new, old) in order.enumerated() { place[Int(old)] = new }
      let lengths = surface.triangles.map { Double(abs(place[Int($0.x)] - place[Int($0.y)])) }
      // A vertex without triangles stands beside the one that it hangs on, or nearly so.
      if ordering == .spectral {
        for (guest, host) in surface.hostOfIsolatedNode { #expect(abs(place[Int(guest)] - place[Int(host)]) < 40) }
      }
      return lengths.reduce(0, +) / Double(lengths.count)
    }
    let (curve, spectral) = (try meanStep(.curve), try meanStep(.spectral))
    #expect(curve < 120 && spectral < 60)
  }
}
