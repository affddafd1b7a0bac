// Sampling of new fields with a noise predictor, from pure noise at t = 1 down to t₀, followed by denoising. The three
// samplers differ only in their step: ancestral (Ho et al. 2020), implicit (DDIM, Song et al. 2021), and the
// probability flow by Heun's method (Karras et al. 2022, in the variable x/α, for which dx̄/d(s/α) = ε̂).

import SextantArrays

/// The step of a sampler from one time to an earlier one.
public enum SamplingMethod: Sendable, Equatable, Codable {
  /// To the expected earlier field, plus noise of the variance of the forward step.
  case ancestral
  /// Through the denoised field. With `eta` 0 no noise is added; with 1, the noise of the forward step given the clean
  /// field.
  case implicit(eta: Double)
  /// Along the deterministic flow, with two evaluations in each step.
  case probabilityFlow
}

/// Draws fields from a diffusion prior.
public struct DiffusionSampler<Scalar: TensorScalar>: Sendable {
  /// The prior.
  public let predictor: any NoisePredictor<Scalar>
  /// The kind of step.
  public let method: SamplingMethod
  /// The number of steps, evenly spaced in the log signal-to-noise ratio.
  public let stepCount: Int
  /// The number of fields passed to the predictor at once; it changes the results only by rounding.
  public let batchSize: Int

  public init(
    _ predictor: any NoisePredictor<Scalar>, method: SamplingMethod = .probabilityFlow, stepCount: Int = 100,
    batchSize: Int = 32
  ) {
    precondition(stepCount > 0 && batchSize > 0, "\(stepCount) steps in batches of \(batchSize)")
    self.predictor = predictor
    self.method = method
    self.stepCount = stepCount
    self.batchSize = batchSize
  }

  /// The number of evaluations of the predictor for one sample, including the final denoising.
  public var evaluationsPerSample: Int { (method == .probabilityFlow ? 2 : 1) * stepCount + 1 }

  /// The samples with the given indices (N×V×C). Each depends only on `random`, its index and the settings.
  public func samples(_ indices: Range<Int>, shape: [Int], using random: RandomStream) -> Tensor<Scalar> {
    samples(indices, shape: shape, using: random, checkInterruption: {})
  }

  /// The samples with the given indices (N×V×C), unless `checkInterruption`, which is called before each step, throws.
  public func samples(
    _ indices: Range<Int>, shape: [Int], using random: RandomStream, checkInterruption: () throws -> Void
  ) rethrows -> Tensor<Scalar> {
    var result = Tensor<Scalar>(repeating: 0, shape: [indices.count] + shape)
    for start in stride(from: indices.lowerBound, to: indices.upperBound, by: batchSize) {
      let chunk = start..<min(indices.upperBound, start + batchSize)
      let batch = try batch(chunk.map { random.split($0) }, shape: shape, checkInterruption: checkInterruption)
      result.replaceRows(from: start - indices.lowerBound, with: batch)
    }
    return result
  }

  private func batch(
    _ streams: [RandomStream], shape: [Int], checkInterruption: () throws -> Void
  ) rethrows -> Tensor<Scalar> {
    let times = predictor.schedule.descendingTimes(steps: stepCount)
    var x = Tensor<Scalar>.normals(streams.map { $0.split("start") }, shape: shape)
    for step in 0..<stepCount {
      try checkInterruption()
      let (time, next) = (times[step], times[step + 1])
      switch method {
      case .ancestral: x = ancestralStep(x, from: time, to: next, streams.map { $0.split(step) })
      case .implicit(let eta): x = implicitStep(x, from: time, to: next, eta: eta, streams.map { $0.split(step) })
      case .probabilityFlow: x = flowStep(x, from: time, to: next)
      }
    }
    return predictor.denoised(x, at: Array(repeating: times[stepCount], count: streams.count))
  }

  private func ancestralStep(
    _ x: Tensor<Scalar>, from time: Double, to next: Double, _ streams: [RandomStream]
  ) -> Tensor<Scalar> {
    ReverseStep(predictor.schedule, from: time, to: next).ancestral(x, noise: noise(in: x, at: time), using: streams)
  }

  private func implicitStep(
    _ x: Tensor<Scalar>, from time: Double, to next: Double, eta: Double, _ streams: [RandomStream]
  ) -> Tensor<Scalar> {
    let predicted = noise(in: x, at: time)
    let denoised = predictor.schedule.denoised(x, noise: predicted, at: Array(repeating: time, count: x.shape[0]))
    return ReverseStep(predictor.schedule, from: time, to: next).implicit(
      denoised: denoised, noise: predicted, eta: eta, using: streams)
  }

  private func flowStep(_ x: Tensor<Scalar>, from time: Double, to next: Double) -> Tensor<Scalar> {
    let step = ReverseStep(predictor.schedule, from: time, to: next)
    let here = noise(in: x, at: time)
    let there = noise(in: step.flow(x, noise: here), at: next)
    return step.flow(x, noise: (here + there) * 0.5)
  }

  private func noise(in x: Tensor<Scalar>, at time: Double) -> Tensor<Scalar> {
    predictor.predictedNoise(in: x, at: Array(repeating: time, count: x.shape[0]))
  }
}
