// What a domain tells a scorer: areas, latitudes on the sphere, and whether its vertices are the pixels of an image.

import SextantGeometry

extension Raster {
  /// The raster of a grid with rows and columns; nil for any other domain.
  ///
  /// A grid that repeats its first column at the end is not wrapped: its seam would count twice.
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
  /// Latitude bands are scored where all vertices lie on the unit sphere, similarity where there is a raster; give `raster`
  /// for a domain whose pixels only the caller knows.
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
