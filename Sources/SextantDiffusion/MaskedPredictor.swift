// The interface of a prior that looks at a part of the noisy values alone, as priors do that were learned from fields with gaps: what is
// not seen has no influence. For a value that is seen it predicts the noise, as any noise predictor; for one that is not seen, whose
// noise nobody can know, the value itself. Under one mask it is a noise predictor like others.

import SextantArrays
import SextantAutodiff

/// Predicts fields from a part of their noisy values.
public protocol MaskedPredictor<Scalar>: Sendable {
  associatedtype Scalar: TensorScalar
  /// The growth of the noise with time.
  var schedule: VariancePreservingSchedule { get }

  /// What is expected given the values of x_t = α(t)·x + s(t)·ε that are seen, on the tape of `x`: the noise ε of these values, and the
  /// value x of the others.
  ///
  /// - Parameters:
  ///   - x: noisy values, B×d×1. Those that are not seen may be any finite numbers.
  ///   - mask: 1 for a value that is seen, 0 for others (B×d).
  ///   - times: the time of each field (B).
  /// - Returns: B×d×1.
  func expectation(
    of x: DifferentiableTensor<Scalar>, seeing mask: Tensor<Scalar>, at times: [Double]
  ) -> DifferentiableTensor<Scalar>
}

/// A masked predictor under one mask: the score of "ambient" diffusion, (E[x | what is seen of x_t] − x_t)/s.
public struct MaskedNoisePredictor<Scalar: TensorScalar>: NoisePredictor {
  /// What predicts.
  public let predictor: any MaskedPredictor<Scalar>
  /// 1 for a value that is seen, 0 for others (d).
  public let mask: [Scalar]
  public var schedule: VariancePreservingSchedule { predictor.schedule }

  public init(_ predictor: any MaskedPredictor<Scalar>, seeing mask: [Scalar]) {
    (self.predictor, self.mask) = (predictor, mask)
  }

  public func predictedNoise(in x: DifferentiableTensor<Scalar>, at times: [Double]) -> DifferentiableTensor<Scalar> {
    let count = mask.count
    func rows(_ value: (_ time: Double, _ mask: Scalar) -> Scalar) -> Tensor<Scalar> {
      Tensor(times.flatMap { time in mask.map { value(time, $0) } }, shape: [times.count, count])
    }
    let expected = predictor.expectation(of: x, seeing: rows { $1 }, at: times)
    guard mask.contains(where: { $0 == 0 }) else { return expected }
    // The noise of a value that is not seen is what makes it the value expected: ε = (x_t − α·x)/s.
    func constant(_ value: (_ time: Double, _ mask: Scalar) -> Scalar) -> DifferentiableTensor<Scalar> {
      x.tape.constant(rows(value).reshaped(to: x.shape))
    }
    let ofExpected = constant { $1 - (1 - $1) * Scalar(schedule.signal(at: $0) / schedule.noise(at: $0)) }
    let ofNoisy = constant { (1 - $1) * Scalar(1 / schedule.noise(at: $0)) }
    return expected * ofExpected + x * ofNoisy
  }
}
