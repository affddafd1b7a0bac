// The small pieces of probability that every layer needs, once: sums in the logarithm, draws from a few weighted
// alternatives, and the standard normal distribution.

import Foundation

/// log Σᵢ exp(xᵢ), without overflow; −∞ for no values at all.
public func logSumExp(_ values: some Collection<Double>) -> Double {
  let largest = values.max() ?? -.infinity
  // −∞ − (−∞) is no number.
  guard largest.isFinite else { return largest }
  return largest + log(values.reduce(0) { $0 + exp($1 - largest) })
}

extension RandomStream {
  /// Draws an index with probability proportional to its weight; uses one uniform number. Nil where no weight is above 0.
  ///
  /// - Parameters:
  ///   - weights: None below 0.
  ///   - total: The sum of the weights.
  public mutating func categorical<Weights: Collection<Double>>(_ weights: Weights, total: Double = 1) -> Weights.Index? {
    var mark = uniform() * total
    var last: Weights.Index?
    for index in weights.indices {
      mark -= weights[index]
      if mark < 0 { return index }
      if weights[index] > 0 { last = index }
    }
    // Rounding may leave a remainder: the last index with a weight takes it.
    return last
  }
}

/// The normal distribution with mean 0 and variance 1.
public enum StandardNormal {
  /// The density φ(z).
  public static func density(_ z: Double) -> Double { exp(-0.5 * z * z) / (2 * Double.pi).squareRoot() }

  /// The probability Φ(z) of a value below `z`.
  public static func cumulative(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }

  /// The probability of a value between −`z` and `z`: 2·Φ(z) − 1.
  public static func central(_ z: Double) -> Double { erf(z / 2.0.squareRoot()) }

  /// The continuous ranked probability score of a truth at `z` (Gneiting and Raftery, 2007, equation 21).
  public static func rankedProbability(_ z: Double) -> Double {
    z * central(z) + 2 * density(z) - 1 / Double.pi.squareRoot()
  }
}
