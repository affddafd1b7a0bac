// The coordinates of a horizontal grid in degrees, in the order of the file, and the domain that they define. The shape
// of the coordinates determines the type of the domain, which checks their validity itself.

import SextantGeometry

/// The latitudes and longitudes of a grid as stored in the file.
struct GridCoordinates: Sendable, Equatable {
  let kind: HorizontalGrid.Kind
  let rows: Int
  let columns: Int
  /// Degrees north: one for each row of a rectilinear grid, otherwise one for each vertex.
  let latitudes: [Double]
  /// Degrees east: one for each column of a rectilinear grid, otherwise one for each vertex.
  let longitudes: [Double]

  init(_ grid: HorizontalGrid, in file: NetCDFFile) throws {
    kind = grid.kind
    rows = grid.rows.length
    columns = grid.kind == .points ? 1 : grid.columns.length
    let (y, x) = (try Self.degrees(grid.latitude, in: file), try Self.degrees(grid.longitude, in: file))
    if let pole = grid.pole {
      let places = y.flatMap { y in x.map { pole.geographic(latitude: y, longitude: $0) } }
      (latitudes, longitudes) = (places.map(\.0), places.map(\.1))
    } else {
      (latitudes, longitudes) = (y, x)
    }
  }

  /// The number of vertices.
  var vertexCount: Int { rows * columns }

  /// The coordinates of a vertex, with the file's own numbers.
  func point(ofVertex vertex: Int) -> GeographicPoint {
    kind == .rectilinear
      ? GeographicPoint(latitude: latitudes[vertex / columns], longitude: longitudes[vertex % columns])
      : GeographicPoint(latitude: latitudes[vertex], longitude: longitudes[vertex])
  }

  /// The domain, with vertex = row·columns + column, where the row is the latitude's index in the file.
  func makeDomain() throws -> any Domain {
    switch kind {
    case .rectilinear: try LatitudeLongitudeGrid(latitudes: latitudes, longitudes: longitudes)
    case .curvilinear, .rotated:
      try CurvilinearGrid(rows: rows, columns: columns, latitudes: latitudes, longitudes: longitudes)
    case .points:
      try ScatteredPoints((0..<vertexCount).map(point))
    }
  }

  private static func degrees(_ variable: NetCDFVariable, in file: NetCDFFile) throws -> [Double] {
    var values = try file.values(of: variable)
    let units = (variable.text("units") ?? "").lowercased()
    if ["radian", "radians", "rad"].contains(units) { values = values.map { $0 * 180 / .pi } }
    let size = variable.shape.suffix(2).reduce(1, *)
    guard values.count > size else { return values }
    // WRF and other models repeat the grid for each time.
    for (i, value) in values.enumerated() where value != values[i % size] {
      throw NetCDFError.invalidCoordinate(
        path: file.path, variable: variable.name,
        reason: "the grid changes along \(variable.dimensions[0].name); split the file into files with one grid each.")
    }
    return Array(values.prefix(size))
  }
}
