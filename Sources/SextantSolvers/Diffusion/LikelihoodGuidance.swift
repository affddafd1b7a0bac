// The likelihood guidance that DPS and MCG share: a step along the negative gradient of the residual norm ‖y − A·x̂₀‖,
// and the settings of that step. The rest of each method's step is in its own file.
//
// The step size κ is normalised so that κ = 1 removes the whole residual in one step when the denoiser is the identity
// and the residual is at noise level. In the published rule x −= ζ·∇‖y − A·x̂₀‖ this is ζ = κ·σ·√m, so κ depends
// neither on the number of measured values nor on units. docs/diffusion-solvers.md converts the step sizes of other
// programs.
//
// No single κ suits all noise levels and numbers of steps: a small one does not reach precise data within the walk, and a
// large one fits the noise. Without a κ the step scales by itself: it is the ancestral step's own share of the score of
// N(A·x̂₀, v), where v is the noise variance plus what x̂₀ does not yet explain, both estimated by the residual itself.

import SextantArrays
import SextantConfiguration
import SextantDiffusion

/// The norm by which the gradient of half the squared residual is divided.
public enum GuidanceNorm: String, Sendable, Codable, CaseIterable {
  /// The norm of the residual itself, so that the gradient does not grow with the residual: the published rule.
  case residualNorm = "actual"
  /// The norm that the noise alone would give, so that the gradient grows with the residual. With a Gaussian prior
  /// every step is then affine.
  case noiseScale = "expected"
}

/// The settings of a ``DPSSolver`` and of an ``MCGSolver``.
public struct LikelihoodGuidanceSettings: Sendable, Equatable, Codable {
  /// The number of steps, the batch size and the other settings that samplers share.
  public var sampling: SamplingSettings
  /// κ, of which 10/steps is a suitable value at moderate noise; nil for a step that scales by itself.
  public var stepSize: Double?
  /// The norm by which the gradient is divided, where there is a κ.
  public var norm: GuidanceNorm

  public init(
    sampling: SamplingSettings = SamplingSettings(steps: 1000), stepSize: Double? = nil,
    norm: GuidanceNorm = .residualNorm
  ) {
    (self.sampling, self.stepSize, self.norm) = (sampling, stepSize, norm)
  }

  /// The defaults of DPS: steps that scale by themselves.
  public static let dps = LikelihoodGuidanceSettings()
  /// The defaults of MCG, whose projection enforces the measurement in any case. The published weight 1 is κ = 1/(σ·√m).
  public static let mcg = LikelihoodGuidanceSettings(stepSize: 0.1)

  /// Throws ``SolverError/invalidSetting(method:name:found:expected:)``.
  func validate(method: String) throws(SolverError) {
    try sampling.validate(method: method)
    if let stepSize { try SolverError.requirePositive(stepSize, "stepSize", method: method) }
  }

  /// The step size κ that corresponds to ζ in the published rule.
  ///
  /// - Parameters:
  ///   - zeta: ζ, for residuals in units of the states.
  ///   - measuredCount: the number m of measured values.
  ///   - noise: their noise standard deviation σ, in units of the states.
  public static func stepSize(published zeta: Double, measuredCount: Int, noise: Double) -> Double {
    zeta / (noise * Double(measuredCount).squareRoot())
  }
}

/// The guidance of x̂₀, before the pullback through the predictor.
struct LikelihoodGuidance: Sendable {
  let fidelity: any DataFidelity
  /// κ; nil for a step that scales by itself.
  let stepSize: Double?
  let norm: GuidanceNorm

  init(_ settings: LikelihoodGuidanceSettings, fidelity: any DataFidelity) {
    (self.fidelity, stepSize, norm) = (fidelity, settings.stepSize, settings.norm)
  }

  /// The guided step's direction and the rest of the predictor's answer, for states x (B×d) at the beginning of `step`.
  ///
  /// - Parameter scoreShare: the share of an ancestral step's score in the step: 1 for such a step, ½ for one along the flow.
  func pull(
    _ x: Tensor<Float>, step: ReverseStep, scoreShare: Double = 1, predictor: inout CountedPredictor
  ) -> (noise: Tensor<Float>, pullback: Tensor<Float>) {
    let (noise, denoised, pullback) = predictor.guided(x, at: step.time) { direction($0, step: step, scoreShare: scoreShare) }
    return (noise, stepSize == nil ? limited(pullback, at: denoised, step: step) : pullback)
  }

  /// −κ·s̄²·√m·∂‖r‖/∂x̂₀ of denoised states (B×d): B×d; s̄² is the noise variance in units of the states. Without κ,
  /// −β/v·∂(½‖r‖²)/∂x̂₀ with the share β of the score in an ancestral step and v = max(1, ‖r‖²/m).
  private func direction(_ denoised: Tensor<Float>, step: ReverseStep, scoreShare: Double) -> Tensor<Float> {
    let r = fidelity.residuals(of: denoised)
    let downhill = fidelity.pullback(r, at: denoised)
    guard let stepSize else {
      let share = scoreShare * step.forwardVariance * step.nextSignal / step.signal
      let count = Double(max(1, fidelity.count))
      return downhill.scalingSamples(by: r.sampleSquaredNorms().map { share / max(1, $0 / count) })
    }
    let factor = stepSize * fidelity.noiseVariance
    switch norm {
    case .noiseScale: return downhill * Float(factor)
    case .residualNorm:
      let expected = Double(fidelity.count).squareRoot()
      return downhill.scalingSamples(
        by: r.sampleSquaredNorms().map { $0 > 0 ? factor * expected / $0.squareRoot() : 0 })
    }
  }

  /// A move (B×d) of the states, shortened where it would change the residual of x̂₀ by more than the whole of it: with
  /// few steps an explicit step overshoots along modes of large variance.
  private func limited(_ move: Tensor<Float>, at denoised: Tensor<Float>, step: ReverseStep) -> Tensor<Float> {
    let r = fidelity.residuals(of: denoised)
    var moved = denoised
    moved.add(move, scaledBy: Float(1 / step.signal))
    var change = fidelity.residuals(of: moved)
    change.add(r, scaledBy: -1)
    return move.scalingSamples(
      by: zip(r.sampleSquaredNorms(), change.sampleSquaredNorms()).map { $1 > $0 ? ($0 / $1).squareRoot() : 1 })
  }
}

extension LikelihoodGuidanceSettings: MethodSettings {
  public static var swept: SweptSettings<LikelihoodGuidanceSettings>? {
    SweptSettings(steps: \.sampling.steps, stepSize: \LikelihoodGuidanceSettings.givenStepSize)
  }

  /// κ as a sweep sets it.
  private var givenStepSize: Double {
    get { stepSize ?? Self.usualStepSize(steps: sampling.steps) }
    set { stepSize = newValue }
  }

  /// The κ of somebody who chooses a norm and no κ.
  private static func usualStepSize(steps: Int) -> Double { min(1, 10 / Double(steps)) }

  public func reading(_ section: ConfigurationReader) throws -> LikelihoodGuidanceSettings {
    let sampling = try sampling.reading(section)
    let choosesNorm = section.contains("norm") && !section.contains("step_size")
    let own = choosesNorm ? stepSize ?? Self.usualStepSize(steps: sampling.steps) : stepSize
    return LikelihoodGuidanceSettings(
      sampling: sampling, stepSize: try section.value("step_size", default: GuidanceStepSize(value: own)).value,
      norm: try section.value("norm", default: norm))
  }
}

/// κ as a setting: a number, or `auto` for a step that scales by itself.
private struct GuidanceStepSize: ConfigurationValue {
  static let expectation = "a number above 0, or auto"
  let value: Double?

  init(value: Double?) { self.value = value }

  init?(configurationText text: String) {
    if text == "auto" {
      value = nil
    } else {
      guard let number = Double(configurationText: text), number > 0 else { return nil }
      value = number
    }
  }

  var configurationText: String { value?.configurationText ?? "auto" }
}

extension GuidanceNorm: ConfigurationChoice {}
