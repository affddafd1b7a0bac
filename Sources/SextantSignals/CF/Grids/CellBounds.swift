// The areas of cells from the corners that CF's bounds give: spherical polygons, of any number of corners, of which the
// last may be repeated.

import SextantGeometry

enum CellBounds {
  /// The areas of the cells of an unstructured grid in steradians; nil without bounds of the coordinates, or where they
  /// do not bound all cells.
  static func areas(of grid: HorizontalGrid, in file: NetCDFFile) throws -> [Double]? {
    let dataset = CFDataset(file)
    let bounds = grid.coordinates.map { coordinate in
      coordinate.text("bounds").flatMap { dataset.resolve($0, from: coordinate) }
    }
    guard bounds.count == 2, let latitude = bounds[0], let longitude = bounds[1], latitude.shape == longitude.shape,
      latitude.shape.count == 2, latitude.dimensions[0] == grid.rows, latitude.shape[1] >= 3
    else { return nil }
    let (y, x) = (
      try degrees(latitude, of: grid.coordinates[0], in: file), try degrees(longitude, of: grid.coordinates[1], in: file)
    )
    let corners = latitude.shape[1]
    let areas = (0..<grid.rows.length).map { cell in
      let places = (cell * corners..<(cell + 1) * corners).compactMap { corner -> GeographicPoint? in
        let place = GeographicPoint(latitude: y[corner], longitude: x[corner])
        return abs(place.latitude) <= 90 + 1e-6 && place.longitude.isFinite ? place : nil
      }
      return SphericalPolygon.area(places.map(\.position))
    }
    return areas.reduce(0, +) <= 4 * .pi * 1.01 ? areas : nil
  }

  /// Bounds have the units of their coordinate unless they name their own.
  private static func degrees(
    _ bounds: NetCDFVariable, of coordinate: NetCDFVariable, in file: NetCDFFile
  ) throws -> [Double] {
    let owner = bounds.text("units") == nil ? coordinate : bounds
    let values = try file.values(of: bounds)
    return GridCoordinates.isInRadians(owner) ? values.map { $0 * 180 / .pi } : values
  }
}
