// Conditions a prior that lives in transformed units on a measurement in the variables' own units.
//
// The likelihood of y = A·x(w) + noise is not Gaussian in w. It is replaced by that of pseudo-measurements of w, which
// any solver understands, and improved turn by turn about the posterior that they give: each value by itself, see
// ExpectationPropagationSites, or, where values mix entries, by the plane that touches A·x(w) at the posterior mean (Gauss–Newton).
// Samples are drawn in w and mapped back, so that bounds hold exactly. Pseudo-measurements have noise of their own, so the
// solver within is prepared anew for each; where nothing that is measured is transformed it is prepared once.

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

/// A Gaussian solver in transformed units.
public struct TransformedSolver: Solver {
  private let inner: any Solver
  /// The space of the prior: mean and scale of each state, transformed.
  public let space: StateSpace
  /// The transform of each channel (C).
  public let transforms: [MarginalTransform]
  private let approximation: LikelihoodApproximation
  private let maximumIterations: Int
  /// The largest change of an observed entry's mean, in units of its channel's scale, that ends the turns.
  private let tolerance: Double

  public var name: String { inner.name + ", transformed" }

  /// - Parameters:
  ///   - inner: a solver with a prior in transformed units.
  ///   - space: the space of that prior: mean and scale of each state, transformed.
  ///   - transforms: what was done to each channel (C).
  ///   - maximumIterations: how often the pseudo-measurements are improved at most.
  public init(
    _ inner: any Solver, space: StateSpace, transforms: [MarginalTransform],
    approximation: LikelihoodApproximation = .moments, maximumIterations: Int = 4, tolerance: Double = 0.05
  ) {
    precondition(transforms.count == space.layout.channelCount, "\(transforms.count) transforms")
    self.inner = inner
    self.space = space
    self.transforms = transforms
    self.approximation = approximation
    self.maximumIterations = maximumIterations
    self.tolerance = tolerance
  }

  public func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    AdjustedPreparation(inner: try prepareLatent(for: operation, noise: noise)) { [transforms] in transforms.map(&$0) }
  }

  /// The preparation whose posteriors stay in transformed units: Gaussian, as the solver within gives them.
  func prepareLatent(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    let model = try MeasurementModel(operation: operation, noise: noise)
    try operation.requireInputs(space.layout.stateOfEntry.count)
    try model.checkNoise()
    let source = try PseudoMeasurementSource(model, transforms: transforms)
    return LatentPreparation(
      model: model, solver: self, source: source,
      plain: try source.isTransformed ? nil : inner.prepare(for: operation, noise: noise))
  }

  public func fitted(to measurement: FieldMeasurement) throws -> any Solver {
    let source = try PseudoMeasurementSource(measurement.model, transforms: transforms)
    return TransformedSolver(
      try inner.fitted(to: pseudo(measurement, source).measurement), space: space, transforms: transforms,
      approximation: approximation, maximumIterations: maximumIterations, tolerance: tolerance)
  }

  /// The posterior in transformed units: Gaussian, as the solver within gives it.
  package func latentPosterior(
    given measurement: FieldMeasurement, samples: Int, using random: inout RandomStream
  ) throws -> Posterior {
    try prepareLatent(for: measurement.operation, noise: measurement.noise).solve(
      measurement, samples: samples, using: &random)
  }

  /// The first stand-in for a measurement, about the prior mean.
  private func pseudo(
    _ measurement: FieldMeasurement, _ source: PseudoMeasurementSource
  ) -> any PseudoMeasurement {
    let zero = Tensor<Float>.zeros([1, space.count])
    let centre = space.fields(fromStates: zero, label: measurement.label).scalars
    return source.pseudoMeasurement(of: measurement, centre: centre, scales: space.scales, approximation: approximation)
  }

  /// The posterior of a measurement of which something is transformed.
  fileprivate func latentPosterior(
    given measurement: FieldMeasurement, _ source: PseudoMeasurementSource, samples: Int,
    using random: inout RandomStream
  ) throws -> Posterior {
    var pseudo = pseudo(measurement, source)
    // Parameters are chosen once, by the first stand-in: later ones would chase their own choice.
    let chosen = try inner.fitted(to: pseudo.measurement)
    var turns = 0
    while turns < maximumIterations {
      var unused = random
      let stand = pseudo.measurement
      let current =
        try chosen.marginals(atObserved: stand) ?? chosen.posterior(given: stand, samples: 0, using: &unused)
      guard let spread = current.spread else {
        // A method without uncertainty does not weigh its values: it gets the best guess of each.
        return try chosen.posterior(given: pseudo.bestGuess, samples: samples, using: &random)
      }
      turns += 1
      if pseudo.improve(mean: current.mean, spread: spread) < tolerance { break }
    }
    var posterior = try chosen.posterior(given: pseudo.measurement, samples: samples, using: &random)
    posterior.diagnostics["likelihood-iterations"] = Double(turns)
    return posterior
  }
}

/// A transformed solver held to one operator, with answers in transformed units.
private struct LatentPreparation: PreparedSolver {
  let model: MeasurementModel
  let solver: TransformedSolver
  let source: PseudoMeasurementSource
  /// The solver within, where nothing that is measured is transformed.
  let plain: (any PreparedSolver)?

  func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior {
    guard let plain else {
      return try solver.latentPosterior(given: measurement, source, samples: samples, using: &random)
    }
    var posterior = try plain.solve(measurement, samples: samples, using: &random)
    posterior.diagnostics["likelihood-iterations"] = 0
    return posterior
  }
}

extension [MarginalTransform] {
  /// Maps a posterior in transformed units to the variables' units.
  func map(_ posterior: inout Posterior) {
    mapMoments(mean: &posterior.mean, spread: &posterior.spread)
    if var samples = posterior.samples {
      // Not held twice, or it would be copied.
      posterior.samples = nil
      mapValues(&samples)
      posterior.samples = samples
    }
  }
}
