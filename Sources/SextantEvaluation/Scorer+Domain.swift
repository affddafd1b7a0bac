// The properties of a domain that a scorer uses: areas, latitudes on the sphere, and whether its vertices form an
// image.

import SextantGeometry

extension Raster {
  /// The raster of a grid with rows and columns; nil for all other domains.
  ///
  /// A grid whose last column repeats the first is not treated as periodic, because the seam would count twice.
  public init?(of domain: any Domain) {
    if let grid = domain as? LatitudeLongitudeGrid {
      self.init(rows: grid.rows, columns: grid.columns, wraps: grid.wraps && !grid.hasRepeatedColumn)
    } else if let grid = domain as? CurvilinearGrid {
      self.init(rows: grid.rows, columns: grid.columns, wraps: grid.wraps)
    } else {
      return nil
    }
  }
}

extension Scorer {
  /// A scorer for fields of C channels on a domain.
  ///
  /// Latitude bands are scored if all vertices lie on the unit sphere, and structural similarity if there is a raster.
  /// Pass `raster` for a domain that does not define its own.
  public init(
    on domain: any Domain, variables: [ScoredVariable], channelCount: Int,
    bandEdges: [Double] = [-90, -60, -30, 0, 30, 60, 90], raster: Raster? = nil
  ) {
    self.init(
      variables: variables, channelCount: channelCount, areaWeights: domain.areaWeights,
      latitudes: domain.isOnSphere ? domain.geographicPoints.map(\.latitude) : nil, bandEdges: bandEdges,
      raster: raster ?? Raster(of: domain))
  }
}
