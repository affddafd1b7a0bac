// Plane grids that have others of their kind: larger ones, with a rim beyond the frame, finer and coarser ones, and
// columns of numbers. Operators on images need them, because a blur maps a larger image to the frame, and a reduction
// maps a finer one. Not here: the values on any of them.

/// A plane grid of pixels, from which others of its kind are made.
public protocol PlaneRaster: Sendable {
  /// The same grid with `rows` more rows above and as many below, and `columns` more columns on either side. Throws
  /// ``GeometryError``.
  func enlarged(byRows rows: Int, columns: Int) throws -> any Domain
  /// The grid with `factor` rows and columns for each one of this grid. Throws ``GeometryError``.
  ///
  /// Pixels keep their size in numbers, as those of a file do when an image is made larger or smaller.
  func refined(by factor: Int) throws -> any Domain
  /// The grid with one row and column for each `factor` of this grid. Throws ``GeometryError`` if `factor` does not
  /// divide both.
  func coarsened(by factor: Int) throws -> any Domain
  /// A grid of this kind of another size. Throws ``GeometryError``.
  func resized(toRows rows: Int, columns: Int) throws -> any Domain
}

extension ImageGrid: PlaneRaster {
  public func enlarged(byRows rows: Int, columns: Int) throws -> any Domain {
    try resized(toRows: self.rows + 2 * rows, columns: self.columns + 2 * columns)
  }

  public func refined(by factor: Int) throws -> any Domain {
    try resized(toRows: rows * factor, columns: columns * factor)
  }

  public func coarsened(by factor: Int) throws -> any Domain {
    guard factor > 0, rows.isMultiple(of: factor), columns.isMultiple(of: factor) else {
      throw GeometryError.invalidGrid(
        "An image of \(rows)×\(columns) pixels (rows × columns) cannot be reduced by \(factor): expected rows and columns that \(factor) divides. Cut the image, or choose another factor.")
    }
    return try resized(toRows: rows / factor, columns: columns / factor)
  }

  public func resized(toRows rows: Int, columns: Int) throws -> any Domain {
    try ImageGrid(rows: rows, columns: columns, pixelHeight: pixelHeight, pixelWidth: pixelWidth)
  }
}
