// Sums of sparse matrices, as needed for precision matrices.

extension SparseMatrix {
  /// The matrix plus a diagonal matrix; all diagonal entries must be stored.
  public func addingToDiagonal(_ additions: [Double]) -> SparseMatrix {
    precondition(
      additions.count == rowCount && rowCount == columnCount,
      "\(additions.count) diagonal entries for a \(rowCount)×\(columnCount) matrix")
    var values = values
    for i in 0..<rowCount {
      guard let slot = (rowStarts[i]..<rowStarts[i + 1]).first(where: { columns[$0] == i }) else {
        preconditionFailure("Row \(i) stores no diagonal entry")
      }
      values[slot] += additions[i]
    }
    return SparseMatrix(
      rowCount: rowCount, columnCount: columnCount, rowStarts: rowStarts, columns: columns, values: values)
  }
}
