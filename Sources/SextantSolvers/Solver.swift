// The protocol of every solver, from nearest neighbour to the amortised flow: it is prepared once for an operator and
// its noise, and then computes the posterior of any number of measurements.

import SextantArrays
import SextantMeasurement

/// A method that recovers whole signals from measurements.
public protocol Solver: Sendable {
  /// A short name for tables, such as "two-scale Gaussian".
  var name: String { get }
  /// Does the work that depends on the operator and the noise alone, such as factorisations.
  ///
  /// - Parameters:
  ///   - operation: the measurement operator, from V·C entries to m outputs.
  ///   - noise: the noise standard deviation of each output (m), in the variables' units.
  /// - Throws: `MeasurementError.operatorNotSupported` if the method cannot use the operator.
  func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver
  /// The solver with everything that it would fit to each measurement, such as parameters, fitted to this measurement
  /// and kept for all others; the solver itself if it fits nothing.
  func fitted(to measurement: FieldMeasurement) throws -> any Solver
  /// The mean and the standard deviation at the observed entries, with NaN elsewhere and without samples, if a fitted
  /// solver can compute them at less cost than the whole posterior; otherwise nil.
  func marginals(atObserved measurement: FieldMeasurement) throws -> Posterior?
}

/// A solver that has been prepared for one operator and its noise.
public protocol PreparedSolver: Sendable {
  /// The operator and the noise for which the solver was prepared.
  var model: MeasurementModel { get }
  /// The posterior given a measurement by the operator and with the noise of ``model``, which is not checked.
  ///
  /// If `samples` is 0, only the mean and, if the method has one, the exact standard deviation are computed.
  func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior
  /// The mean and the standard deviation at the entries that some rows of a measurement select, given its other rows, with
  /// NaN elsewhere and without samples; nil where that costs as much as solving without these rows.
  ///
  /// - Parameters:
  ///   - rows: those that are left out, each once.
  ///   - measurement: one by the operator and with the noise of ``model``.
  func posterior(leavingOut rows: [Int], of measurement: FieldMeasurement) throws -> Posterior?
}

extension PreparedSolver {
  public func posterior(leavingOut rows: [Int], of measurement: FieldMeasurement) throws -> Posterior? { nil }
}

/// A solver with nothing to prepare.
public protocol DirectSolver: Solver {
  /// Throws `MeasurementError.operatorNotSupported` if the method cannot use the operator.
  func check(_ operation: any LinearOperator) throws
  /// The posterior given a measurement. If `samples` is 0, only the mean and, if the method has one, the exact standard
  /// deviation are computed.
  func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior
}

extension Solver {
  public func fitted(to measurement: FieldMeasurement) throws -> any Solver { self }

  public func marginals(atObserved measurement: FieldMeasurement) throws -> Posterior? { nil }

  /// The posterior given one measurement: prepares for its operator and noise, then solves.
  ///
  /// Throws `MeasurementError` if values, noise and operator do not match or a value is not finite, and the errors of
  /// the method.
  public func posterior(
    given measurement: FieldMeasurement, samples: Int, using random: inout RandomStream
  ) throws -> Posterior {
    try measurement.check()
    return try prepare(for: measurement.operation, noise: measurement.noise).solve(
      measurement, samples: samples, using: &random)
  }

  /// The entries that an operator selects, for methods that support only selections.
  ///
  /// Throws `MeasurementError.operatorNotSupported` for any other operator.
  func selection(of operation: any LinearOperator, hint: String) throws(MeasurementError) -> [Int] {
    if let entries = operation.selectedEntries { return entries }
    throw .operatorNotSupported(
      method: name, form: operation.form.kind, reason: "each measured value must be one entry of the field",
      hint: hint)
  }
}

extension PreparedSolver {
  /// The posterior given a measurement by the operator and with the noise of ``model``. It equals the posterior of the
  /// solver itself to the last bit.
  ///
  /// Throws `MeasurementError.notPrepared` for any other measurement, `MeasurementError` if a value is not finite, and
  /// the errors of the method.
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

/// A solver with nothing to prepare, for one operator.
private struct DirectPreparation: PreparedSolver {
  let solver: any DirectSolver
  let model: MeasurementModel

  func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior {
    try solver.solve(measurement, samples: samples, using: &random)
  }
}

/// The posterior distribution of a signal given a measurement.
public struct Posterior: Sendable {
  /// The mean (V·C), in the variables' units.
  public var mean: [Float]
  /// The spread: the posterior standard deviation of each entry (V·C), in the variables' units; nil for a method
  /// without a closed form of it.
  public var spread: [Float]?
  /// Samples (N×V·C), in the variables' units; nil if none were requested or the method draws none.
  public var samples: Tensor<Float>?
  /// The cost in evaluations of a network; nil for a method without one.
  public var cost: NetworkCost?
  /// Values that the method chose for this measurement, such as fitted parameters, for people and logs.
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

/// The number of network evaluations for one posterior.
public struct NetworkCost: Sendable, Equatable, Codable {
  /// The number of fields on which the network was evaluated, for all samples together.
  public var evaluations: Int
  /// The number of these fields for which it was differentiated.
  public var gradients: Int
  /// The number of evaluations for one sample.
  public var evaluationsPerSample: Double

  public init(evaluations: Int, gradients: Int = 0, evaluationsPerSample: Double) {
    self.evaluations = evaluations
    self.gradients = gradients
    self.evaluationsPerSample = evaluationsPerSample
  }

  /// The cost of `samples` samples that took `evaluations` together.
  public init(evaluations: Int, gradients: Int, samples: Int) {
    self.init(
      evaluations: evaluations, gradients: gradients, evaluationsPerSample: Double(evaluations) / Double(samples))
  }
}
