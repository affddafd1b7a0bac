// The part that all diffusion posterior samplers share: N samples start from noise at t = 1 and step down to t₀ in
// batches, each with its own random streams. Each method has its own rule for how the measurement changes a step.

import SextantArrays
import SextantConfiguration
import SextantDiffusion
import SextantMeasurement
import SextantPriors
import SextantSignals

/// The settings that all posterior samplers share.
public struct SamplingSettings: Sendable, Equatable, Codable {
  /// The number of steps from t = 1 to t₀.
  public var steps: Int
  /// The spacing of the times of the steps.
  public var spacing: TimeSpacing
  /// The number of samples in a batch; the results do not depend on it.
  public var batchSize: Int
  /// The number of samples whose average is the mean if no samples are requested, because these methods have no other
  /// mean.
  public var drawsForMean: Int

  public init(steps: Int, spacing: TimeSpacing = .uniform, batchSize: Int = 32, drawsForMean: Int = 16) {
    (self.steps, self.spacing) = (steps, spacing)
    (self.batchSize, self.drawsForMean) = (batchSize, drawsForMean)
  }

  /// Throws ``SolverError/invalidSetting(method:name:found:expected:)``.
  func validate(method: String) throws(SolverError) {
    for (name, value) in [("steps", steps), ("batchSize", batchSize), ("drawsForMean", drawsForMean)] where value < 1 {
      throw .invalidSetting(method: method, name: name, found: "\(value)", expected: "1 or more")
    }
  }
}

extension SolverError {
  /// Throws unless `value` is finite and above 0, as step sizes and weights must be.
  static func requirePositive(_ value: Double, _ name: String, method: String) throws(SolverError) {
    guard value > 0, value.isFinite else {
      throw .invalidSetting(method: method, name: name, found: "\(value)", expected: "a finite number above 0")
    }
  }

  /// Throws unless `value` lies between 0 and 1.
  static func requireShare(_ value: Double, _ name: String, method: String) throws(SolverError) {
    guard value >= 0, value <= 1 else {
      throw .invalidSetting(method: method, name: name, found: "\(value)", expected: "a number from 0 to 1")
    }
  }
}

/// The effect of a measurement on the steps of a sampler.
protocol GuidanceRule: Sendable {
  /// The states (B×d) after a step; the random numbers of sample b come from `streams[b]`. A rule is asked for the steps of one batch
  /// in order, and may remember the step before.
  mutating func moved(
    _ x: Tensor<Float>, by step: ReverseStep, predictor: inout CountedPredictor, using streams: [RandomStream]
  ) -> Tensor<Float>
  /// The samples (B×d) that belong to states (B×d) at t₀.
  func finished(_ x: Tensor<Float>, at time: Double, predictor: inout CountedPredictor) -> Tensor<Float>
}

extension GuidanceRule {
  func finished(_ x: Tensor<Float>, at time: Double, predictor: inout CountedPredictor) -> Tensor<Float> {
    let noise = predictor.noise(in: x, at: time)
    return predictor.denoised(x, noise: noise, at: time)
  }
}

/// A posterior sampler that is prepared for one operator and its noise.
struct GuidedSampling: PreparedSolver {
  let method: String
  let prior: DiffusionPrior
  let settings: SamplingSettings
  let model: MeasurementModel
  /// The rule for one measurement.
  let rule: @Sendable (FieldMeasurement) throws -> any GuidanceRule

  func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior {
    try prior.check(measurement, method: method)
    let rule = try rule(measurement)
    return try prior.independentSamples(samples, settings: settings, label: measurement.label, using: &random) {
      streams, predictor in
      try walk(rule, streams: streams, predictor: &predictor)
    }
  }

  private func walk(
    _ rule: any GuidanceRule, streams: [RandomStream], predictor: inout CountedPredictor
  ) throws -> Tensor<Float> {
    var rule = rule
    let schedule = prior.predictor.schedule
    let times = schedule.descendingTimes(steps: settings.steps, spacing: settings.spacing)
    var x = Tensor<Float>.normals(streams.map { $0.split("start") }, shape: [prior.space.count])
    for step in 0..<settings.steps {
      try prior.checkInterruption()
      x = rule.moved(
        x, by: ReverseStep(schedule, from: times[step], to: times[step + 1]), predictor: &predictor,
        using: streams.map { $0.split(step) })
      guard x.isFinite else { throw SolverError.diverged(method: method, step: step) }
    }
    x = rule.finished(x, at: times[settings.steps], predictor: &predictor)
    guard x.isFinite else { throw SolverError.diverged(method: method, step: settings.steps) }
    return x
  }
}

extension GuidedSampling {
  /// A sampler whose rule uses the singular vectors of the whitened operator, which is decomposed once for all
  /// measurements.
  ///
  /// - Parameters:
  ///   - method: the name of the method, for errors.
  ///   - prior: the prior that is sampled.
  ///   - settings: the settings of the sampler.
  ///   - operation: the measurement operator.
  ///   - noise: the noise standard deviation of each output (m), in the variables' units.
  ///   - rule: the rule for a measurement, which is given both in states and in the coordinates of the singular vectors.
  /// - Throws: `MeasurementError` where the operator does not fit, and ``SolverError`` where it is too large to
  ///   decompose.
  init(
    method: String, prior: DiffusionPrior, settings: SamplingSettings, operation: any LinearOperator, noise: [Float],
    rule: @escaping @Sendable (_ observation: StateObservation, _ spectrum: WhitenedObservation) -> any GuidanceRule
  ) throws {
    let model = try MeasurementModel(operation: operation, noise: noise)
    let observed = try prior.observationOperator(model, method: method)
    let decomposition = try WhitenedSVD(observed, method: method)
    self.init(method: method, prior: prior, settings: settings, model: model) { measurement in
      let observation = prior.space.observe(measurement, by: observed)
      return rule(observation, WhitenedObservation(observation, in: decomposition))
    }
  }
}

extension DiffusionPrior {
  /// Draws N samples in batches; sample n depends on `random`, n and the measurement alone.
  ///
  /// - Parameters:
  ///   - samples: the number of samples N; 0 for the mean alone.
  ///   - settings: the settings of the sampler.
  ///   - label: the field, whose season selects the climatology.
  ///   - random: the stream from which the streams of all samples are split.
  ///   - body: draws one sample (a row of B×d) for each of B streams.
  func independentSamples(
    _ samples: Int, settings: SamplingSettings, label: FieldLabel, using random: inout RandomStream,
    _ body: (_ streams: [RandomStream], _ predictor: inout CountedPredictor) throws -> Tensor<Float>
  ) rethrows -> Posterior {
    let base = random.fork()
    let count = samples > 0 ? samples : settings.drawsForMean
    var predictor = CountedPredictor(self.predictor)
    var states = Tensor<Float>.zeros([count, space.count])
    for start in stride(from: 0, to: count, by: settings.batchSize) {
      let chunk = start..<min(count, start + settings.batchSize)
      states.replaceRows(from: start, with: try body(chunk.map { base.split($0) }, &predictor))
    }
    return posterior(states, keepsSamples: samples > 0, label: label, cost: predictor.cost(samples: count))
  }
}

extension CountedPredictor {
  /// The evaluations so far as the cost of `samples` samples.
  func cost(samples: Int) -> NetworkCost {
    NetworkCost(evaluations: evaluations, gradients: gradients, samples: samples)
  }
}

extension RandomStream {
  /// A new stream, different at each call, however many numbers are drawn from it.
  mutating func fork() -> RandomStream { split(Int(truncatingIfNeeded: next())) }
}

extension SamplingSettings {
  /// These settings with the changes of a method's section. Throws `ConfigurationError`.
  func reading(_ section: ConfigurationReader) throws -> SamplingSettings {
    SamplingSettings(
      steps: try section.value("steps", default: steps, in: 1...1_000_000),
      spacing: try section.value("spacing", default: spacing),
      batchSize: try section.value("batch", default: batchSize, in: 1...100_000),
      drawsForMean: try section.value("draws_for_mean", default: drawsForMean, in: 1...10_000))
  }
}

extension TimeSpacing: ConfigurationChoice {}

extension Method.Traits {
  /// The traits of methods that sample a diffusion prior, which contains the transforms of the variables.
  static let ofDiffusion = Method.Traits(transformsItself: true)

  /// The same traits for a method that follows the gradient of the likelihood and of nothing else.
  var knowingSaturation: Method.Traits {
    var traits = self
    traits.knowsSaturation = true
    return traits
  }
}
