// The widely used one-dimensional U-Net of lucidrains' denoising-diffusion-pytorch (Unet1D), with linear attention at
// every level, full attention in the middle, and the time embedding as scale and shift. That project uses RMS
// normalisation since its commit 5999fc1 of 2024-05-03, and group normalisation before; `normalisation` selects one of
// them.

import SextantArrays
import SextantAutodiff

/// The settings of a ``UNet1D``.
public struct UNet1DSettings: Sendable, Equatable, Codable {
  /// The number of channels C of the signals.
  public var channels = 1
  /// The number of channels of the first level; even and at least 4.
  public var width = 64
  /// The number of channels of each level, in units of `width`.
  public var multipliers = [1, 2, 4, 8]
  public var normalisation = NormalisationKind.rootMeanSquare
  public var heads = 4
  public var headWidth = 32
  /// The dropout rate.
  public var dropout = 0.0

  public init(channels: Int = 1, width: Int = 64, normalisation: NormalisationKind = .rootMeanSquare) {
    self.channels = channels
    self.width = width
    self.normalisation = normalisation
  }
}

/// A U-Net along the array of vertices.
public struct UNet1D<Scalar: TensorScalar>: Sendable {
  public let settings: UNet1DSettings

  private struct Level: Sendable {
    var blocks: (TimedBlock<Scalar>, TimedBlock<Scalar>)
    var attention: NormalisedAttention<Scalar>
    var resampling: Convolution1D<Scalar>
  }

  private let embedding: TimeEmbedding<Scalar>
  private let first: Convolution1D<Scalar>
  private var down: [Level] = []
  private let middle: (TimedBlock<Scalar>, NormalisedAttention<Scalar>, TimedBlock<Scalar>)
  private var up: [Level] = []
  private let lastBlock: TimedBlock<Scalar>
  private let last: Dense<Scalar>

  public init(_ settings: UNet1DSettings, in builder: inout ParameterBuilder<Scalar>) {
    precondition(!settings.multipliers.isEmpty, "A U-Net without levels")
    self.settings = settings
    let style = TimedBlock<Scalar>.Style(
      timeWidth: 4 * settings.width, normalisation: settings.normalisation, dropout: settings.dropout)
    func attention(
      _ name: String, _ channels: Int, _ form: Attention<Scalar>.Form, _ builder: inout ParameterBuilder<Scalar>
    ) -> NormalisedAttention<Scalar> {
      NormalisedAttention(
        name, channels: channels, form: form, heads: settings.heads, width: settings.headWidth, in: &builder)
    }
    embedding = TimeEmbedding("time", width: settings.width, in: &builder)
    first = Convolution1D("first", inputs: settings.channels, outputs: settings.width, kernel: 7, in: &builder)
    let widths = [settings.width] + settings.multipliers.map { $0 * settings.width }
    let levelCount = settings.multipliers.count
    for index in 0..<levelCount {
      let (inputs, outputs) = (widths[index], widths[index + 1])
      let level = builder.scope("down.\(index)") { builder in
        Level(
          blocks: (
            TimedBlock("block.0", inputs: inputs, outputs: inputs, style, in: &builder),
            TimedBlock("block.1", inputs: inputs, outputs: inputs, style, in: &builder)
          ),
          attention: attention("attention", inputs, .linear, &builder),
          resampling: index < levelCount - 1
            ? Convolution1D(
              "downsample", inputs: inputs, outputs: outputs, kernel: 4, stride: 2, padding: (1, 1), in: &builder)
            : Convolution1D("convolution", inputs: inputs, outputs: outputs, kernel: 3, in: &builder))
      }
      down.append(level)
    }
    let width = widths[levelCount]
    middle = builder.scope("middle") { builder in
      (
        TimedBlock("block.0", inputs: width, outputs: width, style, in: &builder),
        attention("attention", width, .full, &builder),
        TimedBlock("block.1", inputs: width, outputs: width, style, in: &builder)
      )
    }
    for index in (0..<levelCount).reversed() {
      let (inputs, outputs) = (widths[index], widths[index + 1])
      let level = builder.scope("up.\(index)") { builder in
        Level(
          blocks: (
            TimedBlock("block.0", inputs: outputs + inputs, outputs: outputs, style, in: &builder),
            TimedBlock("block.1", inputs: outputs + inputs, outputs: outputs, style, in: &builder)
          ),
          attention: attention("attention", outputs, .linear, &builder),
          resampling: Convolution1D("convolution", inputs: outputs, outputs: inputs, kernel: 3, in: &builder))
      }
      up.append(level)
    }
    lastBlock = TimedBlock(
      "last_block", inputs: 2 * settings.width, outputs: settings.width, style, in: &builder)
    last = Dense("last", inputs: settings.width, outputs: settings.channels, in: &builder)
  }

  /// The predicted noise (B×V×C) for noisy signals x (B×V×C), for any V, and one time in [0, 1] for each sample.
  public func output(
    for x: DifferentiableTensor<Scalar>, at times: [Double], in pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    let count = x.shape[1]
    precondition(times.count == x.shape[0], "\(times.count) times for a batch of shape \(x.shape)")
    // All blocks apply the same nonlinearity to the embedding.
    let time = embedding(times, in: pass).silu()
    let padded = VertexPadding.paddedCount(count, multiple: 1 << (down.count - 1))
    let start = first(VertexPadding.pad(x, to: padded), in: pass)
    var h = start
    var skips: [DifferentiableTensor<Scalar>] = []
    for (index, level) in down.enumerated() {
      pass.tape.scope("down \(index)") {
        h = level.blocks.0(h, time: time, in: pass)
        skips.append(h)
        h = level.attention(level.blocks.1(h, time: time, in: pass), in: pass)
        skips.append(h)
        h = level.resampling(h, in: pass)
      }
    }
    h = pass.tape.scope("middle") {
      middle.2(middle.1(middle.0(h, time: time, in: pass), in: pass), time: time, in: pass)
    }
    for (index, level) in up.enumerated() {
      pass.tape.scope("up \(up.count - 1 - index)") {
        h = level.blocks.0(concatenateColumns([h, skips.removeLast()]), time: time, in: pass)
        h = level.blocks.1(concatenateColumns([h, skips.removeLast()]), time: time, in: pass)
        h = level.attention(h, in: pass)
        h = level.resampling(index < up.count - 1 ? h.upsampledByTwo() : h, in: pass)
      }
    }
    h = lastBlock(concatenateColumns([h, start]), time: time, in: pass)
    return VertexPadding.cut(last(h, in: pass), to: count)
  }
}
