// Measured values as noisy linear functions of standardised states: an observation operator with its anomalies.

import SextantArrays
import SextantMeasurement

/// What was measured, in terms of the states: anomalies = H·states + noise.
public struct StateObservation: Sendable {
  /// H and R.
  public let operation: ObservationOperator
  /// The standardised anomaly of each measured value (m).
  public let anomalies: [Double]

  init(operation: ObservationOperator, anomalies: [Double]) {
    self.operation = operation
    self.anomalies = anomalies
  }

  /// H (m×d).
  public var matrix: SparseMatrix { operation.matrix }
  /// The variance of the noise of each anomaly (m), standardised.
  public var noiseVariance: [Double] { operation.noiseVariance }
  /// The state that each measured value sees, where each sees exactly one; nil for a general operator.
  public var selectedStates: [Int]? { operation.selectedStates }
  /// The number of anomalies m.
  public var count: Int { anomalies.count }

  /// The state with the largest weight in each measured value (m).
  package var dominantStates: [Int] {
    if let selectedStates { return selectedStates }
    return (0..<count).map { row in
      let entries = matrix.rowStarts[row]..<matrix.rowStarts[row + 1]
      let largest = entries.max { abs(matrix.values[$0]) < abs(matrix.values[$1]) }
      return largest.map { Int(matrix.columns[$0]) } ?? 0
    }
  }

  /// The same observation with `shift` (d) taken off the states' mean.
  public func subtracting(_ shift: [Float]) -> StateObservation {
    let expected = apply(Tensor(shift.map(Double.init), shape: [1, shift.count])).scalars
    return StateObservation(operation: operation, anomalies: zip(anomalies, expected).map { $0 - $1 })
  }

  /// H·B for the rows of `states` that stand for states: from B×d to B×m.
  public func apply<Scalar: TensorScalar>(_ states: Tensor<Scalar>) -> Tensor<Scalar> { operation.apply(states) }
}
