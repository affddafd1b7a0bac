// Every choice of the score prior of Feng et al.: which density of the diffusion is used, the flow, and its training.

import SextantConfiguration
import SextantDiffusion
import SextantFlows

/// What a ``ScorePriorSolver`` is set to.
public struct ScorePriorSettings: Sendable, Equatable, Codable {
  /// How unlikely a field is to the diffusion prior.
  public enum Density: Sendable, Equatable, Codable {
    /// The bound, by one random time for each field ("surrogate", Feng and Bouman 2023).
    case lowerBound
    /// The density of the probability flow, by so many steps of order four and so many probes of the divergence ("exact",
    /// Feng et al. 2023).
    case probabilityFlow(steps: Int = 20, probes: Int = 1)
  }

  /// How unlikely a field is to the diffusion prior.
  public var density: Density
  /// The flow from z to fields; it has no condition, as it serves one measurement.
  public var flow: CouplingFlowConfiguration
  /// Steps of its training.
  public var steps: Int
  /// Fields that are drawn in a step.
  public var batchSize: Int
  /// Adam's rate, after the warm-up and before the decay.
  public var stepSize: Double
  /// Steps over which the rate grows.
  public var warmUpSteps: Int
  /// The share of the rate that is left at the end, along half a cosine; 1 for none lost.
  public var finalShare: Double
  /// Gradients are cut to this norm.
  public var largestNorm: Double
  /// How much of the averaged parameters stays in a step; the answer is drawn with these.
  public var averageDecay: Double
  /// How the weight of the misfit grows; nil for all of it from the start.
  public var annealing: DataAnnealing?
  /// Samples that the mean is taken of where none are asked for.
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

  /// Throws ``SolverError/invalidSetting(method:name:found:expected:)``, ``FlowError``.
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
  /// A flow for the posterior of one measurement on two processors, **not** the published one: 8 steps, no statistics of the
  /// batch, the identity before training.
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

  /// Settings that the section does not give come from the preset that it names, and without one from these.
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
