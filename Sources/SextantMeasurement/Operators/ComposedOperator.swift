// The composition of two operators, such as a mask after a blur. All compositions are simplified here: a selection of a
// selection is a selection, a product of sparse matrices is sparse, and the identity is omitted.

import SextantArrays

extension LinearOperator {
  /// A·B for this operator A and an operator B that acts first; A must have as many inputs as B has outputs.
  ///
  /// The result has the simplest form that the two forms allow: selections compose to a selection and sparse matrices
  /// (of which a selection is one) to a sparse matrix.
  public func composed(after inner: any LinearOperator) -> any LinearOperator {
    precondition(
      inputCount == inner.outputCount,
      "An operator of \(inputCount) inputs after one of \(inner.outputCount) outputs")
    if isIdentity { return inner }
    if inner.isIdentity { return self }
    if let picked = selectedEntries, let entries = inner.selectedEntries {
      return SelectionOperator(inputCount: inner.inputCount, indices: picked.map { entries[$0] })
    }
    return ComposedOperator(self, after: inner)
  }
}

/// A = outer · inner: `inner` is applied to the signal first. Made by ``LinearOperator/composed(after:)``.
struct ComposedOperator: LinearOperator {
  private let outer: any LinearOperator
  private let inner: any LinearOperator
  let form: OperatorForm

  var inputCount: Int { inner.inputCount }
  var outputCount: Int { outer.outputCount }

  init(_ outer: any LinearOperator, after inner: any LinearOperator) {
    self.outer = outer
    self.inner = inner
    form =
      if let left = outer.explicitMatrix, let right = inner.explicitMatrix {
        .sparse(left.times(right))
      } else {
        .matrixFree
      }
  }

  /// If the outer operator is a selection, its outputs are some of the outputs of `inner`; any other operator mixes
  /// these.
  var outputEntries: OutputEntries {
    guard let picked = outer.selectedEntries else { return outer.outputEntries }
    let measured = inner.outputEntries
    return OutputEntries(indices: picked.map { measured.indices[$0] }, count: measured.count)
  }

  func apply(_ signals: Tensor<Float>) -> Tensor<Float> { outer.apply(inner.apply(signals)) }

  func applyAdjoint(_ measurements: Tensor<Float>) -> Tensor<Float> {
    inner.applyAdjoint(outer.applyAdjoint(measurements))
  }
}
