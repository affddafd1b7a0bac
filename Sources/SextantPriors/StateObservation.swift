// Measured values as noisy linear functions of standardised states: an observation operator with anomalies.

import SextantArrays
import SextantMeasurement

/// A measurement expressed in states: anomalies = H·states + noise.
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
  /// The state that each measured value observes if each observes exactly one; nil for a general operator.
  public var selectedStates: [Int]? { operation.selectedStates }
  /// The number of anomalies m.
  public var count: Int { anomalies.count }

  /// The state with the largest weight in each measured value (m).
  package var dominantStates: [Int] { operation.dominantStates }

  /// The same observation after the subtraction of `shift` (d) from the states.
  public func subtracting(_ shift: [Float]) -> StateObservation {
    let expected = apply(Tensor(shift.map(Double.init), shape: [1, shift.count])).scalars
    return StateObservation(operation: operation, anomalies: zip(anomalies, expected).map { $0 - $1 })
  }

  /// H·x for each row x of `states`: B×d to B×m.
  public func apply<Scalar: TensorScalar>(_ states: Tensor<Scalar>) -> Tensor<Scalar> { operation.apply(states) }
}
