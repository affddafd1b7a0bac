// The prior that all diffusion solvers take: a noise predictor over standardised states, and the map between states and
// data. Noise is given in data units, entry by entry; what each method needs of a measurement is made here, in states.

import SextantArrays
import SextantDiffusion
import SextantMeasurement
import SextantPriors
import SextantSignals

/// A learned prior over the fields of a domain.
public struct DiffusionPrior: Sendable {
  /// Predicts the noise in states (B×d×1).
  public let predictor: any NoisePredictor<Float>
  /// The states of the domain, their mean and their scales, transformed.
  public let space: StateSpace
  /// What turns each channel (C) of mean + scale·state into the variable's units; `.none` for a variable as it is.
  public let transforms: [MarginalTransform]

  /// - Parameters:
  ///   - predictor: over states of shape d×1.
  ///   - space: d states.
  ///   - transforms: one for each channel; none where left out.
  public init(
    _ predictor: any NoisePredictor<Float>, space: StateSpace, transforms: [MarginalTransform]? = nil
  ) {
    precondition(
      transforms.map { $0.count == space.layout.channelCount } ?? true, "\(transforms?.count ?? 0) transforms")
    self.predictor = predictor
    self.space = space
    self.transforms = transforms ?? Array(repeating: .none, count: space.layout.channelCount)
  }

  /// What a measurement says of the states, as far as differentiable methods need to know.
  ///
  /// - Throws: ``PriorError`` where nothing was measured inside the domain or sizes differ, ``SolverError``.
  func misfit(of measurement: FieldMeasurement, method: String) throws -> any StateMisfit {
    try check(measurement, method: method)
    if firstTransformed(in: measurement) == nil { return WhitenedObservation(try observe(measurement)) }
    let misfit = TransformedMisfit(measurement, prior: self)
    guard misfit.count > 0 else { throw PriorError.nothingObserved }
    return misfit
  }

  /// What a measurement says of the states, for methods that are linear.
  ///
  /// - Throws: as ``misfit(of:method:)``, and ``SolverError/notLinear(method:channel:)``.
  func observation(of measurement: FieldMeasurement, method: String) throws -> StateObservation {
    try check(measurement, method: method)
    if let channel = firstTransformed(in: measurement) {
      throw SolverError.notLinear(method: method, channel: channel)
    }
    return try observe(measurement)
  }

  private func observe(_ measurement: FieldMeasurement) throws -> StateObservation {
    let observation = try space.observe(measurement)
    guard observation.count > 0 else { throw PriorError.nothingObserved }
    return observation
  }

  private func check(_ measurement: FieldMeasurement, method: String) throws {
    guard measurement.operation.inputCount == space.layout.stateOfEntry.count else {
      throw PriorError.wrongSize(expected: space.layout.stateOfEntry.count, found: measurement.operation.inputCount)
    }
    if let bad = measurement.values.firstIndex(where: { !$0.isFinite }) {
      throw SolverError.unusableMeasurement(
        method: method, what: "measured value number \(bad + 1) is \(measurement.values[bad])")
    }
    if let bad = measurement.noise.firstIndex(where: { !($0 > 0 && $0.isFinite) }) {
      throw SolverError.unusableMeasurement(
        method: method, what: "the noise of measured value number \(bad + 1) is \(measurement.noise[bad])")
    }
  }

  /// The first channel that was measured and is transformed.
  private func firstTransformed(in measurement: FieldMeasurement) -> Int? {
    guard transforms.contains(where: { !$0.isIdentity }) else { return nil }
    let entries =
      (measurement.operation as? SelectionOperator)?.indices
      ?? measurement.operation.matrix.columns.map(Int.init)
    let channels = transforms.count
    return Set(entries.map { $0 % channels }).sorted().first { !transforms[$0].isIdentity }
  }

  /// Samples or answers in states (N×d) as a posterior in the variables' units; the mean is that of the rows.
  func posterior(
    _ states: Tensor<Float>, keepsSamples: Bool, label: FieldLabel, cost: NetworkCost,
    diagnostics: [String: Double] = [:]
  ) -> Posterior {
    var fields = space.fields(fromStates: states, label: label)
    transforms.mapValues(&fields)
    return Posterior(
      mean: fields.columnMeans().map(Float.init), samples: keepsSamples ? fields : nil, cost: cost,
      diagnostics: diagnostics)
  }
}
