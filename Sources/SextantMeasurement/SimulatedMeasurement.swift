// Simulates the measurement of a complete, clean field: the operator is applied, and noise is added to its outputs.

import SextantArrays
import SextantSignals

/// A simulated measurement of a known field.
public struct SimulatedMeasurement: Sendable {
  /// The measurement, as solvers take it.
  public let measurement: FieldMeasurement
  /// The values of the operator's ``LinearOperator/outputEntries``, with 0 at entries that are not measured, in the
  /// variables' units. For a mask this is the V·C array of the field; for a mask after a blur, that of the blurred
  /// field.
  public let values: [Float]
  /// Whether each of these entries is measured, which distinguishes a measured 0 from a missing entry.
  public let isMeasured: [Bool]
  /// The squared weight with which each entry of the field is measured (V·C); nil for operators such as a blur.
  public let coverage: [Float]?
}

/// Simulates measurements of known fields.
public enum Simulation {
  /// Applies an operator to a field, adds noise, and cuts off what the detector cannot hold.
  ///
  /// The noise of a value depends on `random` and on its position in ``LinearOperator/outputEntries``, not on the mask:
  /// with the same stream, the values that two masks have in common have the same noise. Outputs that depend on invalid
  /// entries are not measured.
  ///
  /// - Parameters:
  ///   - signal: the clean field.
  ///   - operation: the measurement operator on its V·C entries.
  ///   - noise: the noise standard deviation of each of the operator's output entries (V·C for a mask), in the
  ///     variables' units; it has no effect at missing entries.
  ///   - detector: the laws of variables whose noise is not that of `noise`, and the levels above which values are cut off.
  ///   - random: the stream for the noise.
  /// - Throws: ``MeasurementError`` if sizes differ, nothing is measured, the noise of a measured value is not finite and
  ///   above 0, or a value is none that the law of its noise can be about.
  public static func measure(
    _ signal: Signal, by operation: any LinearOperator, noise: [Float], detector: Detector = .ideal,
    using random: inout RandomStream
  ) throws -> SimulatedMeasurement {
    let counts = random.split("counts")
    let draws: Tensor<Float> = random.normals([operation.outputEntries.count])
    return try measure(signal, by: operation, noise: noise, draws: draws.scalars, detector: detector, counts: counts)
  }

  /// Takes a part of a field that is a measurement itself: its values have their noise already, and none is added.
  ///
  /// - Parameters:
  ///   - signal: the measured field.
  ///   - operation: the operator that takes the part.
  ///   - noise: the standard deviation of the noise that the values have (V·C for a mask).
  /// - Throws: ``MeasurementError``, as ``measure(_:by:noise:detector:using:)`` does.
  public static func part(
    of signal: Signal, by operation: any LinearOperator, noise: [Float]
  ) throws -> SimulatedMeasurement {
    try measure(
      signal, by: operation, noise: noise,
      draws: [Float](repeating: 0, count: operation.outputEntries.count))
  }

  private static func measure(
    _ signal: Signal, by operation: any LinearOperator, noise: [Float], draws: [Float], detector: Detector = .ideal,
    counts: RandomStream = RandomStream(seed: 0)
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
    var measured = outputs(of: observed, for: signal)
    var values = [Float](repeating: 0, count: entries.count)
    var isMeasured = [Bool](repeating: false, count: entries.count)
    let channels = signal.variables.count
    try check(measured, at: entries.indices, of: signal.variables, laws: detector)
    for (i, entry) in entries.indices.enumerated() {
      if let law = detector.law(ofChannel: entry % channels) {
        var own = counts.split(entry)
        measured[i] = Float(law.measured(Double(measured[i]), using: &own))
        continue
      }
      guard noise[entry] > 0, noise[entry].isFinite else {
        let variable = signal.variables[entry % signal.variables.count]
        throw MeasurementError.invalidNoise(
          what: "The noise of '\(variable.name)' at vertex \(entry / signal.variables.count + 1)", found: noise[entry])
      }
      measured[i] += noise[entry] * draws[entry]
    }
    var measurement = FieldMeasurement(
      values: measured, noise: entries.indices.map { noise[$0] }, operation: observed, label: signal.label)
    measurement.read(by: detector, channels: entries.indices.map { $0 % channels })
    for (i, entry) in entries.indices.enumerated() {
      values[entry] = measurement.values[i]
      isMeasured[entry] = true
    }
    return SimulatedMeasurement(
      measurement: measurement, values: values, isMeasured: isMeasured, coverage: observed.coverage())
  }

  /// Throws ``MeasurementError/notCleanOfLaw(law:expected:count:what:found:)`` where clean values are none that the law of their noise
  /// can be about.
  private static func check(_ clean: [Float], at entries: some Sequence<Int>, of variables: [Variable], laws detector: Detector) throws {
    guard !detector.laws.isEmpty else { return }
    // An operator rounds to single precision.
    let largest: Float = clean.reduce(0) { max($0, abs($1)) }
    let tolerance = 1e-5 * Double(largest)
    var first: (law: NoiseLaw, expected: String, entry: Int, value: Float)?
    var count = 0
    for (value, entry) in zip(clean, entries) {
      guard let law = detector.law(ofChannel: entry % variables.count),
        let expected = law.objection(toClean: Double(value), tolerance: tolerance)
      else { continue }
      count += 1
      if first == nil { first = (law, expected, entry, value) }
    }
    guard let (law, expected, entry, value) = first else { return }
    throw MeasurementError.notCleanOfLaw(
      law: law.description, expected: expected, count: count,
      what: "'\(variables[entry % variables.count].name)' at vertex \(entry / variables.count + 1)", found: Double(value))
  }

  /// The outputs of an operator for a clean field, without noise: the value of each of its output entries, cut off where the detector
  /// holds no more, and whether the entry is measured.
  ///
  /// Throws ``MeasurementError/sizeMismatch(what:expected:found:)`` for an operator on fields of another size.
  public static func observe(
    _ signal: Signal, by operation: any LinearOperator, detector: Detector = .ideal
  ) throws -> (values: [Float], isMeasured: [Bool]) {
    let observed = try restricted(operation, to: signal)
    let entries = observed.outputEntries
    var values = [Float](repeating: 0, count: entries.count)
    var isMeasured = [Bool](repeating: false, count: entries.count)
    for (entry, value) in zip(entries.indices, outputs(of: observed, for: signal)) {
      values[entry] = detector.saturation(ofChannel: entry % signal.variables.count).map { min(value, $0) } ?? value
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

  /// A·x with 0 at invalid entries, on which no remaining output depends.
  private static func outputs(of operation: any LinearOperator, for signal: Signal) -> [Float] {
    let clean = zip(signal.values.scalars, signal.isValid).map { $1 ? $0 : 0 }
    return operation.apply(Tensor(clean, shape: [1, clean.count])).scalars
  }
}
