// Conditions a prior that lives in transformed units on a measurement in the variables' own units.
//
// The likelihood of y = A·x(w) + noise is not Gaussian in w. It is replaced by that of pseudo-measurements of w, which
// any solver understands, and improved turn by turn about the posterior that they give: each value by itself, see
// ObservationSites, or, where values mix entries, by the line that touches A·x(w) at the posterior mean (Gauss–Newton).
// Samples are drawn in w and mapped back, so that bounds hold exactly.

import SextantArrays
import SextantMeasurement
import SextantPriors

/// How the likelihood in transformed units becomes Gaussian.
public enum LikelihoodApproximation: Sendable, Equatable {
  /// By the line that touches it at the posterior mean, which ends at the posterior's mode (Gauss–Newton, Laplace).
  case mode
  /// By mean and variance of what each value makes of the rest's posterior (expectation propagation); values that mix
  /// entries are taken as under ``mode``.
  case moments
}

/// A solver that chooses something for each field, such as parameters, and can be kept to its choice.
public protocol ChoosingSolver: Solver {
  /// The same solver with its choice made by `measurement`, whatever it is then given.
  func settled(by measurement: FieldMeasurement) throws -> any Solver
}

/// A Gaussian solver in transformed units.
public struct TransformedSolver: Solver {
  private let inner: any Solver
  /// The space of the prior: mean and scale of each state, transformed.
  public let space: StateSpace
  /// The transform of each channel (C).
  public let transforms: [MarginalTransform]
  private let approximation: LikelihoodApproximation
  private let turnLimit: Int
  /// The largest change of an observed entry's mean, in units of its channel's scale, that ends the turns.
  private let tolerance: Double

  public var name: String { inner.name + ", transformed" }

  /// - Parameters:
  ///   - inner: a solver with a prior in transformed units.
  ///   - space: the space of that prior: mean and scale of each state, transformed.
  ///   - transforms: what was done to each channel (C).
  ///   - turnLimit: how often the pseudo-measurements are improved at most.
  public init(
    _ inner: any Solver, space: StateSpace, transforms: [MarginalTransform],
    approximation: LikelihoodApproximation = .moments, turnLimit: Int = 4, tolerance: Double = 0.05
  ) {
    precondition(transforms.count == space.layout.channelCount, "\(transforms.count) transforms")
    self.inner = inner
    self.space = space
    self.transforms = transforms
    self.approximation = approximation
    self.turnLimit = turnLimit
    self.tolerance = tolerance
  }

  public func prepare(for operation: any LinearOperator) throws -> any PreparedSolver { Prepared(solver: self) }

  private struct Prepared: PreparedSolver {
    let solver: TransformedSolver

    func posterior(
      given measurement: FieldMeasurement, samples: Int, using random: inout RandomStream
    ) throws -> Posterior {
      solver.mapped(try solver.latentPosterior(given: measurement, samples: samples, using: &random))
    }
  }

  /// The posterior in transformed units: Gaussian, as the solver within gives it.
  public func latentPosterior(
    given measurement: FieldMeasurement, samples: Int, using random: inout RandomStream
  ) throws -> Posterior {
    guard measurement.operation.inputCount == space.layout.stateOfEntry.count else {
      throw PriorError.wrongSize(
        expected: space.layout.stateOfEntry.count, found: measurement.operation.inputCount)
    }
    let zero = Tensor<Float>.zeros([1, space.count])
    let centre = space.fields(fromStates: zero, label: measurement.label).scalars
    var pseudo: any PseudoMeasurement =
      if let selection = measurement.operation as? SelectionOperator {
        ObservationSites(
          measurement, selection: selection, transforms: transforms, centre: centre, scales: space.scales,
          approximation: approximation)
      } else {
        TangentMeasurement(measurement, transforms: transforms, centre: centre, scales: space.scales)
      }
    let chosen = try (inner as? any ChoosingSolver)?.settled(by: pseudo.measurement) ?? inner
    let ready = try chosen.prepare(for: measurement.operation)
    // Values that see one entry each need to know of no other, which some solvers tell for less.
    let shortcut = pseudo is ObservationSites ? ready as? any ObservedEntriesSolver : nil
    var turns = 0
    while turns < turnLimit, pseudo.canImprove {
      var unused = random
      let current =
        try shortcut?.posteriorAtObservedEntries(given: pseudo.measurement)
        ?? ready.posterior(given: pseudo.measurement, samples: 0, using: &unused)
      guard let spread = current.spread else {
        // A method without uncertainty does not weigh its values: it gets the best guess of each.
        return try ready.posterior(given: pseudo.bestGuess, samples: samples, using: &random)
      }
      turns += 1
      if pseudo.improve(mean: current.mean, spread: spread) < tolerance { break }
    }
    var posterior = try ready.posterior(given: pseudo.measurement, samples: samples, using: &random)
    posterior.diagnostics["likelihood-turns"] = Double(turns)
    return posterior
  }

  /// A posterior in transformed units as one in the variables' units.
  public func mapped(_ posterior: Posterior) -> Posterior {
    var result = posterior
    transforms.mapMoments(mean: &result.mean, spread: &result.spread)
    if var samples = result.samples {
      // Not held twice, or it would be copied.
      result.samples = nil
      transforms.mapValues(&samples)
      result.samples = samples
    }
    return result
  }
}

/// A Gaussian stand-in, in transformed units, for a measurement.
protocol PseudoMeasurement {
  /// What a Gaussian solver is given.
  var measurement: FieldMeasurement { get }
  /// What a solver that believes every value is given.
  var bestGuess: FieldMeasurement { get }
  /// Whether anything depends on the posterior; false where nothing that was measured is transformed.
  var canImprove: Bool { get }
  /// Brings the stand-in nearer to the measurement about a posterior (V·C each, transformed units).
  ///
  /// - Returns: by how much that posterior's mean moved since the last turn, at most, in units of each channel's scale.
  mutating func improve(mean: [Float], spread: [Float]) -> Double
}
