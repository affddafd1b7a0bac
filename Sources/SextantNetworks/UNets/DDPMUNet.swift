// The U-Net of DDPM (Ho, Jain and Abbeel 2020), which predicts the noise: on the pixels of images, as published, or with
// convolutions along the array of vertices. Along the array, their model for 256² pixels is our best reconstruction of the score
// network that Mammadov, Chung and Ye (2024) describe as the 1-D formulation of DDPM: it halves the resolution five times and has
// attention at the fifth level. The names and the order of the layers follow the DDPM model of score_sde.

import SextantArrays
import SextantAutodiff

/// The settings of a ``DDPMUNet``; the defaults are those of the preset along the array, of 48.6 million parameters.
public struct DDPMUNetSettings: Sendable, Equatable, Codable {
  /// The number of channels C of the signals.
  public var channels = 1
  /// The number of channels of the input: C, or more where the network is told more than the noisy signals.
  public var inputChannels = 1
  /// The number of channels of each level, finest first.
  public var widths = [128, 128, 256, 256, 512, 512]
  /// The number of residual blocks per level in the encoder; the decoder has one more.
  public var blocks = 2
  /// The levels with attention, counted from 0.
  public var attentionLevels = [4]
  /// The largest number of groups of each normalisation; never more than a quarter of the channels.
  public var groups = 32
  /// The dropout rate.
  public var dropout = 0.0

  /// The preset along the array, with `width` channels in the first level.
  public init(channels: Int = 1, width: Int = 128) {
    (self.channels, inputChannels) = (channels, channels)
    widths = [1, 1, 2, 2, 4, 4].map { $0 * width }
  }

  /// A network on the pixels of an image, with attention at one level and between the encoder and the decoder.
  ///
  /// - Parameters:
  ///   - channels: C.
  ///   - inputChannels: the number of channels of the input; C, if not given.
  ///   - widths: the number of channels of each level, finest first.
  ///   - blocks: the number of residual blocks per level in the encoder.
  ///   - attentionSide: the largest side in pixels of the first level with attention, if any level is that small.
  ///   - side: the larger side of the images, in pixels.
  public init(
    channels: Int, inputChannels: Int? = nil, widths: [Int], blocks: Int, attentionSide: Int, side: Int
  ) {
    self.channels = channels
    self.inputChannels = inputChannels ?? channels
    (self.widths, self.blocks) = (widths, blocks)
    attentionLevels = widths.indices.first { (side + (1 << $0) - 1) >> $0 <= attentionSide }.map { [$0] } ?? []
  }
}

/// A U-Net of residual blocks.
public struct DDPMUNet<Scalar: TensorScalar>: Sendable {
  public let settings: DDPMUNetSettings
  /// How the rows of its arrays lie.
  public let lattice: ArrayLattice

  private struct Level: Sendable {
    var blocks: [ResidualBlock<Scalar>] = []
    var attentions: [AttentionBlock<Scalar>] = []
    var resampling: StencilLayer<Scalar>?
  }

  private let embedding: TimeEmbedding<Scalar>
  private let first: StencilLayer<Scalar>
  private var down: [Level] = []
  private let middle: (ResidualBlock<Scalar>, AttentionBlock<Scalar>, ResidualBlock<Scalar>)
  private var up: [Level] = []
  private let lastNormalisation: GroupNormalisation<Scalar>
  private let last: StencilLayer<Scalar>
  /// The levels of a lattice whose size is known.
  private let levels: LatticeLevels?

  /// Creates the network's parameters in `builder`.
  public init(
    _ settings: DDPMUNetSettings, on lattice: ArrayLattice = .line, in builder: inout ParameterBuilder<Scalar>
  ) {
    precondition(!settings.widths.isEmpty && settings.blocks > 0, "A U-Net without levels or blocks")
    self.settings = settings
    self.lattice = lattice
    let neighbours = lattice.windowSize
    levels =
      if case .plane(let rows, let columns) = lattice {
        lattice.levels(of: rows * columns, levelCount: settings.widths.count)
      } else {
        nil
      }
    let standard = InitialValues.fanAverage(scale: 1)
    let style = ResidualBlock<Scalar>.Style(
      timeWidth: 4 * settings.widths[0], groups: settings.groups, dropout: settings.dropout, neighbours: neighbours)
    embedding = TimeEmbedding(
      "time", width: settings.widths[0], activation: .silu, steps: 999, initial: standard, in: &builder)
    first = StencilLayer(
      "first", inputs: settings.inputChannels, outputs: settings.widths[0], neighbours: neighbours, initial: standard,
      in: &builder)
    var skips = [settings.widths[0]]
    var width = settings.widths[0]
    let levelCount = settings.widths.count
    for (index, own) in settings.widths.enumerated() {
      var level = Level()
      builder.scope("down.\(index)") { builder in
        for block in 0..<settings.blocks {
          level.blocks.append(
            ResidualBlock("block.\(block)", inputs: width, outputs: own, style, in: &builder))
          width = own
          if settings.attentionLevels.contains(index) {
            level.attentions.append(
              AttentionBlock("attention.\(block)", channels: width, groups: settings.groups, in: &builder))
          }
          skips.append(width)
        }
        guard index < levelCount - 1 else { return }
        level.resampling = StencilLayer(
          "downsample", inputs: width, outputs: width, neighbours: neighbours, initial: standard, in: &builder)
        skips.append(width)
      }
      down.append(level)
    }
    middle = builder.scope("middle") { builder in
      (
        ResidualBlock("block.0", inputs: width, outputs: width, style, in: &builder),
        AttentionBlock("attention", channels: width, groups: settings.groups, in: &builder),
        ResidualBlock("block.1", inputs: width, outputs: width, style, in: &builder)
      )
    }
    for (index, own) in settings.widths.enumerated().reversed() {
      var level = Level()
      builder.scope("up.\(index)") { builder in
        for block in 0...settings.blocks {
          let inputs = width + skips.removeLast()
          width = own
          level.blocks.append(
            ResidualBlock("block.\(block)", inputs: inputs, outputs: width, style, in: &builder))
          if settings.attentionLevels.contains(index) {
            level.attentions.append(
              AttentionBlock("attention.\(block)", channels: width, groups: settings.groups, in: &builder))
          }
        }
        guard index > 0 else { return }
        level.resampling = StencilLayer(
          "upsample", inputs: width, outputs: width, neighbours: neighbours, initial: standard, in: &builder)
      }
      up.append(level)
    }
    lastNormalisation = GroupNormalisation(
      "last_norm", channels: width, groups: min(settings.groups, max(1, width / 4)), epsilon: 1e-6, in: &builder)
    last = StencilLayer(
      "last", inputs: width, outputs: settings.channels, neighbours: neighbours, initial: .zeros, in: &builder)
  }

  /// The predicted noise (B×V×C) for noisy signals x (B×V×I, with I input channels), for any V along the array, and one time
  /// in [0, 1] for each sample.
  public func output(
    for x: DifferentiableTensor<Scalar>, at times: [Double], in pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    precondition(times.count == x.shape[0], "\(times.count) times for a batch of shape \(x.shape)")
    // All blocks apply the same nonlinearity to the embedding.
    let time = embedding(times, in: pass).silu()
    let shape = levels ?? lattice.levels(of: x.shape[1], levelCount: settings.widths.count)
    let stencils = shape.hierarchy.levels
    var h = first(shape.padding.map { gatherRows(x, $0) } ?? x, stencils[0].stencil, in: pass)
    var skips = [h]
    for (index, level) in down.enumerated() {
      pass.tape.scope("down \(index)") {
        for (position, block) in level.blocks.enumerated() {
          h = block(h, time: time, stencils[index].stencil, in: pass)
          if !level.attentions.isEmpty { h = level.attentions[position](h, in: pass) }
          skips.append(h)
        }
        if let downsample = level.resampling, let step = stencils[index].down {
          h = downsample(h, step, in: pass)
          skips.append(h)
        }
      }
    }
    h = pass.tape.scope("middle") {
      let stencil = stencils[stencils.count - 1].stencil
      return middle.2(middle.1(middle.0(h, time: time, stencil, in: pass), in: pass), time: time, stencil, in: pass)
    }
    for (place, level) in up.enumerated() {
      let index = up.count - 1 - place
      pass.tape.scope("up \(index)") {
        for (position, block) in level.blocks.enumerated() {
          h = block(concatenateColumns([h, skips.removeLast()]), time: time, stencils[index].stencil, in: pass)
          if !level.attentions.isEmpty { h = level.attentions[position](h, in: pass) }
        }
        if let upsample = level.resampling, let rows = stencils[index - 1].up {
          h = upsample(gatherRows(h, rows), stencils[index - 1].stencil, in: pass)
        }
      }
    }
    h = last(lastNormalisation.activated(h, in: pass), stencils[0].stencil, in: pass)
    return shape.cut.map { gatherRows(h, $0) } ?? h
  }
}
