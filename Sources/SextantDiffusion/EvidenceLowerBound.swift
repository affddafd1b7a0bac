// How probable a noise predictor thinks fields are, from below: the bound of LikelihoodTerms.swift by Monte Carlo, with
// nothing left out. The times of one field are spread evenly over the distribution that they are drawn from.

import Foundation
import SextantArrays

/// An estimate of the log-density of one field under a diffusion prior.
public struct LogDensityEstimate: Sendable, Equatable, Codable {
  /// In nats, with respect to the units that the prior diffuses in.
  public let nats: Double
  /// The Monte-Carlo standard error in nats; 0 where none is estimated.
  public let standardError: Double
  /// D, the number of values of the field.
  public let dimension: Int

  /// −log₂ p(x) per value.
  public var bitsPerDimension: Double { -nats / (Double(dimension) * log(2)) }
}

/// A lower bound of log p(x) for each of many fields.
public struct EvidenceLowerBound<Scalar: TensorScalar>: Sendable {
  /// What is asked.
  public let predictor: any NoisePredictor<Scalar>
  /// Times and noises drawn for each field.
  public let timeCount: Int
  /// Fields that the predictor is given at once; results do not depend on it beyond rounding.
  public let batchSize: Int

  public init(_ predictor: any NoisePredictor<Scalar>, timeCount: Int = 128, batchSize: Int = 64) {
    precondition(timeCount > 0 && batchSize > 0, "\(timeCount) times in batches of \(batchSize)")
    self.predictor = predictor
    self.timeCount = timeCount
    self.batchSize = batchSize
  }

  /// The bound for each field (N×V×C); field i draws from `random.split(first + i)`.
  public func values(
    for fields: Tensor<Scalar>, using random: RandomStream, first: Int = 0
  ) -> [LogDensityEstimate] {
    (0..<fields.shape[0]).map { value(for: fields.rows($0..<$0 + 1), using: random.split(first + $0)) }
  }

  private func value(for field: Tensor<Scalar>, using random: RandomStream) -> LogDensityEstimate {
    let schedule = predictor.schedule
    var placement = random.split("times")
    let times = (0..<timeCount).map { stratum in
      schedule.likelihoodTime((Double(stratum) + placement.uniform()) / Double(timeCount))
    }
    let noiseStreams = random.split("noise")
    var costs: [Double] = []
    for start in stride(from: 0, to: timeCount, by: batchSize) {
      let chunk = start..<min(timeCount, start + batchSize)
      let errors = predictor.squaredErrors(
        field.repeated(chunk.count), at: Array(times[chunk]),
        noise: .normals(chunk.map { noiseStreams.split($0) }, shape: Array(field.shape.dropFirst())))
      costs += errors.map { 0.5 * schedule.likelihoodWeight * $0 }
    }
    let mean = costs.reduce(0, +) / Double(timeCount)
    // Times are in order and evenly spread: what is random about the mean is how each cost differs from its neighbour.
    let jumps = zip(costs, costs.dropFirst()).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let variance = jumps / Double(2 * max(1, timeCount - 1))
    let norm = field.sampleSquaredNorms()[0]
    let other =
      schedule.endDivergence(squaredNorm: norm, dimension: field.count) + schedule.startConstant(dimension: field.count)
    return LogDensityEstimate(
      nats: -mean - other, standardError: (variance / Double(timeCount)).squareRoot(), dimension: field.count)
  }
}

extension NoisePredictor {
  /// ‖ε̂ − ε‖² of each field (B×V×C) after `noise` was added to it for its time.
  func squaredErrors(_ x: Tensor<Scalar>, at times: [Double], noise: Tensor<Scalar>) -> [Double] {
    var noisy = x.scalingSamples(by: times.map { schedule.signal(at: $0) })
    noisy.add(noise.scalingSamples(by: times.map { schedule.noise(at: $0) }))
    return (predictedNoise(in: noisy, at: times) - noise).sampleSquaredNorms()
  }
}
