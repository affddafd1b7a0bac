// Scores of a normal distribution in closed form, for methods that give a mean and a spread without samples.

import SextantArrays

/// Scores of N(mean, spread²).
public enum GaussianDistribution {
  /// The continuous ranked probability score of a normal distribution (Gneiting and Raftery 2007, equation 21);
  /// the absolute error where the spread is 0.
  ///
  /// `error` is mean − truth; both in the variable's units.
  public static func crps(error: Double, spread: Double) -> Double {
    guard spread > 0 else { return abs(error) }
    return spread * StandardNormal.rankedProbability(error / spread)
  }

  /// Whether the truth lies within a central interval, bounds included.
  public static func isCovered(error: Double, spread: Double, at level: CoverageLevel) -> Bool {
    abs(error) <= level.normalQuantile * spread
  }
}
