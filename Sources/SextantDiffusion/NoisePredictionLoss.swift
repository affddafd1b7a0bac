// The loss of noise predictors (Ho et al. 2020): the mean squared error of the network's prediction of the noise that
// was added to a field, at times of one of some distributions.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantNetworks

/// The distribution of the times of a batch, which are stratified over it.
public enum TimeDistribution: String, Sendable, Codable, CaseIterable {
  /// Uniform in [t₀, 1], which gives the best samples.
  case uniform
  /// Density ∝ β/s², plus a point mass at t₀: the loss is then the likelihood bound, up to a factor and a constant.
  case likelihood
  /// log(s/α) normal with mean −1.2 and standard deviation 1.2, with the weight 1/α² of the squared error (T. Karras, M. Aittala, T.
  /// Aila and S. Laine, "Elucidating the Design Space of Diffusion-Based Generative Models", 2022, table 1).
  case logNormal = "log-normal"

  /// A time of the distribution from a number in [0, 1) that is uniform.
  func time(at place: Double, of schedule: VariancePreservingSchedule) -> Double {
    switch self {
    case .uniform: return schedule.startTime + place * (1 - schedule.startTime)
    case .likelihood: return schedule.likelihoodTime(place)
    case .logNormal:
      let ratio = exp(-1.2 + 1.2 * StandardNormal.quantile(place))
      return min(1, max(schedule.startTime, schedule.time(noiseToSignal: ratio)))
    }
  }

  /// The weight of the squared error of the noise at a time.
  func weight(at time: Double, of schedule: VariancePreservingSchedule) -> Double {
    guard self == .logNormal else { return 1 }
    let signal = schedule.signal(at: time)
    return 1 / (signal * signal)
  }
}

/// The mean of (ε̂ − ε)² times the weight of the time over batch and values, for a network and the fields of an archive.
public struct NoisePredictionLoss<Network: NoiseNetwork>: StochasticLoss {
  public typealias Scalar = Network.Scalar
  /// The network to be trained, the predictor that it corrects, and the schedule; its parameters are not used.
  public let predictor: NetworkNoisePredictor<Network>
  /// N×V×C, in the units in which the prior diffuses.
  public let fields: Tensor<Scalar>
  public let times: TimeDistribution
  /// B.
  public let batchSize: Int
  private let order: BatchOrder
  private let random: RandomStream

  /// A loss over `fields` (N×V×C); all random numbers of the training are split from `random`.
  public init(
    _ predictor: NetworkNoisePredictor<Network>, fields: Tensor<Scalar>, batchSize: Int,
    times: TimeDistribution = .uniform, random: RandomStream
  ) {
    precondition(fields.shape.count == 3 && fields.shape[0] > 0 && batchSize > 0, "Fields of shape \(fields.shape)")
    self.predictor = predictor
    self.fields = fields
    self.times = times
    self.batchSize = batchSize
    self.random = random
    order = BatchOrder(count: fields.shape[0], batch: batchSize, random: random.split("order"))
  }

  public func loss(atStep step: Int, in pass: NetworkPass<Scalar>) -> DifferentiableTensor<Scalar> {
    let shape = Array(fields.shape.dropFirst())
    let batch = fields.sampleRows.gatheringRows(order.indices(atStep: step)).reshaped(to: [batchSize] + shape)
    let times = drawTimes(atStep: step)
    let noises = random.split("noise").split(step)
    let noise = Tensor<Scalar>.normals((0..<batchSize).map { noises.split($0) }, shape: shape)
    let schedule = predictor.schedule
    let noisy = diffused(
      pass.tape.constant(batch), signals: times.map { schedule.signal(at: $0) },
      noises: times.map { schedule.noise(at: $0) }, noise: noise)
    let predicted = predictor.predictedNoise(in: noisy, at: times, pass: pass)
    let weights = times.map { self.times.weight(at: $0, of: schedule) / Double(noise.count) }
    return weightedSquaredError(predicted, to: noise, weights: weights).total
  }

  /// One time in each of B strata of equal probability, so that every batch covers all noise levels.
  private func drawTimes(atStep step: Int) -> [Double] {
    var stream = random.split("times").split(step)
    let offset = stream.uniform()
    let schedule = predictor.schedule
    return (0..<batchSize).map { sample in
      times.time(at: (Double(sample) + offset) / Double(batchSize), of: schedule)
    }
  }
}
