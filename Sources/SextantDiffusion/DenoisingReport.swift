// The evaluation of a diffusion prior on its own: the error with which several predictors denoise held-out fields at
// each noise level, and their bounds on the log-density, all for the same noises. It compares a network with the
// Gaussian prior before any solver uses it.

import Foundation
import SextantArrays

/// Denoising errors and likelihood bounds of several predictors on the same fields.
public struct DenoisingReport: Sendable, Equatable, Codable {
  /// The result of one predictor at one noise level.
  public struct Level: Sendable, Equatable, Codable {
    /// s/α: the noise in units of the data.
    public let noiseToSignal: Double
    /// The root mean square error of the denoised fields, in units of the data.
    public let rootMeanSquareError: Double
    /// The mean of (ε̂ − ε)² over values and fields.
    public let noiseError: Double
    /// The standard error of ``noiseError``, over fields.
    public let noiseErrorStandardError: Double
    /// The mean over fields of ``noiseError`` minus that of the first predictor for the same noises; negative is
    /// better.
    public let differenceFromFirst: Double
    /// The standard error of this difference, over fields.
    public let differenceStandardError: Double
  }

  /// The results of one predictor.
  public struct Row: Sendable, Equatable, Codable {
    public let name: String
    /// The results by noise level, in the order requested.
    public let levels: [Level]
    /// The bound on the log-density; nil if it was not requested.
    public let bound: Bound?
  }

  /// A predictor's bound on log p(x), averaged over fields.
  public struct Bound: Sendable, Equatable, Codable {
    /// In nats.
    public let nats: Double
    /// The standard error of ``nats``, over fields.
    public let standardError: Double
    /// The same per value: −log₂ p(x)/D.
    public let bitsPerDimension: Double
    /// ``nats`` minus that of the first predictor for the same noises; positive is better.
    public let gain: Double
    /// The standard error of ``gain``, over fields.
    public let gainStandardError: Double
  }

  /// The predictors, in the order given.
  public let rows: [Row]
  /// The number of fields.
  public let fieldCount: Int

  /// Noise levels from 0.02 to 10, in units of the data.
  public static let usualLevels = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]

  /// Evaluates each predictor on each field at each noise level.
  ///
  /// - Parameters:
  ///   - predictors: names and predictors; the others are compared with the first.
  ///   - fields: held-out fields (N×V×C) in the units in which the priors diffuse.
  ///   - noiseLevels: s/α of each level.
  ///   - timeCount: the number of times and noises for each field's bound; 0 omits the bound.
  ///   - batchSize: the number of fields evaluated at once.
  ///   - random: the stream from which all random numbers are split.
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
          noiseError: own.mean, noiseErrorStandardError: own.standardError, differenceFromFirst: first.mean,
          differenceStandardError: first.standardError)
      }
      let (bound, gain) = (Summary(bounds[row]), Summary(bounds[row], less: bounds[0]))
      return Row(
        name: predictors[row].name, levels: levels,
        bound: timeCount == 0
          ? nil
          : Bound(
            nats: bound.mean, standardError: bound.standardError, bitsPerDimension: -bound.mean / (dimension * log(2)),
            gain: gain.mean, gainStandardError: gain.standardError))
    }
  }

  /// ‖ε̂ − ε‖² of each field at one noise level; every predictor sees the same noises.
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

/// The mean over fields and its standard error.
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
