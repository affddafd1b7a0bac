// How the squared error of a mean at a measured value y = x + n is estimated without the truth x. The mean answers two views of the value,
// y + p·σ·s and y + q·σ·s with a sign s = ±1 at each entry. Of their difference,
//
//   D = s·(m_p − m_q)/((p − q)·σ),   E[D] = ∂m/∂y,
//
// so that the sum over entries is a Monte-Carlo estimate of the divergence. With shares w_p + w_q = 1 of the views, the estimate is
//
//   w_p·(y − m_p)² + w_q·(y − m_q)² − σ² + 2·η·σ²·D.
//
// The estimates are named for what they assume:
//
// - SURE (C. Stein, "Estimation of the mean of a multivariate normal distribution", 1981; S. Ramani, T. Blu and M. Unser, "Monte-Carlo SURE",
//   2008): the noise is Gaussian, independent between values, and its size is known. η = 1; the first view is y itself.
// - Recorrupted pairs (T. Pang, H. Zheng, Y. Quan and H. Ji, "Recorrupted-to-Recorrupted", 2021): the same. p = a and q = −a, whose sum with
//   targets y ∓ σ·s/a is this estimate. It is exact for a mean that is linear, and right up to a²·σ² times its third derivative for others.
// - UNSURE (J. Tachella, M. Davies and L. Jacques, "UNSURE: Unknown Noise Level Stein's Unbiased Risk Estimator", ICLR, 2025): the size of the noise
//   is known up to a factor. η is the multiplier of the constraint that the expected divergence vanishes, and grows as long as it does not.
//   The mean that is found is the one for noise of the variance η·σ²; of its error, and so of the spread, the estimate says nothing.

import Foundation
import SextantArrays

/// An estimate of the squared error of a mean at a measured value, from two views of the value.
package struct RiskEstimate: Sendable, Equatable, Codable {
  /// p and q.
  package var steps: [Double]
  /// w_p and w_q.
  package var shares: [Double]
  /// The variance of the noise that a view is taken to have, over σ².
  package var viewVariance: Double
  /// η.
  package var multiplier = 1.0

  /// Recorrupted pairs with a = 0.2, the part of the noise that an input has in addition.
  package static let recorrupted = RiskEstimate(steps: [0.2, -0.2], shares: [0.5, 0.5], viewVariance: 1 + 0.2 * 0.2)

  /// SURE.
  ///
  /// - Parameter step: the second view's distance from the first, in units of the noise.
  package static func sure(step: Double = 0.05) -> RiskEstimate {
    RiskEstimate(steps: [0, step], shares: [1, 0], viewVariance: 1)
  }

  /// UNSURE with a multiplier as it is now; ``NoiseMultiplier`` finds it.
  package static func unsure(multiplier: Double, step: Double = 0.05) -> RiskEstimate {
    RiskEstimate(steps: [0, step], shares: [1, 0], viewVariance: 1, multiplier: multiplier)
  }

  /// What is estimated of one value.
  package struct Value: Sendable {
    /// The squared error of the mean.
    package var risk: Double
    /// Its derivatives by the means of the two views.
    package var slopes: (first: Double, second: Double)
    /// σ²·D.
    package var reaction: Double
    /// The variance of the posterior that the mean implies by Tweedie's formula.
    package var impliedVariance: Double
  }

  /// The estimate at one value.
  ///
  /// - Parameters:
  ///   - residuals: y − m_p and y − m_q.
  ///   - variance: σ².
  ///   - sign: s.
  package func callAsFunction(residuals: (first: Double, second: Double), variance: Double, sign: Double) -> Value {
    let pull = variance.squareRoot() * sign / (steps[0] - steps[1])
    let reaction = pull * (residuals.second - residuals.first)
    return Value(
      risk: shares[0] * residuals.first * residuals.first + shares[1] * residuals.second * residuals.second - variance
        + 2 * multiplier * reaction,
      slopes: (
        2 * (multiplier * pull - shares[0] * residuals.first), -2 * (multiplier * pull + shares[1] * residuals.second)
      ), reaction: reaction, impliedVariance: viewVariance * multiplier * reaction)
  }
}

/// The multiplier of UNSURE by gradient ascent with momentum: it grows while the divergence is positive, and falls while it is negative. η
/// times the stated variance is then an estimate of the noise's variance. It is never smaller than the right one, and near it where the
/// fields have few degrees of freedom: of values with the covariance C it is their number over the trace of C⁻¹, at the best linear mean.
///
/// The published ascent is that of η itself; that of its logarithm depends neither on units nor on how wrong the stated noise is.
package struct NoiseMultiplier: Sendable, Equatable, Codable {
  /// η.
  package private(set) var value: Double
  /// The mean of the divergences so far, by which η moves.
  package private(set) var velocity = 0.0
  /// The step of the logarithm for a divergence of one per value.
  package var rate: Double
  /// How much of the velocity stays in a step.
  package var momentum: Double

  package init(_ value: Double = 1, velocity: Double = 0, rate: Double = 0.1, momentum: Double = 0.9) {
    (self.value, self.velocity, self.rate, self.momentum) = (value, velocity, rate, momentum)
  }

  /// One step.
  ///
  /// - Parameter divergence: the mean of D over values.
  package mutating func ascend(divergence: Double) {
    velocity = momentum * velocity + (1 - momentum) * max(-1, min(1, divergence))
    value *= exp(rate * velocity)
  }
}
