// Choosing the parameters of a covariance by the marginal likelihood of observed values: those of one
// field, or of several fields together.

import Foundation
import SextantArrays

/// Parameters that were chosen, and how.
public struct ChosenParameters: Sendable, Equatable {
  /// The parameter vector.
  public var values: [Double]
  /// Negative log marginal likelihood with hyper-prior, up to a constant.
  public var objective: Double
  /// How often the likelihood was evaluated.
  public var evaluations: Int

  public init(values: [Double], objective: Double = .nan, evaluations: Int = 0) {
    self.values = values
    self.objective = objective
    self.evaluations = evaluations
  }
}

extension CovarianceModel {
  /// The parameters that make the observations most likely.
  ///
  /// - Parameters:
  ///   - observations: of one field, or of several that share parameters.
  ///   - first: where the search starts; nil for where the hyper-prior is highest.
  ///   - observedLimit: at most this many values of each field enter the likelihood, chosen by `random`; the posterior uses all.
  ///   - maximumEvaluations: the effort.
  public func chooseParameters(
    for observations: [StateObservation], from first: [Double]? = nil, observedLimit: Int = 900,
    maximumEvaluations: Int = 24, random: RandomStream
  ) -> ChosenParameters {
    let likelihoods = observations.enumerated().map { index, observation -> MarginalLikelihood in
      var stream = random.split(index)
      var rows = Array(0..<observation.count)
      if rows.count > observedLimit {
        rows.shuffle(using: &stream)
        rows = rows.prefix(observedLimit).sorted()
      }
      // NOTE: a value that mixes states enters the search as if it saw the one with the largest weight alone.
      let states = observation.dominantStates
      return MarginalLikelihood(
        self, states: rows.map { states[$0] }, anomalies: rows.map { observation.anomalies[$0] },
        noiseVariance: rows.map { observation.noiseVariance[$0] })
    }
    let share = 1 / Double(max(1, likelihoods.count))
    let noise = likelihoods.map(\.noise).reduce(0, +) * share
    let start = first ?? start(noise: noise)
    let minimum = minimise(
      from: start, scale: parameters.map { min(1, $0.deviation) }, maximumEvaluations: maximumEvaluations
    ) { theta in
      var value = 0.0
      var gradient = [Double](repeating: 0, count: theta.count)
      for likelihood in likelihoods {
        let part = likelihood(theta)
        value += share * part.value
        for p in gradient.indices { gradient[p] += share * part.gradient[p] }
      }
      return (value, gradient)
    }
    return ChosenParameters(values: minimum.point, objective: minimum.value, evaluations: minimum.evaluations)
  }
}
