// The relation of a grid to a coarser grid that has some of its rows and columns: bilinear interpolation in the
// indices, and the variance of the interpolation error.

import Foundation
import SextantArrays
import SextantGeometry

/// The step from a coarse grid to the grid from which it was taken.
struct GridRefinement {
  /// The position of a fine line between two coarse lines.
  private struct Place {
    let before: Int
    let after: Int
    /// Its index counted from the first coarse line, and the number of fine lines between the two.
    let offset: Int
    let span: Int
    var fraction: Double { Double(offset) / Double(span) }
  }

  /// The values of the fine nodes as combinations of those of the coarse nodes (fine nodes × coarse nodes).
  let prolongation: SparseMatrix
  /// The fine node at the position of each coarse node.
  let restriction: [Int32]
  private let fine: LatitudeLongitudeGrid
  private let fineLattice: GridLattice
  private let rowPlaces: [Place]
  private let columnPlaces: [Place]

  /// - Parameters:
  ///   - rows: the fine row of each coarse row.
  ///   - columns: the fine column of each coarse column.
  init(
    fine: LatitudeLongitudeGrid, fineLattice: GridLattice, coarse: LatitudeLongitudeGrid, rows: [Int], columns: [Int],
    wraps: Bool
  ) {
    let rowPlaces = Self.places(of: fine.rows, among: rows, wraps: false)
    let columnPlaces = Self.places(of: fineLattice.columns, among: columns, wraps: wraps)
    func coarseNode(_ row: Int, _ column: Int) -> Int32 { coarse.nodeOfVertex[row * coarse.columns + column] }
    var restriction = [Int32](repeating: 0, count: coarse.nodeCount)
    for (i, row) in rows.enumerated() {
      for (j, column) in columns.enumerated() {
        restriction[Int(coarseNode(i, j))] = fine.nodeOfVertex[row * fine.columns + column]
      }
    }

    var starts = [0]
    var indices: [Int32] = []
    var values: [Double] = []
    starts.reserveCapacity(fine.nodeCount + 1)
    indices.reserveCapacity(3 * fine.nodeCount)
    values.reserveCapacity(3 * fine.nodeCount)
    let poles = Set(fineLattice.poles)
    for (i, row) in rowPlaces.enumerated() {
      let isPole = poles.contains(Int(fine.nodeOfVertex[i * fine.columns]))
      for column in isPole ? columnPlaces[..<1] : columnPlaces[...] {
        let first = indices.count
        for (coarseRow, rowWeight) in [(row.before, 1 - row.fraction), (row.after, row.fraction)] where rowWeight > 0 {
          for (coarseColumn, weight) in [(column.before, 1 - column.fraction), (column.after, column.fraction)]
          where weight > 0 {
            Self.insert(coarseNode(coarseRow, coarseColumn), rowWeight * weight, from: first, &indices, &values)
          }
        }
        starts.append(indices.count)
      }
    }
    prolongation = SparseMatrix(
      rowCount: fine.nodeCount, columnCount: coarse.nodeCount, rowStarts: starts, columns: indices, values: values)
    self.restriction = restriction
    self.fine = fine
    self.fineLattice = fineLattice
    self.rowPlaces = rowPlaces
    self.columnPlaces = columnPlaces
  }

  /// Adds to a row of at most four entries, sorted by column; a pole may appear twice, as a single entry.
  private static func insert(
    _ column: Int32, _ weight: Double, from first: Int, _ columns: inout [Int32], _ values: inout [Double]
  ) {
    var slot = columns.count
    while slot > first, columns[slot - 1] > column { slot -= 1 }
    if slot > first, columns[slot - 1] == column {
      values[slot - 1] += weight
    } else {
      columns.insert(column, at: slot)
      values.insert(weight, at: slot)
    }
  }

  private static func places(of count: Int, among kept: [Int], wraps: Bool) -> [Place] {
    (0..<count).map { line in
      let after = partitionPoint(in: 0..<kept.count) { kept[$0] < line }
      if after < kept.count, kept[after] == line { return Place(before: after, after: after, offset: 0, span: 1) }
      if after == kept.count {
        // Only a circle continues beyond the last coarse line.
        precondition(wraps, "A line beyond the last")
        return Place(before: after - 1, after: 0, offset: line - kept[after - 1], span: count - kept[after - 1])
      }
      return Place(
        before: after - 1, after: after, offset: line - kept[after - 1], span: kept[after] - kept[after - 1])
    }
  }

  /// The prior variance of (value − interpolation) at each fine node, divided by the roughness there.
  ///
  /// For the intrinsic field on a regular lattice with the aspect ratio of the cells, this is the mean over wave
  /// numbers of aspect·|1 − response of the interpolation|² / λ², where λ is the symbol of the Laplacian. κ and coasts
  /// are neglected.
  func submeshFactors(unit: Double) -> [Float] {
    let waves = 24
    let angles = (0..<waves).map { (Double($0) + 0.5) * 2 * .pi / Double(waves) }
    let poles = Set(fineLattice.poles)
    var factors: [Float] = []
    factors.reserveCapacity(fine.nodeCount)
    for (i, row) in rowPlaces.enumerated() {
      if poles.contains(Int(fine.nodeOfVertex[i * fine.columns])) {
        factors.append(0)
        continue
      }
      // Cells near a pole are very narrow; the sum over wave numbers resolves aspect ratios down to a tenth.
      let aspect = max(0.1, cos(fine.latitudes[i] * .pi / 180))
      var computed: [SIMD2<Int>: Float] = [:]
      for column in columnPlaces {
        let key = SIMD2(column.offset, column.span)
        if computed[key] == nil {
          computed[key] = Self.missedVariance(row: row, column: column, aspect: aspect, angles: angles)
        }
        factors.append(computed[key] ?? 0)
      }
    }
    return factors
  }

  private static func missedVariance(row: Place, column: Place, aspect: Double, angles: [Double]) -> Float {
    guard row.offset > 0 || column.offset > 0 else { return 0 }
    // exp(i·k·offset) and the response of linear interpolation, along one axis.
    func responses(_ place: Place) -> [(exact: (Double, Double), linear: (Double, Double))] {
      angles.map { k in
        let (offset, span) = (k * Double(place.offset), k * Double(place.span))
        let f = place.offset == 0 ? 0 : place.fraction
        return ((cos(offset), sin(offset)), (1 - f + f * cos(span), f * sin(span)))
      }
    }
    let (north, east) = (responses(row), responses(column))
    var sum = 0.0
    for (p, a) in north.enumerated() {
      for (q, b) in east.enumerated() {
        let real =
          a.exact.0 * b.exact.0 - a.exact.1 * b.exact.1 - (a.linear.0 * b.linear.0 - a.linear.1 * b.linear.1)
        let imaginary =
          a.exact.0 * b.exact.1 + a.exact.1 * b.exact.0 - (a.linear.0 * b.linear.1 + a.linear.1 * b.linear.0)
        let symbol = (2 - 2 * cos(angles[p])) * aspect + (2 - 2 * cos(angles[q])) / aspect
        sum += aspect * (real * real + imaginary * imaginary) / (symbol * symbol)
      }
    }
    return Float(sum / Double(angles.count * angles.count))
  }
}
