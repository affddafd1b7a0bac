// Products with matrices: of two sparse ones, such as an observation of nodes after a prolongation to them, and of a sparse one
// with a dense one, such as an operator with a covariance.

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

  /// A·X for a dense matrix X.
  ///
  /// Each row of the result is a sum of rows of X, one after the other in the order of the entries of A. Products are rounded before
  /// they are added, so that the result has the same bits with any instruction set and any number of threads.
  ///
  /// - Parameter x: X (``columnCount`` × d).
  /// - Returns: A·X (``rowCount`` × d).
  public func times(_ x: Tensor<Double>) -> Tensor<Double> {
    precondition(columnCount == x.rowCount, "\(columnCount) columns times \(x.rowCount) rows")
    let width = x.columnCount
    var result = Tensor<Double>.zeros([rowCount, width])
    result.withUnsafeMutableScalars { out in
      x.withUnsafeScalars { source in
        guard let base = out.baseAddress, let first = source.baseAddress else { return }
        // Sound, because each row is written by one thread.
        nonisolated(unsafe) let (out, source) = (base, first)
        Parallel.forEachRange(of: rowCount, grain: 8) { rows in
          for i in rows {
            let target = out + i * width
            for k in rowStarts[i]..<rowStarts[i + 1] {
              let (weight, row) = (values[k], source + Int(columns[k]) * width)
              for j in 0..<width { target[j] += weight * row[j] }
            }
          }
        }
      }
    }
    return result
  }
}
