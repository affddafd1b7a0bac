// The hierarchy of neighbourhoods of whatever domain has one: what networks over neighbourhoods are built on.

import SextantGeometry
import SextantNetworks

extension StencilHierarchy {
  /// The hierarchy of a latitude–longitude grid or a surface, of at most `levelCount` levels; nil for domains that have none yet.
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
