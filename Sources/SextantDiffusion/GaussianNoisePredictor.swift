// The exact noise predictor of a Gaussian: the baseline and possible starting point of learned predictors, and the
// reference of their tests.

import SextantArrays
import SextantAutodiff

/// ε̂ = s·(α²Σ + s²I)⁻¹·(x_t − αμ).
public struct GaussianNoisePredictor<Scalar: TensorScalar>: NoisePredictor {
  /// The distribution of noise-free fields.
  public let distribution: SpectralGaussian<Scalar>
  public let schedule: VariancePreservingSchedule

  public init(_ distribution: SpectralGaussian<Scalar>, schedule: VariancePreservingSchedule = .standard) {
    self.distribution = distribution
    self.schedule = schedule
  }

  public func predictedNoise(in x: DifferentiableTensor<Scalar>, at times: [Double]) -> DifferentiableTensor<Scalar> {
    let levels = SpectralGaussian<Scalar>.levels(schedule, times)
    let noises = levels.map(\.noise)
    let value = distribution.solving(distribution.deviations(of: x.value, at: levels), at: levels)
      .scalingSamples(by: noises).reshaped(to: x.shape)
    return x.tape.record(value, operation: "Gaussian noise prediction", from: [x]) { gradient, cotangents in
      // The prediction is linear in x with a symmetric matrix, so it is its own transpose.
      cotangents.add(distribution.solving(gradient.sampleRows, at: levels).scalingSamples(by: noises), to: x)
    }
  }

  /// The log-density of noisy fields (B×V×C) at `times` (B), in nats.
  public func logDensities(of x: Tensor<Scalar>, at times: [Double]) -> [Double] {
    distribution.logDensities(of: x, at: SpectralGaussian<Scalar>.levels(schedule, times))
  }
}

extension SpectralGaussian {
  /// The noise levels at `times`.
  static func levels(_ schedule: VariancePreservingSchedule, _ times: [Double]) -> [Level] {
    times.map { Level(signal: schedule.signal(at: $0), noise: schedule.noise(at: $0)) }
  }
}
