// The conversion of a domain's neighbourhoods, which are plain tables, to the hierarchy of stencils that networks use.

import SextantAutodiff
import SextantGeometry
import SextantNetworks

extension StencilHierarchy {
  /// The hierarchy of a domain's neighbourhoods, with at most `levelCount` levels; nil for a domain that has none.
  ///
  /// Throws `GeometryError`.
  public static func neighbourhoods(of domain: any Domain, levelCount: Int) throws -> StencilHierarchy? {
    try domain.neighbourhoods(levelCount: levelCount).map(StencilHierarchy.init)
  }

  /// The stencils of tables of neighbourhoods: a step to the next level reads the neighbourhood of each vertex that is kept.
  public init(_ hierarchy: NeighbourhoodHierarchy) {
    let width = hierarchy.width
    self.init(
      levels: hierarchy.levels.enumerated().map { place, level in
        let count = hierarchy.vertexCount(ofLevel: place)
        let stencil = Stencil(inputCount: count, width: width, neighbours: level.neighbours)
        guard !level.kept.isEmpty else { return Level(stencil: stencil) }
        let rows = level.kept.flatMap { level.neighbours[Int($0) * width..<(Int($0) + 1) * width] }
        return Level(
          stencil: stencil, down: Stencil(inputCount: count, width: width, neighbours: rows), up: level.coarse)
      })
  }
}
