// A noise predictor that counts its evaluations, for solvers whose states are matrices (B×d).

import SextantArrays
import SextantAutodiff
import SextantDiffusion

/// Evaluates a noise predictor and counts the evaluations.
struct CountedPredictor {
  private let predictor: any NoisePredictor<Float>
  /// The number of fields on which the predictor was evaluated.
  private(set) var evaluations = 0
  /// The number of these evaluations that were differentiated.
  private(set) var gradients = 0

  init(_ predictor: any NoisePredictor<Float>) { self.predictor = predictor }

  /// The noise schedule for which the predictor was trained.
  var schedule: VariancePreservingSchedule { predictor.schedule }

  /// The predicted noise ε̂ in states (B×d) at one time.
  mutating func noise(in x: Tensor<Float>, at time: Double) -> Tensor<Float> {
    evaluations += x.rowCount
    return predictor.predictedNoise(in: Self.fields(x), at: Array(repeating: time, count: x.rowCount))
      .reshaped(to: x.shape)
  }

  /// The denoised states x̂₀ = (x − s·ε̂)/α of states x (B×d).
  func denoised(_ x: Tensor<Float>, noise: Tensor<Float>, at time: Double) -> Tensor<Float> {
    let schedule = predictor.schedule
    var result = x * Float(1 / schedule.signal(at: time))
    result.add(noise, scaledBy: Float(-schedule.noiseToSignal(at: time)))
    return result
  }

  /// ε̂ and x̂₀ of states x (B×d), and the pullback (∂x̂₀/∂x)ᵀ·u of a direction u (B×d) that may depend on x̂₀.
  ///
  /// - Parameters:
  ///   - x: the states (B×d).
  ///   - time: the diffusion time of all of them.
  ///   - direction: the direction u (B×d) as a function of x̂₀ (B×d).
  mutating func guided(
    _ x: Tensor<Float>, at time: Double, by direction: (_ denoised: Tensor<Float>) -> Tensor<Float>
  ) -> (noise: Tensor<Float>, denoised: Tensor<Float>, pullback: Tensor<Float>) {
    let schedule = predictor.schedule
    evaluations += x.rowCount
    gradients += x.rowCount
    let tape = Tape<Float>()
    let leaf = tape.leaf(Self.fields(x))
    let predicted = predictor.predictedNoise(in: leaf, at: Array(repeating: time, count: x.rowCount))
    let noise = predicted.value.reshaped(to: x.shape)
    let denoised = denoised(x, noise: noise, at: time)
    let u = direction(denoised)
    var pullback = u * Float(1 / schedule.signal(at: time))
    let seed = (u * Float(-schedule.noiseToSignal(at: time))).reshaped(to: predicted.shape)
    if let through = tape.gradients(of: predicted, seed: seed)[leaf] { pullback.add(through) }
    return (noise, denoised, pullback)
  }

  private static func fields(_ x: Tensor<Float>) -> Tensor<Float> { x.reshaped(to: x.shape + [1]) }
}
