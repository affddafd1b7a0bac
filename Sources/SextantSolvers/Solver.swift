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
  /// How often a network was evaluated for this answer; nil for a method without one.
  public var cost: PosteriorCost?
  /// What the method chose for this measurement, such as fitted parameters; for people and logs.
  public var diagnostics: [String: Double]

  public init(
    mean: [Float], spread: [Float]? = nil, samples: Tensor<Float>? = nil, cost: PosteriorCost? = nil,
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
public struct PosteriorCost: Sendable, Equatable, Codable {
  /// The number of fields that the network was evaluated on, for all samples together.
  public var networkEvaluations: Int
  /// The same for one sample.
  public var perSample: Double
  /// How many of the evaluations were differentiated.
  public var gradients: Int

  public init(networkEvaluations: Int, perSample: Double, gradients: Int = 0) {
    (self.networkEvaluations, self.perSample, self.gradients) = (networkEvaluations, perSample, gradients)
  }

  /// The cost of so many evaluations for so many samples.
  init(evaluations: Int, gradients: Int, samples: Int) {
    self.init(
      networkEvaluations: evaluations, perSample: Double(evaluations) / Double(samples), gradients: gradients)
  }
}
