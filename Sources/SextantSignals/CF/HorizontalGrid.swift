// How the values of a variable lie on the earth: the two coordinates that say so, and the dimensions that they
// run along. Recognised by what coordinates claim and which dimensions they share, never by a registry.

/// The horizontal coordinates of a variable.
struct HorizontalGrid: Sendable {
  enum Kind: String, Sendable {
    /// One-dimensional latitudes and longitudes along dimensions of their own.
    case rectilinear
    /// Two-dimensional latitudes and longitudes that share both dimensions.
    case curvilinear
    /// One-dimensional coordinates that count from a rotated pole.
    case rotated
    /// One-dimensional latitudes and longitudes that share their dimension: stations, tracks, unstructured cells.
    case points
  }

  let kind: Kind
  let latitude: NetCDFVariable
  let longitude: NetCDFVariable
  /// The pole from which the coordinates count, if it is not the earth's.
  let pole: RotatedPole?
  /// The dimension of the rows; that of the points if there are only points.
  let rows: NetCDFDimension
  /// The dimension of the columns; the same as `rows` if there are only points.
  let columns: NetCDFDimension

  /// The grid that two coordinates make for a variable with `dimensions`; nil if they do not fit together or to it.
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
      // Leading dimensions, as in WRF's XLAT(Time, y, x), are checked to repeat one grid when it is read.
      kind = .curvilinear
      (rows, columns) = (y[y.count - 2], y[y.count - 1])
    } else {
      return nil
    }
  }

  /// Whether two variables lie on the same grid of their file.
  func isSame(as other: HorizontalGrid) -> Bool {
    kind == other.kind && latitude.name == other.latitude.name && longitude.name == other.longitude.name
      && rows == other.rows && columns == other.columns
  }

  /// Whether `dimension` is one of the grid's own.
  func contains(_ dimension: NetCDFDimension) -> Bool { dimension == rows || dimension == columns }
}
