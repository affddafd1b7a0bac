// The horizontal dimensions and coordinates of a file that has no template for them: the axes of a latitude–longitude
// grid, two-dimensional coordinates for other rows and columns, and a dimension of cells for everything else on the Earth.
// Scattered places are CF's discrete sampling geometries: a field of its own is a set of points; several are time series of
// stations.

import SextantGeometry

/// The horizontal part of a layout.
struct HorizontalLayout {
  /// The rows and the columns, or the cells.
  let dimensions: [LayoutDimension]
  let coordinates: [LayoutCoordinate]
  let rows: Int
  let columns: Int
  /// Whether the file holds one field, which then needs no dimension of its own.
  let holdsOneField: Bool
  /// Attributes of the file.
  let attributes: [String: String]

  /// The layout of a domain with a geography; nil for any other.
  ///
  /// - Parameters:
  ///   - domain: the domain.
  ///   - fieldCount: the number of fields; nil where they have dimensions already.
  init?(_ domain: any Domain, fieldCount: Int? = nil) {
    guard let geography = domain.geography else { return nil }
    let points = geography.points
    guard !domain.isScattered else {
      holdsOneField = fieldCount == 1
      let name = holdsOneField ? "obs" : "station"
      (rows, columns) = (points.count, 1)
      attributes = ["featureType": holdsOneField ? "point" : "timeSeries"]
      dimensions = [LayoutDimension(name: name, length: rows)]
      let number: [LayoutCoordinate] = [
        .numbers(
          name, (1...rows).map(Double.init), type: .int, dimensions: [name],
          attributes: [("cf_role", .text("timeseries_id")), ("long_name", .text("number of the place"))])
      ]
      coordinates =
        [
          Self.coordinate("latitude", points.map(\.latitude), along: [name], axis: nil),
          Self.coordinate("longitude", points.map(\.longitude), along: [name], axis: nil),
        ] + (holdsOneField ? [] : number)
      return
    }
    (holdsOneField, attributes) = (false, [:])
    if let grid = geography.gridAxes {
      (rows, columns) = (grid.rows, grid.columns)
      dimensions = [
        LayoutDimension(name: "latitude", length: rows), LayoutDimension(name: "longitude", length: columns),
      ]
      coordinates = [
        Self.coordinate("latitude", grid.latitudes, along: ["latitude"], axis: "Y"),
        Self.coordinate("longitude", grid.longitudes, along: ["longitude"], axis: "X"),
      ]
      return
    }
    if let raster = domain.raster {
      (rows, columns) = (raster.rows, raster.columns)
      dimensions = [LayoutDimension(name: "y", length: rows), LayoutDimension(name: "x", length: columns)]
    } else {
      (rows, columns) = (domain.vertexCount, 1)
      dimensions = [LayoutDimension(name: "cell", length: rows)]
    }
    let along = dimensions.map(\.name)
    coordinates = [
      Self.coordinate("latitude", points.map(\.latitude), along: along, axis: nil),
      Self.coordinate("longitude", points.map(\.longitude), along: along, axis: nil),
    ]
  }

  /// The role of each dimension for a field.
  var uses: [DimensionUse] { dimensions.count == 1 ? [.row] : [.row, .column] }

  private static func coordinate(
    _ name: String, _ degrees: [Double], along dimensions: [String], axis: String?
  ) -> LayoutCoordinate {
    var attributes: [(String, NetCDFAttributeValue)] = [
      ("standard_name", .text(name)), ("units", .text(name == "latitude" ? "degrees_north" : "degrees_east")),
    ]
    if let axis { attributes.append(("axis", .text(axis))) }
    return .numbers(name, degrees, type: .double, dimensions: dimensions, attributes: attributes)
  }
}
