// Errors of a factor analysis at pairs of measured values of which it saw neither, by which the noise of neighbours is judged
// (NeighbourNoise). At least one of the two was hidden from learning. Where the other was not, it is taken out of the field's posterior
// (a downdate of rank one: precision P − w·wᵀ/v). The share of the noise that was learned with the loadings, at most that of q
// coefficients found from n values, is taken off the noise that its error must have; of a hidden value, that of the climatology's, which
// is first found from all values.

import SextantArrays

/// The errors at two measured states.
package struct UnseenPair: Sendable {
  /// The two states.
  package let states: (Int, Int)
  /// Measured minus predicted, standardised.
  package let errors: (Double, Double)
  /// The variance that noise of the stated size gives to each error at least, standardised.
  package let variances: (Double, Double)
}

extension GappyStates {
  /// How often each state is measured and not hidden (d). Throws what reading throws.
  package func seenCounts() throws -> [Int] {
    var result = [Int](repeating: 0, count: stateCount)
    for position in 0..<count {
      let field = try field(position)
      for (row, state) in field.states.enumerated() where !field.isHidden[row] { result[state] += 1 }
    }
    return result
  }
}

extension FactorModel {
  /// The errors at those of some pairs of states of which the field has both values and one was hidden from learning.
  ///
  /// - Parameters:
  ///   - pairs: pairs of states.
  ///   - field: a field whose values that are not hidden were learned from.
  ///   - seenCounts: how often each state was learned from (d).
  ///   - isMoved: whether moved copies of the fields were learned from as well, which show hidden values at other places.
  ///   - limit: the largest number of pairs, evenly chosen.
  package func unseenErrors(
    at pairs: [(Int, Int)], in field: GappyField, seenCounts: [Int], isMoved: Bool, limit: Int
  ) throws -> [UnseenPair] {
    var rowOfState = [Int](repeating: -1, count: stateCount)
    for (row, state) in field.states.enumerated() { rowOfState[state] = row }
    let posterior = try posterior(given: field.values(hidden: false), terms: field.terms)
    let (k, t) = (factorCount, termCount)
    /// The anomaly of a row without what its climatology says, and its loadings.
    func value(_ row: Int) -> (residual: Double, loadings: [Double]) {
      let own = coefficients.row(field.states[row]).scalars
      return (field.anomalies[row] - (0..<t).reduce(0.0) { $0 + own[$1] * field.terms[$1] }, Array(own[t...]))
    }
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    /// The noise that is left in the error of a row.
    func variance(_ row: Int) -> Double {
      let learned = Double(field.isHidden[row] && !isMoved ? t : width) / Double(max(1, seenCounts[field.states[row]]))
      return max(0, 1 - learned) * field.noiseVariance[row]
    }
    let candidates = pairs.filter { first, second in
      let rows = (rowOfState[first], rowOfState[second])
      return rows.0 >= 0 && rows.1 >= 0 && (field.isHidden[rows.0] || field.isHidden[rows.1])
    }
    let number = min(limit, candidates.count)
    return (0..<number).map { place in
      let states = candidates[place * candidates.count / number]
      let rows = (rowOfState[states.0], rowOfState[states.1])
      let values = (value(rows.0), value(rows.1))
      var mean = posterior.mean
      if !(field.isHidden[rows.0] && field.isHidden[rows.1]) {
        let (seen, own) = field.isHidden[rows.0] ? (rows.1, values.1) : (rows.0, values.0)
        let state = field.states[seen]
        let direction = posterior.precision.solve(Tensor(own.loadings, shape: [k, 1])).scalars
        let left = residualVariance[state] + field.noiseVariance[seen] - dot(own.loadings, direction)
        let step = (own.residual - dot(own.loadings, mean)) / left
        for a in 0..<k { mean[a] -= step * direction[a] }
      }
      return UnseenPair(
        states: states,
        errors: (values.0.residual - dot(values.0.loadings, mean), values.1.residual - dot(values.1.loadings, mean)),
        variances: (variance(rows.0), variance(rows.1)))
    }
  }
}

extension FactorModel {
  /// By how much the variance of the errors at fields that were not learned from exceeds that of the noise, as a share of it: the
  /// coefficients of a state were found from noisy values, and their errors, which are independent between states, look like noise. A
  /// regression on n values with orthogonal regressors and the precision r of the coefficients' prior gives Σ 1/(n + Ψ·r). Ψ has to
  /// contain the noise: the model was learned as if there were none.
  ///
  /// - Parameters:
  ///   - states: the states that are looked at; each has the weight of its values.
  ///   - seenCounts: how often each state was learned from (d).
  package func learnedNoiseShare(at states: some Sequence<Int>, seenCounts: [Int]) -> Double {
    var (sum, count) = (0.0, 0)
    for state in states where seenCounts[state] > 0 {
      let seen = Double(seenCounts[state])
      let share = ridge.reduce(0.0) { $0 + 1 / (seen + residualVariance[state] * $1) }
      sum += share * seen
      count += seenCounts[state]
    }
    return count > 0 ? sum / Double(count) : 0
  }
}
