// Matrices of operators, for methods that need their entries: selections and sparse operators have one; for all others
// it is computed by applications to unit vectors, up to a limit. This file also has the squared weight of each entry.

import SextantArrays

extension LinearOperator {
  /// The matrix of A if the form contains it; no application is needed.
  package var explicitMatrix: SparseMatrix? {
    switch form {
    case .selection(let entries):
      SparseMatrix(
        rowCount: entries.count, columnCount: inputCount, rowStarts: Array(0...entries.count),
        columns: entries.map(Int32.init), values: [Double](repeating: 1, count: entries.count))
    case .sparse(let matrix): matrix
    case .spectral, .matrixFree: nil
    }
  }

  /// A as a matrix (m×n), exactly.
  ///
  /// Operators without an explicit matrix are applied to min(m, n) unit vectors, in blocks. Entries that are 0 are not
  /// stored.
  ///
  /// - Parameters:
  ///   - method: the method that needs the matrix, for errors.
  ///   - limit: the largest min(m, n) of an operator that is given by its action; the matrix may have 8192 times as
  ///     many nonzero entries.
  /// - Throws: ``MeasurementError/operatorNotSupported(method:form:reason:hint:)`` beyond the limit.
  public func materialised(
    for method: String, limit: Int = OperatorForm.materialisationLimit
  ) throws -> SparseMatrix {
    if let explicitMatrix { return explicitMatrix }
    let isWide = outputCount <= inputCount
    let (count, width) = (min(outputCount, inputCount), max(outputCount, inputCount))
    func refusal(_ reason: String) -> MeasurementError {
      .operatorNotSupported(
        method: method, form: form.kind, reason: reason,
        hint:
          "Use a method that only applies the operator, such as dps or red-diff, a smaller field, or an operator with a sparse matrix."
      )
    }
    guard count <= limit else {
      throw refusal(
        "it needs the operator's \(outputCount)×\(inputCount) matrix, which can be computed for at most \(limit) rows or columns"
      )
    }
    var starts = [0]
    var columns: [Int32] = []
    var values: [Double] = []
    // The adjoint gives the rows of A if there are fewer rows than columns; otherwise the operator gives its columns.
    for first in stride(from: 0, to: count, by: 64) {
      let rows = min(64, count - first)
      let units = Tensor<Float>(shape: [rows, count]) { out in
        out.initialize(repeating: 0)
        for row in 0..<rows { out[row * count + first + row] = 1 }
      }
      (isWide ? applyAdjoint(units) : apply(units)).withUnsafeScalars { block in
        for row in 0..<rows {
          for j in 0..<width where block[row * width + j] != 0 {
            columns.append(Int32(j))
            values.append(Double(block[row * width + j]))
          }
          starts.append(columns.count)
        }
      }
      guard columns.count <= limit * 8192 else {
        throw refusal(
          "it needs the operator's matrix, which has more than \(limit * 8192) nonzero entries")
      }
    }
    let found = SparseMatrix(rowCount: count, columnCount: width, rowStarts: starts, columns: columns, values: values)
    return isWide ? found : found.transposed()
  }

  /// The squared weight with which each entry of the signal is measured, diag(AᵀA) (n): for a mask, 1 at measured and 0
  /// at missing entries. Nil for operators that are given by their action alone, such as a blur of the whole field.
  public func coverage() -> [Float]? {
    switch form {
    case .selection(let entries):
      var result = [Float](repeating: 0, count: inputCount)
      for entry in entries { result[entry] += 1 }
      return result
    case .sparse(let matrix):
      var result = [Double](repeating: 0, count: inputCount)
      for k in matrix.columns.indices { result[Int(matrix.columns[k])] += matrix.values[k] * matrix.values[k] }
      return result.map { Float($0) }
    case .spectral, .matrixFree: return nil
    }
  }
}
