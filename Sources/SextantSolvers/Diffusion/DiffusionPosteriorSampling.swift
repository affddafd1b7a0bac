// DPS (Chung et al., "Diffusion posterior sampling for general noisy inverse problems", 2023): an ancestral step, then one
// against the gradient of ‖y − A·x̂₀(x)‖, through the predictor. The norm is each sample's own: programs that take it over
// the batch give other answers for other batches. x̂₀ is not clipped: states have no bounds.

import SextantArrays
import SextantDiffusion
import SextantMeasurement

/// Diffusion posterior sampling.
public struct DiffusionPosteriorSolver: Solver {
  public let name = "DPS"
  /// What is sampled.
  public let prior: DiffusionPrior
  public let settings: MisfitDescentSettings

  /// Throws ``SolverError/invalidSetting(method:name:found:expected:)``.
  public init(_ prior: DiffusionPrior, settings: MisfitDescentSettings = .posteriorSampling) throws(SolverError) {
    try settings.validate(method: name)
    (self.prior, self.settings) = (prior, settings)
  }

  public func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    let model = MeasurementModel(operation: operation, noise: noise)
    let observed = try prior.differentiableObservation(model, method: name)
    return GuidedSampling(method: name, prior: prior, settings: settings.sampling, model: model) {
      [name, prior, settings] measurement in
      Rule(
        descent: MisfitDescent(
          fidelity: try prior.fidelity(to: measurement, by: observed, method: name), stepSize: settings.stepSize,
          norm: settings.norm))
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
