// Evaluations of a prior by a solver: counted, in the solvers' shape (B×d), with or without the way back.

import SextantArrays
import SextantAutodiff
import SextantDiffusion

/// Evaluates a noise predictor and counts.
struct CountedPredictor {
  let predictor: any NoisePredictor<Float>
  /// How many fields the predictor was given.
  private(set) var evaluations = 0
  /// How many of these were run backwards.
  private(set) var gradients = 0

  init(_ predictor: any NoisePredictor<Float>) { self.predictor = predictor }

  /// ε̂ of states (B×d), all at one time.
  mutating func noise(in x: Tensor<Float>, at time: Double) -> Tensor<Float> {
    evaluations += x.rowCount
    return predictor.predictedNoise(in: Self.fields(x), at: Array(repeating: time, count: x.rowCount))
      .reshaped(to: x.shape)
  }

  /// x̂₀ = (x − s·ε̂)/α of states (B×d).
  func denoised(_ x: Tensor<Float>, noise: Tensor<Float>, at time: Double) -> Tensor<Float> {
    let schedule = predictor.schedule
    var result = x * Float(1 / schedule.signal(at: time))
    result.add(noise, scaledBy: Float(-schedule.noiseToSignal(at: time)))
    return result
  }

  /// ε̂ and x̂₀ of states (B×d), and the product of any direction u (B×d) with the derivative of x̂₀: (∂x̂₀/∂x)ᵀ·u(x̂₀).
  mutating func guided(
    _ x: Tensor<Float>, at time: Double, by direction: (_ denoised: Tensor<Float>) -> Tensor<Float>
  ) -> (noise: Tensor<Float>, denoised: Tensor<Float>, pulled: Tensor<Float>) {
    let schedule = predictor.schedule
    evaluations += x.rowCount
    gradients += x.rowCount
    let tape = Tape<Float>()
    let leaf = tape.leaf(Self.fields(x))
    let predicted = predictor.predictedNoise(in: leaf, at: Array(repeating: time, count: x.rowCount))
    let noise = predicted.value.reshaped(to: x.shape)
    let denoised = denoised(x, noise: noise, at: time)
    let u = direction(denoised)
    var pulled = u * Float(1 / schedule.signal(at: time))
    let seed = (u * Float(-schedule.noiseToSignal(at: time))).reshaped(to: predicted.shape)
    if let through = tape.gradients(of: predicted, seed: seed)[leaf] { pulled.add(through) }
    return (noise, denoised, pulled)
  }

  private static func fields(_ x: Tensor<Float>) -> Tensor<Float> { x.reshaped(to: x.shape + [1]) }
}
