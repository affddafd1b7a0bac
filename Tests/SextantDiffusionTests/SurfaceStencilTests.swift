// Hierarchies of surfaces as networks read them: the tables fit, and levels are those of the geometry.

import SextantArrays
import SextantAutodiff
import SextantDiffusion
import SextantGeometry
import SextantNetworks
import Testing

@Suite struct SurfaceStencilTests {
  @Test func stencilsAreTheSurfacesNeighbourhoods() throws {
    let surface = try SurfaceMesh(SphereMesh.icosphere(subdivisions: 3).triangleMesh)
    let geometry = try NeighbourhoodHierarchy(surface, levelCount: 3)
    let hierarchy = try #require(try StencilHierarchy.neighbourhoods(of: surface, levelCount: 3))
    #expect(hierarchy == StencilHierarchy(geometry))
    #expect(hierarchy.vertexCount == 642 && hierarchy.levels.map(\.stencil.inputCount) == [642, 161, 41])
    for (level, tables) in zip(hierarchy.levels, geometry.levels) {
      #expect(level.stencil.width == 9 && level.stencil.neighbours == tables.neighbours)
      guard let down = level.down else { continue }
      #expect(level.up == tables.coarse)
      // Each kept vertex reads its own neighbourhood, in whose middle it stands, as a grid's does.
      for (row, kept) in tables.kept.enumerated() {
        #expect(down.neighbours[9 * row + 4] == kept)
        #expect(down.neighbours[9 * row] == level.stencil.neighbours[9 * Int(kept)])
      }
    }
    #expect(hierarchy.levels.last?.down == nil && hierarchy.levels.last?.up == nil)
  }
}
