// MCG (Chung et al., "Improving diffusion models for inverse problems using manifold constraints", 2022): the step of DPS,
// after which what is measured is replaced by the measurement with the noise of the time, α·y + s·ε. The measurement's own
// noise comes back with it at every step and stays in the answer: on noisy data MCG ends at y where y is measured.
//
// For a mask what is measured are entries; for other operators they are the coordinates of WhitenedObservation, of which
// the projection I − A†A is the rest.

import SextantArrays
import SextantConfiguration
import SextantDiffusion
import SextantMeasurement
import SextantPriors

/// Manifold-constrained gradients.
public struct MCGSolver: Solver {
  public let name = "MCG"
  /// What is sampled.
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
        guidance: LikelihoodGuidance(
          fidelity: LinearFidelity(observation), stepSize: settings.stepSize, norm: settings.norm),
        spectrum: spectrum)
    }
  }

  private struct Rule: GuidanceRule {
    let guidance: LikelihoodGuidance
    let spectrum: WhitenedObservation

    func moved(
      _ x: Tensor<Float>, by step: ReverseStep, calls: inout CountedPredictor, using streams: [RandomStream]
    ) -> Tensor<Float> {
      let (noise, _, pulled) = calls.guided(x, at: step.time, by: guidance.direction)
      var result = step.ancestral(x, noise: noise, using: streams) + pulled
      // What is measured becomes α·z + s·ε; of the gradient only the part that is not measured stays.
      let (signal, deviation, rank) = (Float(step.nextSignal), Float(step.nextNoise), spectrum.rank)
      var change = Tensor<Float>.normals(streams.map { $0.split("measured") }, shape: [rank]) * deviation
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
