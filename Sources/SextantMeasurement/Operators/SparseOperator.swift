// The operator of a sparse matrix: interpolation from a grid to observed places, local averages, small blurs.

import SextantArrays

/// A linear map that is given by a sparse matrix.
public struct SparseOperator: LinearOperator, Equatable {
  /// A (m×n).
  public let matrix: SparseMatrix
  private let adjoint: SparseMatrix

  public var inputCount: Int { matrix.columnCount }
  public var outputCount: Int { matrix.rowCount }
  public var form: OperatorForm { .sparse(matrix) }

  /// Makes the operator of a matrix.
  public init(_ matrix: SparseMatrix) {
    self.matrix = matrix
    adjoint = matrix.transposed()
  }

  public func apply(_ signals: Tensor<Float>) -> Tensor<Float> { product(matrix, signals) }

  public func applyAdjoint(_ measurements: Tensor<Float>) -> Tensor<Float> {
    product(adjoint, measurements)
  }

  private func product(_ matrix: SparseMatrix, _ rows: Tensor<Float>) -> Tensor<Float> {
    precondition(
      rows.columnCount == matrix.columnCount,
      "Rows of \(rows.columnCount) entries for an operator of \(matrix.columnCount)")
    let batch = rows.rowCount
    return Tensor(shape: [batch, matrix.rowCount]) { out in
      guard let base = out.baseAddress else { return }
      let target = UncheckedPointer(base)
      rows.withUnsafeScalars { source in
        guard let start = source.baseAddress else { return out.initialize(repeating: 0) }
        let source = UncheckedPointer(UnsafeMutablePointer(mutating: start))
        Parallel.forEach(batch) { b in
          for i in 0..<matrix.rowCount {
            var sum = 0.0
            for k in matrix.rowStarts[i]..<matrix.rowStarts[i + 1] {
              sum += matrix.values[k] * Double(source[b * matrix.columnCount + Int(matrix.columns[k])])
            }
            target[b * matrix.rowCount + i] = Float(sum)
          }
        }
      }
    }
  }
}

extension SparseMatrix {
  /// The operator of a matrix by its entries, row by row: a selection where each row takes one entry as it is.
  package static func plainestOperator(
    rowCount: Int, columnCount: Int, entries: [(row: Int, column: Int, value: Double)]
  ) -> any LinearOperator {
    entries.count == rowCount && entries.allSatisfy { $0.value == 1 }
      ? SelectionOperator(inputCount: columnCount, indices: entries.map(\.column))
      : SparseOperator(SparseMatrix(rowCount: rowCount, columnCount: columnCount, entries: entries))
  }
}
