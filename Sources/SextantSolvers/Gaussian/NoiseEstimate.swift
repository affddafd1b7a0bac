// The noise of a variable from its observations alone, by the marginal likelihood: at each trial level the parameters of the
// covariance are fitted anew, so that roughness of the field is told from noise as well as the data allow (the nugget of
// geostatistics; Rasmussen and Williams 2006, section 5.4). The curvature at the maximum gives the uncertainty.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantPriors

/// An estimated noise level, in the units of the variable.
public struct NoiseEstimate: Sendable, Equatable {
  /// The likeliest standard deviation.
  public let standardDeviation: Double
  /// The standard error of the logarithm of the level; infinite where the likelihood has no maximum inside the search.
  public let logStandardError: Double
  /// By how much half and twice the level lower the logarithm of the likelihood.
  public let lossAtHalf, lossAtTwice: Double

  /// The bounds of a central 90 % interval.
  public var interval: (lower: Double, upper: Double) {
    let reach = exp(1.645 * min(logStandardError, 10))
    return (standardDeviation / reach, standardDeviation * reach)
  }

  /// The largest number of values of each field that enter the likelihood.
  static let observedLimit = 400
  /// The range of levels that is searched, as shares of the observations' own standard deviation.
  static let range = 1e-3...1.5

  /// Estimates the noise of all values of measurements that share one level.
  ///
  /// - Parameters:
  ///   - measurements: the measurements, of which the noise is ignored; all values are of one variable.
  ///   - prior: the prior of the fields.
  ///   - domain: where they live.
  ///   - seed: chooses values where there are many.
  /// - Throws: `PriorError.nothingObserved` where there are fewer than ten values, and what observing throws.
  public init(
    of measurements: [FieldMeasurement], prior: GaussianPrior, domain: some Domain, seed: RandomStream = RandomStream(seed: 0)
  ) throws {
    let values = measurements.flatMap(\.values).map(Double.init)
    guard values.count >= 10 else { throw PriorError.nothingObserved }
    let mean = values.reduce(0, +) / Double(values.count)
    let scale = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
    guard scale > 0 else { throw PriorError.nothingObserved }
    let model = prior.covarianceModel(on: domain)
    var last: ChosenParameters?
    /// −log likelihood with the parameters fitted, at a level's logarithm.
    func objective(_ logLevel: Double) throws -> Double {
      let observations = try measurements.map { try prior.space.observe($0.with(noise: Float(exp(logLevel)))) }
      let chosen = model.chooseParameters(
        for: observations, from: last, observedLimit: Self.observedLimit, maximumEvaluations: last == nil ? 24 : 8,
        random: seed)
      last = chosen
      // A weak prior: about a tenth of the observations' own deviation, give or take a factor of seven. It decides where the
      // likelihood is flat, because roughness of the field explains the observations as well as noise does.
      let distance = (logLevel - log(0.1 * scale)) / 2
      return chosen.objective + 0.5 * distance * distance
    }
    // From large to small, so that each fit starts near the last.
    let step = 0.5 * log(2.0)
    var (best, position) = (Double.infinity, log(scale * Self.range.upperBound))
    var level = position
    while level > log(scale * Self.range.lowerBound) {
      let value = try objective(level)
      if value < best { (best, position) = (value, level) }
      level -= step
    }
    // A parabola through three points around the maximum, twice: with the step of the search, and with half of it.
    for width in [step, 0.5 * step] {
      last = nil
      let points = try [-width, 0, width].map { try objective(position + $0) }
      let curvature = (points[0] - 2 * points[1] + points[2]) / (width * width)
      guard curvature > 0 else { break }
      position += max(-width, min(width, 0.5 * (points[0] - points[2]) / (width * curvature)))
    }
    last = nil
    let width = 0.5 * step
    let points = try [-width, 0, width, -log(2.0), log(2.0)].map { try objective(position + $0) }
    let curvature = (points[0] - 2 * points[1] + points[2]) / (width * width)
    standardDeviation = exp(position)
    logStandardError = curvature > 0 ? 1 / curvature.squareRoot() : .infinity
    (lossAtHalf, lossAtTwice) = (points[3] - points[1], points[4] - points[1])
  }
}

extension Model {
  /// Estimates the noise of one variable from measurements of fields of this model.
  ///
  /// Without a Gaussian prior the field is described as in kriging, by a trend and a Matérn field.
  ///
  /// - Parameters:
  ///   - channel: the variable.
  ///   - measurements: measurements of the model's fields, of any variables; their noise is ignored.
  ///   - seed: chooses values where there are many.
  /// - Throws: `PriorError`, `MeasurementError`.
  public func noiseEstimate(
    ofChannel channel: Int, from measurements: [FieldMeasurement], seed: RandomStream = RandomStream(seed: 0)
  ) throws -> NoiseEstimate {
    let channels = space.channelCount
    let parts = measurements.map { measurement -> FieldMeasurement in
      let entries = measurement.operation.outputEntries.indices
      return measurement.rows(entries.indices.filter { entries[$0] % channels == channel })
    }.filter { $0.count > 0 }
    if let gaussian { return try NoiseEstimate(of: parts, prior: gaussian.prior, domain: space.domain, seed: seed) }
    let vertices = space.domain.vertexCount
    let single = try parts.map { part -> FieldMeasurement in
      guard let entries = part.operation.selectedEntries else {
        throw MeasurementError.operatorNotSupported(
          method: "The estimate of the noise", form: part.operation.form.kind,
          reason: "each measured value has to be one entry of the field", hint: "Give the noise as a number.")
      }
      return FieldMeasurement(
        values: part.values, noise: part.noise,
        operation: SelectionOperator(inputCount: vertices, indices: entries.map { $0 / channels }), label: part.label)
    }
    let prior = KrigingSolver.prior(
      domain: space.domain, isInside: (0..<vertices).map { space.isInside[$0 * channels + channel] },
      values: single.flatMap(\.values))
    return try NoiseEstimate(of: single, prior: prior, domain: space.domain, seed: seed)
  }
}
