// The prior that all diffusion solvers take: a noise predictor over standardised states, and the map between states and data.
// Noise is given in data units, entry by entry; what each method needs of an operator and of a measurement is made here, in
// states.

import SextantArrays
import SextantDiffusion
import SextantMeasurement
import SextantPriors
import SextantSignals

/// An operator and its noise in terms of the states, for methods that follow gradients.
enum DifferentiableObservation: Sendable {
  /// Linear in the states.
  case linear(ObservationOperator)
  /// The matrix of an operator on the variables' own units, where some that it measures are transformed.
  case transformed(SparseMatrix)
}

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

  /// An operator and its noise for methods that only need gradients.
  ///
  /// - Throws: ``PriorError`` where nothing is measured inside the domain or sizes differ, ``SolverError``, and
  ///   ``MeasurementError/operatorNotSupported(method:form:reason:hint:)`` for an operator that is too large for a matrix.
  func differentiableObservation(_ model: MeasurementModel, method: String) throws -> DifferentiableObservation {
    try check(model, method: method)
    if try firstTransformed(in: model.operation, method: method) == nil { return .linear(try observe(model)) }
    return .transformed(try model.operation.materialised(for: method))
  }

  /// How far states are from a measurement by an operator.
  ///
  /// - Throws: ``PriorError/nothingObserved``, ``SolverError/unusableMeasurement(method:what:)``.
  func fidelity(
    to measurement: FieldMeasurement, by operation: DifferentiableObservation, method: String
  ) throws -> any DataFidelity {
    try check(measurement, method: method)
    switch operation {
    case .linear(let operation): return LinearFidelity(space.observe(measurement, by: operation))
    case .transformed(let matrix):
      let fidelity = TransformedFidelity(measurement, matrix: matrix, prior: self)
      guard fidelity.count > 0 else { throw PriorError.nothingObserved }
      return fidelity
    }
  }

  /// An operator and its noise for methods that are linear.
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

  /// The first channel that is measured and transformed.
  private func firstTransformed(in operation: any LinearOperator, method: String) throws -> Int? {
    guard transforms.contains(where: { !$0.isIdentity }) else { return nil }
    let entries =
      try operation.selectedEntries ?? operation.materialised(for: method).columns.map(Int.init)
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
