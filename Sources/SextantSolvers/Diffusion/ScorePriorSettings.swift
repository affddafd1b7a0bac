// The settings of the score prior: the density of the diffusion that is used, the flow, and its training.

import SextantConfiguration
import SextantDiffusion
import SextantFlows

/// The settings of a ``ScorePriorSolver``.
public struct ScorePriorSettings: Sendable, Equatable, Codable {
  /// The estimate of a field's density under the diffusion prior.
  public enum Density: Sendable, Equatable, Codable {
    /// The evidence lower bound at one random time for each field (the "surrogate" of Feng and Bouman 2023).
    case lowerBound
    /// The density of the probability flow, with this number of fourth-order steps and of probes of the divergence (the
    /// "exact" density of Feng et al. 2023).
    case probabilityFlow(steps: Int = 20, probes: Int = 1)
  }

  /// The estimate of a field's density under the diffusion prior.
  public var density: Density
  /// The flow from z to fields. It has no condition, because it is trained for one measurement.
  public var flow: CouplingFlowConfiguration
  /// The number of training steps.
  public var steps: Int
  /// The number of fields that are drawn in a step.
  public var batchSize: Int
  /// The learning rate of Adam after the warm-up and before the decay.
  public var stepSize: Double
  /// The number of steps over which the learning rate increases.
  public var warmUpSteps: Int
  /// The fraction of the learning rate that remains at the end of a cosine decay; 1 for no decay.
  public var finalShare: Double
  /// The norm to which gradients are clipped.
  public var largestNorm: Double
  /// The decay of the exponential moving average of the parameters, with which the samples are drawn.
  public var averageDecay: Double
  /// The schedule of the data fidelity's weight; nil for full weight from the start.
  public var annealing: DataAnnealing?
  /// The number of samples whose average is the mean if no samples are requested.
  public var drawsForMean: Int

  /// Settings for two processors, **not** the published ones.
  public init(
    density: Density = .lowerBound, flow: CouplingFlowConfiguration = .perMeasurement, steps: Int = 2000,
    batchSize: Int = 64, stepSize: Double = 2e-3, warmUpSteps: Int = 100, finalShare: Double = 0.01,
    largestNorm: Double = 20, averageDecay: Double = 0.99, annealing: DataAnnealing? = nil, drawsForMean: Int = 128
  ) {
    (self.density, self.flow, self.steps, self.batchSize) = (density, flow, steps, batchSize)
    (self.stepSize, self.warmUpSteps, self.finalShare) = (stepSize, warmUpSteps, finalShare)
    (self.largestNorm, self.averageDecay) = (largestNorm, averageDecay)
    (self.annealing, self.drawsForMean) = (annealing, drawsForMean)
  }

  /// The settings of the published program: 32 flow steps, 20,000 training steps at a rate of 1e-5, and its annealing.
  public static func published(_ density: Density = .lowerBound) -> ScorePriorSettings {
    var flow = CouplingFlowConfiguration.paper
    flow.steps = 32
    return ScorePriorSettings(
      density: density, flow: flow, steps: 20_000, batchSize: 64, stepSize: 1e-5, warmUpSteps: 5000, finalShare: 1,
      largestNorm: 1, averageDecay: 0, annealing: .scorePrior)
  }

  /// Throws ``SolverError/invalidSetting(method:name:found:expected:)``, `FlowError`.
  func validate(method: String) throws {
    var counts = [("steps", steps), ("batchSize", batchSize), ("drawsForMean", drawsForMean)]
    if case .probabilityFlow(let steps, let probes) = density {
      counts += [("density.steps", steps), ("density.probes", probes)]
    }
    for (name, value) in counts where value < 1 {
      throw SolverError.invalidSetting(method: method, name: name, found: "\(value)", expected: "1 or more")
    }
    guard warmUpSteps >= 0 else {
      throw SolverError.invalidSetting(
        method: method, name: "warmUpSteps", found: "\(warmUpSteps)", expected: "0 or more")
    }
    try SolverError.requirePositive(stepSize, "stepSize", method: method)
    try SolverError.requirePositive(largestNorm, "largestNorm", method: method)
    try SolverError.requireShare(finalShare, "finalShare", method: method)
    guard averageDecay >= 0, averageDecay < 1 else {
      throw SolverError.invalidSetting(
        method: method, name: "averageDecay", found: "\(averageDecay)", expected: "0 or more, below 1")
    }
    try flow.validate()
  }
}

extension CouplingFlowConfiguration {
  /// A flow for the posterior of one measurement on two processors, **not** the published one: 8 steps, without batch
  /// normalisation, and the identity before training.
  public static var perMeasurement: CouplingFlowConfiguration {
    var result = CouplingFlowConfiguration.gaussianBase
    result.steps = 8
    result.widthDivisor = 4
    return result
  }
}

extension ScorePriorSettings: MethodSettings {
  public static var swept: SweptSettings<ScorePriorSettings>? {
    SweptSettings(steps: \.steps, stepSize: \ScorePriorSettings.stepSize)
  }

  private enum Preset: String, ConfigurationChoice {
    case small, published
  }

  private enum DensityWord: String, ConfigurationChoice {
    case lowerBound = "lower-bound"
    case probabilityFlow = "probability-flow"
  }

  /// Settings that the section omits come from the preset that it names, or from these settings if it names none.
  public func reading(_ section: ConfigurationReader) throws -> ScorePriorSettings {
    let preset: Preset = try section.value("preset", default: .small)
    var result = preset == .published ? .published() : self
    switch try section.value("density", default: DensityWord.lowerBound) {
    case .lowerBound:
      for key in ["density_steps", "probes"] where section.contains(key) {
        throw section.wrong(key, expected: "density: probability-flow beside it", found: "density: lower-bound")
      }
    case .probabilityFlow:
      result.density = .probabilityFlow(
        steps: try section.value("density_steps", default: 20, in: 1...1000),
        probes: try section.value("probes", default: 1, in: 1...1000))
    }
    result.flow.steps = try section.value("coupling_steps", default: result.flow.steps, in: 1...1000)
    result.flow.widthDivisor = try section.value("width_divisor", default: result.flow.widthDivisor, in: 1...100_000)
    result.steps = try section.value("steps", default: result.steps, in: 1...10_000_000)
    result.batchSize = try section.value("batch", default: result.batchSize, in: 1...100_000)
    result.stepSize = try section.positive("step_size", default: result.stepSize)
    result.warmUpSteps = try section.value("warm_up", default: result.warmUpSteps, in: 0...10_000_000)
    result.finalShare = try section.value("final_share", default: result.finalShare, in: 0...1)
    result.largestNorm = try section.positive("largest_norm", default: result.largestNorm)
    result.averageDecay = try section.value("average_decay", default: result.averageDecay, in: 0...0.999_999)
    result.drawsForMean = try section.value("draws_for_mean", default: result.drawsForMean, in: 1...10_000)
    return result
  }
}
