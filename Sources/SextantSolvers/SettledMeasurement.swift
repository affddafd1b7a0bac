// Measurements whose noise is not Gaussian of a known size, made into ones whose noise is, by a solver's own answers.
//
// Counted values (Poisson–Gaussian noise) are Gaussian to a good approximation down to a few counts, as are shares of some trials and
// speckle of some looks, but the variance belongs to the clean value. It is taken from the answer, and the answer found again, until neither changes: an iteratively reweighted fit
// (P. J. Green, Journal of the Royal Statistical Society B, 1984). A variance-stabilising transform would serve as well for a mask,
// but not for a blur, which mixes values before they are counted.
//
// A value that was cut off says that the value before was at least as large. Its likelihood Φ((A·x − level)/σ) is replaced by the
// Gaussian that gives the same moments (expectation propagation: C. E. Rasmussen and C. K. I. Williams, Gaussian Processes for
// Machine Learning, 2006, section 3.6).

import Foundation
import SextantArrays
import SextantMeasurement
import SextantPriors

extension Solver {
  /// The measurement with Gaussian noise of known size that stands for one of values whose noise has a law or that were cut off; the measurement
  /// itself where there are none.
  ///
  /// The rows that were cut off remain marked as such, with a value and a noise that stand for what they say.
  ///
  /// - Throws: the errors of the method, and ``SolverError/saturated(method:)`` where values were cut off and the method has no
  ///   spread.
  public func settled(_ measurement: FieldMeasurement) throws -> FieldMeasurement {
    guard measurement.needsSettling else { return measurement }
    try measurement.check()
    var settling = Settling(measurement)
    // What the solver fits is fitted once here, and again by whoever takes the settled measurement.
    let chosen = try fitted(to: settling.measurement)
    for _ in 0..<Settling.iterationLimit {
      let current = settling.measurement
      var random = RandomStream(seed: 0).split("settling")
      let answer = try predictions(of: current, by: chosen, wantsSpread: settling.hasSaturated, using: &random)
      if settling.hasSaturated, answer.deviations == nil {
        throw SolverError.saturated(method: name)
      }
      if settling.improve(means: answer.means, deviations: answer.deviations) < Settling.tolerance { break }
    }
    return settling.measurement
  }

  /// The mean of each measured value without its noise (m) and, if it is wanted and the method has one, its standard deviation.
  private func predictions(
    of measurement: FieldMeasurement, by chosen: any Solver, wantsSpread: Bool, using random: inout RandomStream
  ) throws -> (means: [Float], deviations: [Float]?) {
    if let entries = measurement.operation.selectedEntries {
      let answer =
        try chosen.marginals(atObserved: measurement) ?? chosen.posterior(given: measurement, samples: 0, using: &random)
      if !wantsSpread || answer.spread != nil {
        return (entries.map { answer.mean[$0] }, answer.spread.map { spread in entries.map { spread[$0] } })
      }
    }
    let answer = try chosen.posterior(
      given: measurement, samples: wantsSpread ? Settling.sampleCount : 0, using: &random)
    func measured(_ fields: Tensor<Float>) -> Tensor<Float> { measurement.operation.apply(fields.withZerosOutside) }
    let means = measured(Tensor(answer.mean, shape: [1, answer.mean.count])).scalars
    return (means, answer.samples.map { measured($0).columnDeviations(from: means) })
  }
}

extension FieldMeasurement {
  /// Whether some noise of the measurement is not Gaussian of a known size.
  fileprivate var needsSettling: Bool { !laws.isEmpty || isSaturated.contains(true) }
}

/// A measurement on its way to Gaussian noise of known size.
private struct Settling {
  static let iterationLimit = 8
  /// The change of the noise, as a share of it, below which it has settled.
  static let tolerance = 0.01
  /// Samples that tell the spread of values that combine entries.
  static let sampleCount = 64

  /// The Gaussian approximation so far.
  private(set) var measurement: FieldMeasurement
  private let laws: [NoiseLaw?]
  /// The smallest noise of each value (m) whose noise vanishes with the signal: an answer may well be 0 there or less.
  private let floors: [Float]
  /// The share of the first guess that it is.
  private static let floorShare: Float = 0.01
  /// The level and the noise of each value that was cut off, by its position.
  private var saturated: [Int: (level: Double, noise: Double)] = [:]

  var hasSaturated: Bool { !saturated.isEmpty }

  init(_ source: FieldMeasurement) {
    (measurement, laws) = (source, source.laws)
    floors = source.laws.enumerated().map { row, law in law?.vanishes == true ? Self.floorShare * source.noise[row] : 0 }
    measurement.laws = []
    let cut = source.isSaturated.indices.filter { source.isSaturated[$0] }
    guard !cut.isEmpty else { return }
    let values = source.values.map(Double.init)
    let mean = values.reduce(0, +) / Double(values.count)
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
    for row in cut {
      saturated[row] = (values[row], Double(source.noise[row]))
      // At first a value that was cut off says little more than that it is not far below its level.
      measurement.noise[row] = max(source.noise[row], Float(deviation))
    }
  }

  /// Improves the approximation by the means and standard deviations of the measured values (m) that a solver gives for it.
  ///
  /// - Returns: the root-mean-square change of the noise and, in units of the noise, of the values.
  mutating func improve(means: [Float], deviations: [Float]?) -> Double {
    var change = 0.0
    for row in means.indices {
      let mean = Double(means[row])
      // Values outside the domain keep what they have.
      guard mean.isFinite else { continue }
      if var site = saturated[row] {
        if let law = laws.isEmpty ? nil : laws[row] { site.noise = law.deviation(at: max(mean, site.level)) }
        saturated[row] = site
        change += propagate(row, site, mean: mean, deviation: Double(deviations?[row] ?? .nan))
      } else if let law = laws.isEmpty ? nil : laws[row] {
        let noise = max(Float(law.deviation(at: mean)), floors[row])
        let share = Double(noise / measurement.noise[row]) - 1
        change += share * share
        measurement.noise[row] = noise
      }
    }
    return (change / Double(max(1, means.count))).squareRoot()
  }

  /// The Gaussian that stands for one value that was cut off, from the moments of the value without its noise.
  private mutating func propagate(
    _ row: Int, _ site: (level: Double, noise: Double), mean: Double, deviation: Double
  ) -> Double {
    let (value, variance) = (Double(measurement.values[row]), Double(measurement.noise[row]) * Double(measurement.noise[row]))
    // What the others say of it: the answer without this row's Gaussian.
    let precision = 1 / (deviation * deviation) - 1 / variance
    guard precision > 1e-6 / variance, precision.isFinite else { return 0 }
    let cavity = 1 / precision
    let centre = cavity * (mean / (deviation * deviation) - value / variance)
    let width = (site.noise * site.noise + cavity).squareRoot()
    let z = (centre - site.level) / width
    let ratio = StandardNormal.inverseMillsRatio(z)
    let slope = ratio / width
    // Where the others say that the value lies far above the level, its being cut off tells nothing more.
    let curvature = max(ratio * (z + ratio) / (width * width), 1e-9 / cavity)
    let own = (value: centre + slope / curvature, variance: max(1 / curvature - cavity, 1e-6 * cavity))
    // Values that depend on each other are improved at once, so that each goes only most of its way.
    let share = 0.8
    let next = share / own.variance + (1 - share) / variance
    let site = (share * own.value / own.variance + (1 - share) * value / variance) / next
    let moved = (site - value) / (1 / next + variance).squareRoot()
    let grown = (next * variance).squareRoot() - 1
    measurement.values[row] = Float(site)
    measurement.noise[row] = Float((1 / next).squareRoot())
    return moved * moved + min(grown * grown, 1)
  }
}

extension Tensor<Float> {
  /// The same with 0 instead of what is not a number: the places outside the domain, on which no measured value depends.
  fileprivate var withZerosOutside: Tensor<Float> {
    var result = self
    result.withUnsafeMutableScalars { values in
      for i in values.indices where values[i].isNaN { values[i] = 0 }
    }
    return result
  }
}
