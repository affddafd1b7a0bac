// The product of two sparse matrices, such as an observation of nodes after a prolongation to them.

extension SparseMatrix {
  /// A·B, row by row.
  public func times(_ other: SparseMatrix) -> SparseMatrix {
    precondition(columnCount == other.rowCount, "\(columnCount) columns times \(other.rowCount) rows")
    var starts = [0]
    var newColumns: [Int32] = []
    var newValues: [Double] = []
    starts.reserveCapacity(rowCount + 1)
    var row: [(column: Int32, value: Double)] = []
    for i in 0..<rowCount {
      let range = rowStarts[i]..<rowStarts[i + 1]
      row.removeAll(keepingCapacity: true)
      for k in range {
        let middle = Int(columns[k])
        for l in other.rowStarts[middle]..<other.rowStarts[middle + 1] {
          row.append((other.columns[l], values[k] * other.values[l]))
        }
      }
      if range.count > 1 { row.sort { $0.column < $1.column } }
      let first = newColumns.count
      for entry in row {
        if newColumns.count > first, newColumns[newColumns.count - 1] == entry.column {
          newValues[newValues.count - 1] += entry.value
        } else {
          newColumns.append(entry.column)
          newValues.append(entry.value)
        }
      }
      starts.append(newColumns.count)
    }
    return SparseMatrix(
      rowCount: rowCount, columnCount: other.columnCount, rowStarts: starts, columns: newColumns, values: newValues)
  }
}
