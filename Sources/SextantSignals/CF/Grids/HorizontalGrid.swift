// The position of a variable's values on the earth: what tells their places, and the dimensions along which they run. It
// is recognised by the attributes of coordinates and the dimensions that they share, without a list of known grids.
// Places are computed later, in GridCoordinates, where anything that is wrong with them becomes an error.

/// The horizontal grid of a variable.
struct HorizontalGrid: Sendable {
  enum Kind: String, Sendable {
    /// One-dimensional latitudes and longitudes along separate dimensions.
    case rectilinear
    /// Two-dimensional latitudes and longitudes with the same two dimensions.
    case curvilinear
    /// One-dimensional coordinates relative to a rotated pole.
    case rotated
    /// One-dimensional coordinates in the plane of a map projection.
    case projected
    /// Cells along one dimension: an unstructured grid.
    case cells
    /// Stations, tracks and soundings along one dimension.
    case points
  }

  /// What tells the places.
  enum Places: Sendable {
    /// Latitudes and longitudes.
    case coordinates
    /// Latitudes and longitudes relative to a pole.
    case pole(RotatedPole)
    /// A grid mapping: a map projection or HEALPix.
    case mapping(NetCDFVariable)
    /// The nodes and faces of a mesh.
    case topology(MeshTopologyVariables)
  }

  let kind: Kind
  let places: Places
  /// The variables of the coordinates: latitudes or y, and longitudes or x; for HEALPix, the numbers of the cells if the
  /// file has them.
  let coordinates: [NetCDFVariable]
  /// The dimension of the rows; for cells and points, their dimension.
  let rows: NetCDFDimension
  /// The dimension of the columns; for cells and points, the same as `rows`.
  let columns: NetCDFDimension

  /// A grid whose places are told by something else than latitudes and longitudes.
  init(
    _ kind: Kind, places: Places, coordinates: [NetCDFVariable], rows: NetCDFDimension, columns: NetCDFDimension
  ) {
    (self.kind, self.places, self.coordinates) = (kind, places, coordinates)
    (self.rows, self.columns) = (rows, columns)
  }

  /// The grid of two coordinates for a variable with `dimensions`; nil if they do not match each other or the variable.
  init?(
    latitude: NetCDFVariable, longitude: NetCDFVariable, pole: RotatedPole? = nil, dimensions: [NetCDFDimension]
  ) {
    func fits(_ coordinate: NetCDFVariable) -> Bool { coordinate.dimensions.allSatisfy(dimensions.contains) }
    guard fits(latitude), fits(longitude) else { return nil }
    let places = pole.map(Places.pole) ?? .coordinates
    let (y, x) = (latitude.dimensions, longitude.dimensions)
    if y.count == 1, x.count == 1 {
      let kind: Kind = y[0] == x[0] ? .points : pole == nil ? .rectilinear : .rotated
      self.init(kind, places: places, coordinates: [latitude, longitude], rows: y[0], columns: x[0])
    } else if y.count >= 2, y == x {
      // Leading dimensions, as in WRF's XLAT(Time, y, x), are checked when the grid is read: they must repeat it.
      self.init(
        .curvilinear, places: places, coordinates: [latitude, longitude], rows: y[y.count - 2], columns: y[y.count - 1])
    } else {
      return nil
    }
  }

  /// The same places as the cells of a grid.
  var asCells: HorizontalGrid {
    HorizontalGrid(.cells, places: places, coordinates: coordinates, rows: rows, columns: columns)
  }

  /// Whether the places have one dimension.
  var hasOneDimension: Bool { rows == columns }

  /// The names of what tells the places, for messages and comparisons.
  var coordinateNames: [String] {
    let names = coordinates.map(\.name)
    switch places {
    case .coordinates, .pole: return names
    case .mapping(let mapping): return names + [mapping.name]
    case .topology(let topology): return names + [topology.mesh.name]
    }
  }

  /// Whether two variables have the same grid in their file.
  func isSame(as other: HorizontalGrid) -> Bool {
    kind == other.kind && coordinateNames == other.coordinateNames && rows == other.rows && columns == other.columns
  }

  /// Whether `dimension` belongs to the grid.
  func contains(_ dimension: NetCDFDimension) -> Bool { dimension == rows || dimension == columns }
}
