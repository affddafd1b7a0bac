// What a model file keeps of its domain: enough to rebuild it exactly. One case for each kind of domain.

/// A domain in a form that can be stored.
public enum GridDescription: Codable, Sendable, Equatable {
  /// See ``LatitudeLongitudeGrid``.
  case latitudeLongitude(latitudes: [Double], longitudes: [Double])
  /// See ``CurvilinearGrid``.
  case curvilinear(rows: Int, columns: Int, latitudes: [Double], longitudes: [Double])
  /// See ``ScatteredPoints``.
  case scattered([GeographicPoint])

  /// The domain, with the same fingerprint as the one described. Throws ``GeometryError`` if the file was tampered with.
  public func makeDomain() throws -> any Domain {
    switch self {
    case .latitudeLongitude(let latitudes, let longitudes):
      try LatitudeLongitudeGrid(latitudes: latitudes, longitudes: longitudes)
    case .curvilinear(let rows, let columns, let latitudes, let longitudes):
      try CurvilinearGrid(rows: rows, columns: columns, latitudes: latitudes, longitudes: longitudes)
    case .scattered(let places): try ScatteredPoints(places)
    }
  }
}

/// A domain that can be stored and rebuilt.
public protocol DescribableDomain: Domain {
  /// What to store.
  var gridDescription: GridDescription { get }
}

extension LatitudeLongitudeGrid: DescribableDomain {
  public var gridDescription: GridDescription {
    .latitudeLongitude(latitudes: latitudes, longitudes: longitudes)
  }
}

extension CurvilinearGrid: DescribableDomain {
  public var gridDescription: GridDescription {
    .curvilinear(rows: rows, columns: columns, latitudes: latitudes, longitudes: longitudes)
  }
}

extension ScatteredPoints: DescribableDomain {
  public var gridDescription: GridDescription { .scattered(places) }
}
