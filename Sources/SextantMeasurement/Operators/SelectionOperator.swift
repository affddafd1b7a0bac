// The operator of a mask, which selects entries of a signal.

import SextantArrays

/// Selects entries of a signal. An entry may be selected more than once.
public struct SelectionOperator: LinearOperator, Equatable {
  public let inputCount: Int
  /// The entry that each output measures (m entries below `inputCount`).
  public let indices: [Int]

  public var outputCount: Int { indices.count }
  public var form: OperatorForm { .selection(indices) }
  public var outputEntries: OutputEntries { OutputEntries(indices: indices, count: inputCount) }

  /// Selects the entries `indices` of signals with `inputCount` entries.
  public init(inputCount: Int, indices: [Int]) {
    precondition(
      indices.allSatisfy { $0 >= 0 && $0 < inputCount }, "A selected entry is outside the signal")
    self.inputCount = inputCount
    self.indices = indices
  }

  /// Selects the entries for which `isObserved` is true.
  public init(observed isObserved: [Bool]) {
    self.init(inputCount: isObserved.count, indices: isObserved.indices.filter { isObserved[$0] })
  }

  /// Selects every entry: the identity.
  public init(all count: Int) { self.init(inputCount: count, indices: Array(0..<count)) }

  public func apply(_ signals: Tensor<Float>) -> Tensor<Float> { signals.gatheringColumns(indices) }

  public func applyAdjoint(_ measurements: Tensor<Float>) -> Tensor<Float> {
    let rows = measurements.rowCount
    return Tensor(shape: [rows, inputCount]) { out in
      out.initialize(repeating: 0)
      measurements.withUnsafeScalars { source in
        for row in 0..<rows {
          for (j, index) in indices.enumerated() {
            out[row * inputCount + index] += source[row * indices.count + j]
          }
        }
      }
    }
  }
}
