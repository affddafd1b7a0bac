// Closed-form scores of a normal distribution, for methods that give a mean and a standard deviation but no samples.

import SextantArrays

/// Scores of N(mean, spread²).
package enum GaussianDistribution {
  /// The continuous ranked probability score of a normal distribution (Gneiting and Raftery 2007, equation 21); if the
  /// spread is 0, the absolute error.
  ///
  /// `error` is mean − truth. Both arguments are in the variable's units.
  package static func crps(error: Double, spread: Double) -> Double {
    guard spread > 0 else { return abs(error) }
    return spread * StandardNormal.rankedProbability(error / spread)
  }

  /// Whether the truth lies within a central interval, including its bounds.
  package static func isCovered(error: Double, spread: Double, at level: CoverageLevel) -> Bool {
    abs(error) <= level.normalQuantile * spread
  }
}
