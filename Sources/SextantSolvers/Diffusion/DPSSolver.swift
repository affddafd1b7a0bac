// DPS (H. Chung, J. Kim, M. T. McCann, M. L. Klasky and J. C. Ye, "Diffusion Posterior Sampling for General Noisy
// Inverse Problems", ICLR, 2023, Algorithm 1): an ancestral step, followed by a step against the gradient of ‖y −
// A·x̂₀(x)‖, which is computed through the predictor. The norm is taken for each sample separately; in programs that
// take it over a batch, the result depends on the batch. x̂₀ is not clipped, because states have no bounds.

import SextantArrays
import SextantConfiguration
import SextantDiffusion
import SextantMeasurement

/// Diffusion posterior sampling.
public struct DPSSolver: Solver {
  public let name = "DPS"
  /// The prior that is sampled.
  public let prior: DiffusionPrior
  public let settings: LikelihoodGuidanceSettings

  /// Throws ``SolverError/invalidSetting(method:name:found:expected:)``.
  public init(_ prior: DiffusionPrior, settings: LikelihoodGuidanceSettings = .dps) throws(SolverError) {
    try settings.validate(method: name)
    (self.prior, self.settings) = (prior, settings)
  }

  public func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    let model = try MeasurementModel(operation: operation, noise: noise)
    let observed = try prior.differentiableObservation(model, method: name)
    return GuidedSampling(method: name, prior: prior, settings: settings.sampling, model: model) {
      [name, prior, settings] measurement in
      Rule(
        guidance: LikelihoodGuidance(
          settings, fidelity: try prior.fidelity(to: measurement, by: observed, method: name)))
    }
  }

  private struct Rule: GuidanceRule {
    let guidance: LikelihoodGuidance

    func moved(
      _ x: Tensor<Float>, by step: ReverseStep, predictor: inout CountedPredictor, using streams: [RandomStream]
    ) -> Tensor<Float> {
      let (noise, pullback) = guidance.pull(x, step: step, predictor: &predictor)
      return step.ancestral(x, noise: noise, using: streams) + pullback
    }
  }
}

extension Method {
  /// Diffusion posterior sampling.
  public static let dps = Method(
    name: "dps", title: "diffusion posterior sampling (DPS)", traits: .ofDiffusion.knowingSaturation,
    needs: [.gaussian, .diffusion], settings: LikelihoodGuidanceSettings.dps
  ) { context in
    try DPSSolver(context.diffusionPrior(), settings: context.ownSettings())
  }
}
