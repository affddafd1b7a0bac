// Grids as hierarchies: every place is covered, longitudes wrap, and a step over a pole comes down on the other side.

import SextantArrays
import SextantAutodiff
import SextantDiffusion
import SextantGeometry
import SextantNetworks
import Testing

@Suite struct GridHierarchyLaws {
  enum Case: String, CaseIterable, Sendable {
    case papers, withoutPoles, southFirst, regional, oddColumns

    func grid() throws -> LatitudeLongitudeGrid {
      func axis(_ first: Double, _ step: Double, _ count: Int) -> [Double] {
        (0..<count).map { first + step * Double($0) }
      }
      return switch self {
      case .papers: try LatitudeLongitudeGrid(latitudes: axis(90, -4, 46), longitudes: axis(0, 4, 90))
      case .withoutPoles: try LatitudeLongitudeGrid(latitudes: axis(85, -10, 18), longitudes: axis(5, 10, 36))
      case .southFirst: try LatitudeLongitudeGrid(latitudes: axis(-90, 10, 19), longitudes: axis(-180, 10, 36))
      case .regional: try LatitudeLongitudeGrid(latitudes: axis(60, -0.5, 21), longitudes: axis(-10, 0.5, 31))
      case .oddColumns: try LatitudeLongitudeGrid(latitudes: axis(90, -12, 16), longitudes: axis(0, 24, 15))
      }
    }
  }

  @Test(arguments: Case.allCases) func neighboursAreNear(_ example: Case) throws {
    let grid = try example.grid()
    let stencil = try #require(try StencilHierarchy.neighbourhoods(of: grid, levelCount: 1)).levels[0].stencil
    let positions = grid.positions
    let spacing = abs(grid.latitudes[0] - grid.latitudes[1])
    let columns = abs(grid.longitudes[1] - grid.longitudes[0])
    // A diagonal step, and over a pole at most one step on each side of it.
    let furthest = 1.5 * (spacing + columns) * .pi / 180
    for vertex in 0..<grid.vertexCount {
      #expect(stencil.neighbours[vertex * 9 + 4] == Int32(vertex))
      for k in 0..<9 {
        let neighbour = Int(stencil.neighbours[vertex * 9 + k])
        guard neighbour >= 0 else {
          #expect(example == .regional, "vertex \(vertex) has no neighbour \(k)")
          continue
        }
        let difference = positions[vertex] - positions[neighbour]
        #expect((difference * difference).sum().squareRoot() < furthest, "vertex \(vertex), neighbour \(neighbour)")
      }
    }
  }

  @Test(arguments: Case.allCases) func everyVertexIsCoveredByOneNearby(_ example: Case) throws {
    let grid = try example.grid()
    let hierarchy = try #require(try StencilHierarchy.neighbourhoods(of: grid, levelCount: 4))
    #expect(hierarchy.levels.count >= 3)
    for (fine, coarse) in zip(hierarchy.levels, hierarchy.levels.dropFirst()) {
      let (up, down) = (try #require(fine.up), try #require(fine.down))
      #expect(Set(up) == Set((0..<coarse.stencil.inputCount).map(Int32.init)))
      // The coarse vertex reads the vertices that it covers.
      let centred = up.indices.filter { down.neighbours[Int(up[$0]) * 9 + 4] == Int32($0) }
      #expect(centred.count == coarse.stencil.inputCount)
    }
  }
}
