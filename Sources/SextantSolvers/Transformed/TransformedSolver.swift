// Conditions a prior in transformed units on a measurement in the variables' own units.
//
// The likelihood of y = A·x(w) + noise is not Gaussian in the transformed values w. It is approximated by
// pseudo-measurements of w, which any solver can use, and which are improved iteratively about the resulting posterior:
// each value separately (ExpectationPropagationSites) or, if values mix entries, by linearisation at the posterior mean
// (LinearizedMeasurement). Samples are drawn in w and mapped back, so bounds hold exactly. The noise of
// pseudo-measurements changes, so the inner solver is prepared again for each of them; if no measured variable is
// transformed, it is prepared once.

import SextantArrays
import SextantMeasurement
import SextantPriors

/// The Gaussian approximation to the likelihood in transformed units.
public enum LikelihoodApproximation: Sendable, Equatable {
  /// Linearisation at the posterior mean, which converges to the posterior's mode (Gauss–Newton, Laplace).
  case mode
  /// Expectation propagation, which matches the mean and the variance for each value; values that mix entries are
  /// linearised as with ``mode``.
  case moments
}

/// A Gaussian solver in transformed units.
public struct TransformedSolver: Solver {
  private let inner: any Solver
  /// The space of the prior: the mean and the scale of each state, in transformed units.
  public let space: StateSpace
  /// The transform of each channel (C).
  public let transforms: [MarginalTransform]
  private let approximation: LikelihoodApproximation
  private let maximumIterations: Int
  /// The iterations end when no observed entry's mean changes by more than this, in units of its channel's scale.
  private let tolerance: Double

  public var name: String { inner.name + ", transformed" }

  /// - Parameters:
  ///   - inner: a solver with a prior in transformed units.
  ///   - space: the space of that prior: the mean and the scale of each state, in transformed units.
  ///   - transforms: the transform of each channel (C).
  ///   - approximation: the approximation to the likelihood.
  ///   - maximumIterations: the largest number of improvements of the pseudo-measurements.
  ///   - tolerance: the change of an observed entry's mean, in units of its channel's scale, below which the iterations
  ///     end.
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
    BoundKeepingPreparation(latent: try prepareLatent(for: operation, noise: noise), transforms: transforms)
  }

  /// The preparation whose posteriors are those of the inner solver, in transformed units.
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

  /// The solver whose posteriors are those of the inner solver, in transformed units.
  package var latent: any Solver { LatentSolver(solver: self) }

  /// The first pseudo-measurement, about the prior mean.
  private func pseudo(
    _ measurement: FieldMeasurement, _ source: PseudoMeasurementSource
  ) -> any PseudoMeasurement {
    let zero = Tensor<Float>.zeros([1, space.count])
    let centre = space.fields(fromStates: zero, label: measurement.label).scalars
    return source.pseudoMeasurement(of: measurement, centre: centre, scales: space.scales, approximation: approximation)
  }

  /// The posterior of a measurement of transformed variables.
  fileprivate func latentPosterior(
    given measurement: FieldMeasurement, _ source: PseudoMeasurementSource, samples: Int,
    using random: inout RandomStream
  ) throws -> Posterior {
    var pseudo = pseudo(measurement, source)
    // Parameters are fitted once, to the first pseudo-measurement, because later ones already depend on them.
    let chosen = try inner.fitted(to: pseudo.measurement)
    var iterations = 0
    while iterations < maximumIterations {
      var unused = random
      let stand = pseudo.measurement
      let current =
        try chosen.marginals(atObserved: stand) ?? chosen.posterior(given: stand, samples: 0, using: &unused)
      guard let spread = current.spread else {
        // A method without uncertainty does not weight its values, so it receives the best guess of each.
        return try chosen.posterior(given: pseudo.bestGuess, samples: samples, using: &random)
      }
      iterations += 1
      if pseudo.improve(mean: current.mean, spread: spread) < tolerance { break }
    }
    var posterior = try chosen.posterior(given: pseudo.measurement, samples: samples, using: &random)
    posterior.diagnostics["likelihood-iterations"] = Double(iterations)
    return posterior
  }
}

/// A transformed solver with posteriors in transformed units.
private struct LatentSolver: Solver {
  let solver: TransformedSolver

  var name: String { solver.name }

  func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    try solver.prepareLatent(for: operation, noise: noise)
  }
}

/// A transformed solver prepared for one operator, with posteriors in transformed units.
private struct LatentPreparation: PreparedSolver {
  let model: MeasurementModel
  let solver: TransformedSolver
  let source: PseudoMeasurementSource
  /// The prepared inner solver, if no measured variable is transformed.
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

/// A prepared transformed solver with posteriors in the variables' units.
///
/// The Gaussian that stands for the likelihood of a censored value leaks a little over its threshold. The value itself does not:
/// an entry that was observed on a bound lies on it, and one that was observed between the bounds lies between them.
private struct BoundKeepingPreparation: PreparedSolver {
  let latent: any PreparedSolver
  let transforms: [MarginalTransform]

  var model: MeasurementModel { latent.model }

  func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior {
    var posterior = try latent.solve(measurement, samples: samples, using: &random)
    let entries = measurement.operation.selectedEntries ?? []
    let channels = transforms.count
    var onBound: [Int] = []
    for (row, entry) in entries.enumerated() {
      guard case .censored(let score) = transforms[entry % channels] else { continue }
      if score.hidden(at: Double(measurement.values[row])) != nil {
        onBound.append(row)
      } else {
        posterior.samples?.reflect(column: entry, into: score.visible)
      }
    }
    transforms.map(&posterior)
    for row in onBound {
      let (entry, value) = (entries[row], measurement.values[row])
      guard case .censored(let score) = transforms[entry % channels] else { continue }
      let bound = Float(score.bound(nearestTo: Double(value)))
      posterior.mean[entry] = bound
      posterior.spread?[entry] = 0
      posterior.samples?.fill(column: entry, with: bound)
    }
    return posterior
  }
}

extension Tensor<Float> {
  /// Reflects the numbers of a column (of N×n) at the ends of a range until they lie inside it.
  fileprivate mutating func reflect(column: Int, into range: ClosedRange<Double>) {
    let width = columnCount
    withUnsafeMutableScalars { values in
      for i in stride(from: column, to: values.count, by: width) {
        var value = Double(values[i])
        if value <= range.lowerBound { value = 2 * range.lowerBound - value }
        if value >= range.upperBound { value = 2 * range.upperBound - value }
        values[i] = Float(Swift.max(range.lowerBound.nextUp, Swift.min(range.upperBound.nextDown, value)))
      }
    }
  }

  /// Gives all numbers of a column (of N×n) one value.
  fileprivate mutating func fill(column: Int, with value: Float) {
    let width = columnCount
    withUnsafeMutableScalars { values in
      for i in stride(from: column, to: values.count, by: width) { values[i] = value }
    }
  }
}

extension [MarginalTransform] {
  /// Maps a posterior in transformed units to the variables' units.
  func map(_ posterior: inout Posterior) {
    mapMoments(mean: &posterior.mean, spread: &posterior.spread)
    if var samples = posterior.samples {
      // Removed first, so that the samples are not copied.
      posterior.samples = nil
      mapValues(&samples)
      posterior.samples = samples
    }
  }
}
