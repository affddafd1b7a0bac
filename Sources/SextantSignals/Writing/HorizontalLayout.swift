// The horizontal dimensions and coordinates of a file that has no template for them: the axes of a latitude–longitude
// grid, two-dimensional coordinates for other rows and columns, and a dimension of cells for everything else on the Earth.

import SextantGeometry

/// The horizontal part of a layout.
struct HorizontalLayout {
  /// The rows and the columns, or the cells.
  let dimensions: [LayoutDimension]
  let coordinates: [LayoutCoordinate]
  let rows: Int
  let columns: Int

  /// The layout of a domain with a geography; nil for any other.
  init?(_ domain: any Domain) {
    guard let geography = domain.geography else { return nil }
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
    let points = geography.points
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
