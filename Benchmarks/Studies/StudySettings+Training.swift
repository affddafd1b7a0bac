// The sections of a study for the flow and its training.

import SextantConfiguration
import SextantDiffusion
import SextantFlows

/// The section `flow`.
public struct StudyFlowSettings: Sendable, Equatable, Codable {
  /// The kind of flow.
  public enum Preset: String, ConfigurationChoice {
    /// The conditional RealNVP of the APS paper at this size.
    case paper
    /// A smaller flow for two processors, which is not the paper's.
    case small
    /// The flow whose base is the exact Gaussian posterior, or the mixture of them.
    case gaussianBase = "gaussian-base"
    /// The same with the posterior under the single Gaussian that has the moments of the mixture.
    case singleGaussianBase = "single-gaussian-base"

    /// Whether the base of the flow is a Gaussian posterior.
    var hasBase: Bool { self == .gaussianBase || self == .singleGaussianBase }
  }

  /// The kind of flow.
  public var preset: Preset
  /// Its shape: that of the preset with the changes of the settings.
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
  /// The noise schedule of the prior's loss.
  public enum Noise: String, ConfigurationChoice {
    /// β from 0.1 to 10.
    case scorePrior = "score-prior"
    /// β from 0.1 to 20.
    case standard

    var schedule: VariancePreservingSchedule { self == .scorePrior ? .scorePrior : .standard }
  }

  /// The number of simulated measurements for training (the seen ones).
  public var measurements: Int
  /// The number of steps.
  public var steps: Int
  /// The number of measurements in a step.
  public var batch: Int
  /// The number of samples for each of them.
  public var draws: Int
  /// Adam's learning rate after the warm-up.
  public var learningRate: Double
  /// Steps of linear warm-up.
  public var warmUp: Int
  /// The norm to which gradients are clipped.
  public var largestNorm: Double
  /// The decay of the averaged parameters in a step.
  public var averageDecay: Double
  /// The share of the steps at which the data term has half of its weight; 0 for full weight from the start.
  public var annealing: Double
  /// The noise schedule.
  public var schedule: Noise
  /// The number of steps between two validations.
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
