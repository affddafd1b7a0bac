// Sums and multiples of operators. A sum of operators with matrices has a matrix; of any other, its action alone is
// known.

import SextantArrays

extension LinearOperator {
  /// A + B for this operator A and another of the same size.
  public func adding(_ other: any LinearOperator) -> any LinearOperator {
    precondition(
      inputCount == other.inputCount && outputCount == other.outputCount,
      "The sum of a \(outputCount)×\(inputCount) and a \(other.outputCount)×\(other.inputCount) operator")
    return SumOperator(self, other)
  }

  /// c·A.
  public func scaled(by factor: Float) -> any LinearOperator {
    ScalingOperator(count: outputCount, factor: factor).composed(after: self)
  }
}

/// A + B. The outputs have the places of those of A.
struct SumOperator: LinearOperator {
  private let first: any LinearOperator
  private let second: any LinearOperator
  let form: OperatorForm

  var inputCount: Int { first.inputCount }
  var outputCount: Int { first.outputCount }
  var outputEntries: OutputEntries { first.outputEntries }

  init(_ first: any LinearOperator, _ second: any LinearOperator) {
    (self.first, self.second) = (first, second)
    form =
      if let one = first.explicitMatrix, let two = second.explicitMatrix {
        .sparse(one.adding(two))
      } else {
        .matrixFree
      }
  }

  func apply(_ signals: Tensor<Float>) -> Tensor<Float> { first.apply(signals) + second.apply(signals) }

  func applyAdjoint(_ measurements: Tensor<Float>) -> Tensor<Float> {
    first.applyAdjoint(measurements) + second.applyAdjoint(measurements)
  }
}

/// c·I.
struct ScalingOperator: LinearOperator {
  let count: Int
  let factor: Float

  var inputCount: Int { count }
  var outputCount: Int { count }
  var form: OperatorForm {
    .sparse(
      SparseMatrix(
        rowCount: count, columnCount: count, rowStarts: Array(0...count), columns: (0..<count).map(Int32.init),
        values: [Double](repeating: Double(factor), count: count)))
  }

  func apply(_ signals: Tensor<Float>) -> Tensor<Float> { signals * factor }
  func applyAdjoint(_ measurements: Tensor<Float>) -> Tensor<Float> { measurements * factor }
}

extension SparseMatrix {
  /// A + B for a matrix of the same size.
  func adding(_ other: SparseMatrix) -> SparseMatrix {
    SparseMatrix(rowCount: rowCount, columnCount: columnCount, entries: entries + other.entries)
  }

  /// The Kronecker product A ⊗ I_C: the same matrix for each of C channels, channel fastest.
  func repeated(channelCount: Int) -> SparseMatrix {
    guard channelCount > 1 else { return self }
    var starts = [0]
    var columns: [Int32] = []
    var values: [Double] = []
    columns.reserveCapacity(entryCount * channelCount)
    values.reserveCapacity(entryCount * channelCount)
    for row in 0..<rowCount {
      for channel in 0..<channelCount {
        for k in rowStarts[row]..<rowStarts[row + 1] {
          columns.append(self.columns[k] * Int32(channelCount) + Int32(channel))
          values.append(self.values[k])
        }
        starts.append(columns.count)
      }
    }
    return SparseMatrix(
      rowCount: rowCount * channelCount, columnCount: columnCount * channelCount, rowStarts: starts, columns: columns,
      values: values)
  }

  private var entries: [(row: Int, column: Int, value: Double)] {
    (0..<rowCount).flatMap { row in
      (rowStarts[row]..<rowStarts[row + 1]).map { (row: row, column: Int(columns[$0]), value: values[$0]) }
    }
  }
}
