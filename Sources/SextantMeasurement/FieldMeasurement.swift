// The measurement y = A·x + noise, with a noise standard deviation σ for each entry of y, in the variables' units. A
// mask is a selection and part of A; it is never represented by weights or values of zero. (Foundation has a type named
// Measurement.)

import SextantArrays
import SextantSignals

/// A measurement of one signal.
///
/// There is one value and one noise level for each output of the operator; otherwise solvers throw a
/// ``MeasurementError``.
public struct FieldMeasurement: Sendable {
  /// The measured values y (m), in the variables' units.
  public var values: [Float]
  /// The noise standard deviation of each entry of y (m), in the variables' units; all above 0.
  public var noise: [Float]
  /// The measurement operator A, from V·C entries (channel fastest) to m values.
  public var operation: any LinearOperator
  /// The label of the field; its season selects the climatology.
  public var label: FieldLabel
  /// The law of the noise of each value (m), whose ``noise`` is a first guess until the measurement is settled
  /// (`Solver.settled(_:)`); nil where the noise is normal and known. Empty if that is so for all.
  public var laws: [NoiseLaw?] = []
  /// Whether each value was cut off (m), so that the noisy value is known to be at least as large. Empty if none was. Solvers take
  /// settled measurements, except for those that have a likelihood of their own for such values.
  public var isSaturated: [Bool] = []

  public init(
    values: [Float], noise: [Float], operation: any LinearOperator, label: FieldLabel = FieldLabel()
  ) {
    self.values = values
    self.noise = noise
    self.operation = operation
    self.label = label
  }

  /// The number of measured values m.
  public var count: Int { values.count }

  /// Whether value `row` was cut off at the level of the instrument.
  package func isCutOff(_ row: Int) -> Bool { !isSaturated.isEmpty && isSaturated[row] }

  /// Throws ``MeasurementError`` unless there is a finite value and a noise level for each output of the operator.
  ///
  /// The methods that use the noise levels check them with ``MeasurementModel/checkNoise()``.
  public func check() throws(MeasurementError) {
    guard values.count == operation.outputCount else {
      throw .sizeMismatch(what: "The measured values", expected: operation.outputCount, found: values.count)
    }
    guard noise.count == operation.outputCount else {
      throw .sizeMismatch(what: "The noise levels", expected: operation.outputCount, found: noise.count)
    }
    if let bad = values.firstIndex(where: { !$0.isFinite }) {
      throw .invalidValue(what: "Measured value number \(bad + 1)", found: values[bad])
    }
  }
}

extension FieldMeasurement {
  /// The part of the measurement at some of its values, by their positions.
  public func rows(_ rows: [Int]) -> FieldMeasurement {
    var part = FieldMeasurement(
      values: rows.map { values[$0] }, noise: rows.map { noise[$0] },
      operation: SelectionOperator(inputCount: count, indices: rows).composed(after: operation), label: label)
    if !laws.isEmpty { part.laws = rows.map { laws[$0] } }
    if !isSaturated.isEmpty { part.isSaturated = rows.map { isSaturated[$0] } }
    return part
  }

  /// The measurement with one noise level for all values.
  public func with(noise: Float) -> FieldMeasurement {
    FieldMeasurement(
      values: values, noise: [Float](repeating: noise, count: count), operation: operation, label: label)
  }
}
