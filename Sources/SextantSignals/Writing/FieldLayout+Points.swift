// The layout of fields at places without rows and columns, as CF's discrete sampling geometries: a field of its own is a
// set of points; several are time series of stations.

import SextantGeometry

extension FieldLayout {
  /// The horizontal part of a layout: dimensions, their uses, coordinates, extents and attributes of the file.
  struct Horizontal {
    var dimensions: [LayoutDimension]
    var uses: [DimensionUse]
    var coordinates: [LayoutCoordinate]
    var rows: Int
    var columns: Int
    /// Whether the fields themselves need no dimension.
    var holdsOneField = false
    /// Attributes of the file.
    var attributes: [String: String] = [:]
  }

  /// The horizontal part for fields on a domain: the axes of a grid, or places.
  ///
  /// Throws ``NetCDFError/unwritableDomain(path:domain:)`` for any other domain.
  static func horizontal(of domain: any Domain, fieldCount: Int, path: String) throws -> Horizontal {
    if let grid = domain.geography?.gridAxes {
      return Horizontal(
        dimensions: dimensions(of: grid), uses: [.row, .column], coordinates: coordinates(of: grid), rows: grid.rows,
        columns: grid.columns)
    }
    guard domain.isScattered, let points = domain.geography?.points else {
      throw NetCDFError.unwritableDomain(path: path, domain: domain.summary)
    }
    let isSet = fieldCount == 1
    let name = isSet ? "obs" : "station"
    var coordinates: [LayoutCoordinate] = [
      ("latitude", points.map(\.latitude), "degrees_north"), ("longitude", points.map(\.longitude), "degrees_east"),
    ].map {
      .numbers($0, $1, type: .double, dimensions: [name], attributes: [("standard_name", .text($0)), ("units", .text($2))])
    }
    if !isSet {
      coordinates.append(
        .numbers(
          name, (1...points.count).map(Double.init), type: .int, dimensions: [name],
          attributes: [("cf_role", .text("timeseries_id")), ("long_name", .text("number of the place"))]))
    }
    return Horizontal(
      dimensions: [LayoutDimension(name: name, length: points.count)], uses: [.row], coordinates: coordinates, rows: points.count,
      columns: 1, holdsOneField: isSet, attributes: ["featureType": isSet ? "point" : "timeSeries"])
  }
}
