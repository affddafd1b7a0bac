// What a model file keeps of its domain: enough to rebuild it exactly. One case for each kind of domain.

/// A domain in a form that can be stored.
public enum GridDescription: Codable, Sendable, Equatable {
  /// See ``LatitudeLongitudeGrid``.
  case latitudeLongitude(latitudes: [Double], longitudes: [Double])
  /// See ``CurvilinearGrid``.
  case curvilinear(rows: Int, columns: Int, latitudes: [Double], longitudes: [Double])
  /// See ``ScatteredPoints``.
  case scattered([GeographicPoint])
  /// See ``SphereMesh/icosphere(subdivisions:)``.
  case icosphere(subdivisions: Int)
  /// See ``SphereMesh/fibonacci(vertexCount:)``.
  case fibonacci(vertexCount: Int)
  /// See ``SphereMesh``.
  case sphereMesh(positions: [SIMD3<Double>], triangles: [SIMD3<Int32>])
  /// See ``SurfaceMesh``.
  case surfaceMesh(positions: [SIMD3<Double>], triangles: [SIMD3<Int32>], mergesCoincident: Bool)

  /// The domain, with the same fingerprint as the one described. Throws ``GeometryError`` if the file was tampered with.
  public func makeDomain() throws -> any Domain {
    switch self {
    case .latitudeLongitude(let latitudes, let longitudes):
      try LatitudeLongitudeGrid(latitudes: latitudes, longitudes: longitudes)
    case .curvilinear(let rows, let columns, let latitudes, let longitudes):
      try CurvilinearGrid(rows: rows, columns: columns, latitudes: latitudes, longitudes: longitudes)
    case .scattered(let places): try ScatteredPoints(places)
    case .icosphere(let subdivisions): try SphereMesh.icosphere(subdivisions: subdivisions)
    case .fibonacci(let vertexCount): try SphereMesh.fibonacci(vertexCount: vertexCount)
    case .sphereMesh(let positions, let triangles):
      try SphereMesh(positions: positions, triangles: triangles)
    case .surfaceMesh(let positions, let triangles, let mergesCoincident):
      try SurfaceMesh(
        TriangleMesh(positions: positions, triangles: triangles), mergesCoincident: mergesCoincident)
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
