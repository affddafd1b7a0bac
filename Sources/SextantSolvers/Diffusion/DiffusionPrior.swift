// The prior of all diffusion solvers: a noise predictor over standardised states, and the map between states and
// fields. Operators and measurements, which are in the variables' units, are expressed in states here.

import SextantArrays
import SextantDiffusion
import SextantMeasurement
import SextantPriors
import SextantSignals

/// An operator and its noise expressed in states, for methods that follow gradients.
enum DifferentiableObservation: Sendable {
  /// An operator that is linear in the states.
  case linear(ObservationOperator)
  /// The matrix of an operator in the variables' own units, some of which are transformed.
  case transformed(SparseMatrix)
}

/// A learned prior over the fields of a domain.
public struct DiffusionPrior: Sendable {
  /// The predictor of the noise in states (B×d×1).
  public let predictor: any NoisePredictor<Float>
  /// The states of the domain, with their mean and their scales in transformed units.
  public let space: StateSpace
  /// The transform of each channel (C), which maps mean + scale·state to the variable's units; `.none` if there is none.
  public let transforms: [MarginalTransform]
  /// A Gaussian of about the prior's mean and covariance, whose derivatives stand for those of a network at large noise, where they
  /// are not accurate; nil where the predictor's own are exact.
  public let gaussian: (any NoisePredictor<Float>)?
  /// The prior as one that looks at a part of the values, where it was learned so; nil for other priors.
  public let masked: MaskedPrior?
  /// Is called between the steps of samplers of this prior, which end with what it throws.
  public var checkInterruption: @Sendable () throws -> Void = {}

  /// - Parameters:
  ///   - predictor: the noise predictor for states of shape d×1.
  ///   - space: the space of these d states.
  ///   - transforms: the transform of each channel (C); nil for none.
  ///   - gaussian: a Gaussian of about the same moments, with the same schedule; nil where the predictor's derivatives are exact.
  ///   - masked: the prior as one that looks at a part of the values; nil where it always sees all.
  public init(
    _ predictor: any NoisePredictor<Float>, space: StateSpace, transforms: [MarginalTransform]? = nil,
    gaussian: (any NoisePredictor<Float>)? = nil, masked: MaskedPrior? = nil
  ) {
    precondition(
      transforms.map { $0.count == space.layout.channelCount } ?? true, "\(transforms?.count ?? 0) transforms")
    precondition(gaussian.map { $0.schedule == predictor.schedule } ?? true, "A Gaussian with another schedule")
    self.predictor = predictor
    self.gaussian = gaussian
    self.masked = masked
    self.space = space
    self.transforms = transforms ?? Array(repeating: .none, count: space.layout.channelCount)
  }

  /// The prior under one of the masks under which it learned, which the stream chooses; the prior itself where there are none.
  func seeing(oneOfItsMasks random: inout RandomStream) -> DiffusionPrior {
    guard let masked else { return self }
    let number = Int(random.next() % UInt64(masked.masks.rowCount))
    var seeing = DiffusionPrior(masked.under(mask: number), space: space, transforms: transforms, gaussian: gaussian)
    seeing.checkInterruption = checkInterruption
    return seeing
  }

  /// An operator and its noise for methods that need gradients alone.
  ///
  /// - Throws: `PriorError` where nothing is measured inside the domain or sizes differ, ``SolverError``, and
  ///   `MeasurementError.operatorNotSupported` for an operator that is too large for a matrix.
  func differentiableObservation(_ model: MeasurementModel, method: String) throws -> DifferentiableObservation {
    try check(model, method: method)
    if try firstTransformed(in: model.operation, method: method) == nil { return .linear(try observe(model)) }
    return .transformed(try model.operation.materialised(for: method))
  }

  /// The data fidelity of states to a measurement by an operator.
  ///
  /// - Throws: `PriorError.nothingObserved`, ``SolverError/unusableMeasurement(method:what:)``.
  func fidelity(
    to measurement: FieldMeasurement, by operation: DifferentiableObservation, method: String
  ) throws -> any DataFidelity {
    try check(measurement, method: method)
    if measurement.isSaturated.contains(true) { return try saturatedFidelity(to: measurement, method: method) }
    switch operation {
    case .linear(let operation): return LinearFidelity(space.observe(measurement, by: operation))
    case .transformed(let matrix):
      let fidelity = TransformedFidelity(measurement, matrix: matrix, prior: self)
      guard fidelity.count > 0 else { throw PriorError.nothingObserved }
      return fidelity
    }
  }

  /// The fidelity to a measurement of which some values were cut off: that to the others beside that to these.
  private func saturatedFidelity(to measurement: FieldMeasurement, method: String) throws -> any DataFidelity {
    func part(isSaturated: Bool) throws -> (any DataFidelity)? {
      var rows = measurement.rows(measurement.isSaturated.indices.filter { measurement.isSaturated[$0] == isSaturated })
      guard rows.count > 0 else { return nil }
      rows.isSaturated = []
      return try fidelity(to: rows, by: differentiableObservation(rows.model, method: method), method: method)
    }
    let parts = try [part(isSaturated: false), part(isSaturated: true).map(SaturatedFidelity.init)].compactMap(\.self)
    guard parts.count > 1 else { return parts[0] }
    return JoinedFidelity(parts[0], parts[1])
  }

  /// An operator and its noise for linear methods.
  ///
  /// - Throws: as ``differentiableObservation(_:method:)``, and ``SolverError/notLinear(method:channel:)``.
  func observationOperator(_ model: MeasurementModel, method: String) throws -> ObservationOperator {
    try check(model, method: method)
    if let channel = try firstTransformed(in: model.operation, method: method) {
      throw SolverError.notLinear(method: method, channel: channel)
    }
    return try observe(model)
  }

  /// Throws ``SolverError/unusableMeasurement(method:what:)`` where a measured value is not finite.
  func check(_ measurement: FieldMeasurement, method: String) throws(SolverError) {
    if let bad = measurement.values.firstIndex(where: { !$0.isFinite }) {
      throw .unusableMeasurement(
        method: method, what: "measured value number \(bad + 1) is \(measurement.values[bad])")
    }
  }

  private func observe(_ model: MeasurementModel) throws -> ObservationOperator {
    let operation = try space.observationOperator(model)
    guard operation.count > 0 else { throw PriorError.nothingObserved }
    return operation
  }

  private func check(_ model: MeasurementModel, method: String) throws {
    try model.operation.requireInputs(space.layout.stateOfEntry.count)
    if let bad = model.noise.firstIndex(where: { !($0 > 0 && $0.isFinite) }) {
      throw SolverError.unusableMeasurement(
        method: method, what: "the noise of measured value number \(bad + 1) is \(model.noise[bad])")
    }
  }

  /// The first channel that is both measured and transformed.
  private func firstTransformed(in operation: any LinearOperator, method: String) throws -> Int? {
    guard transforms.contains(where: { !$0.isIdentity }) else { return nil }
    let entries =
      try operation.selectedEntries ?? operation.materialised(for: method).columns.map(Int.init)
    let channels = transforms.count
    return Set(entries.map { $0 % channels }).sorted().first { !transforms[$0].isIdentity }
  }

  /// The posterior in the variables' units whose samples are the rows of `states` (N×d), and whose mean is their mean.
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
