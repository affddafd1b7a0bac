// Elements of probability that several layers use: sums of exponentials, draws from a discrete distribution, and the
// standard normal distribution.

import Foundation

/// log Σᵢ exp(xᵢ), without overflow; −∞ for no values at all.
public func logSumExp(_ values: some Collection<Double>) -> Double {
  let largest = values.max() ?? -.infinity
  // −∞ − (−∞) is not a number.
  guard largest.isFinite else { return largest }
  return largest + log(values.reduce(0) { $0 + exp($1 - largest) })
}

extension RandomStream {
  /// Draws an index with probability proportional to its weight, using one uniform number. The weights are not negative
  /// and `total` is their sum. Returns nil if no weight is positive.
  public mutating func categorical<Weights: Collection<Double>>(_ weights: Weights, total: Double = 1) -> Weights.Index?
  {
    var mark = uniform() * total
    var last: Weights.Index?
    for index in weights.indices {
      mark -= weights[index]
      if mark < 0 { return index }
      if weights[index] > 0 { last = index }
    }
    // Rounding may leave a remainder, which belongs to the last index with a positive weight.
    return last
  }
}

/// The normal distribution with mean 0 and variance 1.
public enum StandardNormal {
  /// The density φ(z).
  public static func density(_ z: Double) -> Double { exp(-0.5 * z * z) / (2 * Double.pi).squareRoot() }

  /// The probability Φ(z) of a value below `z`.
  public static func cumulative(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }

  /// The number below which a value lies with a probability, from −8 to 8, by bisection: for the few dozen that are ever needed.
  public static func quantile(_ probability: Double) -> Double {
    var (low, high) = (-8.0, 8.0)
    for _ in 0..<60 {
      let middle = 0.5 * (low + high)
      if cumulative(middle) < probability { low = middle } else { high = middle }
    }
    return 0.5 * (low + high)
  }

  /// log Φ(z), also where Φ(z) is too small for a number.
  public static func logCumulative(_ z: Double) -> Double {
    guard z < -25 else { return log(cumulative(z)) }
    return -0.5 * z * z - log(-z * (2 * Double.pi).squareRoot()) + log1p(tail(z))
  }

  /// φ(z)/Φ(z): minus the mean of what remains of a standard normal number below z.
  public static func inverseMillsRatio(_ z: Double) -> Double {
    z < -25 ? -z / (1 + tail(z)) : density(z) / cumulative(z)
  }

  /// By how much Φ(z) differs from φ(z)/|z| far below 0, as a share of it: the first terms of the asymptotic series.
  private static func tail(_ z: Double) -> Double {
    let square = z * z
    return -1 / square + 3 / (square * square) - 15 / (square * square * square)
  }

  /// The probability of a value between −`z` and `z`: 2·Φ(z) − 1.
  public static func central(_ z: Double) -> Double { erf(z / 2.0.squareRoot()) }

  /// The continuous ranked probability score for a true value of `z` (Gneiting and Raftery, 2007, equation 21).
  public static func rankedProbability(_ z: Double) -> Double {
    z * central(z) + 2 * density(z) - 1 / Double.pi.squareRoot()
  }
}
