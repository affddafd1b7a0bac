// The standardised space of priors: the states of a domain (docs/mathematics.md, "Notation and terms"), their
// climatology, and the scale of each channel. It converts measurements in the variables' units to standardised
// observations, and states to fields.

import SextantArrays
import SextantMeasurement
import SextantSignals

/// The standardised space of priors: (value − climatology) / scale of the channel.
public struct StateSpace: Sendable {
  /// Which entries of the V×C array are states.
  public let layout: StateLayout
  /// The mean as a function of the season, in the variables' units.
  public let climatology: Climatology
  /// The standard deviation of the archive's anomalies in each channel (C), in the variables' units.
  public let scales: [Float]

  public init(layout: StateLayout, climatology: Climatology, scales: [Float]) {
    precondition(scales.count == layout.channelCount, "\(scales.count) scales for \(layout.channelCount) channels")
    self.layout = layout
    self.climatology = climatology
    self.scales = scales
  }

  /// The number of states d.
  public var count: Int { layout.count }

  /// The scale of each state (d).
  public var stateScales: [Float] { layout.channelOfState.map { scales[Int($0)] } }

  /// Fields of an archive as standardised anomalies (N×d); gaps are NaN.
  public func anomalies(of fields: SignalSet) -> Tensor<Float> {
    var states = layout.reduced(fields.values, isValid: fields.isValid)
    let d = count
    let inverse = stateScales.map { 1 / $0 }
    let means = fields.labels.map { climatology.mean(for: $0) }
    states.withUnsafeMutableScalars { values in
      for row in means.indices {
        for j in 0..<d { values[row * d + j] = (values[row * d + j] - means[row][j]) * inverse[j] }
      }
    }
    return states
  }

  /// Standardised states (B×d) as V×C arrays (B×V·C) in the variables' units, at the season of `label`.
  public func fields(fromStates states: Tensor<Float>, label: FieldLabel) -> Tensor<Float> {
    let mean = climatology.mean(for: label)
    let scale = stateScales
    let d = count
    var scaled = states
    scaled.withUnsafeMutableScalars { values in
      guard let base = values.baseAddress else { return }
      let out = UncheckedPointer(base)
      Parallel.forEach(values.count / max(1, d)) { row in
        for j in 0..<d { out[row * d + j] = out[row * d + j] * scale[j] + mean[j] }
      }
    }
    return layout.expanded(scaled)
  }

  /// The standard deviations of the states (d) as a V×C array (V·C) in the variables' units.
  public func spread(fromStates standardDeviations: [Float]) -> [Float] {
    let scaled = zip(standardDeviations, stateScales).map { $0 * $1 }
    return layout.expanded(Tensor(scaled, shape: [1, count])).scalars
  }

  /// An operator and its noise in terms of the states, which ``observe(_:)`` uses; it can serve many measurements.
  ///
  /// Measured values that depend on entries outside the domain carry no information and are ignored. Several
  /// values of one state (the cells of a pole) are combined to their weighted mean with its noise, which leaves every
  /// posterior unchanged.
  ///
  /// - Throws: ``PriorError/wrongSize(expected:found:)``, `MeasurementError.invalidNoise`, and
  ///   `MeasurementError.operatorNotSupported` for an operator that is too large for a matrix.
  public func observationOperator(_ model: MeasurementModel) throws -> ObservationOperator {
    try model.operation.requireInputs(layout.stateOfEntry.count)
    try model.checkNoise()
    return try ObservationOperator(model, layout: layout, scales: stateScales)
  }

  /// The observation of the states that a measurement with an operator makes.
  public func observe(_ measurement: FieldMeasurement, by operation: ObservationOperator) -> StateObservation {
    operation.observation(of: measurement.values, mean: climatology.mean(for: measurement.label))
  }

  /// What the observation of a measurement is without some of its values, by their positions; nil for a general operator.
  package func withholding(
    _ held: [Int], of measurement: FieldMeasurement, by operation: ObservationOperator
  ) -> [WithheldState]? {
    operation.withholding(held, of: measurement.values, mean: climatology.mean(for: measurement.label))
  }

  /// The observation of the states that a measurement makes; see ``observationOperator(_:)``.
  public func observe(_ measurement: FieldMeasurement) throws -> StateObservation {
    observe(measurement, by: try observationOperator(measurement.model))
  }
}

extension LinearOperator {
  /// Throws ``PriorError/wrongSize(expected:found:)`` unless the operator measures fields of `count` entries.
  package func requireInputs(_ count: Int) throws(PriorError) {
    guard inputCount == count else { throw .wrongSize(expected: count, found: inputCount) }
  }
}

/// A prior that cannot be learned or used.
public enum PriorError: Error, Equatable, CustomStringConvertible {
  /// A measurement or field has the wrong length.
  case wrongSize(expected: Int, found: Int)
  /// There are too few fields to learn from.
  case tooFewFields(found: Int, needed: Int)
  /// There are too few patches of images to learn from.
  case tooFewPatches(found: Int, least: Int)
  /// A variable has the same value in all patches.
  case constantPatches
  /// The problem is too large for the method.
  case tooLarge(String)
  /// Nothing is observed inside the domain.
  case nothingObserved
  /// Values are not finite.
  case notFinite(String)
  /// A measured value depends on several channels, but the prior treats each separately.
  case mixesChannels(row: Int)
  /// A variable cannot be transformed in the requested way.
  case noTransform(variable: String, reason: String)
  /// The fields of an archive cannot be grouped in the requested way.
  case noComponents(String)

  public var description: String {
    switch self {
    case .wrongSize(let expected, let found):
      "The model has \(expected) entries a field, but the input has \(found). Use a model trained on this grid, or interpolate to the model's."
    case .tooFewFields(let found, let needed):
      "The archive has \(found) field\(found == 1 ? "" : "s"), but at least \(needed) are needed. Add fields, or use a prior that needs no archive (kind: matern)."
    case .tooFewPatches(let found, let least):
      "The archive gives \(found) whole patches without gaps, but at least \(least) are needed. Add images, or make patches or their number of components smaller."
    case .constantPatches: "A variable has one value in all patches, so that there is nothing to learn. Leave it out."
    case .tooLarge(let reason), .noComponents(let reason): reason
    case .nothingObserved:
      "Nothing is observed inside the model's domain. Check the mask, and that the file covers the model's region."
    case .mixesChannels(let row):
      "Measured value number \(row + 1) depends on several variables, but this prior treats each variable separately. Use kind: two-scale, or measure each variable separately."
    case .noTransform(let variable, let reason): "The variable '\(variable)' cannot be transformed: \(reason)."
    case .notFinite(let place): "\(place) is not finite. Check the input for infinite values or wrong units."
    }
  }
}
