// From a whole, clean field to what would have been measured of it: the operator first, then noise on its outputs.

import SextantArrays
import SextantSignals

/// A measurement of a known field.
public struct SimulatedMeasurement: Sendable {
  /// What the solvers are given.
  public let measurement: FieldMeasurement
  /// The measured value of every entry of the set that is measured (V·C entries of the field under a mask, of the blurred field
  /// under a mask of a blurred field), and 0 where an entry is not measured; in the variables' units.
  public let values: [Float]
  /// Whether each entry of that set is measured: a measured 0 and a missing entry differ here alone.
  public let isMeasured: [Bool]
  /// The squared weight with which each entry of the field is measured (V·C); nil where that means nothing, as under a blur.
  public let coverage: [Float]?
}

/// Simulates measurements of known fields.
public enum Simulation {
  /// Applies an operator to a field and adds Gaussian noise.
  ///
  /// The noise of a value depends on `random` and on the value's place in the set that is measured, not on the mask: two masks
  /// of one stream see the same noise where they overlap. Outputs that depend on invalid entries are not measured.
  ///
  /// - Parameters:
  ///   - signal: The clean field.
  ///   - operation: What is measured of its V·C entries.
  ///   - noise: The standard deviation of each entry of the set that is measured (V·C under a mask), in the variables' units;
  ///     what it is at missing entries has no effect.
  ///   - random: Where the noise is drawn from.
  /// - Throws: ``MeasurementError`` where sizes differ, nothing is measured, or the noise of a measured value is not finite and
  ///   above 0.
  public static func measure(
    _ signal: Signal, by operation: any LinearOperator, noise: [Float], using random: inout RandomStream
  ) throws -> SimulatedMeasurement {
    let observed = try restricted(operation, to: signal)
    let entries = observed.outputEntries
    guard noise.count == entries.count else {
      throw MeasurementError.sizeMismatch(what: "The noise", expected: entries.count, found: noise.count)
    }
    guard observed.outputCount > 0 else {
      throw MeasurementError.nothingObserved(
        specification: "of the field", reason: "no entry is both valid and observed")
    }
    let draws: Tensor<Float> = random.normals([entries.count])
    var measured = outputs(of: observed, for: signal)
    var values = [Float](repeating: 0, count: entries.count)
    var isMeasured = [Bool](repeating: false, count: entries.count)
    try draws.withUnsafeScalars { draws in
      for (i, entry) in entries.indices.enumerated() {
        guard noise[entry] > 0, noise[entry].isFinite else {
          let variable = signal.variables[entry % signal.variables.count]
          throw MeasurementError.invalidNoise(
            what: "The noise of '\(variable.name)' at vertex \(entry / signal.variables.count)", found: noise[entry])
        }
        measured[i] += noise[entry] * draws[entry]
        values[entry] = measured[i]
        isMeasured[entry] = true
      }
    }
    return SimulatedMeasurement(
      measurement: FieldMeasurement(
        values: measured, noise: entries.indices.map { noise[$0] }, operation: observed, label: signal.label),
      values: values, isMeasured: isMeasured, coverage: observed.coverage())
  }

  /// What an operator gives of a clean field, without noise: the value of each entry of the set that is measured, and whether it
  /// is measured at all.
  ///
  /// Throws ``MeasurementError/sizeMismatch(what:expected:found:)`` for an operator on fields of another size.
  public static func observe(
    _ signal: Signal, by operation: any LinearOperator
  ) throws -> (values: [Float], isMeasured: [Bool]) {
    let observed = try restricted(operation, to: signal)
    let entries = observed.outputEntries
    var values = [Float](repeating: 0, count: entries.count)
    var isMeasured = [Bool](repeating: false, count: entries.count)
    for (entry, value) in zip(entries.indices, outputs(of: observed, for: signal)) {
      values[entry] = value
      isMeasured[entry] = true
    }
    return (values, isMeasured)
  }

  /// The operator without the outputs that depend on invalid entries.
  private static func restricted(_ operation: any LinearOperator, to signal: Signal) throws -> any LinearOperator {
    guard operation.inputCount == signal.values.count else {
      throw MeasurementError.sizeMismatch(
        what: "The operator", expected: signal.values.count, found: operation.inputCount)
    }
    let isValid = operation.validOutputs(isValid: signal.isValid)
    guard isValid.contains(false) else { return operation }
    return SelectionOperator(observed: isValid).composed(after: operation)
  }

  /// A·x with 0 for what is invalid, which no output that is kept depends on.
  private static func outputs(of operation: any LinearOperator, for signal: Signal) -> [Float] {
    let clean = zip(signal.values.scalars, signal.isValid).map { $1 ? $0 : 0 }
    return operation.apply(Tensor(clean, shape: [1, clean.count])).scalars
  }
}
