// A diffusion prior reported by itself: how well it denoises held-out fields at each level of noise, and what bound it
// gives their log-density, for several predictors on the same noises. A network stands beside the Gaussian prior here,
// and what it adds is seen before any solver uses it.

import Foundation
import SextantArrays

/// Denoising errors and bounds of several predictors on the same fields.
public struct DenoisingReport: Sendable, Equatable, Codable {
  /// One predictor at one level of noise.
  public struct Level: Sendable, Equatable, Codable {
    /// s/α: the noise in units of the data.
    public let noiseToSignal: Double
    /// The root mean square error of the denoised fields, in units of the data.
    public let rootMeanSquareError: Double
    /// The mean of (ε̂ − ε)² over values and fields.
    public let noiseError: Double
    /// The standard error over fields of ``noiseError``.
    public let noiseErrorDeviation: Double
    /// The mean over fields of ``noiseError`` less the first predictor's on the same noises; negative is better.
    public let differenceFromFirst: Double
    /// The standard error over fields of that difference.
    public let differenceDeviation: Double
  }

  /// One predictor.
  public struct Row: Sendable, Equatable, Codable {
    public let name: String
    /// By level of noise, in the order asked for.
    public let levels: [Level]
    /// The bound of the log-density; nil where none was asked for.
    public let bound: Bound?
  }

  /// One predictor's bound of log p(x), mean over fields.
  public struct Bound: Sendable, Equatable, Codable {
    /// In nats.
    public let nats: Double
    /// The standard error over fields of ``nats``.
    public let deviation: Double
    /// The same per value: −log₂ p(x)/D.
    public let bitsPerDimension: Double
    /// ``nats`` less the first predictor's on the same noises; positive is better.
    public let gain: Double
    /// The standard error over fields of ``gain``.
    public let gainDeviation: Double
  }

  /// The predictors, in the order given.
  public let rows: [Row]
  /// The number of fields.
  public let fieldCount: Int

  /// Noise levels from 0.02 to 10 in units of the data.
  public static let usualLevels = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]

  /// Asks each predictor for each field at each level.
  ///
  /// - Parameters:
  ///   - predictors: Names and predictors; the first is what the others are compared with.
  ///   - fields: Held-out fields (N×V×C) in the units that the priors diffuse in.
  ///   - noiseLevels: s/α of each level.
  ///   - timeCount: times and noises for each field's bound; 0 leaves the bound out.
  public init<Scalar: TensorScalar>(
    _ predictors: [(name: String, predictor: any NoisePredictor<Scalar>)], on fields: Tensor<Scalar>,
    noiseLevels: [Double] = usualLevels, timeCount: Int = 64, batchSize: Int = 32, using random: RandomStream
  ) {
    fieldCount = fields.shape[0]
    let dimension = Double(fields.sampleRows.columnCount)
    let errors = predictors.map { _, predictor in
      noiseLevels.enumerated().map { index, level in
        Self.errors(predictor, fields, level, batchSize, random.split("level").split(index)).map { $0 / dimension }
      }
    }
    let bounds = predictors.map { _, predictor in
      timeCount == 0
        ? []
        : EvidenceLowerBound(predictor, timeCount: timeCount, batchSize: batchSize)
          .values(for: fields, using: random.split("bound")).map(\.nats)
    }
    rows = predictors.indices.map { row in
      let levels = noiseLevels.indices.map { level in
        let (own, first) = (Summary(errors[row][level]), Summary(errors[row][level], less: errors[0][level]))
        return Level(
          noiseToSignal: noiseLevels[level], rootMeanSquareError: noiseLevels[level] * own.mean.squareRoot(),
          noiseError: own.mean, noiseErrorDeviation: own.standardError, differenceFromFirst: first.mean,
          differenceDeviation: first.standardError)
      }
      let (bound, gain) = (Summary(bounds[row]), Summary(bounds[row], less: bounds[0]))
      return Row(
        name: predictors[row].name, levels: levels,
        bound: timeCount == 0
          ? nil
          : Bound(
            nats: bound.mean, deviation: bound.standardError, bitsPerDimension: -bound.mean / (dimension * log(2)),
            gain: gain.mean, gainDeviation: gain.standardError))
    }
  }

  /// ‖ε̂ − ε‖² of each field at one level; the same noises for every predictor.
  private static func errors<Scalar: TensorScalar>(
    _ predictor: any NoisePredictor<Scalar>, _ fields: Tensor<Scalar>, _ level: Double, _ batchSize: Int,
    _ random: RandomStream
  ) -> [Double] {
    let time = predictor.schedule.time(noiseToSignal: level)
    return stride(from: 0, to: fields.shape[0], by: batchSize).flatMap { start in
      let chunk = start..<min(fields.shape[0], start + batchSize)
      return predictor.squaredErrors(
        fields.rows(chunk), at: chunk.map { _ in time },
        noise: .normals(chunk.map { random.split($0) }, shape: Array(fields.shape.dropFirst())))
    }
  }
}

/// A mean over fields and its standard error.
private struct Summary {
  let mean: Double
  let standardError: Double

  init(_ values: [Double], less others: [Double]? = nil) {
    let values = others.map { zip(values, $0).map { $0 - $1 } } ?? values
    guard !values.isEmpty else {
      (mean, standardError) = (.nan, .nan)
      return
    }
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, values.count - 1))
    self.mean = mean
    standardError = (variance / Double(values.count)).squareRoot()
  }
}
