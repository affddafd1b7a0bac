// The hierarchy of neighbourhoods of any domain that has one, on which networks over neighbourhoods are built.

import SextantGeometry
import SextantNetworks

extension StencilHierarchy {
  /// The hierarchy of a latitude–longitude grid or a surface, with at most `levelCount` levels; nil for other domains.
  ///
  /// Throws ``GeometryError``.
  public static func neighbourhoods(of domain: any Domain, levelCount: Int) throws -> StencilHierarchy? {
    switch domain {
    case let grid as LatitudeLongitudeGrid: .grid(grid, levelCount: levelCount)
    case let surface as SurfaceMesh: try .surface(surface, levelCount: levelCount)
    default: nil
    }
  }
}
