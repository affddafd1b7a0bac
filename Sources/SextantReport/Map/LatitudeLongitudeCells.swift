// The cells of a latitude–longitude grid, found by row and column rather than by distance, so that they are rectangular
// up to the poles and across the seam. The grid is recognised from its vertices alone (rows of equal latitude with the
// same longitudes), so this works for any domain with such vertices.

import Foundation
import SextantGeometry

/// The rectangular cells around the vertices of a latitude–longitude grid.
struct LatitudeLongitudeCells: Sendable {
  private let rows: Coordinate
  private let columns: Coordinate
  /// Whether consecutive vertices in the file belong to a row rather than to a column.
  private let isRowMajor: Bool
  /// The longitude relative to which the columns' longitudes are given.
  private let origin: Double

  /// Half the larger of the two spacings in degrees, by which cells extend beyond the outermost vertices.
  var margin: Double { max(rows.margin, columns.margin) }
  /// The extent of the cells.
  var extent: GeographicExtent {
    let isFull = columns.upper - columns.lower >= 360 - 1e-6
    let turn = isFull ? 0 : (((columns.lower + columns.upper) / 2 + origin + 180) / 360).rounded(.down) * 360
    return GeographicExtent(
      south: rows.lower, north: rows.upper, west: isFull ? -180 : columns.lower + origin - turn,
      east: isFull ? 180 : columns.upper + origin - turn)
  }

  /// The grid of `points` (V entries, in file order); nil if they do not form a grid.
  init?(_ points: [GeographicPoint]) {
    guard let first = points.first else { return nil }
    let tolerance = 1e-5
    func isPole(_ point: GeographicPoint) -> Bool { abs(point.latitude) > 90 - tolerance }
    func sameLongitude(_ one: GeographicPoint, _ other: GeographicPoint) -> Bool {
      isPole(one) || isPole(other) || abs(remainder(one.longitude - other.longitude, 360)) < tolerance
    }
    let rowMajorRun = points.firstIndex { abs($0.latitude - first.latitude) > tolerance } ?? points.count
    // In column-major order the first run has changing latitudes and one longitude; a pole has none.
    let columnMajorRun =
      rowMajorRun > 1
      ? nil : points.dropFirst().firstIndex { abs($0.latitude - first.latitude) < tolerance } ?? points.count
    isRowMajor = columnMajorRun == nil
    let run = columnMajorRun ?? rowMajorRun
    guard run > 0, points.count % run == 0 else { return nil }
    let (rowCount, columnCount) = isRowMajor ? (points.count / run, run) : (run, points.count / run)
    let (rowStep, columnStep) = isRowMajor ? (run, 1) : (1, run)
    // Longitudes are taken from a row that is not a pole.
    guard let middle = (0..<rowCount).first(where: { !isPole(points[$0 * rowStep]) }) else { return nil }
    for row in 0..<rowCount {
      for column in 0..<columnCount {
        let point = points[row * rowStep + column * columnStep]
        guard abs(point.latitude - points[row * rowStep].latitude) < tolerance,
          sameLongitude(point, points[middle * rowStep + column * columnStep])
        else { return nil }
      }
    }
    let latitudes = (0..<rowCount).map { points[$0 * rowStep].latitude }
    origin = points[middle * rowStep].longitude
    var longitudes = [0.0]
    for column in 1..<max(1, columnCount) {
      let start = points[middle * rowStep + (column - 1) * columnStep].longitude
      let next = points[middle * rowStep + column * columnStep].longitude
      longitudes.append(longitudes[column - 1] + remainder(next - start, 360))
    }
    let spacing = Coordinate.spacing(of: latitudes) ?? Coordinate.spacing(of: longitudes) ?? 1
    guard let rows = Coordinate(latitudes, spacingIfAlone: spacing, period: nil),
      let columns = Coordinate(
        longitudes, spacingIfAlone: Coordinate.spacing(of: longitudes) ?? spacing, period: 360)
    else { return nil }
    self.rows = rows.clippedToPoles()
    self.columns = columns
  }

  /// The vertex whose cell contains `point`; nil outside the grid.
  func vertex(at point: GeographicPoint) -> Int? {
    guard let row = rows.index(at: point.latitude),
      let column = columns.index(at: columns.wrapped(point.longitude - origin))
    else { return nil }
    return vertex(row: row, column: column)
  }

  private func vertex(row: Int, column: Int) -> Int {
    isRowMajor ? row * columns.fileCount + column : column * rows.fileCount + row
  }
}

/// The values of one coordinate and the bounds of their cells.
private struct Coordinate: Sendable {
  /// The coordinate values, ascending.
  private var values: [Double]
  /// The bounds, ascending: cell i lies between bounds i and i + 1.
  private var bounds: [Double]
  private let isFalling: Bool

  /// The number of values in the file; one more than `count` if the last value repeats the first.
  let fileCount: Int

  var count: Int { values.count }
  var lower: Double { bounds[0] }
  var upper: Double { bounds[bounds.count - 1] }
  var margin: Double { max(values[0] - bounds[0], upper - values[count - 1]) }

  static func spacing(of values: [Double]) -> Double? {
    zip(values, values.dropFirst()).map { abs($1 - $0) }.max()
  }

  /// Nil unless the values are strictly monotonic.
  init?(_ given: [Double], spacingIfAlone: Double, period: Double?) {
    guard let first = given.first, let last = given.last else { return nil }
    isFalling = last < first
    fileCount = given.count
    var values = isFalling ? given.reversed() : given
    // A column that repeats the first to close the circle is dropped.
    if let period, values.count > 3, values[values.count - 1] - values[0] > period - 1e-6 { values.removeLast() }
    guard zip(values, values.dropFirst()).allSatisfy({ $0 < $1 }) else { return nil }
    let count = values.count
    let below = count > 1 ? values[1] - values[0] : spacingIfAlone
    let above = count > 1 ? values[count - 1] - values[count - 2] : spacingIfAlone
    var bounds = [values[0] - below / 2]
    for (one, next) in zip(values, values.dropFirst()) { bounds.append((one + next) / 2) }
    bounds.append(values[count - 1] + above / 2)
    self.values = values
    self.bounds = bounds
    if let period, count > 2, bounds[count] - bounds[0] > period - 0.5 * min(below, above) {
      // A gap from rounding, or from a slightly wider seam, is added to the last cell.
      self.bounds[count] = max(self.bounds[count], bounds[0] + period)
    } else {
      guard period == nil || bounds[count] - bounds[0] <= 360 + 1e-6 else { return nil }
    }
  }

  /// Extends outermost rows that end less than a cell from a pole to the pole, and clips all rows there.
  func clippedToPoles() -> Coordinate {
    var result = self
    let last = bounds.count - 1
    if bounds[0] - (bounds[1] - bounds[0]) < -90 { result.bounds[0] = -90 }
    if bounds[last] + (bounds[last] - bounds[last - 1]) > 90 { result.bounds[last] = 90 }
    return result
  }

  /// `value` shifted by whole turns into the cells, if possible.
  func wrapped(_ value: Double) -> Double {
    let turned = lower + (value - lower).truncatingRemainder(dividingBy: 360)
    return turned < lower ? turned + 360 : turned
  }

  /// The file index of the cell that contains `value`.
  func index(at value: Double) -> Int? {
    guard value >= lower, value <= upper else { return nil }
    return inFile(min(count - 1, Self.lastIndex(of: bounds, notAbove: value)))
  }

  private func inFile(_ index: Int) -> Int { isFalling ? fileCount - 1 - index : index }

  /// The index of the last entry that is not above `value`, by bisection; 0 if all are above.
  private static func lastIndex(of sorted: [Double], notAbove value: Double) -> Int {
    var (low, high) = (0, sorted.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if sorted[middle] <= value { low = middle } else { high = middle }
    }
    return low
  }
}
