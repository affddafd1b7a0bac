// The moments of a normal distribution of w times the likelihood of one measured value, for transforms that are not
// equally steep everywhere: the quadrature covers only those w for which both factors are above nothing.

import Foundation
import SextantArrays
import SextantPriors

extension CensoredScore {
  /// The mean and the variance of cavity times likelihood.
  ///
  /// A value on or beyond a bound is the event that w lies beyond the threshold. Any other value has normal noise, and its
  /// w lies between the thresholds.
  ///
  /// - Parameters:
  ///   - value: the measured value, in the variable's units.
  ///   - noise: its standard deviation, in the variable's units.
  ///   - cavity: the mean and the variance of the normal distribution of w.
  func moments(
    of value: Double, noise: Double, cavity: (mean: Double, variance: Double)
  ) -> (mean: Double, variance: Double) {
    if let range = hidden(at: value) {
      return Self.moments(in: range, mean: cavity.mean, variance: cavity.variance)
    }
    return MarginalTransform.censored(self).moments(of: value, noise: noise, cavity: cavity, within: visible)
  }
}

extension MarginalTransform {
  /// The mean and the variance of cavity times likelihood, by the trapezium rule.
  ///
  /// - Parameters:
  ///   - value: the measured value, in the variable's units.
  ///   - noise: its standard deviation, in the variable's units.
  ///   - cavity: the mean and the variance of the normal distribution of w.
  ///   - range: the w that are possible.
  func moments(
    of value: Double, noise: Double, cavity: (mean: Double, variance: Double),
    within range: ClosedRange<Double> = -.infinity ... .infinity
  ) -> (mean: Double, variance: Double) {
    let (sigma, reach) = (cavity.variance.squareRoot(), 9.0)
    func inRange(_ w: Double) -> Double { min(max(w, range.lowerBound), range.upperBound) }
    // The transform increases, so the values within nine standard deviations are those of an interval of w.
    let least = transformed(value - reach * noise)
    let greatest = transformed(value + reach * noise)
    // Below the least w that the transform distinguishes, the likelihood is flat.
    let isFlatBelow = self.value(at: least) > value - (reach - 0.01) * noise
    let isFlatAbove = self.value(at: greatest) < value + (reach - 0.01) * noise
    var low = inRange(max(isFlatBelow ? -.infinity : least, cavity.mean - reach * sigma))
    var high = inRange(min(isFlatAbove ? .infinity : greatest, cavity.mean + reach * sigma))
    if low >= high {
      // The value contradicts the cavity; the likelihood is the narrower of the two.
      (low, high) = (inRange(min(least, greatest - 1e-6 * sigma)), inRange(max(greatest, least + 1e-6 * sigma)))
      guard low < high else { return (low, max(1e-6 * cavity.variance, .leastNormalMagnitude)) }
    }
    let steps = 160
    let spacing = (high - low) / Double(steps)
    var logs = [Double](repeating: 0, count: steps + 1)
    for step in 0...steps {
      let w = low + spacing * Double(step)
      // The ends belong to the range although a censored value jumps there.
      let inside = min(max(w, low + 1e-9 * spacing), high - 1e-9 * spacing)
      let z = (w - cavity.mean) / sigma
      logs[step] = logLikelihood(of: value, noise: noise, at: inside) - 0.5 * z * z
    }
    let best = logs.max() ?? 0
    var (weights, first, second) = (0.0, 0.0, 0.0)
    for (step, log) in logs.enumerated() where log > best - 60 {
      let weight = (step == 0 || step == steps ? 0.5 : 1) * exp(log - best)
      let offset = low + spacing * Double(step) - cavity.mean
      weights += weight
      first += weight * offset
      second += weight * offset * offset
    }
    first /= weights
    return (cavity.mean + first, max(second / weights - first * first, 0.05 * spacing * spacing))
  }

  /// The logarithm of the likelihood of a measured value at w, up to a constant.
  ///
  /// The noise takes some values beyond a bound that the variable cannot reach, and many products move those to the bound. So
  /// a value on the bound says that the field and its noise lie there or beyond.
  func logLikelihood(of value: Double, noise: Double, at w: Double) -> Double {
    let residual = (value - self.value(at: w)) / noise
    switch self {
    case .log(let minimum, _) where value == minimum, .logit(let minimum, _) where value == minimum:
      return StandardNormal.logCumulative(residual)
    case .logit(_, let maximum) where value == maximum: return StandardNormal.logCumulative(-residual)
    default: return -0.5 * residual * residual
    }
  }
}
