// Ambient DPS (G. Daras and A. G. Dimakis, "Solving Inverse Problems with Ambient Diffusion", NeurIPS Workshop on Deep Learning and
// Inverse Problems, 2023, equation 2.4): DPS with a prior that was learned from fields with gaps. Such a prior has never seen a complete
// field. It is therefore asked under one of the masks under which it learned, the same in all steps: what is not seen is filled by its mean. The measurement
// pulls at this mean as in DPS, through the predictor. As in the authors' program, steps are those of Heun's method along the
// probability flow, and the measurement pulls once in each.
//
// A prior that was learned from complete fields has nothing to hide, and the mask is of ones.

import SextantArrays
import SextantConfiguration
import SextantDiffusion
import SextantMeasurement

/// Diffusion posterior sampling under a mask of the training.
public struct AmbientDPSSolver: Solver {
  public let name = "Ambient DPS"
  /// The prior that is sampled.
  public let prior: DiffusionPrior
  public let settings: LikelihoodGuidanceSettings

  /// Throws ``SolverError/invalidSetting(method:name:found:expected:)``.
  public init(_ prior: DiffusionPrior, settings: LikelihoodGuidanceSettings = .ambientDPS) throws(SolverError) {
    try settings.validate(method: name)
    (self.prior, self.settings) = (prior, settings)
  }

  public func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    let model = try MeasurementModel(operation: operation, noise: noise)
    return Preparation(
      model: model, method: name, prior: prior, settings: settings,
      observed: try prior.differentiableObservation(model, method: name))
  }

  private struct Preparation: PreparedSolver {
    let model: MeasurementModel
    let method: String
    let prior: DiffusionPrior
    let settings: LikelihoodGuidanceSettings
    let observed: DifferentiableObservation

    func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior {
      var choice = random.split("mask")
      let prior = prior.seeing(oneOfItsMasks: &choice)
      return try GuidedSampling(method: method, prior: prior, settings: settings.sampling, model: model) {
        [method, settings, observed] measurement in
        Rule(
          guidance: LikelihoodGuidance(
            settings, fidelity: try prior.fidelity(to: measurement, by: observed, method: method)))
      }.solve(measurement, samples: samples, using: &random)
    }
  }

  private struct Rule: GuidanceRule {
    let guidance: LikelihoodGuidance

    func moved(
      _ x: Tensor<Float>, by step: ReverseStep, predictor: inout CountedPredictor, using streams: [RandomStream]
    ) -> Tensor<Float> {
      // The flow has half of an ancestral step's score.
      let (here, pullback) = guidance.pull(x, step: step, scoreShare: 0.5, predictor: &predictor)
      let there = predictor.noise(in: step.flow(x, noise: here), at: step.next)
      return step.flow(x, noise: (here + there) * 0.5) + pullback
    }
  }
}

extension LikelihoodGuidanceSettings {
  /// The defaults of Ambient DPS, with the published spacing of the steps.
  public static let ambientDPS = LikelihoodGuidanceSettings(sampling: SamplingSettings(steps: 100, spacing: .seventhRoot))
}

extension Method {
  /// Diffusion posterior sampling under a mask of the training.
  public static let ambientDPS = Method(
    name: "ambient-dps", title: "diffusion posterior sampling under a mask (Ambient DPS)", traits: .ofDiffusion.knowingSaturation,
    needs: [.gaussian, .diffusion], settings: LikelihoodGuidanceSettings.ambientDPS
  ) { context in
    try AmbientDPSSolver(context.diffusionPrior(), settings: context.ownSettings())
  }
}
