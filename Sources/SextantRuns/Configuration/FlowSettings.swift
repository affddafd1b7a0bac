// The section `flow`: what a network adds to the Gaussian prior of a run, and how it is trained.

import SextantMeasurement
import SextantSolvers

/// A learned posterior on top of the prior.
public struct FlowSettings: Sendable, Equatable, Codable {
  /// How the archive is cut for cross-fitting.
  public enum FoldOrder: String, ConfigurationChoice {
    /// Consecutive fields together.
    case blocks
    /// Every n-th field.
    case interleaved
  }

  /// What the network is trained by.
  public var loss: MarginalLoss
  /// Simulated measurements to learn from.
  public var pairs: Int
  /// Parts of the archive that are left out in turn, so that no pair's prior has seen its field.
  public var folds: Int
  /// How the parts are cut.
  public var foldOrder: FoldOrder
  /// What is missing in the pairs.
  public var masks: [MaskSampler]
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

  init(_ reader: ConfigurationReader, noise fallback: NoiseSpecification) throws {
    loss = try reader.value("loss", default: .rankedProbability)
    pairs = try reader.value("pairs", default: 800, in: 8...1_000_000)
    folds = try reader.value("folds", default: 4, in: 2...100)
    foldOrder = try reader.value("fold_order", default: .blocks)
    masks = try reader.parsedList("masks", default: ["random:0.6"]) {
      try MaskSampler(FilePatterns.expandVariables(in: $0))
    }
    noise = try reader.parsed("noise", default: fallback.description) { try NoiseSpecification(text: $0) }
    widths = try reader.list("widths", default: [24, 48, 64])
    blocks = try reader.value("blocks", default: 1, in: 1...8)
    dropout = try reader.value("dropout", default: 0.1, in: 0...0.9)
    decay = try reader.value("decay", default: 0.01, in: 0...1)
    steps = try reader.value("steps", default: 1200, in: 1...10_000_000)
    batch = try reader.value("batch", default: 8, in: 1...1024)
    learningRate = try reader.value("learning_rate", default: 1e-3, in: 1e-8...1)
    validationShare = try reader.value("validation_share", default: 0.1, in: 0.01...0.5)
    if widths.isEmpty || widths.contains(where: { $0 < 1 || $0 > 4096 }) {
      throw reader.wrong("widths", expected: "numbers of channels from 1 to 4096", found: "\(widths)")
    }
  }
}

extension MarginalLoss: ConfigurationChoice {}
