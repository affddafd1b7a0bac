// The diffusion prior as a term of a loss: an unbiased estimate of the bound on −log p(x) at one time per sample, whose
// gradient passes through the predictor to x. As in Mammadov, Chung and Ye (2024), the predictor's Jacobian is not
// dropped, which is why it costs more than twice an evaluation.

import SextantArrays
import SextantAutodiff

/// The prior term of a distillation loss.
public struct DistillationPrior<Scalar: TensorScalar>: PriorTerm {
  /// The prior to be distilled.
  public let predictor: any NoisePredictor<Scalar>
  /// Whether to include the terms at x₁ and t₀. They are necessary for a density; omit them to reproduce a published
  /// loss that treats them as a constant.
  public let keepsEndTerms: Bool
  /// The predictor's schedule, starting at the smallest noise level.
  private let schedule: VariancePreservingSchedule

  /// The prior term of `predictor`.
  ///
  /// `smallestNoise` is the smallest noise level s/α to distil; nil for the predictor's own t₀. If many values of the
  /// fields lie exactly on a bound, the density diverges as the noise vanishes, and the smallest noise levels would
  /// dominate the loss.
  public init(
    _ predictor: any NoisePredictor<Scalar>, keepsEndTerms: Bool = true, smallestNoise: Double? = nil
  ) {
    self.predictor = predictor
    self.keepsEndTerms = keepsEndTerms
    schedule = smallestNoise.map { predictor.schedule.starting(atNoiseToSignal: $0) } ?? predictor.schedule
  }

  public var evaluationsPerField: Int { 1 }
  public var gradientsPerField: Int { 1 }

  /// An estimate of an upper bound on −log p(x) in nats: summed over dimensions, averaged over the batch, of shape [].
  ///
  /// Without the end terms it is ½·Z·‖ε̂ − ε‖².
  ///
  /// - Parameters:
  ///   - x: B×V×C.
  ///   - random: sample b draws from `random.split(b)`.
  public func callAsFunction(
    _ x: DifferentiableTensor<Scalar>, using random: RandomStream
  ) -> DifferentiableTensor<Scalar> {
    let batch = x.shape[0]
    let dimension = x.value.count / max(1, batch)
    let streams = (0..<batch).map { random.split($0) }
    let times = streams.map { stream in
      var stream = stream.split("time")
      let uniform = stream.uniform()
      return keepsEndTerms
        ? schedule.likelihoodTime(uniform) : schedule.time(atCumulativeWeight: uniform * schedule.totalWeight)
    }
    let noise = Tensor<Scalar>.normals(streams.map { $0.split("noise") }, shape: Array(x.shape.dropFirst()))
    let noisy = diffused(
      x, signals: times.map { schedule.signal(at: $0) }, noises: times.map { schedule.noise(at: $0) }, noise: noise)
    let weight = 0.5 * (keepsEndTerms ? schedule.likelihoodWeight : schedule.totalWeight) / Double(batch)
    let error = weightedSquaredError(
      predictor.predictedNoise(in: noisy, at: times), to: noise, weights: Array(repeating: weight, count: batch)
    ).total
    guard keepsEndTerms else { return error }
    let signal = schedule.signal(at: 1)
    let norms = weightedSquaredError(
      x, to: Tensor(repeating: 0, shape: x.shape),
      weights: Array(repeating: 0.5 * signal * signal / Double(batch), count: batch)
    ).total
    let constant =
      schedule.endDivergence(squaredNorm: 0, dimension: dimension) + schedule.startConstant(dimension: dimension)
    return error + norms + x.tape.constant(Tensor([Scalar(constant)], shape: []))
  }
}
