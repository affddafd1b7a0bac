// MCG (H. Chung, B. Sim, D. Ryu and J. C. Ye, "Improving Diffusion Models for Inverse Problems using Manifold
// Constraints", NeurIPS, 2022): a step of DPS, after which the measured coordinates are replaced by the measurement at
// the noise level of the time, α·y + s·ε. This reintroduces the measurement's own noise at every step, so on noisy data
// MCG ends at y where y is measured.
//
// For a mask the measured coordinates are entries. For other operators they are the coordinates of WhitenedObservation;
// the projection I − A†A leaves all others.

import SextantArrays
import SextantConfiguration
import SextantDiffusion
import SextantMeasurement
import SextantPriors

/// Manifold-constrained gradients.
public struct MCGSolver: Solver {
  public let name = "MCG"
  /// The prior that is sampled.
  public let prior: DiffusionPrior
  public let settings: LikelihoodGuidanceSettings

  /// Throws ``SolverError/invalidSetting(method:name:found:expected:)``.
  public init(_ prior: DiffusionPrior, settings: LikelihoodGuidanceSettings = .mcg) throws(SolverError) {
    try settings.validate(method: name)
    (self.prior, self.settings) = (prior, settings)
  }

  public func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    try GuidedSampling(
      method: name, prior: prior, settings: settings.sampling, operation: operation, noise: noise
    ) { [settings] observation, spectrum in
      Rule(
        guidance: LikelihoodGuidance(settings, fidelity: LinearFidelity(observation)),
        spectrum: spectrum)
    }
  }

  private struct Rule: GuidanceRule {
    let guidance: LikelihoodGuidance
    let spectrum: WhitenedObservation

    func moved(
      _ x: Tensor<Float>, by step: ReverseStep, predictor: inout CountedPredictor, using streams: [RandomStream]
    ) -> Tensor<Float> {
      let (predicted, pullback) = guidance.pull(x, step: step, predictor: &predictor)
      var result = step.ancestral(x, noise: predicted, using: streams) + pullback
      // The measured coordinates become α·z + s·ε, so the gradient changes only the others.
      let (signal, noise, rank) = (Float(step.nextSignal), Float(step.nextNoise), spectrum.rank)
      var change = Tensor<Float>.normals(streams.map { $0.split("measured") }, shape: [rank]) * noise
      change.add(spectrum.coordinates(of: result), scaledBy: -1)
      let measured = spectrum.measured
      change.withUnsafeMutableScalars { values in
        for i in values.indices { values[i] += signal * measured[i % rank] }
      }
      spectrum.add(change, to: &result)
      return result
    }
  }
}

extension Method {
  /// Manifold-constrained gradients.
  public static let mcg = Method(
    name: "mcg", title: "manifold-constrained gradients (MCG)", traits: .ofDiffusion,
    needs: [.gaussian, .diffusion], settings: LikelihoodGuidanceSettings.mcg
  ) { context in
    try MCGSolver(context.diffusionPrior(), settings: context.ownSettings())
  }
}
