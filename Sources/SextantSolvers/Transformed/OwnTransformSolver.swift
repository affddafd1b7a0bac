// Transforms without an archive: the transform of each variable is fitted to the observed values of the field itself, and a
// solver that needs no archive then works in transformed units.
//
// The observed values are taken as a sample of all values of the field. Where gaps are not spread over the field (a storm
// that is not observed), they are not, and an archive is better.

import SextantArrays
import SextantMeasurement
import SextantPriors
import SextantSignals

/// A solver in transformed units, whose transforms are fitted to each measurement.
struct OwnTransformSolver: Solver {
  private let inner: any Solver
  private let space: FieldSpace

  var name: String { inner.name + ", transformed" }

  /// - Parameters:
  ///   - inner: a solver without an archive, whose fields may have any mean and scale.
  ///   - space: the variables, with the kinds of their transforms and their bounds.
  init(_ inner: any Solver, space: FieldSpace) {
    self.inner = inner
    self.space = space
  }

  func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    let model = try MeasurementModel(operation: operation, noise: noise)
    try operation.requireInputs(space.layout.stateOfEntry.count)
    try model.checkNoise()
    return OwnTransformPreparation(model: model, solver: self)
  }

  func fitted(to measurement: FieldMeasurement) throws -> any Solver {
    let transforms = try transforms(for: measurement)
    return bounded(try latent(transforms, for: measurement).fitted(to: measurement), transforms)
  }

  /// The solver with the transforms that the measurement determines.
  fileprivate func solver(for measurement: FieldMeasurement) throws -> any Solver {
    let transforms = try transforms(for: measurement)
    return bounded(latent(transforms, for: measurement), transforms)
  }

  /// The transform of each channel (C), fitted to the values that measure one channel alone.
  ///
  /// A variable that has fewer than two distinct values between its bounds, such as the rain of a dry day, is not
  /// transformed.
  private func transforms(for measurement: FieldMeasurement) throws -> [MarginalTransform] {
    let samples = samples(of: measurement).map { $0.map(\.value) }
    return try space.variables.indices.map { channel in
      let (kind, range) = (space.ownTransforms[channel], space.bounds[channel])
      let (low, high) = (range?.minimum.map(Double.init), range?.maximum.map(Double.init))
      let between = samples[channel].filter { $0 > low ?? -.infinity && $0 < high ?? .infinity }
      if kind.isFitted, Set(between).count < 2 || (low == nil && Set(between).subtracting([0]).count < 2) { return .none }
      return try MarginalTransform.fitted(
        kind, to: samples[channel], minimum: low, maximum: high, variable: space.variables[channel].name,
        source: "the field")
    }
  }

  /// The measured values of each channel (C), and the noise of each.
  private func samples(of measurement: FieldMeasurement) -> [[(value: Double, noise: Double)]] {
    let channels = space.channelCount
    var samples = [[(value: Double, noise: Double)]](repeating: [], count: channels)
    let selected = measurement.operation.selectedEntries
    for (row, entry) in (selected ?? measurement.operation.outputEntries.indices.map { $0 }).enumerated() {
      guard selected == nil || space.isInside[entry] else { continue }
      samples[entry % channels].append((Double(measurement.values[row]), Double(measurement.noise[row])))
    }
    return samples
  }

  /// The inner solver in transformed units: each channel varies about the mean of its transformed values.
  private func latent(_ transforms: [MarginalTransform], for measurement: FieldMeasurement) -> TransformedSolver {
    let layout = space.layout
    var (means, scales) = (
      [Float](repeating: 0, count: transforms.count), [Float](repeating: 1, count: transforms.count)
    )
    let samples = samples(of: measurement)
    for (channel, transform) in transforms.enumerated() {
      switch transform {
      // By construction.
      case .normalScore, .censored: continue
      case .none, .log, .logit:
        guard let normal = LatentNormal(of: samples[channel], transform: transform) else { continue }
        means[channel] = Float(normal.mean)
        scales[channel] = normal.variance > 0 ? Float(normal.variance.squareRoot()) : 1
      }
    }
    let climatology = Climatology(
      kind: .constant,
      coefficients: Tensor(layout.channelOfState.map { means[Int($0)] }, shape: [1, layout.count]))
    return TransformedSolver(
      inner, space: StateSpace(layout: layout, climatology: climatology, scales: scales), transforms: transforms)
  }

  /// Values that are mapped back from a transform lie within its bounds already.
  private func bounded(_ solver: any Solver, _ transforms: [MarginalTransform]) -> any Solver {
    let bounds = zip(space.bounds, transforms).map { $1.isIdentity ? $0 : nil }
    return bounds.contains { $0 != nil } ? solver.clamped(to: bounds) : solver
  }
}

/// Transforms that are fitted to each measurement leave nothing to prepare.
private struct OwnTransformPreparation: PreparedSolver {
  let model: MeasurementModel
  let solver: OwnTransformSolver

  func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior {
    try solver.solver(for: measurement).prepare(for: measurement.operation, noise: measurement.noise)
      .solve(measurement, samples: samples, using: &random)
  }
}
