// Sparse matrices in compressed-row form: Laplacians, interpolation, prolongation. In double precision, because the
// condition numbers of precision matrices are too large for single precision.

/// A sparse matrix in compressed-row form.
public struct SparseMatrix: Sendable, Equatable {
  /// The number of rows.
  public let rowCount: Int
  /// The number of columns.
  public let columnCount: Int
  /// Where each row starts in `columns` and `values`; `rowCount` + 1 entries.
  public let rowStarts: [Int]
  /// The column of each entry, ascending in each row.
  public let columns: [Int32]
  /// The value of each entry.
  public let values: [Double]

  /// A matrix from its compressed rows, which must be consistent.
  public init(
    rowCount: Int, columnCount: Int, rowStarts: [Int], columns: [Int32], values: [Double]
  ) {
    precondition(
      rowStarts.count == rowCount + 1 && rowStarts.last == columns.count
        && columns.count == values.count,
      "Inconsistent compressed rows")
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.rowStarts = rowStarts
    self.columns = columns
    self.values = values
  }

  /// A matrix from entries in any order; entries at the same position are added.
  public init(
    rowCount: Int, columnCount: Int, entries: [(row: Int, column: Int, value: Double)]
  ) {
    var starts = [Int](repeating: 0, count: rowCount + 1)
    for entry in entries { starts[entry.row + 1] += 1 }
    for i in 0..<rowCount { starts[i + 1] += starts[i] }
    var order = [Int](repeating: 0, count: entries.count)
    var next = starts
    for (i, entry) in entries.enumerated() {
      order[next[entry.row]] = i
      next[entry.row] += 1
    }
    var rowStarts = [0]
    rowStarts.reserveCapacity(rowCount + 1)
    var columns: [Int32] = []
    var values: [Double] = []
    columns.reserveCapacity(entries.count)
    values.reserveCapacity(entries.count)
    for row in 0..<rowCount {
      let first = columns.count
      for i in order[starts[row]..<starts[row + 1]].sorted(by: { entries[$0].column < entries[$1].column }) {
        let column = Int32(entries[i].column)
        if columns.count > first, columns.last == column {
          values[values.count - 1] += entries[i].value
        } else {
          columns.append(column)
          values.append(entries[i].value)
        }
      }
      rowStarts.append(columns.count)
    }
    self.init(
      rowCount: rowCount, columnCount: columnCount, rowStarts: rowStarts, columns: columns,
      values: values)
  }

  /// The number of stored entries.
  public var entryCount: Int { values.count }

  /// A·x.
  public func times(_ x: [Double]) -> [Double] {
    precondition(x.count == columnCount, "\(x.count) values for \(columnCount) columns")
    return [Double](unsafeUninitializedCapacity: rowCount) { out, count in
      count = rowCount
      guard let base = out.baseAddress else { return }
      let target = UncheckedPointer(base)
      Parallel.forEachRange(of: rowCount, grain: 4096) { rows in
        for i in rows {
          var sum = 0.0
          for k in rowStarts[i]..<rowStarts[i + 1] { sum += values[k] * x[Int(columns[k])] }
          target[i] = sum
        }
      }
    }
  }

  /// diag(factors)·A.
  public func scalingRows(by factors: [Double]) -> SparseMatrix {
    precondition(factors.count == rowCount, "\(factors.count) factors for \(rowCount) rows")
    var scaled = values
    for row in 0..<rowCount { for k in rowStarts[row]..<rowStarts[row + 1] { scaled[k] *= factors[row] } }
    return SparseMatrix(
      rowCount: rowCount, columnCount: columnCount, rowStarts: rowStarts, columns: columns, values: scaled)
  }

  /// Aᵀ.
  public func transposed() -> SparseMatrix {
    var starts = [Int](repeating: 0, count: columnCount + 1)
    for column in columns { starts[Int(column) + 1] += 1 }
    for j in 0..<columnCount { starts[j + 1] += starts[j] }
    var next = starts
    var newColumns = [Int32](repeating: 0, count: columns.count)
    var newValues = [Double](repeating: 0, count: values.count)
    for row in 0..<rowCount {
      for k in rowStarts[row]..<rowStarts[row + 1] {
        let slot = next[Int(columns[k])]
        next[Int(columns[k])] += 1
        newColumns[slot] = Int32(row)
        newValues[slot] = values[k]
      }
    }
    return SparseMatrix(
      rowCount: columnCount, columnCount: rowCount, rowStarts: starts, columns: newColumns,
      values: newValues)
  }

  /// The diagonal.
  public var diagonal: [Double] {
    (0..<min(rowCount, columnCount)).map { i in
      (rowStarts[i]..<rowStarts[i + 1]).first { columns[$0] == i }.map { values[$0] } ?? 0
    }
  }
}
