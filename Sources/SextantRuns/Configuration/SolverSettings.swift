// The section `solvers`: how the methods that sample a diffusion prior do it, and which prior that is. Each method has a
// section of its own under its name; what the settings mean stands in docs/diffusion-solvers.md.

import SextantConfiguration
import SextantDiffusion
import SextantFlows
import SextantNetworks
import SextantSolvers

/// How the methods that sample a diffusion prior are set.
public struct SolverSettings: Sendable, Equatable, Codable {
  /// Which prior is sampled.
  public enum Prior: String, ConfigurationChoice {
    /// The run's trained diffusion prior.
    case diffusion
    /// The Gaussian of the run's modes, whose denoiser is exact and needs no training.
    case gaussian
  }

  /// Which prior is sampled.
  public var prior = Prior.diffusion
  /// Samples that these methods give in a comparison; nil for as many as the others.
  public var samples: Int?
  /// Diffusion posterior sampling.
  public var dps = LikelihoodGuidanceSettings.dps
  /// Manifold-constrained gradients.
  public var mcg = LikelihoodGuidanceSettings.mcg
  /// Pseudoinverse guidance.
  public var pigdm = PiGDMSettings()
  /// The null-space model.
  public var ddnm = DDNMSettings()
  /// Regularisation by a denoiser.
  public var redDiff = REDDiffSettings()
  /// A flow for each measurement.
  public var scorePrior = ScorePriorSettings()

  /// The defaults of all methods.
  public init() {}

  /// Reads the section. Throws ``ConfigurationError``.
  init(_ reader: ConfigurationReader) throws {
    prior = try reader.value("prior", default: .diffusion)
    samples = try reader.optional("samples")
    if let samples, !(1...10_000).contains(samples) {
      throw reader.wrong("samples", expected: "a whole number from 1 to 10000", found: "\(samples)")
    }
    dps = try reader.requiredSection("dps") { try LikelihoodGuidanceSettings($0, default: .dps) }
    mcg = try reader.requiredSection("mcg") { try LikelihoodGuidanceSettings($0, default: .mcg) }
    pigdm = try reader.requiredSection("pigdm", PiGDMSettings.init)
    ddnm = try reader.requiredSection("ddnm", DDNMSettings.init)
    redDiff = try reader.requiredSection("red-diff", REDDiffSettings.init)
    scorePrior = try reader.requiredSection("score-prior", ScorePriorSettings.init)
  }

  /// The settings for a program that has no configuration, from changes such as "solvers.dps.steps=100".
  ///
  /// Throws ``ConfigurationError``.
  public init(overrides: [String]) throws {
    let reader = try ConfigurationReader.parse("", path: "", overrides: overrides).reader
    self = try reader.requiredSection("solvers", SolverSettings.init)
    try reader.finish()
  }
}

extension LikelihoodGuidanceSettings {
  fileprivate init(_ reader: ConfigurationReader, default fallback: LikelihoodGuidanceSettings) throws {
    self.init(
      sampling: try SamplingSettings(reader, default: fallback.sampling),
      stepSize: try reader.positive("step_size", default: fallback.stepSize),
      norm: try reader.value("norm", default: fallback.norm))
  }
}

extension PiGDMSettings {
  fileprivate init(_ reader: ConfigurationReader) throws {
    self.init()
    sampling = try SamplingSettings(reader, default: sampling)
    stepSize = try reader.positive("step_size", default: stepSize)
    weight = try reader.value("weight", default: weight)
    eta = try reader.value("eta", default: eta, in: 0...1)
  }
}

extension DDNMSettings {
  fileprivate init(_ reader: ConfigurationReader) throws {
    self.init()
    sampling = try SamplingSettings(reader, default: sampling)
    eta = try reader.value("eta", default: eta, in: 0...1)
  }
}

extension REDDiffSettings {
  fileprivate init(_ reader: ConfigurationReader) throws {
    self.init()
    sampling = try SamplingSettings(reader, default: sampling)
    optimiser.rate = try reader.positive("step_size", default: optimiser.rate)
    weight = try reader.positive("weight", default: weight)
  }
}

extension ScorePriorSettings {
  /// Where settings that are not given come from.
  private enum Preset: String, ConfigurationChoice {
    case small, published
  }

  private enum DensityWord: String, ConfigurationChoice {
    case lowerBound = "lower-bound"
    case probabilityFlow = "probability-flow"
  }

  fileprivate init(_ reader: ConfigurationReader) throws {
    let preset: Preset = try reader.value("preset", default: .small)
    self = preset == .published ? .published() : ScorePriorSettings()
    switch try reader.value("density", default: DensityWord.lowerBound) {
    case .lowerBound:
      for key in ["density_steps", "probes"] where reader.contains(key) {
        throw reader.wrong(key, expected: "density: probability-flow beside it", found: "density: lower-bound")
      }
    case .probabilityFlow:
      density = .probabilityFlow(
        steps: try reader.value("density_steps", default: 20, in: 1...1000),
        probes: try reader.value("probes", default: 1, in: 1...1000))
    }
    flow.steps = try reader.value("coupling_steps", default: flow.steps, in: 1...1000)
    flow.widthDivisor = try reader.value("width_divisor", default: flow.widthDivisor, in: 1...100_000)
    steps = try reader.value("steps", default: steps, in: 1...10_000_000)
    batchSize = try reader.value("batch", default: batchSize, in: 1...100_000)
    stepSize = try reader.positive("step_size", default: stepSize)
    warmUpSteps = try reader.value("warm_up", default: warmUpSteps, in: 0...10_000_000)
    finalShare = try reader.value("final_share", default: finalShare, in: 0...1)
    largestNorm = try reader.positive("largest_norm", default: largestNorm)
    averageDecay = try reader.value("average_decay", default: averageDecay, in: 0...0.999_999)
    drawsForMean = try reader.value("draws_for_mean", default: drawsForMean, in: 1...10_000)
  }
}

extension SamplingSettings {
  fileprivate init(_ reader: ConfigurationReader, default fallback: SamplingSettings) throws {
    self.init(
      steps: try reader.value("steps", default: fallback.steps, in: 1...1_000_000),
      spacing: try reader.value("spacing", default: fallback.spacing),
      batchSize: try reader.value("batch", default: fallback.batchSize, in: 1...100_000),
      drawsForMean: try reader.value("draws_for_mean", default: fallback.drawsForMean, in: 1...10_000))
  }
}

extension TimeSpacing: ConfigurationChoice {}
extension GuidanceNorm: ConfigurationChoice {}
extension PiGDMWeight: ConfigurationChoice {}
