// Choosing the parameters of a covariance by the marginal likelihood of observed values: those of one
// field, or of several fields together.
//
// The way is found on few of the values, where a likelihood costs little, and finished on many from what the
// first search learned of the curvature.

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
  /// What the search learned of the curvature, for one that goes on from here; empty where nothing.
  var inverseHessian: [[Double]] = []

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
  ///   - first: where the search starts, from which no short way is tried; nil for where the hyper-prior is highest.
  ///   - observedLimit: at most this many values of each field enter the likelihood, chosen by `random`; the posterior uses all.
  ///   - maximumEvaluations: the effort.
  public func chooseParameters(
    for observations: [StateObservation], from first: ChosenParameters? = nil, observedLimit: Int = 900,
    maximumEvaluations: Int = 24, random: RandomStream
  ) -> ChosenParameters {
    let early = Self.earlyLimit
    let isLong = first == nil && observedLimit > early && observations.contains { $0.count > 2 * early }
    let first =
      isLong
      ? search(observations, from: nil, limit: early, maximumEvaluations: maximumEvaluations, random: random) : first
    return search(
      observations, from: first, limit: observedLimit, maximumEvaluations: maximumEvaluations, random: random)
  }

  /// How many values of a field show the way.
  private static let earlyLimit = 300

  private func search(
    _ observations: [StateObservation], from first: ChosenParameters?, limit: Int, maximumEvaluations: Int,
    random: RandomStream
  ) -> ChosenParameters {
    let likelihoods = observations.enumerated().map { index, observation -> MarginalLikelihood in
      var stream = random.split(index)
      var rows = Array(0..<observation.count)
      if rows.count > limit {
        rows.shuffle(using: &stream)
        rows = rows.prefix(limit).sorted()
      }
      // NOTE: a value that mixes states enters the search as if it saw the one with the largest weight alone.
      let states = observation.dominantStates
      return MarginalLikelihood(
        self, states: rows.map { states[$0] }, anomalies: rows.map { observation.anomalies[$0] },
        noiseVariance: rows.map { observation.noiseVariance[$0] })
    }
    let share = 1 / Double(max(1, likelihoods.count))
    let noise = likelihoods.map(\.noise).reduce(0, +) * share
    let minimum = minimise(
      from: first?.values ?? start(noise: noise), scale: parameters.map { min(1, $0.deviation) },
      inverseHessian: first?.inverseHessian ?? [], maximumEvaluations: maximumEvaluations
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
    var chosen = ChosenParameters(
      values: minimum.point, objective: minimum.value, evaluations: minimum.evaluations + (first?.evaluations ?? 0))
    chosen.inverseHessian = minimum.inverseHessian
    return chosen
  }
}
