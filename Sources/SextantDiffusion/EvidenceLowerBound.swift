// A Monte-Carlo estimate of the lower bound in LikelihoodTerms.swift on the log-density that a noise predictor assigns
// to fields, including all constants. The times of one field are stratified over their distribution.

import Foundation
import SextantArrays

/// An estimate of the log-density of a field under a diffusion prior.
public struct LogDensityEstimate: Sendable, Equatable, Codable {
  /// In nats, in the units in which the prior diffuses.
  public let nats: Double
  /// The Monte-Carlo standard error in nats.
  public let standardError: Double
  /// D, the number of values of the field.
  public let dimension: Int

  /// −log₂ p(x) per value.
  public var bitsPerDimension: Double { -nats / (Double(dimension) * log(2)) }
}

/// A lower bound on log p(x) for each of many fields.
public struct EvidenceLowerBound<Scalar: TensorScalar>: Sendable {
  /// The noise predictor.
  public let predictor: any NoisePredictor<Scalar>
  /// The number of times and noises drawn for each field.
  public let timeCount: Int
  /// The number of fields passed to the predictor at once; it changes the results only by rounding.
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
    // The times are stratified and in order, so the error of the mean follows from the differences between neighbouring
    // costs.
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
  /// ‖ε̂ − ε‖² of each field (B×V×C) after adding `noise` at the field's time.
  func squaredErrors(_ x: Tensor<Scalar>, at times: [Double], noise: Tensor<Scalar>) -> [Double] {
    var noisy = x.scalingSamples(by: times.map { schedule.signal(at: $0) })
    noisy.add(noise.scalingSamples(by: times.map { schedule.noise(at: $0) }))
    return (predictedNoise(in: noisy, at: times) - noise).sampleSquaredNorms()
  }
}
