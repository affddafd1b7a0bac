// The measurement: y = A·x + noise, with σ in data units, one for each entry of y.
// (Not named Measurement: Foundation has a type of that name.) A mask is part of A (a selection), never a weight of zero and never a value of zero.

import SextantArrays
import SextantSignals

/// What was measured of one signal.
public struct FieldMeasurement: Sendable {
  /// The measured values y (m), in the variables' units.
  public var values: [Float]
  /// The noise standard deviation of each entry of y (m), in the variables' units; all above 0.
  public var noise: [Float]
  /// What was measured: from V·C entries, channel fastest, to m.
  public var operation: any LinearOperator
  /// The field that was measured: its season selects the climatology.
  public var label: FieldLabel

  public init(
    values: [Float], noise: [Float], operation: any LinearOperator, label: FieldLabel = FieldLabel()
  ) {
    precondition(
      values.count == operation.outputCount && noise.count == values.count,
      "\(values.count) values and \(noise.count) noise levels for an operator with \(operation.outputCount) outputs"
    )
    self.values = values
    self.noise = noise
    self.operation = operation
    self.label = label
  }

  /// The number of measured values m.
  public var count: Int { values.count }
}
