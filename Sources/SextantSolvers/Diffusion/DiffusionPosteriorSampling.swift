// DPS (Chung et al., "Diffusion posterior sampling for general noisy inverse problems", 2023): an ancestral step, then one
// against the gradient of ‖y − A·x̂₀(x)‖, through the predictor. The norm is each sample's own: programs that take it over
// the batch give other answers for other batches. x̂₀ is not clipped: states have no bounds.
//
// The unit of the step size κ: with κ = 1 a step would take the whole misfit away, were x̂₀ = x and the misfit as large as
// the noise makes it. In the paper's rule x −= ζ·∇‖y − A·x̂₀‖ this is ζ = κ·σ·√m, so κ does not depend on how many values
// are measured, nor on units. docs/diffusion-solvers.md has the other programs' units.

import SextantArrays
import SextantDiffusion
import SextantMeasurement

/// Which norm of the misfit a step is taken against.
public enum MisfitNorm: String, Sendable, Codable, CaseIterable {
  /// The norm as it is, whose gradient does not grow with the misfit: the published rule.
  case actual
  /// Half the square, divided by the norm that the noise alone would give: the gradient grows with the misfit. With a
  /// Gaussian prior every step is then affine.
  case expected
}

/// What a ``DiffusionPosteriorSolver`` is set to.
public struct DiffusionPosteriorSettings: Sendable, Equatable, Codable {
  /// Steps, batches; 1000 steps by default.
  public var sampling: SamplingSettings
  /// κ. What suits goes like 1/steps, about 10/steps.
  public var stepSize: Double
  /// Which norm is descended.
  public var norm: MisfitNorm

  public init(
    sampling: SamplingSettings = SamplingSettings(steps: 1000), stepSize: Double = 0.01, norm: MisfitNorm = .actual
  ) {
    (self.sampling, self.stepSize, self.norm) = (sampling, stepSize, norm)
  }

  /// κ for the ζ of the paper's rule in units of the states, where m values are measured with standard deviation σ.
  public static func stepSize(published zeta: Double, measuredCount: Int, noise: Double) -> Double {
    zeta / (noise * Double(measuredCount).squareRoot())
  }
}

/// Diffusion posterior sampling.
public struct DiffusionPosteriorSolver: Solver {
  public let name = "DPS"
  /// What is sampled.
  public let prior: DiffusionPrior
  public let settings: DiffusionPosteriorSettings

  /// Throws ``SolverError/invalidSetting(method:name:found:expected:)``.
  public init(_ prior: DiffusionPrior, settings: DiffusionPosteriorSettings = .init()) throws(SolverError) {
    try settings.sampling.validate(method: name)
    try SolverError.requirePositive(settings.stepSize, "stepSize", method: name)
    (self.prior, self.settings) = (prior, settings)
  }

  public func prepare(for operation: any LinearOperator) -> any PreparedSolver {
    GuidedSampling(method: name, prior: prior, settings: settings.sampling) { [name, prior, settings] measurement in
      Rule(
        descent: MisfitDescent(
          misfit: try prior.misfit(of: measurement, method: name), stepSize: settings.stepSize, norm: settings.norm))
    }
  }

  private struct Rule: GuidanceRule {
    let descent: MisfitDescent

    func moved(
      _ x: Tensor<Float>, by step: ReverseStep, calls: inout PredictorCalls, using streams: [RandomStream]
    ) -> Tensor<Float> {
      let (noise, _, pulled) = calls.guided(x, at: step.time, by: descent.direction)
      return step.ancestral(x, noise: noise, using: streams) + pulled
    }
  }
}

/// The step against the misfit of x̂₀, before it goes through the predictor.
struct MisfitDescent: Sendable {
  let misfit: any StateMisfit
  let stepSize: Double
  let norm: MisfitNorm

  /// −κ·s̄²·√m·∂‖r‖/∂x̂₀ of denoised states (B×d): B×d; s̄² is the misfit's unit variance.
  func direction(_ denoised: Tensor<Float>) -> Tensor<Float> {
    let r = misfit.misfits(of: denoised)
    let downhill = misfit.pulled(r, at: denoised)
    let factor = stepSize * misfit.unitVariance
    switch norm {
    case .expected: return downhill * Float(factor)
    case .actual:
      let expected = Double(misfit.count).squareRoot()
      return downhill.scalingSamples(
        by: r.sampleSquaredNorms().map { $0 > 0 ? factor * expected / $0.squareRoot() : 0 })
    }
  }
}
