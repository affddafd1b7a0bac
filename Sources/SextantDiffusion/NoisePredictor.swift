// The interface of a diffusion prior: a function that predicts the noise in a noisy field. The score and the denoised
// field follow from it by Tweedie's formula. How the function is obtained is left to the conforming types.

import SextantArrays
import SextantAutodiff

/// Predicts the noise ε in x_t = α(t)·x + s(t)·ε.
public protocol NoisePredictor<Scalar>: Sendable {
  associatedtype Scalar: TensorScalar
  /// The growth of the noise with time.
  var schedule: VariancePreservingSchedule { get }

  /// The expected noise on the tape of `x`: gradients flow through the prediction to `x`.
  ///
  /// A sample's prediction must not depend on the other samples.
  ///
  /// - Parameters:
  ///   - x: noisy fields, B×V×C.
  ///   - times: the time of each field (B), from t₀ to 1.
  /// - Returns: B×V×C.
  func predictedNoise(in x: DifferentiableTensor<Scalar>, at times: [Double]) -> DifferentiableTensor<Scalar>
}

extension NoisePredictor {
  /// The expected noise in `x` (B×V×C) at `times` (B), without a gradient.
  public func predictedNoise(in x: Tensor<Scalar>, at times: [Double]) -> Tensor<Scalar> {
    predictedNoise(in: Tape<Scalar>().constant(x), at: times).value
  }

  /// The score ∇ log p_t(x) = −ε̂/s of noisy fields (B×V×C).
  public func score(of x: Tensor<Scalar>, at times: [Double]) -> Tensor<Scalar> {
    predictedNoise(in: x, at: times).scalingSamples(by: times.map { -1 / schedule.noise(at: $0) })
  }

  /// The expected clean field given noisy fields (B×V×C): x̂₀ = (x_t − s·ε̂)/α.
  public func denoised(_ x: Tensor<Scalar>, at times: [Double]) -> Tensor<Scalar> {
    schedule.denoised(x, noise: predictedNoise(in: x, at: times), at: times)
  }
}

extension VariancePreservingSchedule {
  /// (x_t − s·ε̂)/α for each sample (B×…) at its time (B).
  public func denoised<Scalar: TensorScalar>(
    _ x: Tensor<Scalar>, noise: Tensor<Scalar>, at times: [Double]
  ) -> Tensor<Scalar> {
    var result = x.scalingSamples(by: times.map { 1 / signal(at: $0) })
    result.add(noise.scalingSamples(by: times.map { -noiseToSignal(at: $0) }))
    return result
  }
}
