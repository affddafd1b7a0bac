// The longitudes of a grid: 0…360, −180…180, regional, or regional across the end of the range such as
// 350…10; ascending or descending; with or without a last column that repeats the first.

import Foundation

/// Columns of a latitude–longitude grid.
struct LongitudeAxis: Sendable {
  /// The angle of each column from the first in the direction of the file, in degrees: ascending from 0.
  let offsets: [Double]
  /// The longitude of the first column, in degrees, as in the file.
  let first: Double
  /// 1 if longitudes ascend in the file, −1 if they descend.
  let direction: Double
  /// The number of distinct columns.
  let distinctCount: Int
  /// Whether the columns go all the way round.
  let wraps: Bool
  /// The width of each distinct column's cells, in radians.
  let widths: [Double]
  /// How far a place may lie beyond the outermost columns of a regional grid, in degrees.
  let margin: Double

  var hasRepeatedColumn: Bool { distinctCount < offsets.count }
  /// The largest distance between neighbouring columns, in degrees; nil for a single column.
  let spacing: Double?

  init(_ longitudes: [Double], spacingOfSingle: Double) throws {
    guard let first = longitudes.first else {
      throw GeometryError.invalidGrid("The longitudes are empty: a grid needs at least one column.")
    }
    if let bad = longitudes.firstIndex(where: { !$0.isFinite }) {
      throw GeometryError.invalidGrid(
        "Longitude number \(bad + 1) is \(longitudes[bad]): expected finite degrees. Look for a fill value.")
    }
    self.first = first
    let steps = try Self.steps(longitudes)
    direction = (steps.first ?? 1) < 0 ? -1 : 1
    var offsets = [0.0]
    for step in steps { offsets.append(offsets[offsets.count - 1] + abs(step)) }
    let total = offsets[offsets.count - 1]
    let widest = steps.map { abs($0) }.max()
    let tolerance = 0.01 * (widest ?? 1)
    guard total <= 360 + tolerance else {
      throw GeometryError.invalidGrid(
        "The longitudes span \(total)°, more than 360°. Cut the columns that repeat others, all but one at most.")
    }
    let repeats = offsets.count > 1 && total >= 360 - tolerance
    let distinct = repeats ? offsets.count - 1 : offsets.count
    let gap = 360 - offsets[distinct - 1]
    let isClosed = distinct > 1 && gap <= (widest ?? 0) + tolerance
    self.offsets = offsets
    distinctCount = distinct
    wraps = isClosed
    spacing = widest
    let lastStep = distinct > 1 ? offsets[distinct - 1] - offsets[distinct - 2] : spacingOfSingle
    margin = max(lastStep, distinct > 1 ? offsets[1] : spacingOfSingle) / 2
    widths = (0..<distinct).map { j in
      // At the edge of a regional grid a cell is as wide outwards as inwards.
      let after = j + 1 < distinct ? offsets[j + 1] - offsets[j] : isClosed ? gap : lastStep
      let before =
        j > 0 ? offsets[j] - offsets[j - 1] : isClosed ? gap : distinct > 1 ? offsets[1] : spacingOfSingle
      return (before + after) / 2 * .pi / 180
    }
  }

  /// The signed step from each column to the next, all of one sign.
  private static func steps(_ longitudes: [Double]) throws -> [Double] {
    let raw = zip(longitudes.dropFirst(), longitudes).map { $0 - $1 }
    if raw.allSatisfy({ $0 > 0 }) || raw.allSatisfy({ $0 < 0 }) { return raw }
    // Across the end of the range, such as 350, 355, 0, 5.
    let steps = raw.map { $0 - 360 * ($0 / 360).rounded() }
    guard steps.allSatisfy({ $0 > 0 }) || steps.allSatisfy({ $0 < 0 }) else {
      let bad = steps.firstIndex { $0 == 0 || ($0 > 0) != (steps[0] > 0) } ?? 0
      throw GeometryError.invalidGrid(
        "The longitudes neither rise nor fall throughout: number \(bad + 1) is \(longitudes[bad])°, number \(bad + 2) is \(longitudes[bad + 1])°. Sort the columns and remove duplicates."
      )
    }
    return steps
  }

  /// The two distinct columns around a longitude and the share of the second; nil beyond a regional grid's margin.
  func locate(_ longitude: Double) -> (before: Int, after: Int, fraction: Double)? {
    var offset = (direction * (longitude - first)).truncatingRemainder(dividingBy: 360)
    if offset < 0 { offset += 360 }
    let last = distinctCount - 1
    if offset >= offsets[last] {
      if wraps { return (last, 0, (offset - offsets[last]) / (360 - offsets[last])) }
      if offset <= offsets[last] + margin * (1 + 1e-9) { return (last, last, 0) }
      if offset >= 360 - margin * (1 + 1e-9) { return (0, 0, 0) }
      return nil
    }
    let before = offsets[..<distinctCount].partitioningIndex { $0 > offset } - 1
    return (before, before + 1, (offset - offsets[before]) / (offsets[before + 1] - offsets[before]))
  }
}

extension ArraySlice {
  /// The first index whose element satisfies `predicate`, in a slice in which those elements come last.
  func partitioningIndex(where predicate: (Element) -> Bool) -> Int {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = (low + high) / 2
      if predicate(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
