// A scorer made from what a domain declares: areas, latitudes, and rows and columns.

import SextantGeometry

extension Scorer {
  /// A scorer for fields of C channels on a domain.
  ///
  /// Latitude bands are scored if the domain has a geography, and similarity if it has a raster.
  public init(
    on domain: any Domain, variables: [ScoredVariable], channelCount: Int
  ) {
    self.init(
      variables: variables, channelCount: channelCount, areaWeights: domain.areaWeights,
      latitudes: domain.geography?.points.map(\.latitude), raster: domain.raster)
  }
}
