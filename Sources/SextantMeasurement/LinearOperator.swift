// The linear measurement operator A with its adjoint, and the members that imputation needs:
// selection (a mask), interpolation (observations off the grid), and composition.
// Scaling with noise is the measurement's business, not the operator's.

import SextantArrays

/// A linear map from signals to measurements.
///
/// Signals and measurements are rows of matrices: B×inputCount to B×outputCount. A signal of V vertices
/// and C channels has V·C entries, channel fastest.
public protocol LinearOperator: Sendable {
  /// The length of a signal, V·C.
  var inputCount: Int { get }
  /// The length of a measurement, m.
  var outputCount: Int { get }
  /// A·x for each row x: B×V·C to B×m.
  func apply(_ signals: Tensor<Float>) -> Tensor<Float>
  /// Aᵀ·y for each row y: B×m to B×V·C.
  func applyAdjoint(_ measurements: Tensor<Float>) -> Tensor<Float>
  /// The entries of A (m × V·C).
  var matrix: SparseMatrix { get }
}

/// Picks entries of a signal: what a mask does. An entry may be picked more than once.
public struct SelectionOperator: LinearOperator, Equatable {
  public let inputCount: Int
  /// The entry that each measurement sees (m entries below `inputCount`).
  public let indices: [Int]

  public var outputCount: Int { indices.count }

  public init(inputCount: Int, indices: [Int]) {
    precondition(
      indices.allSatisfy { $0 >= 0 && $0 < inputCount }, "A selected entry is outside the signal")
    self.inputCount = inputCount
    self.indices = indices
  }

  /// Picks the entries where `isObserved` is true.
  public init(observed isObserved: [Bool]) {
    self.init(inputCount: isObserved.count, indices: isObserved.indices.filter { isObserved[$0] })
  }

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

  public var matrix: SparseMatrix {
    SparseMatrix(
      rowCount: outputCount, columnCount: inputCount, rowStarts: Array(0...outputCount),
      columns: indices.map(Int32.init), values: [Double](repeating: 1, count: outputCount))
  }
}

/// Any sparse linear map: interpolation from a grid to observed places, blurs, averages.
public struct SparseOperator: LinearOperator, Equatable {
  public let matrix: SparseMatrix
  private let adjoint: SparseMatrix

  public var inputCount: Int { matrix.columnCount }
  public var outputCount: Int { matrix.rowCount }

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
        let source = UncheckedPointer(UnsafeMutablePointer(mutating: source.baseAddress!))
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
