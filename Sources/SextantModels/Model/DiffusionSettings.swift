// The section `diffusion`: a diffusion prior that is learned beside the Gaussian one, and how it is trained.

import SextantConfiguration
import SextantDiffusion
import SextantGeometry

/// A diffusion prior.
public struct DiffusionSettings: Sendable, Equatable, Codable {
  /// What predicts the noise.
  public enum Network: String, ConfigurationChoice {
    /// A U-Net over neighbourhoods: of a latitude–longitude grid, with wrap and poles, or along a surface.
    case neighbourhoods
    /// A U-Net along the array of vertices.
    case line
    /// The paper's six-level U-Net along the array of vertices, 48.6 M parameters: not for CPUs.
    case sixLevel = "six-level"
    /// The U-Net of DDPM on the pixels of images.
    case plane
  }

  /// Sizes of the network of images, by name.
  public enum Preset: String, ConfigurationChoice {
    /// That of Ho, Jain and Abbeel (2020) for CIFAR-10: 35.75 million parameters for three colours. Not for CPUs.
    case cifar
    /// That which FlowDiff has for microscopy, reconstructed: 17.2 million parameters. Not for CPUs.
    case microscopy
    /// For CPUs: 1.1 million parameters for three colours.
    case small
    /// NCSN++ as the APS paper has it for faces of 32×32 pixels. Not for CPUs.
    case ncsnpp

    var architecture: Architecture? { self == .ncsnpp ? .ncsnpp : nil }

    package var widths: [Int] {
      switch self {
      case .cifar: [128, 256, 256, 256]
      case .ncsnpp: [64, 128, 128, 128]
      case .microscopy: [64, 128, 128, 256]
      case .small: [32, 64, 64]
      }
    }

    package var blocks: Int {
      switch self {
      case .small: 1
      case .cifar, .microscopy: 2
      case .ncsnpp: 4
      }
    }

    /// The largest side in pixels of the first level with attention.
    package var attention: Int { self == .small ? 8 : 16 }
  }

  /// Layers of a network of images that are not those of DDPM.
  public enum Architecture: String, Sendable, Codable {
    /// Those of NCSN++.
    case ncsnpp
  }

  /// What the output of the network stands for, where it is not the noise.
  public enum Preconditioning: String, Sendable, Codable {
    /// Scaled as by Karras and others (2022).
    case edm
  }

  /// What predicts the noise.
  public var network: Network
  /// The order of the vertices in the array, for networks along it.
  public var order: VertexOrdering
  /// Channels of the network in each level, finest first.
  public var widths: [Int]
  /// Residual blocks a level, on each way.
  public var blocks: Int
  /// The layers of a network of images; nil for those of DDPM, and for other networks.
  public var architecture: Architecture?
  /// What the output of the network stands for; nil for the noise itself.
  public var preconditioning: Preconditioning?
  /// The largest side in pixels of the first level with attention, for images; nil for other networks.
  public var attention: Int?
  /// The file of weights from which the training starts, in the names of diffusers' UNet2DModel; nil for random ones.
  public var weights: String?
  /// Steps of training.
  public var steps: Int
  /// Fields a step.
  public var batch: Int
  /// Adam's learning rate after the warm-up.
  public var learningRate: Double
  /// β₁, the rate of the diffusion at its end.
  public var finalRate: Double
  /// How the times of a batch are drawn.
  public var times: TimeDistribution
  /// Whether the network corrects the noise prediction of the archive's Gaussian, or stands alone.
  public var startsFromGaussian: Bool
  /// The share of the fields that training does not see.
  public var validationShare: Double
  /// Which fields these are: the last ones, or every n-th.
  public var heldOut: Folds

  /// - Parameters:
  ///   - usualRate: the learning rate where none is stated; nil for that of the network.
  ///   - standsAlone: whether a network stands alone where nothing is stated.
  package init(_ reader: ConfigurationReader, usualRate: Double? = nil, standsAlone: Bool = false) throws {
    network = try reader.value("network", default: .neighbourhoods)
    let isPaper = network == .sixLevel
    order = try reader.value("order", default: .file)
    if network == .neighbourhoods || network == .plane, reader.contains("order") {
      throw reader.wrong("order", expected: "network: line or six-level beside it", found: "network: \(network.rawValue)")
    }
    for key in ["preset", "attention", "weights"] where network != .plane && reader.contains(key) {
      throw reader.wrong(key, expected: "network: plane beside it", found: "network: \(network.rawValue)")
    }
    let preset: Preset? = network == .plane ? try reader.value("preset", default: .small) : nil
    for key in ["widths", "blocks"] where isPaper && reader.contains(key) {
      throw reader.wrong(key, expected: "nothing beside network: six-level, whose sizes are the paper's", found: "some")
    }
    widths = isPaper ? [] : try reader.list("widths", default: preset?.widths ?? [32, 64, 96])
    blocks = isPaper ? 0 : try reader.value("blocks", default: preset?.blocks ?? 1, in: 1...8)
    architecture = preset?.architecture
    attention = try preset.map { try reader.value("attention", default: $0.attention, in: 0...4096) }
    weights = network == .plane ? try reader.optional("weights") : nil
    steps = try reader.value("steps", default: 4000, in: 1...10_000_000)
    batch = try reader.value("batch", default: 8, in: 1...1024)
    learningRate = try reader.value("learning_rate", default: usualRate ?? (isPaper ? 2e-4 : 1e-3), in: 1e-8...1)
    finalRate = try reader.value("final_rate", default: 20, in: 0.1...1000)
    preconditioning =
      try reader.value("preconditioning", default: StatedPreconditioning.none) == .edm ? .edm : nil
    times = try reader.value("times", default: preconditioning == nil ? .uniform : .logNormal)
    startsFromGaussian =
      try reader.value("starts_from_gaussian", default: weights == nil && preconditioning == nil && !standsAlone)
    if preconditioning != nil, startsFromGaussian || weights != nil {
      throw reader.wrong(
        "preconditioning", expected: "none beside weights, and beside starts_from_gaussian, whose Gaussian scales the output itself",
        found: "edm")
    }
    if weights != nil, architecture != nil {
      throw reader.wrong("weights", expected: "a preset of DDPM's network beside it, as these are weights of DDPM's", found: "preset: ncsnpp")
    }
    if weights != nil, startsFromGaussian {
      throw reader.wrong(
        "starts_from_gaussian", expected: "false beside weights, whose network is not told what the Gaussian predicts", found: "true")
    }
    validationShare = try reader.value("validation_share", default: 0.1, in: 0.01...0.5)
    heldOut = try reader.value("held_out", default: .blocks)
    // The embedding of time has sines and cosines of at least two frequencies, as wide as the first level.
    let isWide = widths.first.map { $0 >= 4 && $0 % 2 == 0 } ?? isPaper
    if !isWide || widths.contains(where: { $0 < 1 || $0 > 4096 }) {
      throw reader.wrong(
        "widths", expected: "numbers of channels from 1 to 4096, the first one even and at least 4", found: "\(widths)")
    }
  }

  /// The positions of the held-out fields among `count`: at least one, and at least two are left.
  ///
  /// - Parameter copyCount: how many fields in succession are copies of one, which stay together.
  package func heldOutPositions(of count: Int, copyCount: Int = 1) -> [Int] {
    heldOut.leftOut(share: validationShare, of: count, copyCount: copyCount)
  }
}

/// The words of the setting `preconditioning`.
private enum StatedPreconditioning: String, ConfigurationChoice {
  case none, edm
}

extension VertexOrdering: ConfigurationChoice {}
extension TimeDistribution: ConfigurationChoice {}
