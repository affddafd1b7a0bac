// One operator after another, such as a selection of what an interpolation gives.

import SextantArrays

/// A = outer · inner: `inner` is applied to the signal first.
public struct ComposedOperator: LinearOperator {
  /// What is applied last.
  public let outer: any LinearOperator
  /// What is applied first.
  public let inner: any LinearOperator

  public var inputCount: Int { inner.inputCount }
  public var outputCount: Int { outer.outputCount }

  /// The composition of two operators; `outer` must take as many values as `inner` gives.
  public init(_ outer: any LinearOperator, after inner: any LinearOperator) {
    precondition(
      outer.inputCount == inner.outputCount,
      "An operator of \(outer.inputCount) inputs after one of \(inner.outputCount) outputs")
    self.outer = outer
    self.inner = inner
  }

  public func apply(_ signals: Tensor<Float>) -> Tensor<Float> { outer.apply(inner.apply(signals)) }

  public func applyAdjoint(_ measurements: Tensor<Float>) -> Tensor<Float> {
    inner.applyAdjoint(outer.applyAdjoint(measurements))
  }

  public var matrix: SparseMatrix {
    let (left, right) = (outer.matrix, inner.matrix)
    var entries: [(row: Int, column: Int, value: Double)] = []
    for row in 0..<left.rowCount {
      for k in left.rowStarts[row]..<left.rowStarts[row + 1] {
        let middle = Int(left.columns[k])
        for l in right.rowStarts[middle]..<right.rowStarts[middle + 1] {
          entries.append((row, Int(right.columns[l]), left.values[k] * right.values[l]))
        }
      }
    }
    return SparseMatrix(rowCount: left.rowCount, columnCount: right.columnCount, entries: entries)
  }
}
