// The diffusion prior as a term of a loss: an unbiased estimate of the bound on −log p(x), one time for each sample,
// whose gradient goes through the predictor to x. It has no shortcut past the predictor's own derivative, as the APS
// paper has none; that derivative is why this costs twice an evaluation and more.

import SextantArrays
import SextantAutodiff

/// The prior's part in a distillation loss.
public struct DistillationPrior<Scalar: TensorScalar>: PriorTerm {
  /// What is distilled.
  public let predictor: any NoisePredictor<Scalar>
  /// Whether the terms of x₁ and of t₀ are part of it: they are where a density is meant, and are left out where a
  /// paper's loss is to be repeated that wrote them as a constant.
  public let keepsEndTerms: Bool
  /// The predictor's, from the smallest noise that is asked for.
  private let schedule: VariancePreservingSchedule

  /// - Parameter smallestNoise: s/α below which nothing is distilled; the predictor's own t₀ if nil. Fields of which many
  ///   values are exactly on a bound have a density without limit as the noise vanishes, and a bound on it that is all about
  ///   the smallest noises.
  public init(
    _ predictor: any NoisePredictor<Scalar>, keepsEndTerms: Bool = true, smallestNoise: Double? = nil
  ) {
    self.predictor = predictor
    self.keepsEndTerms = keepsEndTerms
    schedule = smallestNoise.map { predictor.schedule.starting(atNoiseToSignal: $0) } ?? predictor.schedule
  }

  public var evaluationsPerField: Int { 1 }
  public var gradientsPerField: Int { 1 }

  /// An estimate of −log p(x) from above in nats: summed over dimensions, mean over the batch, of shape [].
  ///
  /// Without the end terms it is ½·Z·‖ε̂ − ε‖².
  ///
  /// - Parameters:
  ///   - x: B×V×C.
  ///   - random: Sample b draws from `random.split(b)`.
  public func callAsFunction(_ x: Variable<Scalar>, using random: RandomStream) -> Variable<Scalar> {
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
