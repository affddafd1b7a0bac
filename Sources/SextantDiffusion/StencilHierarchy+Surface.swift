// Surfaces as a hierarchy of 3×3 neighbourhoods, as grids are one: neighbours in eight directions along the surface, and a
// step to the vertices that the next resolution keeps.

import SextantAutodiff
import SextantGeometry
import SextantNetworks

extension StencilHierarchy {
  /// The hierarchy of a surface's vertices, in the order of the file.
  ///
  /// - Parameters:
  ///   - levelCount: At most so many levels; fewer where the surface has no more vertices to leave out.
  ///   - up: What "up" is in the mesh's coordinates; see ``SurfaceHierarchy``.
  /// - Throws: ``GeometryError/invalidMesh(_:)`` for an axis without a direction.
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
