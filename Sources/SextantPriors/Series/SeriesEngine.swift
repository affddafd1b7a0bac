// The filter and the smoother of a series behind one type, in the precision that the noise allows.

import SextantArrays

/// Conditions the steps of a series, one after another or in blocks.
package struct SeriesEngine: Sendable {
  /// The filter in one of the two precisions; both are specialised here, where their loops are compiled.
  private enum Filter: Sendable {
    case single(SeriesWindow<Float>)
    case double(SeriesWindow<Double>)
  }

  private var filter: Filter
  private let model: CovarianceModel
  /// The parameters.
  package private(set) var parameters: SeriesParameters
  /// N.
  package let memberCount: Int

  /// - Parameters:
  ///   - model: the covariance at one time.
  ///   - memberCount: N, the number of samples.
  ///   - smallestNoise: the smallest noise variance of any observation, standardised.
  /// - Throws: `LinearAlgebraError` where the covariance is not positive definite.
  package init(
    _ model: CovarianceModel, parameters: SeriesParameters, memberCount: Int, smallestNoise: Double
  ) throws {
    let variances = model.variances(parameters: parameters.spatial)
    let mean = variances.reduce(0, +) / Double(max(1, variances.count))
    (self.model, self.parameters, self.memberCount) = (model, parameters, memberCount)
    let draws = memberCount > 0
    // Each step subtracts what is known from the covariance, so that less noise needs more digits.
    filter =
      smallestNoise > 1e-3 * mean
      ? .single(
        SeriesWindow(
          SeriesFilter(
            try SeriesDynamics(model, parameters: parameters, drawsSamples: draws), memberCount: memberCount)))
      : .double(
        SeriesWindow(
          SeriesFilter(
            try SeriesDynamics(model, parameters: parameters, drawsSamples: draws), memberCount: memberCount)))
  }

  /// D, the number of entries of the state.
  package var size: Int {
    switch filter {
    case .single(let own): own.filter.dynamics.size
    case .double(let own): own.filter.dynamics.size
    }
  }

  /// The time of the last step; nil before the first.
  package var time: Double? {
    switch filter {
    case .single(let own): own.filter.state.time
    case .double(let own): own.filter.state.time
    }
  }

  /// log p of all observations so far.
  package var logEvidence: Double {
    switch filter {
    case .single(let own): own.filter.state.logEvidence
    case .double(let own): own.filter.state.logEvidence
    }
  }

  /// The memory of one step of a block, in bytes.
  package func bytesPerStep(observed: Int) -> Int {
    switch filter {
    case .single:
      SeriesSmoother<Float>.bytesPerStep(size: size, observed: observed, memberCount: memberCount)
    case .double:
      SeriesSmoother<Double>.bytesPerStep(size: size, observed: observed, memberCount: memberCount)
    }
  }

  /// Goes on with other parameters: what is known stays, and what is forgotten returns to the new prior.
  package mutating func replace(parameters: SeriesParameters) throws {
    self.parameters = parameters
    let draws = memberCount > 0
    switch filter {
    case .single(let old):
      filter = .single(SeriesWindow(try Self.replaced(old.filter, model, parameters, draws: draws)))
    case .double(let old):
      filter = .double(SeriesWindow(try Self.replaced(old.filter, model, parameters, draws: draws)))
    }
  }

  private static func replaced<Scalar: TensorScalar>(
    _ old: SeriesFilter<Scalar>, _ model: CovarianceModel, _ parameters: SeriesParameters, draws: Bool
  ) throws -> SeriesFilter<Scalar> {
    let dynamics = try SeriesDynamics<Scalar>(model, parameters: parameters, drawsSamples: draws)
    // Before the first step nothing is known but the prior, which is the new one.
    guard old.state.time != nil else { return SeriesFilter(dynamics, memberCount: old.memberCount) }
    return SeriesFilter(
      dynamics, memberCount: old.memberCount, from: dynamics.adopting(old.state, of: old.dynamics))
  }

  /// Takes a step for what later steps need.
  package mutating func skip(_ step: SeriesStep) throws {
    switch filter {
    case .single(var own):
      try own.skip(step)
      filter = .single(own)
    case .double(var own):
      try own.skip(step)
      filter = .double(own)
    }
  }

  /// Takes a step; the answer given it and all earlier steps.
  package mutating func estimate(at step: SeriesStep) throws -> SeriesEstimate {
    switch filter {
    case .single(var own):
      let estimate = try own.estimate(at: step)
      filter = .single(own)
      return estimate
    case .double(var own):
      let estimate = try own.estimate(at: step)
      filter = .double(own)
      return estimate
    }
  }

  /// Takes `count` steps; their answers given all earlier steps, these, and the later ones among `steps`. Where the call before
  /// had later steps, `steps` begins with these, and they are not filtered again.
  package mutating func estimates(
    of steps: [SeriesStep], count: Int, checkingInterruption check: () throws -> Void = {}
  ) throws -> [SeriesEstimate] {
    switch filter {
    case .single(var own):
      let estimates = try own.estimates(of: steps, count: count, check)
      filter = .single(own)
      return estimates
    case .double(var own):
      let estimates = try own.estimates(of: steps, count: count, check)
      filter = .double(own)
      return estimates
    }
  }
}

extension SeriesEngine {
  /// What goes on in a later run: the mean and the members' corrections, the covariance and the members' draws, in single
  /// precision.
  package var stored: SeriesFilterState<Float> {
    switch filter {
    case .single(let own): return own.filter.state
    case .double(let window):
      let own = window.filter
      return SeriesFilterState(
        time: own.state.time, localScale: own.state.localScale, vectors: own.state.vectors.converted(to: Float.self),
        covariance: own.state.covariance.converted(to: Float.self), draws: own.state.draws.converted(to: Float.self),
        logEvidence: own.state.logEvidence)
    }
  }

  /// Goes on from what an earlier run stored.
  package mutating func restore(_ state: SeriesFilterState<Float>) {
    switch filter {
    case .single(let own):
      filter = .single(SeriesWindow(SeriesFilter(own.filter.dynamics, memberCount: memberCount, from: state)))
    case .double(let own):
      let converted = SeriesFilterState(
        time: state.time, localScale: state.localScale, vectors: state.vectors.converted(to: Double.self),
        covariance: state.covariance.converted(to: Double.self), draws: state.draws.converted(to: Double.self),
        logEvidence: state.logEvidence)
      filter = .double(SeriesWindow(SeriesFilter(own.filter.dynamics, memberCount: memberCount, from: converted)))
    }
  }
}
