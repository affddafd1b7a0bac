// The grid of a GRIB message: the places of its values as ecCodes computes them, for every kind of grid that it knows,
// and their rows and columns.

/// The horizontal grid of GRIB messages.
struct GRIBGrid: Sendable {
  /// Rows and columns, or one dimension.
  enum Shape: Sendable, Equatable {
    /// One latitude for each row, one longitude for each column.
    case rectilinear
    case curvilinear
    case cells
  }

  let shape: Shape
  let rows: Int
  /// 1 for cells.
  let columns: Int
  /// Whether the values run along columns first.
  let columnsFirst: Bool
  /// Degrees: the axes of a rectilinear grid, otherwise one for each value.
  let latitudes: [Double]
  let longitudes: [Double]

  /// The grid in a few words.
  static func text(_ message: GRIBMessage) -> String {
    let size = [message.whole("Nj"), message.whole("Ni")].compactMap(\.self).map(String.init).joined(separator: "×")
    let count = message.whole("numberOfPoints").map { "\($0) points" } ?? ""
    return "\(message.text("gridType") ?? "unknown grid") of \(size.contains("×") ? size : count)"
  }

  /// Throws ``GRIBError``.
  init(_ message: GRIBMessage, path: String) throws {
    let type = message.text("gridType") ?? ""
    func unsupported(_ reason: String) -> GRIBError {
      .unsupported(path: path, message: message.number, reason: reason)
    }
    if type == "sh" {
      throw unsupported(
        "it holds spherical harmonics, not values on a grid. Transform them first, for example with \"cdo sp2gpl in.grib out.grib\"."
      )
    }
    if message.whole("alternativeRowScanning") == 1 {
      throw unsupported("its rows run to and fro (alternativeRowScanning). Convert the file first with \"cdo copy\".")
    }
    let places: (latitudes: [Double], longitudes: [Double])
    do {
      places = (try message.numbers("latitudes"), try message.numbers("longitudes"))
    } catch {
      throw unsupported(
        "ecCodes cannot tell the places of its grid (\(type)): \(error) Convert the file to NetCDF with its grid description first, for example with cdo."
      )
    }
    let (nj, ni) = (message.whole("Nj") ?? 0, message.whole("Ni") ?? 0)
    columnsFirst = message.whole("jPointsAreConsecutive") == 1
    guard nj >= 1, ni >= 1, nj * ni == places.latitudes.count, !type.hasPrefix("reduced") else {
      (shape, rows, columns) = (.cells, places.latitudes.count, 1)
      (latitudes, longitudes) = places
      return
    }
    (rows, columns) = (nj, ni)
    let (rowStride, columnStride) = columnsFirst ? (1, nj) : (ni, 1)
    let y = (0..<nj).map { places.latitudes[$0 * rowStride] }
    let x = (0..<ni).map { places.longitudes[$0 * columnStride] }
    let isSeparate = (0..<nj).allSatisfy { j in
      (0..<ni).allSatisfy { i in
        let place = j * rowStride + i * columnStride
        return places.latitudes[place] == y[j] && places.longitudes[place] == x[i]
      }
    }
    shape = isSeparate ? .rectilinear : .curvilinear
    (latitudes, longitudes) = isSeparate ? (y, x) : places
  }
}
