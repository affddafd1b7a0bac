// Hierarchies of neighbourhoods on surfaces, analogous to the 3×3 neighbourhoods of grids: the neighbours in eight
// directions along the surface, and a step to the vertices of the next coarser level.

import SextantAutodiff
import SextantGeometry
import SextantNetworks

extension StencilHierarchy {
  /// The hierarchy of a surface's vertices, in the order of the file.
  ///
  /// - Parameters:
  ///   - levelCount: the largest number of levels; there are fewer if the surface has too few vertices.
  ///   - up: the "up" direction in the mesh's coordinates; see ``SurfaceHierarchy``.
  /// - Throws: ``GeometryError/invalidMesh(_:)`` if `up` has no direction.
  public static func surface(
    _ surface: SurfaceMesh, levelCount: Int, up: SIMD3<Double> = SIMD3(0, 1, 0)
  ) throws -> StencilHierarchy {
    StencilHierarchy(try SurfaceHierarchy(surface, levelCount: levelCount, up: up))
  }

  /// The tables of a surface's hierarchy.
  public init(_ hierarchy: SurfaceHierarchy) {
    let width = SurfaceHierarchy.stencilWidth
    self.init(
      levels: hierarchy.levels.map { level in
        let stencil = Stencil(inputCount: level.vertices.count, width: width, neighbours: level.neighbours)
        guard !level.kept.isEmpty else { return Level(stencil: stencil) }
        let rows = level.kept.flatMap { level.neighbours[Int($0) * width..<(Int($0) + 1) * width] }
        return Level(
          stencil: stencil, down: Stencil(inputCount: level.vertices.count, width: width, neighbours: rows),
          up: level.coarse)
      })
  }
}
