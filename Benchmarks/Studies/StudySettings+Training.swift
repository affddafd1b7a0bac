// The sections of a study that say what is trained and how: the flow and the budget.

import SextantConfiguration
import SextantDiffusion
import SextantFlows

/// The section `flow`.
public struct StudyFlowSettings: Sendable, Equatable, Codable {
  /// Which flow.
  public enum Preset: String, ConfigurationChoice {
    /// The conditional RealNVP of the APS paper at this size.
    case paper
    /// The smaller one for two processors, not the paper's.
    case small
    /// The flow on the exact Gaussian posterior, or on the mixture of them.
    case gaussianBase = "gaussian-base"
    /// The same on the posterior under the single Gaussian that has the mixture's moments.
    case singleGaussianBase = "single-gaussian-base"

    /// Whether the flow stands on Gaussian posteriors.
    var hasBase: Bool { self == .gaussianBase || self == .singleGaussianBase }
  }

  /// Which flow.
  public var preset: Preset
  /// Its shape, the preset's with what the settings change.
  public var configuration: CouplingFlowConfiguration

  init(_ reader: ConfigurationReader, kind: StudySettings.Kind) throws {
    let preset: Preset = try reader.value("preset", default: .paper)
    self.preset = preset
    var configuration: CouplingFlowConfiguration =
      switch preset {
      case .paper: .paper
      case .small: .small
      case .gaussianBase, .singleGaussianBase: .gaussianBase
      }
    configuration.steps = try reader.value("steps", default: configuration.steps, in: 1...1000)
    configuration.minimumWidth = try reader.value("minimum_width", default: configuration.minimumWidth, in: 1...100_000)
    configuration.normalisesBatches = try reader.value("batch_normalisation", default: configuration.normalisesBatches)
    self.configuration = configuration
    if preset == .singleGaussianBase, kind != .mixture {
      throw reader.wrong(
        "preset", expected: "gaussian-base where the prior is one Gaussian already", found: preset.rawValue)
    }
  }
}

/// The section `training`: unsupervised, by amortised posterior sampling.
public struct StudyTrainingSettings: Sendable, Equatable, Codable {
  /// Whose noise schedule the prior's loss uses.
  public enum Noise: String, ConfigurationChoice {
    /// β from 0.1 to 10.
    case scorePrior = "score-prior"
    /// β from 0.1 to 20.
    case standard

    var schedule: VariancePreservingSchedule { self == .scorePrior ? .scorePrior : .standard }
  }

  /// Simulated measurements to train on: the seen ones.
  public var measurements: Int
  /// Steps in all.
  public var steps: Int
  /// Measurements in a step.
  public var batch: Int
  /// Samples for each of them.
  public var draws: Int
  /// Adam's learning rate after the warm-up.
  public var learningRate: Double
  /// Steps of linear warm-up.
  public var warmUp: Int
  /// Gradients are cut to this norm.
  public var largestNorm: Double
  /// How much of the averaged parameters stays in a step.
  public var averageDecay: Double
  /// The share of the steps at which the data term has half of its weight; 0 for full weight from the start.
  public var annealing: Double
  /// The noise schedule.
  public var schedule: Noise
  /// Steps between two looks at the posterior.
  public var interval: Int

  init(_ reader: ConfigurationReader) throws {
    measurements = try reader.value("measurements", default: 4096, in: 1...1_000_000)
    steps = try reader.value("steps", default: 10_000, in: 1...10_000_000)
    batch = try reader.value("batch", default: 64, in: 1...100_000)
    draws = try reader.value("draws", default: 1, in: 1...100_000)
    learningRate = try reader.value("learning_rate", default: 1e-3, in: 1e-8...1)
    warmUp = try reader.value("warm_up", default: 200, in: 0...1_000_000)
    largestNorm = try reader.value("largest_norm", default: 1, in: 1e-6...1e9)
    averageDecay = try reader.value("average_decay", default: 0.998, in: 0...0.999999)
    annealing = try reader.value("annealing", default: 0, in: 0...1)
    schedule = try reader.value("schedule", default: .scorePrior)
    interval = try reader.value("interval", default: max(1, steps / 20), in: 1...1_000_000)
  }
}
