// The step against the misfit of x̂₀ that DPS and MCG take, and what both are set to: how many steps, how long, and against which
// norm. What else their steps do stands with each.
//
// The unit of the step size κ: with κ = 1 a step would take the whole misfit away, were x̂₀ = x and the misfit as large as
// the noise makes it. In the paper's rule x −= ζ·∇‖y − A·x̂₀‖ this is ζ = κ·σ·√m, so κ does not depend on how many values
// are measured, nor on units. docs/diffusion-solvers.md has the other programs' units.

import SextantArrays
import SextantDiffusion

/// Which norm of the misfit a step is taken against.
public enum MisfitNorm: String, Sendable, Codable, CaseIterable {
  /// The norm as it is, whose gradient does not grow with the misfit: the published rule.
  case actual
  /// Half the square, divided by the norm that the noise alone would give: the gradient grows with the misfit. With a
  /// Gaussian prior every step is then affine.
  case expected
}

/// What a ``DiffusionPosteriorSolver`` and a ``ManifoldConstrainedSolver`` are set to.
public struct MisfitDescentSettings: Sendable, Equatable, Codable {
  /// Steps, batches.
  public var sampling: SamplingSettings
  /// κ. What suits goes like 1/steps, about 10/steps.
  public var stepSize: Double
  /// Which norm is descended.
  public var norm: MisfitNorm

  public init(
    sampling: SamplingSettings = SamplingSettings(steps: 1000), stepSize: Double, norm: MisfitNorm = .actual
  ) {
    (self.sampling, self.stepSize, self.norm) = (sampling, stepSize, norm)
  }

  /// The defaults of DPS.
  public static let posteriorSampling = MisfitDescentSettings(stepSize: 0.01)
  /// The defaults of MCG, which keeps to what is measured by itself. The published weight 1 is κ = 1/(σ·√m).
  public static let manifoldConstrained = MisfitDescentSettings(stepSize: 0.1)

  /// Throws ``SolverError/invalidSetting(method:name:found:expected:)``.
  func validate(method: String) throws(SolverError) {
    try sampling.validate(method: method)
    try SolverError.requirePositive(stepSize, "stepSize", method: method)
  }

  /// κ for the ζ of the paper's rule in units of the states, where m values are measured with standard deviation σ.
  public static func stepSize(published zeta: Double, measuredCount: Int, noise: Double) -> Double {
    zeta / (noise * Double(measuredCount).squareRoot())
  }
}

/// The step against the misfit of x̂₀, before it goes through the predictor.
struct MisfitDescent: Sendable {
  let fidelity: any DataFidelity
  let stepSize: Double
  let norm: MisfitNorm

  /// −κ·s̄²·√m·∂‖r‖/∂x̂₀ of denoised states (B×d): B×d; s̄² is the noise variance in units of the states.
  func direction(_ denoised: Tensor<Float>) -> Tensor<Float> {
    let r = fidelity.residuals(of: denoised)
    let downhill = fidelity.pullback(r, at: denoised)
    let factor = stepSize * fidelity.noiseVariance
    switch norm {
    case .expected: return downhill * Float(factor)
    case .actual:
      let expected = Double(fidelity.count).squareRoot()
      return downhill.scalingSamples(
        by: r.sampleSquaredNorms().map { $0 > 0 ? factor * expected / $0.squareRoot() : 0 })
    }
  }
}
