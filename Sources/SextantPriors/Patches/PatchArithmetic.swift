// Arithmetic on matrices that mixtures of patches need, in training and in posteriors.

import SextantArrays

extension Tensor {
  /// The square matrix with `additions[i]` added to its entry (i, i).
  package func addingDiagonal(_ additions: [Scalar]) -> Tensor {
    var result = self
    let n = columnCount
    precondition(rowCount == n && additions.count == n, "\(additions.count) numbers for the diagonal of \(shape)")
    result.withUnsafeMutableScalars { out in
      for i in 0..<n { out[i * n + i] += additions[i] }
    }
    return result
  }

  /// The entries on the diagonal of a square matrix.
  package var diagonal: [Scalar] {
    let n = columnCount
    return withUnsafeScalars { values in (0..<n).map { values[$0 * n + $0] } }
  }

  /// Every row less `row`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package func subtractingRow(_ row: [Scalar]) -> Tensor {
    let n = columnCount
    return Tensor(shape: shape) { out in
      withUnsafeScalars { source in
        for start in Swift.stride(from: 0, to: source.count, by: Swift.max(1, n)) {
          for j in 0..<n { out[start + j] = source[start + j] - row[j] }
        }
      }
    }
  }

  /// The sum of the squares of each row.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package func rowSquaredNorms() -> [Scalar] {
    let n = columnCount
    return withUnsafeScalars { values in
      (0..<rowCount).map { row in (row * n..<(row + 1) * n).reduce(Scalar(0)) { $0 + values[$1] * values[$1] } }
    }
  }
}
