// The exact noise predictor of a mixture of Gaussians: the predictions of the components, weighted by their
// probabilities given the noisy field. It is the simplest prior that no single Gaussian can represent.

import Foundation
import SextantArrays
import SextantAutodiff

/// ε̂ = Σ_j r_j(x_t)·ε̂_j, where r_j is the posterior probability of component j.
public struct MixtureNoisePredictor<Scalar: TensorScalar>: NoisePredictor {
  /// The components, all over the same fields.
  public let components: [SpectralGaussian<Scalar>]
  /// Their weights, which sum to 1.
  public let weights: [Double]
  public let schedule: VariancePreservingSchedule

  /// A mixture with one non-negative weight for each component; they are scaled to sum to 1.
  public init(
    _ components: [SpectralGaussian<Scalar>], weights: [Double], schedule: VariancePreservingSchedule = .standard
  ) throws {
    let total = weights.reduce(0, +)
    guard !components.isEmpty, weights.count == components.count, weights.allSatisfy({ $0 >= 0 }), total > 0,
      total.isFinite
    else { throw DiffusionError.unusableWeights(count: weights.count, components: components.count) }
    for component in components where component.shape != components[0].shape {
      throw DiffusionError.shapeMismatch(
        what: "A component of a mixture", expected: components[0].shape, found: component.shape)
    }
    self.components = components
    self.weights = weights.map { $0 / total }
    self.schedule = schedule
  }

  /// log w_j + log N_j(x_t) for each component and sample.
  private func jointLogDensities(
    of x: Tensor<Scalar>, at levels: [SpectralGaussian<Scalar>.Level]
  ) -> [[Double]] {
    zip(components, weights).map { component, weight in
      component.logDensities(of: x, at: levels).map { $0 + log(weight) }
    }
  }

  /// r_j for each component and sample.
  private func responsibilities(of joint: [[Double]]) -> [[Double]] {
    let totals = logTotals(of: joint)
    return joint.map { zip($0, totals).map { exp($0 - $1) } }
  }

  private func logTotals(of joint: [[Double]]) -> [Double] {
    guard let first = joint.first else { return [] }
    return first.indices.map { sample in logSumExp(joint.map { $0[sample] }) }
  }

  public func predictedNoise(in x: DifferentiableTensor<Scalar>, at times: [Double]) -> DifferentiableTensor<Scalar> {
    let levels = SpectralGaussian<Scalar>.levels(schedule, times)
    let noises = levels.map(\.noise)
    let responsibilities = responsibilities(of: jointLogDensities(of: x.value, at: levels))
    let predictions = components.map { component in
      component.solving(component.deviations(of: x.value, at: levels), at: levels).scalingSamples(by: noises)
    }
    var value = Tensor<Scalar>(repeating: 0, shape: x.value.sampleRows.shape)
    for (prediction, share) in zip(predictions, responsibilities) { value.add(prediction.scalingSamples(by: share)) }
    return x.tape.record(value.reshaped(to: x.shape), operation: "mixture noise prediction", from: [x]) {
      [components] gradient, cotangents in
      // Each component's prediction is linear, as for a single Gaussian; and ∇r_j = −r_j·(ε̂_j − ε̂)/s.
      let seed = gradient.sampleRows
      var result = Tensor<Scalar>(repeating: 0, shape: seed.shape)
      for (j, component) in components.enumerated() {
        let share = responsibilities[j]
        result.add(component.solving(seed, at: levels).scalingSamples(by: zip(share, noises).map { $0 * $1 }))
        let slopes = zip(seed.sampleProducts(with: predictions[j]), zip(share, noises)).map { -$0 * $1.0 / $1.1 }
        result.add((predictions[j] - value).scalingSamples(by: slopes))
      }
      cotangents.add(result, to: x)
    }
  }

  /// The log-density of noisy fields (B×V×C) at `times` (B), in nats.
  public func logDensities(of x: Tensor<Scalar>, at times: [Double]) -> [Double] {
    logTotals(of: jointLogDensities(of: x, at: SpectralGaussian<Scalar>.levels(schedule, times)))
  }

  /// The log-density of noise-free fields (B×V×C), in nats.
  public func logDensities(of x: Tensor<Scalar>) -> [Double] {
    let level = SpectralGaussian<Scalar>.Level(signal: 1, noise: 0)
    return logTotals(of: jointLogDensities(of: x, at: Array(repeating: level, count: x.shape[0])))
  }

  /// Draws fields (N×V×C), each from its own stream.
  public func samples(using streams: [RandomStream]) -> Tensor<Scalar> {
    var result = Tensor<Scalar>(repeating: 0, shape: [streams.count] + components[0].shape)
    for (row, stream) in streams.enumerated() {
      var chooser = stream.split("component")
      result.replaceRows(from: row, with: components[chooser.categorical(weights) ?? 0].samples(using: [stream]))
    }
    return result
  }
}
