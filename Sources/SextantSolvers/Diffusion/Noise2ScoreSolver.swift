// Noise2Score (K. Kim and J. C. Ye, "Noise2Score: Tweedie's Approach to Self-Supervised Image Denoising without Clean
// Images", NeurIPS, 2021): for y = x + N(0, σ²I) the posterior mean is y + σ²·∇ log p(y). A diffusion model gives the
// score of noisy fields: at the time where s/α = σ, the mean is the denoised field of α·y. This takes one evaluation
// and gives the exact mean if the predictor is exact, but no uncertainty. It requires a measurement of every entry.
//
// The formula has a single σ. Values with less noise than the noisiest one (the cells of a pole, which are averaged to
// one value; a channel with less noise) are given additional noise up to that level, and all values are if σ is below
// the smallest noise level of the diffusion. The answer is then exact for this noisier measurement.

import SextantArrays
import SextantDiffusion
import SextantMeasurement
import SextantPriors

/// The posterior mean of a noisy, complete field by Tweedie's formula.
public struct Noise2ScoreSolver: Solver {
  public let name = "Noise2Score"
  /// The prior that gives the score.
  public let prior: DiffusionPrior

  public init(_ prior: DiffusionPrior) { self.prior = prior }

  /// Throws ``SolverError/notDenoising(method:reason:)``, and
  /// `MeasurementError.operatorNotSupported` for an operator that mixes entries.
  public func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    let layout = prior.space.layout
    let entries = try selection(
      of: operation, hint: "Use a method that takes any linear measurement, such as dps, pigdm or ddnm.")
    try operation.requireInputs(layout.stateOfEntry.count)
    let seen = Set(entries.map { layout.stateOfEntry[$0] }).subtracting([-1])
    guard seen.count == layout.count else {
      throw SolverError.notDenoising(
        method: name, reason: "\(layout.count - seen.count) of \(layout.count) values were not measured")
    }
    let model = try MeasurementModel(operation: operation, noise: noise)
    return Preparation(
      model: model, prior: prior, name: name, operation: try prior.observationOperator(model, method: name))
  }

  private struct Preparation: PreparedSolver {
    let model: MeasurementModel
    let prior: DiffusionPrior
    let name: String
    let operation: ObservationOperator

    func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior {
      try prior.check(measurement, method: name)
      let observation = prior.space.observe(measurement, by: operation)
      let schedule = prior.predictor.schedule
      let least = schedule.noiseToSignal(at: schedule.startTime)
      let level = observation.noiseVariance.reduce(least * least) { max($0, $1) }.squareRoot()
      let most = schedule.noiseToSignal(at: 1)
      guard level <= most else { throw SolverError.noiseOutOfRange(method: name, found: level, most: most) }
      var stream = random.fork()
      var levelled = 0
      let values = zip(observation.anomalies, observation.noiseVariance).map { value, variance in
        let lacking = level * level - variance
        // Noise levels are in single precision, so equal ones may differ in their last digits.
        guard lacking > 1e-5 * level * level else { return Float(value) }
        levelled += 1
        return Float(value + lacking.squareRoot() * stream.normal())
      }
      let time = min(1, max(schedule.startTime, schedule.time(noiseToSignal: level)))
      let y = Tensor(values, shape: [1, values.count]) * Float(schedule.signal(at: time))
      var predictor = CountedPredictor(prior.predictor)
      let noise = predictor.noise(in: y, at: time)
      let answer = predictor.denoised(y, noise: noise, at: time)
      guard answer.isFinite else { throw SolverError.diverged(method: name, step: 0) }
      return prior.posterior(
        answer, keepsSamples: false, label: measurement.label, cost: predictor.cost(samples: 1),
        diagnostics: ["values-given-noise": Double(levelled)])
    }
  }
}

extension Method {
  /// Tweedie's formula, for measurements of every entry.
  public static let noise2score = Method(
    name: "noise2score", title: "Tweedie's formula (Noise2Score)",
    traits: Traits(drawsSamples: false, fillsGaps: false, transformsItself: true), needs: [.gaussian, .diffusion],
    handles: [.selection]
  ) { context in
    Noise2ScoreSolver(try context.diffusionPrior())
  }
}
