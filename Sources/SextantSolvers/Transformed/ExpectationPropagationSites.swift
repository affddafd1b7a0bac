// Pseudo-measurements for values that measure one entry each. A site is a normal factor in the transformed value w,
// stored as its precision and its precision times its mean. With `mode` the site is that of the tangent. With `moments`
// it is the factor for which the posterior has the mean and the variance of the cavity (the posterior without the site)
// times the exact likelihood, which are computed by quadrature (expectation propagation; T. P. Minka, "Expectation
// Propagation for Approximate Bayesian Inference", UAI, 2001). A value on the bound of a censored variable says only that w
// lies beyond the threshold, which has moments in closed form (SiteMoments).

import Foundation
import SextantArrays
import SextantMeasurement
import SextantPriors

/// Normal approximations to the likelihoods of single values.
struct ExpectationPropagationSites: PseudoMeasurement {
  private var sites: [Site]
  private let source: FieldMeasurement
  /// The entry of each value (m).
  private let entries: [Int]
  private let approximation: LikelihoodApproximation
  private var iterations = 0

  /// The normal factor of one value.
  private struct Site {
    var transform: MarginalTransform
    /// The measured value and its noise, in the variable's units.
    var value, noise: Double
    /// The standard deviation of the channel, in transformed units, by which changes are measured.
    var scale: Double
    var precision, weighted: Double
    /// The point of the tangent, or the posterior mean of the last iteration.
    var place: Double
    /// The posterior mean given this value alone, for methods without uncertainty.
    var guess: Double
    /// The smallest precision: below it the value carries no information, and rounding errors would dominate.
    var leastPrecision: Double { 1e-6 / (scale * scale) }
  }

  /// - Parameters:
  ///   - centre: the prior mean of each entry (V·C), in transformed units; NaN outside the domain.
  ///   - scales: the standard deviation of each channel (C), in transformed units.
  init(
    _ measurement: FieldMeasurement, entries: [Int], transforms: [MarginalTransform], centre: [Float], scales: [Float],
    approximation: LikelihoodApproximation
  ) {
    source = measurement
    self.entries = entries
    self.approximation = approximation
    sites = entries.enumerated().map { i, entry in
      let channel = entry % transforms.count
      let (value, noise) = (Double(measurement.values[i]), Double(measurement.noise[i]))
      var site = Site(
        transform: transforms[channel], value: value, noise: noise, scale: Double(scales[channel]),
        precision: 1 / (noise * noise), weighted: value / (noise * noise), place: Double(centre[entry]), guess: value)
      guard !site.transform.isIdentity, site.place.isFinite else {
        site.transform = .none
        return site
      }
      // The first site uses the prior of the entry as the cavity.
      let cavity = (mean: site.place, variance: site.scale * site.scale)
      let product = Self.moments(of: site, cavity: cavity)
      site.guess = product.mean
      site.place = product.mean
      if approximation == .moments || site.transform.kind == .censored {
        Self.match(&site, product: product, cavity: cavity, step: 1)
      } else {
        Self.touch(&site)
      }
      return site
    }
  }

  var measurement: FieldMeasurement {
    FieldMeasurement(
      values: sites.map { $0.transform.isIdentity ? Float($0.value) : Float($0.weighted / $0.precision) },
      noise: sites.map { $0.transform.isIdentity ? Float($0.noise) : Float(1 / $0.precision.squareRoot()) },
      operation: source.operation, label: source.label)
  }

  var bestGuess: FieldMeasurement {
    FieldMeasurement(
      values: sites.map { Float($0.guess) }, noise: measurement.noise, operation: source.operation, label: source.label)
  }

  mutating func improve(mean: [Float], spread: [Float]) -> Double {
    var change = 0.0
    for i in sites.indices where !sites[i].transform.isIdentity {
      let entry = entries[i]
      let (mean, sigma) = (Double(mean[entry]), Double(spread[entry]))
      guard mean.isFinite, sigma.isFinite, sigma > 0 else { continue }
      let step = mean - sites[i].place
      change = max(change, abs(step) / sites[i].scale)
      let precision = 1 / max(sigma * sigma, .leastNormalMagnitude)
      let cavityPrecision = precision - sites[i].precision
      // A bound is not smooth, so a censored variable has no tangent.
      let matches = approximation == .moments || sites[i].transform.kind == .censored
      if matches, cavityPrecision <= 1e-4 * precision, sites[i].transform.kind == .censored { continue }
      if matches, cavityPrecision > 1e-4 * precision {
        sites[i].place = mean
        let cavity = (mean: (mean * precision - sites[i].weighted) / cavityPrecision, variance: 1 / cavityPrecision)
        let product = Self.moments(of: sites[i], cavity: cavity)
        // So far from the cavity that its moments cannot be computed: the site waits until the others have moved.
        guard product.mean.isFinite, product.variance.isFinite, product.variance > 0 else { continue }
        Self.match(&sites[i], product: product, cavity: cavity, step: iterations == 0 ? 1 : 0.7)
      } else {
        // Long steps are cut and later ones damped, because the tangent at a flat place does not predict the next slope.
        let cut = min(max(step, -sites[i].scale), sites[i].scale)
        sites[i].place += iterations < 3 ? cut : 0.7 * cut
        Self.touch(&sites[i])
      }
    }
    iterations += 1
    return change
  }

  /// The site of the tangent at `place`: the same gradient, and the Gauss–Newton curvature.
  private static func touch(_ site: inout Site) {
    let slope = site.transform.slope(at: site.place)
    let inverseVariance = 1 / (site.noise * site.noise)
    let precision = max(slope * slope * inverseVariance, site.leastPrecision)
    let gradient = (site.value - site.transform.value(at: site.place)) * slope * inverseVariance
    let weighted = precision * site.place + gradient
    // Where a logarithm is steeper than numbers can be, the site stays as it is.
    guard precision.isFinite, weighted.isFinite else { return }
    (site.precision, site.weighted) = (precision, weighted)
  }

  /// Moves the site towards the one that gives the cavity the product's mean and variance, with a positive precision.
  private static func match(
    _ site: inout Site, product: (mean: Double, variance: Double), cavity: (mean: Double, variance: Double),
    step: Double
  ) {
    let cavityPrecision = 1 / cavity.variance
    let own = 1 / product.variance - cavityPrecision
    var precision = max(own, site.leastPrecision)
    // A value far below its noise says that w is low and hardly narrows it: the logarithm's likelihood is flat there. A site of
    // no precision that moves the mean would be a value millions of deviations away, which spoils the parameters that are fitted
    // to it. So it gets the precision by which it lies at most two deviations from the cavity.
    if own < 0.05 * cavityPrecision {
      let shift = abs(product.mean - cavity.mean) * cavityPrecision.squareRoot()
      precision = max(precision, cavityPrecision / max(4 / (shift * shift) - 1, 1))
    }
    let weighted = product.mean * (precision + cavityPrecision) - cavity.mean * cavityPrecision
    site.precision += step * (precision - site.precision)
    site.weighted += step * (weighted - site.weighted)
  }

  /// The mean and the variance of cavity times likelihood, by a trapezium rule fine enough for the narrowest likelihood.
  private static func moments(
    of site: Site, cavity: (mean: Double, variance: Double)
  ) -> (mean: Double, variance: Double) {
    switch site.transform {
    case .censored(let score): return score.moments(of: site.value, noise: site.noise, cavity: cavity)
    case .log: return site.transform.moments(of: site.value, noise: site.noise, cavity: cavity)
    case .none, .logit, .normalScore: break
    }
    let sigma = cavity.variance.squareRoot()
    let width = min(sigma, site.noise / site.transform.greatestSlope)
    let half = Int(min(1000, max(40, (7 * sigma / (0.7 * width)).rounded(.up))))
    let spacing = 7 * sigma / Double(half)
    var best = -Double.infinity
    let logs = (-half...half).map { step -> Double in
      let w = cavity.mean + Double(step) * spacing
      let z = Double(step) * spacing / sigma
      let log = site.transform.logLikelihood(of: site.value, noise: site.noise, at: w) - 0.5 * z * z
      best = max(best, log)
      return log
    }
    var (weights, first, second) = (0.0, 0.0, 0.0)
    for (index, log) in logs.enumerated() where log > best - 60 {
      let (weight, offset) = (exp(log - best), Double(index - half) * spacing)
      weights += weight
      first += weight * offset
      second += weight * offset * offset
    }
    first /= weights
    let variance = max(second / weights - first * first, 0.05 * spacing * spacing)
    return (cavity.mean + first, variance)
  }
}
