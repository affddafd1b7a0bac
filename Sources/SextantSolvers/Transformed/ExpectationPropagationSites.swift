// The stand-ins for measured values that see one entry each. A site is a normal factor in w, kept by its precision and
// by precision times mean. Under `mode` it is the tangent's; under `moments` it is what turns the posterior of everything
// else (the cavity) into the true product's mean and variance, by a sum over a line (expectation propagation, Minka 2001).

import Foundation
import SextantArrays
import SextantMeasurement
import SextantPriors

/// Normal stand-ins for single values.
struct ExpectationPropagationSites: PseudoMeasurement {
  private var sites: [Site]
  private let source: FieldMeasurement
  /// The entry of each value (m).
  private let entries: [Int]
  private let approximation: LikelihoodApproximation
  private var turns = 0

  /// What one value says of its entry.
  private struct Site {
    var transform: MarginalTransform
    /// The measured value and its noise, in the variable's units.
    var value, noise: Double
    /// The standard deviation of the channel, transformed: what counts as large.
    var scale: Double
    var precision, weighted: Double
    /// Where the tangent touches, or the mean of the last turn.
    var place: Double
    /// The mean of the value's product with the prior, for methods without uncertainty.
    var guess: Double
    /// Below this a precision says nothing, and would only spoil the arithmetic.
    var leastPrecision: Double { 1e-6 / (scale * scale) }
  }

  /// - Parameters:
  ///   - centre: the prior mean of each entry (V·C), transformed; not a number outside the domain.
  ///   - scales: the standard deviation of each channel (C), transformed.
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
      // The first stand-in: as if the prior of the entry alone were all that is known.
      let cavity = (mean: site.place, variance: site.scale * site.scale)
      let product = Self.moments(of: site, cavity: cavity)
      site.guess = product.mean
      site.place = product.mean
      if approximation == .moments {
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
      let (mean, deviation) = (Double(mean[entry]), Double(spread[entry]))
      let step = mean - sites[i].place
      change = max(change, abs(step) / sites[i].scale)
      let precision = 1 / max(deviation * deviation, .leastNormalMagnitude)
      let rest = precision - sites[i].precision
      if approximation == .moments, rest > 1e-4 * precision {
        sites[i].place = mean
        let cavity = (mean: (mean * precision - sites[i].weighted) / rest, variance: 1 / rest)
        let product = Self.moments(of: sites[i], cavity: cavity)
        Self.match(&sites[i], product: product, cavity: cavity, step: turns == 0 ? 1 : 0.7)
      } else {
        // Far steps are cut short, and later ones damped: a flat place says nothing of where the next slope is.
        let cut = min(max(step, -sites[i].scale), sites[i].scale)
        sites[i].place += turns < 3 ? cut : 0.7 * cut
        Self.touch(&sites[i])
      }
    }
    turns += 1
    return change
  }

  /// The site of the tangent at `place`: the same gradient, and the Gauss–Newton curvature.
  private static func touch(_ site: inout Site) {
    let slope = site.transform.slope(at: site.place)
    let inverseVariance = 1 / (site.noise * site.noise)
    site.precision = max(slope * slope * inverseVariance, site.leastPrecision)
    let gradient = (site.value - site.transform.value(at: site.place)) * slope * inverseVariance
    site.weighted = site.precision * site.place + gradient
  }

  /// The site that gives the cavity the product's mean and variance, or as near as a positive precision comes.
  private static func match(
    _ site: inout Site, product: (mean: Double, variance: Double), cavity: (mean: Double, variance: Double),
    step: Double
  ) {
    let rest = 1 / cavity.variance
    let precision = max(1 / product.variance - rest, site.leastPrecision)
    let weighted = product.mean * (precision + rest) - cavity.mean * rest
    site.precision += step * (precision - site.precision)
    site.weighted += step * (weighted - site.weighted)
  }

  /// Mean and variance of cavity times likelihood, by the trapezium rule, fine enough for the narrowest likelihood.
  private static func moments(
    of site: Site, cavity: (mean: Double, variance: Double)
  ) -> (mean: Double, variance: Double) {
    let deviation = cavity.variance.squareRoot()
    let width = min(deviation, site.noise / site.transform.greatestSlope)
    let half = Int(min(1000, max(40, (7 * deviation / (0.7 * width)).rounded(.up))))
    let spacing = 7 * deviation / Double(half)
    var best = -Double.infinity
    let logs = (-half...half).map { step -> Double in
      let w = cavity.mean + Double(step) * spacing
      let (z, misfit) = (
        Double(step) * spacing / deviation, (site.value - site.transform.value(at: w)) / site.noise
      )
      let log = -0.5 * (z * z + misfit * misfit)
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
