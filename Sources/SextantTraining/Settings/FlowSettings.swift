// The section `flow`: a learned posterior, on top of the Gaussian prior of a run or by itself, and how it is trained.

import SextantConfiguration
import SextantFlows
import SextantMeasurement
import SextantModels
import SextantSolvers

/// A learned posterior.
public struct FlowSettings: Sendable, Equatable, Codable {
  /// Which flow.
  public enum Preset: String, ConfigurationChoice {
    /// A network that shifts and scales the Gaussian posterior.
    case gaussianBase = "gaussian-base"
    /// The conditional RealNVP of the APS paper over the whole vector of values.
    case paper
    /// The same with 8 steps instead of 24 and half the width, for two processors.
    case small
    /// A flow of convolutional couplings on images, for two processors.
    case convolutional
    /// FlowDiff's for digits: 8.24 million parameters for 3×32×32 pixels.
    case convolutionalDigits = "convolutional-digits"
    /// FlowDiff's for photographs: 11.54 million parameters for 3×64×64 pixels.
    case convolutionalPhotographs = "convolutional-photographs"

    /// The flow over the vector of values; nil for one that stands on a Gaussian posterior.
    fileprivate var vector: CouplingFlowConfiguration? {
      switch self {
      case .paper: .paper
      case .small: .small
      default: nil
      }
    }

    /// The flow on images of some channels; nil for others.
    fileprivate func convolutional(channels: Int) -> ConvolutionalFlowConfiguration? {
      switch self {
      case .convolutional: .small(channels: channels)
      case .convolutionalDigits: .digits(channels: channels)
      case .convolutionalPhotographs: .photographs(channels: channels)
      default: nil
      }
    }
  }

  /// What training sees.
  public enum Supervision: String, ConfigurationChoice {
    /// Measurements with the fields that they were made of.
    case supervised
    /// Measurements alone, and the run's prior: amortised posterior sampling.
    case unsupervised
  }

  /// The prior that unsupervised training distils.
  public enum DistilledPrior: String, ConfigurationChoice {
    /// The run's diffusion prior.
    case diffusion
    /// The Gaussian of the archive's modes.
    case gaussian
  }

  /// Which flow.
  public var preset: Preset
  /// What training sees.
  public var training: Supervision
  /// The shape of a flow over the vector of values; nil for `gaussian-base` and for flows on images.
  public var vector: CouplingFlowConfiguration?
  /// What unsupervised training distils; nil for supervised training.
  public var prior: DistilledPrior?
  /// The share of the steps of unsupervised training at which the data term has half its weight; 0 for full weight at once.
  public var annealing: Double
  /// The smallest noise of the prior that unsupervised training distils, against the signal; nil for all that it knows.
  public var smallestNoise: Double?
  /// What a network on the Gaussian posterior is trained by.
  public var loss: MarginalLoss
  /// Simulated measurements to learn from; a supervised flow over the vector makes new ones in every step.
  public var pairs: Int
  /// Parts of the archive that are left out in turn, so that no pair's prior has seen its field.
  public var folds: Int
  /// How the parts are cut.
  public var foldOrder: Folds
  /// What is measured in the pairs: masks, after the operator if there is one.
  public var masks: [AnyMeasurementDesign]
  /// The noise in the pairs.
  public var noise: NoiseSpecification
  /// Channels of the network in each level, finest first.
  public var widths: [Int]
  /// Residual blocks a level, on each way.
  public var blocks: Int
  /// The share of numbers that each block leaves out in training.
  public var dropout: Double
  /// AdamW's decay of the weights.
  public var decay: Double
  /// Steps of training.
  public var steps: Int
  /// Pairs a step.
  public var batch: Int
  /// Adam's learning rate after the warm-up.
  public var learningRate: Double
  /// The share of the pairs that training does not see.
  public var validationShare: Double

  /// The flow over all values of a field with some channels; nil for a network on the Gaussian posterior.
  func wholeNetwork(channels: Int) -> LearnedFlow.Network? {
    vector.map { .vector($0) } ?? preset.convolutional(channels: channels).map { .convolutional($0) }
  }

  /// - Parameters:
  ///   - fallback: the noise where none is given.
  ///   - hasDiffusion: whether the run has a diffusion prior.
  ///   - isMeasured: whether the fields that it learns from are measurements.
  ///   - learning: how it learns from them; nil for the usual way.
  ///   - designs: the measurement designs that are known.
  package init(
    _ reader: ConfigurationReader, noise fallback: NoiseSpecification, hasDiffusion: Bool, isMeasured: Bool = false,
    learning: MeasuredLearning? = nil, designs: [MeasurementDesignKind] = .standard
  ) throws {
    let joint = learning?.joint
    let isJoint = joint != nil
    let preset: Preset = try reader.value("preset", default: .gaussianBase)
    let training: Supervision = try isJoint ? .unsupervised : reader.value("training", default: .supervised)
    (self.preset, self.training) = (preset, training)
    func reject(_ keys: [String], beside reason: String) throws {
      for key in keys where reader.contains(key) {
        throw reader.wrong(key, expected: "nothing beside \(reason)", found: "some")
      }
    }
    if isJoint { try reject(["training", "prior", "pairs", "folds", "fold_order", "masks", "operator", "noise"], beside: "learning.joint") }
    vector = try preset.vector.map { try Self.vector($0, reader) }
    if training == .supervised {
      try reject(["prior", "annealing", "smallest_noise"], beside: "training: supervised")
      prior = nil
      annealing = 0
    } else {
      let prior: DistilledPrior = try reader.value("prior", default: hasDiffusion ? .diffusion : .gaussian)
      if prior == .diffusion, !hasDiffusion {
        throw reader.wrong("prior", expected: "a section diffusion beside it, or prior: gaussian", found: "diffusion")
      }
      self.prior = prior
      annealing = try reader.value("annealing", default: 0, in: 0...1)
      smallestNoise =
        reader.contains("smallest_noise") ? try reader.value("smallest_noise", default: 0.01, in: 1e-4...10) : nil
    }
    let isWhole = preset != .gaussianBase
    let ofCouplings = ["coupling_steps", "width_divisor", "minimum_width", "batch_normalisation", "mask_as_input"]
    if isWhole {
      if vector == nil { try reject(ofCouplings, beside: "preset: \(preset.rawValue)") }
      try reject(["widths", "blocks", "dropout", "loss"], beside: "preset: \(preset.rawValue)")
    } else {
      try reject(ofCouplings, beside: "preset: gaussian-base")
      if training == .unsupervised { try reject(["loss"], beside: "training: unsupervised") }
    }
    let makesPairs = !isJoint && (!isWhole || training == .unsupervised)
    if !makesPairs, !isJoint {
      try reject(["pairs"], beside: "a supervised flow over the vector, which makes new ones in every step")
    }
    // Of noisy targets the likelihood is less variable than the ranked probability score.
    loss =
      try !isWhole && training == .supervised
      ? reader.value("loss", default: isMeasured ? .likelihood : .rankedProbability) : .likelihood
    let learnsFromCompletions = learning?.amortised?.start == .gaussian
    if isMeasured, !isJoint, training == .unsupervised || (isWhole && !learnsFromCompletions) {
      throw reader.wrong(
        isWhole ? "preset" : "training",
        expected: "preset: gaussian-base with training: supervised beside archive.measured, which learns towards measured values, or a section learning with joint, or with amortised: {start: gaussian} for a supervised flow of any preset",
        found: isWhole ? preset.rawValue : training.rawValue)
    }
    pairs = try makesPairs ? reader.value("pairs", default: 800, in: 8...1_000_000) : 0
    folds = try reader.value("folds", default: 4, in: 2...100)
    foldOrder = try reader.value("fold_order", default: .blocks)
    masks = try reader.designs("masks", default: ["random:0.6"], after: "operator", kinds: designs)
    noise = try reader.parsed("noise", default: fallback.description) { try NoiseSpecification(text: $0) }
    widths = try !isWhole ? reader.list("widths", default: [24, 48, 64]) : []
    blocks = try !isWhole ? reader.value("blocks", default: 1, in: 1...8) : 0
    dropout = try !isWhole ? reader.value("dropout", default: 0.1, in: 0...0.9) : 0
    decay = try reader.value("decay", default: isWhole ? 0 : 0.01, in: 0...1)
    steps = try reader.value("steps", default: 1200, in: 1...10_000_000)
    batch = try reader.value("batch", default: isWhole ? 64 : 8, in: 1...1024)
    learningRate = try reader.value("learning_rate", default: joint?.preset?.flowRate ?? 1e-3, in: 1e-8...1)
    validationShare = try reader.value("validation_share", default: 0.1, in: 0.01...0.5)
    if !isWhole, widths.isEmpty || widths.contains(where: { $0 < 1 || $0 > 4096 }) {
      throw reader.wrong("widths", expected: "numbers of channels from 1 to 4096", found: "\(widths)")
    }
  }

  private static func vector(
    _ preset: CouplingFlowConfiguration, _ reader: ConfigurationReader
  ) throws -> CouplingFlowConfiguration {
    var result = preset
    result.steps = try reader.value("coupling_steps", default: preset.steps, in: 1...1000)
    result.widthDivisor = try reader.value("width_divisor", default: preset.widthDivisor, in: 1...100_000)
    result.minimumWidth = try reader.value("minimum_width", default: preset.minimumWidth, in: 1...100_000)
    result.normalisesBatches = try reader.value("batch_normalisation", default: preset.normalisesBatches)
    result.conditionsOnMask = try reader.value("mask_as_input", default: preset.conditionsOnMask)
    return result
  }
}

extension MarginalLoss: ConfigurationChoice {}
