// The U-Net of DDPM (Ho et al. 2020, their model for 256² pixels) with convolutions along the array of vertices. This
// is our best reconstruction of the score network that Mammadov, Chung and Ye (2024) describe as the 1-D formulation of
// DDPM. The names and the order of the layers follow the DDPM model of score_sde. It halves the resolution five times,
// has attention at the fifth level, and predicts the noise.

import SextantArrays
import SextantAutodiff

/// The settings of a ``SixLevelUNet``; the defaults are the 48.6 M preset.
public struct SixLevelUNetSettings: Sendable, Equatable, Codable {
  /// The number of channels C of the signals.
  public var channels = 1
  /// The number of channels of the first level.
  public var width = 128
  /// The number of channels of each level, in units of `width`.
  public var multipliers = [1, 1, 2, 2, 4, 4]
  /// The number of residual blocks per level in the encoder; the decoder has one more.
  public var blocks = 2
  /// The levels with attention, counted from 0.
  public var attentionLevels = [4]
  /// The largest number of groups of each normalisation; never more than a quarter of the channels.
  public var groups = 32
  /// The dropout rate.
  public var dropout = 0.0

  public init(channels: Int = 1, width: Int = 128) {
    self.channels = channels
    self.width = width
  }
}

/// A U-Net of residual blocks, six levels deep by default.
public struct SixLevelUNet<Scalar: TensorScalar>: Sendable {
  public let settings: SixLevelUNetSettings

  private struct Level: Sendable {
    var blocks: [ResidualBlock<Scalar>] = []
    var attentions: [AttentionBlock<Scalar>] = []
    var resampling: Convolution1D<Scalar>?
  }

  private let embedding: TimeEmbedding<Scalar>
  private let first: Convolution1D<Scalar>
  private var down: [Level] = []
  private let middle: (ResidualBlock<Scalar>, AttentionBlock<Scalar>, ResidualBlock<Scalar>)
  private var up: [Level] = []
  private let lastNormalisation: GroupNormalisation<Scalar>
  private let last: Convolution1D<Scalar>

  public init(_ settings: SixLevelUNetSettings, in builder: inout ParameterBuilder<Scalar>) {
    precondition(!settings.multipliers.isEmpty && settings.blocks > 0, "A U-Net without levels or blocks")
    self.settings = settings
    let standard = InitialValues.fanAverage(scale: 1)
    let style = ResidualBlock<Scalar>.Style(
      timeWidth: 4 * settings.width, groups: settings.groups, dropout: settings.dropout)
    embedding = TimeEmbedding(
      "time", width: settings.width, activation: .silu, steps: 999, initial: standard, in: &builder)
    first = Convolution1D(
      "first", inputs: settings.channels, outputs: settings.width, kernel: 3, initial: standard, in: &builder)
    var skips = [settings.width]
    var width = settings.width
    let levelCount = settings.multipliers.count
    for (index, multiplier) in settings.multipliers.enumerated() {
      var level = Level()
      builder.scope("down.\(index)") { builder in
        for block in 0..<settings.blocks {
          level.blocks.append(
            ResidualBlock("block.\(block)", inputs: width, outputs: settings.width * multiplier, style, in: &builder))
          width = settings.width * multiplier
          if settings.attentionLevels.contains(index) {
            level.attentions.append(
              AttentionBlock("attention.\(block)", channels: width, groups: settings.groups, in: &builder))
          }
          skips.append(width)
        }
        guard index < levelCount - 1 else { return }
        // One zero at the end only, as TensorFlow pads a convolution of stride 2.
        level.resampling = Convolution1D(
          "downsample", inputs: width, outputs: width, kernel: 3, stride: 2, padding: (0, 1), initial: standard,
          in: &builder)
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
    for (index, multiplier) in settings.multipliers.enumerated().reversed() {
      var level = Level()
      builder.scope("up.\(index)") { builder in
        for block in 0...settings.blocks {
          let inputs = width + skips.removeLast()
          width = settings.width * multiplier
          level.blocks.append(
            ResidualBlock("block.\(block)", inputs: inputs, outputs: width, style, in: &builder))
          if settings.attentionLevels.contains(index) {
            level.attentions.append(
              AttentionBlock("attention.\(block)", channels: width, groups: settings.groups, in: &builder))
          }
        }
        guard index > 0 else { return }
        level.resampling = Convolution1D(
          "upsample", inputs: width, outputs: width, kernel: 3, initial: standard, in: &builder)
      }
      up.append(level)
    }
    lastNormalisation = GroupNormalisation(
      "last_norm", channels: width, groups: min(settings.groups, max(1, width / 4)), epsilon: 1e-6, in: &builder)
    last = Convolution1D("last", inputs: width, outputs: settings.channels, kernel: 3, initial: .zeros, in: &builder)
  }

  /// The predicted noise (B×V×C) for noisy signals x (B×V×C), for any V, and one time in [0, 1] for each sample.
  public func output(
    for x: DifferentiableTensor<Scalar>, at times: [Double], in pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    let count = x.shape[1]
    precondition(times.count == x.shape[0], "\(times.count) times for a batch of shape \(x.shape)")
    // All blocks apply the same nonlinearity to the embedding.
    let time = embedding(times, in: pass).silu()
    let padded = VertexPadding.paddedCount(count, multiple: 1 << (settings.multipliers.count - 1))
    var h = first(VertexPadding.pad(x, to: padded), in: pass)
    var skips = [h]
    for (index, level) in down.enumerated() {
      pass.tape.scope("down \(index)") {
        for (position, block) in level.blocks.enumerated() {
          h = block(h, time: time, in: pass)
          if !level.attentions.isEmpty { h = level.attentions[position](h, in: pass) }
          skips.append(h)
        }
        if let downsample = level.resampling {
          h = downsample(h, in: pass)
          skips.append(h)
        }
      }
    }
    h = pass.tape.scope("middle") {
      middle.2(middle.1(middle.0(h, time: time, in: pass), in: pass), time: time, in: pass)
    }
    for (index, level) in up.enumerated() {
      pass.tape.scope("up \(up.count - 1 - index)") {
        for (position, block) in level.blocks.enumerated() {
          h = block(concatenateColumns([h, skips.removeLast()]), time: time, in: pass)
          if !level.attentions.isEmpty { h = level.attentions[position](h, in: pass) }
        }
        if let upsample = level.resampling { h = upsample(h.upsampledByTwo(), in: pass) }
      }
    }
    h = last(lastNormalisation(h, in: pass).silu(), in: pass)
    return VertexPadding.cut(h, to: count)
  }
}
