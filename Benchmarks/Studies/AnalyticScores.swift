// Compares draws from a distribution with an exact posterior: mean, spread, density and CRPS. Known biases from the
// finite number of draws are subtracted, so that exact draws score 0 dB, 1, 0 and 0 nats on average, whatever their
// number.

import Foundation
import SextantArrays

/// The scores of one distribution over a set of measurements.
public struct AnalyticScores: Sendable, Codable, Equatable {
  /// PSNR of the exact posterior mean minus that of this one, against the same truths, in dB: mean over fields.
  public var meanGap: Double
  /// Its standard error over fields.
  public var meanGapError: Double
  /// The root mean square difference of the two means in units of the exact spread.
  public var meanDistance: Double
  /// The mean over vertices of this spread over the exact one.
  public var spreadRatio: Double
  /// The root mean square of that ratio's difference from 1.
  public var spreadDeviation: Double
  /// KL(q ‖ exact posterior) in nats for a field of V numbers: mean over fields.
  public var divergence: Double
  /// The standard error of its estimate from draws.
  public var divergenceError: Double
  /// Fair CRPS in the field's units.
  public var rankedProbability: Double
  /// That of the exact posterior, in closed form.
  public var exactRankedProbability: Double

  /// The excess of the CRPS over that of the exact posterior, relative to the latter.
  public var rankedProbabilityExcess: Double { rankedProbability / exactRankedProbability - 1 }

  /// The scores for the log, under names that begin with `prefix`.
  func figures(_ prefix: String) -> [String: Double] {
    [
      "mean_gap": meanGap, "mean_distance": meanDistance, "spread_ratio": spreadRatio,
      "spread_deviation": spreadDeviation, "divergence": divergence, "crps_excess": rankedProbabilityExcess,
    ].reduce(into: [:]) { $0["\(prefix).\($1.key)"] = $1.value }
  }
}

/// Measurements with their exact posteriors, with which distributions are compared.
struct AnalyticEvaluator: Sendable {
  let measurements: SimulatedMeasurements
  let posteriors: [AnalyticPosterior]
  /// One standardised unit in the field's units.
  let unit: Double

  /// The first `count` measurements of a set.
  init(_ measurements: SimulatedMeasurements, count: Int, under prior: AnalyticPrior) throws {
    self.measurements = measurements
    posteriors = try (0..<min(count, measurements.count)).map { try measurements.posterior($0, under: prior) }
    unit = prior.unit
  }

  /// Draws of a distribution for one measurement: N×V with log q (N).
  typealias Draws = (fields: Tensor<Double>, logDensities: [Double])

  /// Scores of the distribution that `draw` draws from for the measurement of an index.
  func scores(_ draw: (_ index: Int) throws -> Draws) rethrows -> AnalyticScores {
    var sums = Sums()
    for index in posteriors.indices { sums.add(field(try draw(index), index)) }
    return sums.scores(unit: unit)
  }

  /// The scores of another known posterior, from draws like all others.
  func scores(under prior: AnalyticPrior, samples: Int, using random: RandomStream) throws -> AnalyticScores {
    try scores { index in
      let posterior = try measurements.posterior(index, under: prior)
      let fields = posterior.samples(samples, using: random.split(index))
      return (fields, posterior.logDensities(of: fields))
    }
  }

  /// The contributions of one field to the sums.
  private struct FieldScores {
    var gap = 0.0
    var squaredDistance = 0.0
    var ratio = 0.0
    var squaredDeviation = 0.0
    var divergence = 0.0
    var divergenceVariance = 0.0
    var rankedProbability = 0.0
    var exactRankedProbability = 0.0
  }

  private func field(_ draws: Draws, _ index: Int) -> FieldScores {
    let (n, v) = (draws.fields.rowCount, draws.fields.columnCount)
    let posterior = posteriors[index]
    let truth = measurements.truths.row(index).scalars
    let (exactMean, exactSpread) = (posterior.mean, posterior.spread)
    let columns = draws.fields.transposed().scalars
    var result = FieldScores()
    var (error, exactError) = (0.0, 0.0)
    for i in 0..<v {
      let values = columns[i * n..<(i + 1) * n].sorted()
      let mean = values.reduce(0, +) / Double(n)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n - 1)
      // The mean of N draws strays from the mean that is meant by variance / N; the spread by 1/(2N) of its square.
      error += (pow(mean - truth[i], 2) - variance / Double(n)) / Double(v)
      exactError += pow(exactMean[i] - truth[i], 2) / Double(v)
      result.squaredDistance +=
        (pow(mean - exactMean[i], 2) - variance / Double(n)) / pow(exactSpread[i], 2) / Double(v)
      let ratio = variance.squareRoot() / exactSpread[i]
      result.ratio += ratio / Double(v)
      result.squaredDeviation += (pow(ratio - 1, 2) - ratio * ratio / Double(2 * n)) / Double(v)
      result.rankedProbability += Self.rankedProbability(sorted: values, truth: truth[i]) / Double(v)
    }
    result.gap = 10 * log10(max(error, 1e-12) / exactError)
    result.exactRankedProbability = posterior.rankedProbability(truth: truth).reduce(0, +) / Double(v)
    let logRatios = zip(draws.logDensities, posterior.logDensities(of: draws.fields)).map { $0 - $1 }
    result.divergence = logRatios.reduce(0, +) / Double(n)
    result.divergenceVariance =
      logRatios.reduce(0) { $0 + pow($1 - result.divergence, 2) } / Double(n - 1) / Double(n)
    return result
  }

  /// Fair CRPS of sorted draws.
  private static func rankedProbability(sorted values: [Double], truth: Double) -> Double {
    let n = values.count
    var (distance, gaps) = (0.0, 0.0)
    for (place, value) in values.enumerated() {
      distance += abs(value - truth)
      // Σ over pairs of |xᵢ − xⱼ|: of sorted values, each counted by how many stand before and after it.
      gaps += Double(2 * place - n + 1) * value
    }
    return distance / Double(n) - gaps / (Double(n) * Double(n - 1))
  }

  private struct Sums {
    var fields: [FieldScores] = []

    mutating func add(_ field: FieldScores) { fields.append(field) }

    func mean(_ value: (FieldScores) -> Double) -> Double {
      fields.reduce(0) { $0 + value($1) } / Double(max(1, fields.count))
    }

    func scores(unit: Double) -> AnalyticScores {
      let gap = mean(\.gap)
      let count = Double(fields.count)
      return AnalyticScores(
        meanGap: gap, meanGapError: (mean { pow($0.gap - gap, 2) } / max(1, count - 1)).squareRoot(),
        meanDistance: max(0, mean(\.squaredDistance)).squareRoot(), spreadRatio: mean(\.ratio),
        spreadDeviation: max(0, mean(\.squaredDeviation)).squareRoot(), divergence: mean(\.divergence),
        divergenceError: (mean(\.divergenceVariance) / count).squareRoot(),
        rankedProbability: mean(\.rankedProbability) * unit,
        exactRankedProbability: mean(\.exactRankedProbability) * unit)
    }
  }
}
