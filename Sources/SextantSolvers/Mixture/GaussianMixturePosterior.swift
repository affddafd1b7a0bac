// The exact posterior of a mixture of Gaussians: each component is conditioned separately, and its weight is multiplied
// by its evidence.

import Foundation
import SextantArrays
import SextantPriors

/// A weighted sum of Gaussian posteriors over the states.
struct GaussianMixturePosterior: Sendable {
  /// A conditioned component.
  struct Component: Sendable {
    /// The logarithm of its prior weight, up to a constant that all components share.
    var logWeight: Double
    /// Its prior mean (d), standardised.
    var shift: [Double]
    /// Its posterior relative to that mean.
    var posterior: DenseGaussianPosterior<Double>
  }

  /// The components.
  let components: [Component]
  /// The posterior weight of each component; they sum to 1.
  let weights: [Double]
  /// log p(y), with the prior weights as they were given.
  let logEvidence: Double

  /// - Parameters:
  ///   - components: at least one component, all conditioned on the same observation minus their own shifts.
  ///   - evidencePower: the power to which weight times evidence is raised: 1 for Bayes' rule; less tempers the
  ///     weights, for components that are all misspecified.
  init(_ components: [Component], evidencePower: Double = 1) {
    precondition(!components.isEmpty, "A mixture of nothing")
    self.components = components
    let logs = components.map { $0.logWeight + $0.posterior.logEvidence }
    let largest = logs.max() ?? 0
    let raw = logs.map { exp(evidencePower * ($0 - largest)) }
    let total = raw.reduce(0, +)
    weights = raw.map { $0 / total }
    logEvidence = logSumExp(logs)
  }

  /// The posterior mean (d).
  var mean: [Double] { moments.mean }

  /// The posterior mean and standard deviation of each state (d), from the variance within and between components.
  var moments: (mean: [Double], spread: [Double]) {
    let d = components[0].shift.count
    var first = [Double](repeating: 0, count: d)
    var second = first
    for (weight, component) in zip(weights, components) where weight > 1e-12 {
      let (mean, spread) = (component.posterior.mean, component.posterior.spread)
      for i in 0..<d {
        let value = mean[i] + component.shift[i] - components[0].shift[i]
        first[i] += weight * value
        second[i] += weight * (value * value + spread[i] * spread[i])
      }
    }
    let spread = zip(first, second).map { max(0, $1 - $0 * $0).squareRoot() }
    return (zip(first, components[0].shift).map { $0 + $1 }, spread)
  }

  /// `count` exact samples (count×d), in the order of their components; `priorFactor` gives L such that L·Lᵀ is the
  /// prior covariance of a component.
  func samples(
    _ count: Int, using random: inout RandomStream, priorFactor: (_ component: Int) throws -> CholeskyFactor<Double>
  ) rethrows -> Tensor<Double> {
    var counts = [Int](repeating: 0, count: weights.count)
    for _ in 0..<count { counts[random.categorical(weights) ?? 0] += 1 }
    let d = components[0].shift.count
    var result = Tensor<Double>.zeros([count, d])
    var row = 0
    for (index, own) in counts.enumerated() where own > 0 {
      let component = components[index]
      var states = try component.posterior.samples(own, priorFactor: priorFactor(index), using: &random)
      states.withUnsafeMutableScalars { values in
        for i in values.indices { values[i] += component.shift[i % d] }
      }
      result.replaceRows(from: row, with: states)
      row += own
    }
    return result
  }

  /// log q(x | y) of a standardised state x (d); `priorFactor` gives L such that L·Lᵀ is the prior covariance of a
  /// component.
  func logDensity(
    of state: [Double], priorFactor: (_ component: Int) throws -> CholeskyFactor<Double>
  ) rethrows -> Double {
    let logs = try components.indices.filter { weights[$0] > 0 }.map { index in
      let component = components[index]
      let own = zip(state, component.shift).map { $0 - $1 }
      return log(weights[index]) + component.posterior.logDensity(of: own, priorFactor: try priorFactor(index))
    }
    return logSumExp(logs)
  }
}
