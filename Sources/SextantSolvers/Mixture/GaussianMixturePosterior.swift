// The exact posterior of a mixture of Gaussians: each component is conditioned by itself, and weighs as much as before
// times the evidence that the observation gives it. Of components whose weight vanishes nothing but the weight is kept.

import Foundation
import SextantArrays
import SextantPriors

/// A weighted sum of Gaussian posteriors over the states.
struct GaussianMixturePosterior: Sendable {
  /// One component, conditioned.
  struct Component: Sendable {
    /// The logarithm of its weight before observing, up to what is common to all.
    var logWeight: Double
    /// Its mean before observing (d), standardised.
    var shift: [Double]
    /// Its posterior about that mean.
    var posterior: DenseGaussianPosterior<Double>
  }

  /// The components.
  let components: [Component]
  /// The weight of each component after observing; they sum to 1.
  let weights: [Double]
  /// log p(y), with the components' weights as they were given.
  let logEvidence: Double

  /// - Parameters:
  ///   - components: at least one, all conditioned on the same observation with their shifts taken off it.
  ///   - evidencePower: the power of weight times evidence that components are weighed by: 1 is Bayes' rule, less lets
  ///     components that are all somewhat wrong share.
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

  /// The posterior mean and standard deviation of each state (d): spread within and between components.
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

  /// `count` exact samples (count×d), in the order of their components.
  ///
  /// - Parameter priorFactor: L with L·Lᵀ the prior covariance of a component, asked for only where samples fall.
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

  /// log q(x | y) of a standardised state x (d).
  ///
  /// - Parameter priorFactor: L with L·Lᵀ the prior covariance of a component.
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
