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
  public var dps = MisfitDescentSettings.posteriorSampling
  /// Manifold-constrained gradients.
  public var mcg = MisfitDescentSettings.manifoldConstrained
  /// Pseudoinverse guidance.
  public var pigdm = PseudoinverseSettings()
  /// The null-space model.
  public var ddnm = NullSpaceSettings()
  /// Regularisation by a denoiser.
  public var redDiff = DenoisingRegularisationSettings()
  /// A flow for each measurement.
  public var scorePrior = ScorePriorSettings()

  /// The defaults of all methods.
  public init() {}

  /// Reads the section. Throws ``ConfigurationError``.
  public init(_ reader: ConfigurationReader) throws {
    prior = try reader.value("prior", default: .diffusion)
    samples = try reader.optional("samples")
    if let samples, !(1...10_000).contains(samples) {
      throw reader.wrong("samples", expected: "a whole number from 1 to 10000", found: "\(samples)")
    }
    dps = try reader.requiredSection("dps") { try MisfitDescentSettings($0, default: .posteriorSampling) }
    mcg = try reader.requiredSection("mcg") { try MisfitDescentSettings($0, default: .manifoldConstrained) }
    pigdm = try reader.requiredSection("pigdm", PseudoinverseSettings.init)
    ddnm = try reader.requiredSection("ddnm", NullSpaceSettings.init)
    redDiff = try reader.requiredSection("red-diff", DenoisingRegularisationSettings.init)
    scorePrior = try reader.requiredSection("score-prior", ScorePriorSettings.init)
  }
}

extension MisfitDescentSettings {
  fileprivate init(_ reader: ConfigurationReader, default fallback: MisfitDescentSettings) throws {
    self.init(
      sampling: try SamplingSettings(reader, default: fallback.sampling),
      stepSize: try reader.positive("step_size", default: fallback.stepSize),
      norm: try reader.value("norm", default: fallback.norm))
  }
}

extension PseudoinverseSettings {
  fileprivate init(_ reader: ConfigurationReader) throws {
    self.init()
    sampling = try SamplingSettings(reader, default: sampling)
    stepSize = try reader.positive("step_size", default: stepSize)
    weight = try reader.value("weight", default: weight)
    eta = try reader.value("eta", default: eta, in: 0...1)
  }
}

extension NullSpaceSettings {
  fileprivate init(_ reader: ConfigurationReader) throws {
    self.init()
    sampling = try SamplingSettings(reader, default: sampling)
    eta = try reader.value("eta", default: eta, in: 0...1)
  }
}

extension DenoisingRegularisationSettings {
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

extension ConfigurationReader {
  /// The number at a key, which must be above 0, or `fallback`.
  func positive(_ key: String, default fallback: Double) throws -> Double {
    let value: Double = try value(key, default: fallback)
    guard value > 0 else { throw wrong(key, expected: "a number above 0", found: "\(value)") }
    return value
  }
}

extension TimeSpacing: ConfigurationChoice {}
extension MisfitNorm: ConfigurationChoice {}
extension PseudoinverseWeight: ConfigurationChoice {}
