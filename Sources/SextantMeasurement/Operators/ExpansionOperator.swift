// The outputs of an operator put back at their places in the set that they are of, with 0 elsewhere: what an operator
// that follows, and takes the whole set, is applied to.

import SextantArrays

/// Puts m values at places of a larger set: the adjoint of a selection.
struct ExpansionOperator: LinearOperator {
  private let selection: SelectionOperator

  init(_ entries: OutputEntries) {
    selection = SelectionOperator(inputCount: entries.count, indices: entries.indices)
  }

  var inputCount: Int { selection.outputCount }
  var outputCount: Int { selection.inputCount }
  var form: OperatorForm { .sparse(SparseOperator.matrix(of: selection).transposed()) }

  func apply(_ signals: Tensor<Float>) -> Tensor<Float> { selection.applyAdjoint(signals) }
  func applyAdjoint(_ measurements: Tensor<Float>) -> Tensor<Float> { selection.apply(measurements) }
}

extension SparseOperator {
  /// The matrix of a selection.
  static func matrix(of selection: SelectionOperator) -> SparseMatrix {
    SparseMatrix(
      rowCount: selection.outputCount, columnCount: selection.inputCount, rowStarts: Array(0...selection.outputCount),
      columns: selection.indices.map(Int32.init), values: [Double](repeating: 1, count: selection.outputCount))
  }
}
