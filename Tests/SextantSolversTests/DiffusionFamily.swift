// One of each diffusion solver, for laws that hold for all of them.

import SextantDiffusion
import SextantNetworks
import SextantSolvers

/// Makes solvers of a family with short walks.
enum DiffusionFamily {
  /// The names of all.
  static let names = ["dps", "ambient-dps", "mcg", "pigdm", "mmps", "ddnm", "red-diff", "noise2score", "score-prior", "score-prior-exact"]
  /// Those whose samples are made one by one.
  static let walkers = ["dps", "ambient-dps", "mcg", "pigdm", "mmps", "ddnm", "red-diff"]
  /// Those that see no more of a measurement than a gradient.
  static let differentiable = ["dps", "ambient-dps", "red-diff", "score-prior"]

  /// A member with `steps` steps, and a step size other than its own if one is given.
  static func solver(
    _ name: String, _ prior: DiffusionPrior, steps: Int = 20, batchSize: Int = 8, stepSize: Double? = nil
  ) throws -> any Solver {
    let sampling = SamplingSettings(steps: steps, batchSize: batchSize)
    switch name {
    case "dps":
      return try DPSSolver(prior, settings: .init(sampling: sampling, stepSize: stepSize ?? 0.5))
    case "ambient-dps":
      return try AmbientDPSSolver(prior, settings: .init(sampling: sampling, stepSize: stepSize ?? 0.5))
    case "mcg":
      return try MCGSolver(prior, settings: .init(sampling: sampling, stepSize: stepSize ?? 0.5))
    case "pigdm":
      return try PiGDMSolver(prior, settings: .init(sampling: sampling, stepSize: stepSize ?? 1))
    case "mmps":
      // Two iterations, however near their end.
      return try MMPSSolver(
        prior, settings: .init(sampling: sampling, iterations: 2, tolerance: 1e-12, eta: stepSize ?? 1))
    case "ddnm": return try DDNMSolver(prior, settings: .init(sampling: sampling, eta: stepSize ?? 0.85))
    case "red-diff":
      return try REDDiffSolver(
        prior,
        settings: .init(sampling: sampling, optimiser: AdamSettings(rate: stepSize ?? 0.1, beta1: 0.9, beta2: 0.99)))
    case "score-prior", "score-prior-exact":
      return try ScorePriorSolver(
        prior,
        settings: .init(
          density: name == "score-prior" ? .lowerBound : .probabilityFlow(steps: 4), steps: steps, batchSize: batchSize,
          stepSize: stepSize ?? 1e-3, warmUpSteps: 2))
    default: return Noise2ScoreSolver(prior)
    }
  }

  /// The problem that a member is tried on: a mask, but for the one that only takes noise away.
  static func problem(_ name: String) -> String { name == "noise2score" ? "everywhere" : "mask" }
}
