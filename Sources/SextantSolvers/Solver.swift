// The protocol of every solver, from nearest neighbour to the amortised flow: prepare once for an operator and its noise, then
// compute the posterior of any number of measurements. So every table compares like with like.

import SextantArrays
import SextantMeasurement

/// A method that recovers whole signals from measurements.
public protocol Solver: Sendable {
  /// A short name for tables, such as "two-scale Gaussian".
  var name: String { get }
  /// Does the work that depends on the operator and the noise alone, such as factorisations.
  ///
  /// - Parameter noise: the noise standard deviation of each output of the operator (m), in the variables' units.
  /// - Throws: ``MeasurementError/operatorNotSupported(method:form:reason:hint:)`` where the method cannot use the operator.
  func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver
  /// The same solver with all that it fits to single measurements, such as parameters, fitted to this one and kept for every
  /// other; itself where it fits nothing.
  func fitted(to measurement: FieldMeasurement) throws -> any Solver
  /// Mean and standard deviation at the observed entries alone, not a number elsewhere and without samples, where a fitted
  /// solver can compute them for less than the whole posterior costs; otherwise nil.
  func marginals(atObserved measurement: FieldMeasurement) throws -> Posterior?
}

/// A solver that is prepared for one operator and its noise.
public protocol PreparedSolver: Sendable {
  /// What it is prepared for.
  var model: MeasurementModel { get }
  /// The posterior given a measurement of the model that this is prepared for, which is not checked.
  ///
  /// `samples` may be 0: then only the mean and, where the method has one, the exact standard deviation are computed.
  func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior
}

/// A solver with nothing to prepare.
public protocol DirectSolver: Solver {
  /// Throws ``MeasurementError/operatorNotSupported(method:form:reason:hint:)`` for an operator that the method cannot use.
  func check(_ operation: any LinearOperator) throws
  /// The posterior given a measurement. `samples` may be 0: then only the mean and, where the method has one, the exact
  /// standard deviation are computed.
  func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior
}

extension Solver {
  public func fitted(to measurement: FieldMeasurement) throws -> any Solver { self }

  public func marginals(atObserved measurement: FieldMeasurement) throws -> Posterior? { nil }

  /// The posterior given one measurement: prepares for its operator and noise, then solves.
  ///
  /// Throws ``MeasurementError`` where values, noise and operator do not fit together or a value is not finite, and what the
  /// method throws.
  public func posterior(
    given measurement: FieldMeasurement, samples: Int, using random: inout RandomStream
  ) throws -> Posterior {
    try measurement.check()
    return try prepare(for: measurement.operation, noise: measurement.noise).solve(
      measurement, samples: samples, using: &random)
  }

  /// The entries that an operator selects, for methods that take selections only.
  ///
  /// Throws ``MeasurementError/operatorNotSupported(method:form:reason:hint:)`` for any other operator.
  func selection(of operation: any LinearOperator, hint: String) throws(MeasurementError) -> [Int] {
    if let entries = operation.selectedEntries { return entries }
    throw .operatorNotSupported(
      method: name, form: operation.form.kind, reason: "each measured value has to be one entry of the field",
      hint: hint)
  }
}

extension PreparedSolver {
  /// The posterior given a measurement by the operator and with the noise that this is prepared for: to the last bit the one
  /// that the solver itself gives.
  ///
  /// Throws ``MeasurementError/notPrepared(what:)`` for any other measurement, ``MeasurementError`` where its values cannot be
  /// used, and what the method throws.
  public func posterior(
    given measurement: FieldMeasurement, samples: Int, using random: inout RandomStream
  ) throws -> Posterior {
    try model.check(measurement)
    try measurement.check()
    return try solve(measurement, samples: samples, using: &random)
  }
}

extension DirectSolver {
  public func check(_ operation: any LinearOperator) throws {}

  public func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    try check(operation)
    return try DirectPreparation(solver: self, model: MeasurementModel(operation: operation, noise: noise))
  }
}

/// A solver with nothing to prepare, held to one operator.
private struct DirectPreparation: PreparedSolver {
  let solver: any DirectSolver
  let model: MeasurementModel

  func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior {
    try solver.solve(measurement, samples: samples, using: &random)
  }
}

/// What is known of a signal after measuring.
public struct Posterior: Sendable {
  /// The mean (V·C), in the variables' units.
  public var mean: [Float]
  /// The standard deviation of each entry (V·C) where the method has one in closed form.
  public var spread: [Float]?
  /// Samples (N×V·C); nil for a method that gives one answer and no uncertainty.
  public var samples: Tensor<Float>?
  /// The use of networks; nil for a method without one.
  public var cost: NetworkCost?
  /// What the method chose for this measurement, such as fitted parameters; for people and logs.
  public var diagnostics: [String: Double]

  public init(
    mean: [Float], spread: [Float]? = nil, samples: Tensor<Float>? = nil, cost: NetworkCost? = nil,
    diagnostics: [String: Double] = [:]
  ) {
    self.mean = mean
    self.spread = spread
    self.samples = samples
    self.cost = cost
    self.diagnostics = diagnostics
  }
}

/// How often a network was evaluated for one posterior.
public struct NetworkCost: Sendable, Equatable, Codable {
  /// The fields that the network was evaluated on, for all samples together.
  public var evaluations: Int
  /// The fields of these that it was differentiated for.
  public var gradients: Int
  /// Evaluations for one sample.
  public var evaluationsPerSample: Double

  public init(evaluations: Int, gradients: Int = 0, evaluationsPerSample: Double) {
    self.evaluations = evaluations
    self.gradients = gradients
    self.evaluationsPerSample = evaluationsPerSample
  }

  /// The cost of so many samples that took `evaluations` together.
  public init(evaluations: Int, gradients: Int, samples: Int) {
    self.init(
      evaluations: evaluations, gradients: gradients, evaluationsPerSample: Double(evaluations) / Double(samples))
  }
}
