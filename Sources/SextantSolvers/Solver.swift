// The face that every solver has, from nearest neighbour to the amortised flow: prepare once for an
// operator, then give the posterior of as many measurements as there are. So every table compares like with like.

import SextantArrays
import SextantMeasurement

/// A method that recovers whole signals from measurements.
public protocol Solver: Sendable {
  /// A short name for tables, such as "two-scale Gaussian".
  var name: String { get }
  /// Does the work that depends on the operator alone.
  func prepare(for operation: any LinearOperator) throws -> any PreparedSolver
}

/// A solver made ready for one operator.
public protocol PreparedSolver: Sendable {
  /// The posterior given one measurement made by the operator that this was prepared for.
  ///
  /// `samples` may be 0: then only the mean and, where the method has one, the exact spread are computed.
  func posterior(
    given measurement: FieldMeasurement, samples: Int, using random: inout RandomStream
  ) throws -> Posterior
}

/// A prepared solver that can tell mean and spread of what was observed for less than the whole posterior costs.
public protocol ObservedEntriesSolver: PreparedSolver {
  /// The posterior at observed entries; not a number elsewhere, and without samples. Nil where it is not cheaper.
  func posteriorAtObservedEntries(given measurement: FieldMeasurement) throws -> Posterior?
}

extension Solver {
  /// One-shot form: prepares for the measurement's own operator, then solves.
  public func posterior(
    given measurement: FieldMeasurement, samples: Int, using random: inout RandomStream
  ) throws -> Posterior {
    try prepare(for: measurement.operation).posterior(
      given: measurement, samples: samples, using: &random)
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
    self.cost = cost
    self.mean = mean
    self.spread = spread
    self.samples = samples
    self.diagnostics = diagnostics
  }
}

/// How often a network was evaluated for one posterior.
public struct NetworkCost: Sendable, Equatable, Codable {
  /// The fields that the network was evaluated on.
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
