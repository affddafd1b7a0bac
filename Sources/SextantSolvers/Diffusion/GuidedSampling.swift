// What all diffusion posterior samplers share: N samples, each from streams of its own, walk from noise at t = 1 down to t₀
// in batches. How a measurement bends a step is the rule of the method.

import SextantArrays
import SextantConfiguration
import SextantDiffusion
import SextantMeasurement
import SextantPriors
import SextantSignals

/// Settings that all posterior samplers have.
public struct SamplingSettings: Sendable, Equatable, Codable {
  /// Steps from t = 1 to t₀.
  public var steps: Int
  /// How their times are placed.
  public var spacing: TimeSpacing
  /// Samples that the predictor is given at once; results do not depend on it.
  public var batchSize: Int
  /// Samples that the mean is taken of where none are asked for: these methods have no other mean.
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
  /// Throws unless `value` is finite and above 0: what every step size and weight has to be.
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

/// How a measurement bends the way from noise to fields.
protocol GuidanceRule: Sendable {
  /// States (B×d) after a step; sample b takes its random numbers from `streams[b]`.
  func moved(
    _ x: Tensor<Float>, by step: ReverseStep, calls: inout CountedPredictor, using streams: [RandomStream]
  ) -> Tensor<Float>
  /// The answers (B×d) behind states (B×d) at t₀.
  func finished(_ x: Tensor<Float>, at time: Double, calls: inout CountedPredictor) -> Tensor<Float>
}

extension GuidanceRule {
  func finished(_ x: Tensor<Float>, at time: Double, calls: inout CountedPredictor) -> Tensor<Float> {
    let noise = calls.noise(in: x, at: time)
    return calls.denoised(x, noise: noise, at: time)
  }
}

/// A posterior sampler that is prepared for one operator.
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
      streams, calls in
      try walk(rule, streams: streams, calls: &calls)
    }
  }

  private func walk(
    _ rule: any GuidanceRule, streams: [RandomStream], calls: inout CountedPredictor
  ) throws -> Tensor<Float> {
    let schedule = prior.predictor.schedule
    let times = schedule.descendingTimes(steps: settings.steps, spacing: settings.spacing)
    var x = Tensor<Float>.normals(streams.map { $0.split("start") }, shape: [prior.space.count])
    for step in 0..<settings.steps {
      x = rule.moved(
        x, by: ReverseStep(schedule, from: times[step], to: times[step + 1]), calls: &calls,
        using: streams.map { $0.split(step) })
      guard x.isFinite else { throw SolverError.diverged(method: method, step: step) }
    }
    x = rule.finished(x, at: times[settings.steps], calls: &calls)
    guard x.isFinite else { throw SolverError.diverged(method: method, step: settings.steps) }
    return x
  }
}

extension GuidedSampling {
  /// A sampler whose rule works in the singular vectors of the whitened operator, which is decomposed once for all measurements.
  ///
  /// - Parameter rule: the rule for one measurement, given as it is and in the singular vectors.
  /// - Throws: ``MeasurementError`` where the operator does not fit, and ``SolverError`` where it is too large to decompose.
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
  /// N answers in states, made in batches; answer n is a function of `random`, n and the measurement alone.
  ///
  /// - Parameter body: the answers (B×d) of B streams.
  func independentSamples(
    _ samples: Int, settings: SamplingSettings, label: FieldLabel, using random: inout RandomStream,
    _ body: (_ streams: [RandomStream], _ calls: inout CountedPredictor) throws -> Tensor<Float>
  ) rethrows -> Posterior {
    let base = random.fork()
    let count = samples > 0 ? samples : settings.drawsForMean
    var calls = CountedPredictor(predictor)
    var states = Tensor<Float>.zeros([count, space.count])
    for start in stride(from: 0, to: count, by: settings.batchSize) {
      let chunk = start..<min(count, start + settings.batchSize)
      states.replaceRows(from: start, with: try body(chunk.map { base.split($0) }, &calls))
    }
    return posterior(states, keepsSamples: samples > 0, label: label, cost: calls.cost(samples: count))
  }
}

extension CountedPredictor {
  /// The calls so far.
  func cost(samples: Int) -> NetworkCost {
    NetworkCost(evaluations: evaluations, gradients: gradients, samples: samples)
  }
}

extension RandomStream {
  /// A stream for one answer: another one each time, whatever the answer takes from it.
  mutating func fork() -> RandomStream { split(Int(truncatingIfNeeded: next())) }
}

extension SamplingSettings {
  /// These settings with the changes that a method's section makes. Throws ``ConfigurationError``.
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
  /// Those of methods that sample a diffusion prior, which holds the transforms of the variables.
  static let ofDiffusion = Method.Traits(transformsItself: true)
}
