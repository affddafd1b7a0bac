// Where a Gaussian prior lives: the states of a domain, their climatology, and the scale of each channel.
// Turns measurements in the variables' units into standardised observations, and states back into fields.

import SextantArrays
import SextantMeasurement
import SextantSignals

/// The standardised space that priors describe: (value − climatology) / scale of the channel.
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

  /// The standardised spread of the states (d) as a V×C array (V·C) in the variables' units.
  public func spread(fromStates deviations: [Float]) -> [Float] {
    let scaled = zip(deviations, stateScales).map { $0 * $1 }
    return layout.expanded(Tensor(scaled, shape: [1, count])).scalars
  }

  /// An operator and its noise in terms of the states: what ``observe(_:)`` uses, once for many measurements.
  ///
  /// Measured values that depend on entries outside the domain say nothing and are counted as ignored. Several values of one
  /// state (the cells of a pole) become one with their weighted mean and its noise, which leaves every posterior as it is.
  ///
  /// - Throws: ``PriorError/wrongSize(expected:found:)``, ``MeasurementError/invalidNoise(what:found:)``, and
  ///   ``MeasurementError/operatorNotSupported(method:form:reason:hint:)`` for an operator that is too large for a matrix.
  public func observationOperator(_ model: MeasurementModel) throws -> ObservationOperator {
    guard model.operation.inputCount == layout.stateOfEntry.count else {
      throw PriorError.wrongSize(expected: layout.stateOfEntry.count, found: model.operation.inputCount)
    }
    try model.checkNoise()
    return try ObservationOperator(model, layout: layout, scales: stateScales)
  }

  /// What a measurement by an operator says of the states.
  public func observe(_ measurement: FieldMeasurement, by operation: ObservationOperator) -> StateObservation {
    operation.observation(of: measurement.values, mean: climatology.mean(for: measurement.label))
  }

  /// What a measurement says of the states; ``observationOperator(_:)`` says how it is read.
  public func observe(_ measurement: FieldMeasurement) throws -> StateObservation {
    observe(measurement, by: try observationOperator(measurement.model))
  }
}

/// A prior that cannot be made or used.
public enum PriorError: Error, Equatable, CustomStringConvertible {
  /// A measurement or field of the wrong length.
  case wrongSize(expected: Int, found: Int)
  /// Too few fields to learn from.
  case tooFewFields(found: Int, needed: Int)
  /// A problem that is too large for the method.
  case tooLarge(String)
  /// Nothing was observed inside the domain.
  case nothingObserved
  /// Values that are not finite.
  case notFinite(String)
  /// A measured value that depends on several channels, for a prior that takes each by itself.
  case mixesChannels(row: Int)
  /// A variable that cannot be transformed as asked.
  case noTransform(variable: String, reason: String)
  /// An archive whose fields cannot be grouped as asked.
  case noComponents(String)

  public var description: String {
    switch self {
    case .wrongSize(let expected, let found):
      "The model has \(expected) entries a field, but \(found) were given. Use a model trained on this grid, or interpolate to the model's."
    case .tooFewFields(let found, let needed):
      "The archive has \(found) field\(found == 1 ? "" : "s"), but at least \(needed) are needed. Add fields, or use a prior that needs no archive (kind: matern)."
    case .tooLarge(let reason), .noComponents(let reason): reason
    case .nothingObserved:
      "Nothing is observed inside the model's domain. Check the mask, and that the file covers the model's region."
    case .mixesChannels(let row):
      "Measured value number \(row + 1) depends on several variables, but this prior takes each variable by itself. Use kind: two-scale, or measure each variable apart."
    case .noTransform(let variable, let reason): "The variable '\(variable)' cannot be transformed: \(reason)."
    case .notFinite(let place): "\(place) is not finite. Look for infinite values or a wrong unit in the input."
    }
  }
}
