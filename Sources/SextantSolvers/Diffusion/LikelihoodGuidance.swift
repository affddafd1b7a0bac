// The likelihood guidance that DPS and MCG share: a step along the negative gradient of the residual norm ‖y − A·x̂₀‖,
// and the settings of that step. The rest of each method's step is in its own file.
//
// The step size κ is normalised so that κ = 1 removes the whole residual in one step when the denoiser is the identity
// and the residual is at noise level. In the published rule x −= ζ·∇‖y − A·x̂₀‖ this is ζ = κ·σ·√m, so κ depends
// neither on the number of measured values nor on units. docs/diffusion-solvers.md converts the step sizes of other
// programs.

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
  /// κ. A suitable value is about 10/steps.
  public var stepSize: Double
  /// The norm by which the gradient is divided.
  public var norm: GuidanceNorm

  public init(
    sampling: SamplingSettings = SamplingSettings(steps: 1000), stepSize: Double, norm: GuidanceNorm = .residualNorm
  ) {
    (self.sampling, self.stepSize, self.norm) = (sampling, stepSize, norm)
  }

  /// The defaults of DPS.
  public static let dps = LikelihoodGuidanceSettings(stepSize: 0.01)
  /// The defaults of MCG, whose projection enforces the measurement in any case. The published weight 1 is κ = 1/(σ·√m).
  public static let mcg = LikelihoodGuidanceSettings(stepSize: 0.1)

  /// Throws ``SolverError/invalidSetting(method:name:found:expected:)``.
  func validate(method: String) throws(SolverError) {
    try sampling.validate(method: method)
    try SolverError.requirePositive(stepSize, "stepSize", method: method)
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
  let stepSize: Double
  let norm: GuidanceNorm

  /// −κ·s̄²·√m·∂‖r‖/∂x̂₀ of denoised states (B×d): B×d; s̄² is the noise variance in units of the states.
  func direction(_ denoised: Tensor<Float>) -> Tensor<Float> {
    let r = fidelity.residuals(of: denoised)
    let downhill = fidelity.pullback(r, at: denoised)
    let factor = stepSize * fidelity.noiseVariance
    switch norm {
    case .noiseScale: return downhill * Float(factor)
    case .residualNorm:
      let expected = Double(fidelity.count).squareRoot()
      return downhill.scalingSamples(
        by: r.sampleSquaredNorms().map { $0 > 0 ? factor * expected / $0.squareRoot() : 0 })
    }
  }
}

extension LikelihoodGuidanceSettings: MethodSettings {
  public static var swept: SweptSettings<LikelihoodGuidanceSettings>? {
    SweptSettings(steps: \.sampling.steps, stepSize: \LikelihoodGuidanceSettings.stepSize)
  }

  public func reading(_ section: ConfigurationReader) throws -> LikelihoodGuidanceSettings {
    LikelihoodGuidanceSettings(
      sampling: try sampling.reading(section), stepSize: try section.positive("step_size", default: stepSize),
      norm: try section.value("norm", default: norm))
  }
}

extension GuidanceNorm: ConfigurationChoice {}
