// The position of a variable's values on the earth: its two horizontal coordinates and the dimensions along which they
// run. It is recognised by the attributes of coordinates and the dimensions that they share, without a list of known
// grids.

/// The horizontal coordinates of a variable.
struct HorizontalGrid: Sendable {
  enum Kind: String, Sendable {
    /// One-dimensional latitudes and longitudes along separate dimensions.
    case rectilinear
    /// Two-dimensional latitudes and longitudes with the same two dimensions.
    case curvilinear
    /// One-dimensional coordinates relative to a rotated pole.
    case rotated
    /// One-dimensional latitudes and longitudes along the same dimension: stations, tracks, unstructured cells.
    case points
  }

  let kind: Kind
  let latitude: NetCDFVariable
  let longitude: NetCDFVariable
  /// The pole of the coordinates, if it is not the geographic pole.
  let pole: RotatedPole?
  /// The dimension of the rows; for points, their dimension.
  let rows: NetCDFDimension
  /// The dimension of the columns; for points, the same as `rows`.
  let columns: NetCDFDimension

  /// The grid of two coordinates for a variable with `dimensions`; nil if they do not match each other or the variable.
  init?(
    latitude: NetCDFVariable, longitude: NetCDFVariable, pole: RotatedPole? = nil, dimensions: [NetCDFDimension]
  ) {
    func fits(_ coordinate: NetCDFVariable) -> Bool { coordinate.dimensions.allSatisfy(dimensions.contains) }
    guard fits(latitude), fits(longitude) else { return nil }
    self.latitude = latitude
    self.longitude = longitude
    self.pole = pole
    let (y, x) = (latitude.dimensions, longitude.dimensions)
    if y.count == 1, x.count == 1 {
      kind = y[0] == x[0] ? .points : pole == nil ? .rectilinear : .rotated
      (rows, columns) = (y[0], x[0])
    } else if y.count >= 2, y == x {
      // Leading dimensions, as in WRF's XLAT(Time, y, x), are checked when the grid is read: they must repeat it.
      kind = .curvilinear
      (rows, columns) = (y[y.count - 2], y[y.count - 1])
    } else {
      return nil
    }
  }

  /// Whether two variables have the same grid in their file.
  func isSame(as other: HorizontalGrid) -> Bool {
    kind == other.kind && latitude.name == other.latitude.name && longitude.name == other.longitude.name
      && rows == other.rows && columns == other.columns
  }

  /// Whether `dimension` belongs to the grid.
  func contains(_ dimension: NetCDFDimension) -> Bool { dimension == rows || dimension == columns }
}
