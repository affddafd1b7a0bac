// Fits the parameters of a covariance by maximising the marginal likelihood of observed values, those of one field or
// of several fields together.
//
// A first search uses a subset of the values, for which a likelihood is cheap. Its result and its estimate of the
// curvature are the starting point of a search on many values. Values that are sums over states, such as those of a blur,
// have a likelihood of their own, with the rows of the operator on a subset of them, and one search.

import Foundation
import SextantArrays

/// The fitted parameters and the record of the fit.
package struct ChosenParameters: Sendable, Equatable {
  /// The parameter vector.
  package var values: [Double]
  /// The negative log marginal likelihood with the hyper-prior, up to a constant.
  package var objective: Double
  /// The number of evaluations of the likelihood.
  package var evaluations: Int
  /// Whether values that are sums over states were taken for those of the states with the largest weights.
  package var isByLargestWeights = false
  /// The estimated inverse Hessian, to start another search; empty if there is none.
  var inverseHessian: [[Double]] = []

  package init(values: [Double], objective: Double = .nan, evaluations: Int = 0) {
    self.values = values
    self.objective = objective
    self.evaluations = evaluations
  }
}

extension CovarianceModel {
  /// The parameters that maximise the likelihood of the observations.
  ///
  /// - Parameters:
  ///   - observations: the observations of one field, or of several that share parameters.
  ///   - first: the starting point, from which the search on a subset is skipped; nil for the maximum of the
  ///     hyper-prior.
  ///   - observedLimit: the largest number of values of each field in the likelihood, chosen by `random`; the posterior
  ///     uses all.
  ///   - maximumEvaluations: the largest number of evaluations.
  package func chooseParameters(
    for observations: [StateObservation], from first: ChosenParameters? = nil, observedLimit: Int = 900,
    maximumEvaluations: Int = 24, random: RandomStream
  ) -> ChosenParameters {
    chooseParameters(
      forValues: observations.enumerated().map { searchedValues($1, random: random.split($0)) }, from: first,
      observedLimit: observedLimit, maximumEvaluations: maximumEvaluations, random: random)
  }

  /// ``chooseParameters(for:from:observedLimit:maximumEvaluations:random:)`` for values that are known as states and their combinations.
  package func chooseParameters(
    forStates observations: [ObservedStates], from first: ChosenParameters? = nil, observedLimit: Int = 900,
    maximumEvaluations: Int = 24, random: RandomStream
  ) -> ChosenParameters {
    chooseParameters(
      forValues: observations.enumerated().map { searchedValues($1, random: random.split($0)) }, from: first,
      observedLimit: observedLimit, maximumEvaluations: maximumEvaluations, random: random)
  }

  private func chooseParameters(
    forValues observations: [SearchedValues], from first: ChosenParameters?, observedLimit: Int, maximumEvaluations: Int,
    random: RandomStream
  ) -> ChosenParameters {
    let early = Self.earlyLimit
    let isLong = first == nil && observedLimit > early && observations.contains { $0.sums == nil && $0.observed.count > 2 * early }
    let first =
      isLong
      ? search(observations, from: nil, limit: early, maximumEvaluations: maximumEvaluations, random: random) : first
    return search(
      observations, from: first, limit: observedLimit, maximumEvaluations: maximumEvaluations, random: random)
  }

  /// The best of several models of one field: its place in the list, and its parameters; nil for an empty list.
  ///
  /// The models are compared on the subset of the first search, and the search on many values is made for the best
  /// alone. Its result is then that of ``chooseParameters(for:from:observedLimit:maximumEvaluations:random:)``.
  ///
  /// - Parameters:
  ///   - models: the models, with the same parameters; the first is preferred where two are equally likely.
  ///   - observation: the observation of the field.
  ///   - random: the stream that selects the observations for the likelihood if there are many.
  package static func chooseModel(
    of models: [CovarianceModel], for observation: StateObservation, random: RandomStream
  ) -> (index: Int, chosen: ChosenParameters)? {
    guard let one = models.first else { return nil }
    let values = one.searchedValues(observation, random: random.split(0))
    let isLong = values.sums == nil && observation.count > 2 * earlyLimit
    let limit = isLong ? earlyLimit : observation.count
    var best: (index: Int, chosen: ChosenParameters)?
    for (index, model) in models.enumerated() {
      let chosen = model.search([values], from: nil, limit: limit, maximumEvaluations: 24, random: random)
      if best.map({ chosen.objective < $0.chosen.objective }) ?? true { best = (index, chosen) }
    }
    guard isLong, let (index, first) = best else { return best }
    return (index, models[index].chooseParameters(for: [observation], from: first, random: random))
  }

  /// The number of values of a field in the first search.
  private static let earlyLimit = 300

  /// The order in which values are chosen. On a mesh it must not depend on the numbers of the vertices: it follows from the values.
  private func order(by anomalies: [Double], random: RandomStream) -> [Int] {
    var stream = random
    var rows = Array(anomalies.indices)
    if isIndependentOfNumbering { rows.sort { (anomalies[$0], $0) < (anomalies[$1], $1) } }
    rows.shuffle(using: &stream)
    return rows
  }

  /// What a search uses of an observation.
  private func searchedValues(_ observation: StateObservation, random: RandomStream) -> SearchedValues {
    searchedValues(
      ObservedStates(
        states: observation.dominantStates, anomalies: observation.anomalies, noiseVariance: observation.noiseVariance,
        matrix: observation.selectedStates == nil ? observation.matrix : nil), random: random)
  }

  /// What a search uses of the values of a field: of sums over states those that are chosen, of others the values as they are.
  private func searchedValues(_ observed: ObservedStates, random: RandomStream) -> SearchedValues {
    guard let matrix = observed.matrix, observed.count > 0 else { return SearchedValues(observed: observed) }
    let sums = StateSums.chosen(
      of: matrix, order: order(by: observed.anomalies, random: random), positions: observed.states.map { positions[$0] })
    return SearchedValues(observed: observed, sums: sums, isByLargestWeights: sums == nil)
  }

  private func search(
    _ observations: [SearchedValues], from first: ChosenParameters?, limit: Int, maximumEvaluations: Int,
    random: RandomStream
  ) -> ChosenParameters {
    let likelihoods = observations.enumerated().map { index, values -> MarginalLikelihood in
      let observation = values.observed
      if let sums = values.sums {
        return MarginalLikelihood(
          self, states: sums.states, anomalies: sums.rows.map { observation.anomalies[$0] },
          noiseVariance: sums.rows.map { observation.noiseVariance[$0] }, sums: sums)
      }
      var rows = Array(0..<observation.count)
      if rows.count > limit {
        rows = order(by: observation.anomalies, random: random.split(index)).prefix(limit).sorted()
      }
      return MarginalLikelihood(
        self, states: rows.map { observation.states[$0] }, anomalies: rows.map { observation.anomalies[$0] },
        noiseVariance: rows.map { observation.noiseVariance[$0] })
    }
    let share = 1 / Double(max(1, likelihoods.count))
    let noise = likelihoods.map(\.noise).reduce(0, +) * share
    let minimum = minimise(
      from: first?.values ?? start(noise: noise), scale: parameters.map { min(1, $0.standardDeviation) },
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
    chosen.isByLargestWeights = observations.contains(where: \.isByLargestWeights)
    return chosen
  }
}

/// What a search uses of the values of a field.
private struct SearchedValues {
  /// The values, each as if it were that of the state with the largest weight.
  var observed: ObservedStates
  /// Those values that are used, as the sums of states that they are; nil where each is that of one state.
  var sums: StateSums?
  /// Whether the values are sums over too many states for that.
  var isByLargestWeights = false
}
