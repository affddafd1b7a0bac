// From a whole, clean field to what would have been measured of it: mask, then noise on the observed entries alone.

import SextantArrays
import SextantSignals

/// A field with values missing and noise on the rest.
public struct DegradedField: Sendable {
  /// What the solvers are given.
  public let measurement: FieldMeasurement
  /// The measured value of every observed entry and 0 elsewhere (V·C, channel fastest), in the variables' units.
  public let values: [Float]
  /// Whether each entry is observed (V·C): an observed 0 and a missing entry differ here alone.
  public let isObserved: [Bool]
}

/// Simulates measurements of known fields.
public enum Degradation {
  /// Masks a field and adds Gaussian noise to what is left.
  ///
  /// The noise of an entry depends on `random` and on the entry's place, not on the mask: two masks of one stream see the
  /// same noise where they overlap. Missing entries get none.
  ///
  /// - Parameters:
  ///   - signal: The clean field.
  ///   - mask: What is observed; invalid entries of the field are never observed.
  ///   - noise: The standard deviation of each entry (V·C), in the variables' units; what it is at missing entries has no
  ///     effect.
  ///   - random: Where the noise is drawn from.
  /// - Throws: ``MeasurementError`` where sizes differ, nothing is observed, or the noise of an observed entry is not
  ///   finite and above 0.
  public static func apply(
    to signal: Signal, mask: Mask, noise: [Float], using random: inout RandomStream
  ) throws -> DegradedField {
    let count = signal.values.count
    guard mask.isObserved.count == count else {
      throw MeasurementError.sizeMismatch(what: "The mask", expected: count, found: mask.isObserved.count)
    }
    guard noise.count == count else {
      throw MeasurementError.sizeMismatch(what: "The noise", expected: count, found: noise.count)
    }
    let observed = mask.restricted(to: signal.isValid)
    let selection = observed.selection
    guard selection.outputCount > 0 else {
      throw MeasurementError.nothingObserved(
        specification: "of the field", reason: "no entry is both valid and observed")
    }
    let draws: Tensor<Float> = random.normals([count])
    var values = [Float](repeating: 0, count: count)
    try signal.values.withUnsafeScalars { clean in
      try draws.withUnsafeScalars { draws in
        for entry in selection.indices {
          guard noise[entry] > 0, noise[entry].isFinite else {
            let variable = signal.variables[entry % signal.variables.count]
            throw MeasurementError.invalidNoise(
              what: "The noise of '\(variable.name)' at vertex \(entry / signal.variables.count)", found: noise[entry])
          }
          values[entry] = clean[entry] + noise[entry] * draws[entry]
        }
      }
    }
    let measurement = FieldMeasurement(
      values: selection.indices.map { values[$0] }, noise: selection.indices.map { noise[$0] },
      operation: selection, label: signal.label)
    return DegradedField(measurement: measurement, values: values, isObserved: observed.isObserved)
  }
}
