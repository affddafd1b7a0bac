// The records of the domains of this module. Their names and members are the keys of model files, those of older
// versions included: none of them may change.

extension [StoredDomainKind] {
  /// The kinds of domain of this package.
  public static var standard: [StoredDomainKind] {
    [
      StoredDomainKind(LatitudeLongitudeGrid.Record.self), StoredDomainKind(CurvilinearGrid.Record.self),
      StoredDomainKind(ScatteredPoints.Record.self), StoredDomainKind(SphereMesh.IcosphereRecord.self),
      StoredDomainKind(SphereMesh.FibonacciRecord.self), StoredDomainKind(SphereMesh.Record.self),
      StoredDomainKind(SurfaceMesh.Record.self), StoredDomainKind(PointCloud.Record.self),
      StoredDomainKind(UnstructuredGrid.Record.self), StoredDomainKind(ImageGrid.Record.self),
    ]
  }
}

/// The number of vertices of a grid; nil if it cannot be counted.
private func product(_ a: Int, _ b: Int) -> Int? {
  let (product, overflows) = a.multipliedReportingOverflow(by: b)
  return overflows || a < 0 || b < 0 ? nil : product
}

extension LatitudeLongitudeGrid {
  struct Record: DomainRecord {
    static let kind = "latitudeLongitude"
    var latitudes: [Double]
    var longitudes: [Double]

    var claimedVertexCount: Int? { product(latitudes.count, longitudes.count) }
    func makeDomain() throws -> any Domain {
      try LatitudeLongitudeGrid(latitudes: latitudes, longitudes: longitudes)
    }
  }

  public var stored: StoredDomain? { StoredDomain(Record(latitudes: latitudes, longitudes: longitudes)) }
}

extension CurvilinearGrid {
  struct Record: DomainRecord {
    static let kind = "curvilinear"
    var rows: Int
    var columns: Int
    var latitudes: [Double]
    var longitudes: [Double]

    var claimedVertexCount: Int? { product(rows, columns) }
    func makeDomain() throws -> any Domain {
      try CurvilinearGrid(rows: rows, columns: columns, latitudes: latitudes, longitudes: longitudes)
    }
  }

  public var stored: StoredDomain? {
    StoredDomain(Record(rows: rows, columns: columns, latitudes: latitudes, longitudes: longitudes))
  }
}

extension ScatteredPoints {
  struct Record: DomainRecord {
    static let kind = "scattered"
    var places: [GeographicPoint]

    /// The key of versions 1 and 2.
    enum CodingKeys: String, CodingKey { case places = "_0" }

    var claimedVertexCount: Int? { places.count }
    func makeDomain() throws -> any Domain { try ScatteredPoints(places) }
  }

  public var stored: StoredDomain? { StoredDomain(Record(places: places)) }
}

extension SphereMesh {
  struct IcosphereRecord: DomainRecord {
    static let kind = "icosphere"
    var subdivisions: Int

    var claimedVertexCount: Int? { (0...9).contains(subdivisions) ? (10 << (2 * subdivisions)) + 2 : nil }
    func makeDomain() throws -> any Domain { try SphereMesh.icosphere(subdivisions: subdivisions) }
  }

  struct FibonacciRecord: DomainRecord {
    static let kind = "fibonacci"
    var vertexCount: Int

    var claimedVertexCount: Int? { vertexCount }
    func makeDomain() throws -> any Domain { try SphereMesh.fibonacci(vertexCount: vertexCount) }
  }

  struct Record: DomainRecord {
    static let kind = "sphereMesh"
    var positions: [SIMD3<Double>]
    var triangles: [SIMD3<Int32>]

    var claimedVertexCount: Int? { positions.count }
    func makeDomain() throws -> any Domain { try SphereMesh(positions: positions, triangles: triangles) }
  }

  public var stored: StoredDomain? { StoredDomain(record) }
}

extension UnstructuredGrid {
  struct Record: DomainRecord {
    static let kind = "unstructured"
    var places: [GeographicPoint]
    var areas: [Double]?
    var triangles: [SIMD3<Int32>]?
    var name: String

    var claimedVertexCount: Int? { places.count }
    func makeDomain() throws -> any Domain {
      try UnstructuredGrid(places, areas: areas, triangles: triangles, name: name)
    }
  }

  public var stored: StoredDomain? {
    StoredDomain(Record(places: places, areas: givenAreas, triangles: givenTriangles, name: name))
  }
}

extension SurfaceMesh {
  struct Record: DomainRecord {
    static let kind = "surfaceMesh"
    var positions: [SIMD3<Double>]
    var triangles: [SIMD3<Int32>]
    var mergesCoincident: Bool

    var claimedVertexCount: Int? { positions.count }
    func makeDomain() throws -> any Domain {
      try SurfaceMesh(
        TriangleMesh(positions: positions, triangles: triangles), mergesCoincident: mergesCoincident)
    }
  }

  public var stored: StoredDomain? {
    StoredDomain(Record(positions: mesh.positions, triangles: mesh.triangles, mergesCoincident: mergesCoincident))
  }
}

extension PointCloud {
  struct Record: DomainRecord {
    static let kind = "pointCloud"
    var positions: [SIMD3<Double>]

    var claimedVertexCount: Int? { positions.count }
    func makeDomain() throws -> any Domain { try PointCloud(positions) }
  }

  public var stored: StoredDomain? { StoredDomain(Record(positions: positions)) }
}

extension ImageGrid {
  struct Record: DomainRecord {
    static let kind = "image"
    var rows: Int
    var columns: Int
    var pixelHeight: Double
    var pixelWidth: Double

    var claimedVertexCount: Int? { product(rows, columns) }
    func makeDomain() throws -> any Domain {
      try ImageGrid(rows: rows, columns: columns, pixelHeight: pixelHeight, pixelWidth: pixelWidth)
    }
  }

  public var stored: StoredDomain? {
    StoredDomain(Record(rows: rows, columns: columns, pixelHeight: pixelHeight, pixelWidth: pixelWidth))
  }
}
