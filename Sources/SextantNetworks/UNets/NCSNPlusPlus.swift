// The NCSN++ of score_sde (Song, Sohl-Dickstein, Kingma, Kumar, Ermon and Poole, "Score-Based Generative Modeling through Stochastic
// Differential Equations", 2021) in the form in which the APS paper has its prior of faces: residual blocks as in BigGAN, which halve
// and double the resolution themselves, with a filter of (1, 3, 3, 1); the noisy image at each resolution, added to the encoder; sums
// divided by √2. Not here: the variants with a pyramid of outputs, and the random Fourier features of the variance-exploding form.

import SextantArrays
import SextantAutodiff

/// A U-Net on the pixels of images that predicts the noise.
public struct NCSNPlusPlus<Scalar: TensorScalar>: Sendable {
  /// The settings, which are those of DDPM's U-Net.
  public let settings: DDPMUNetSettings

  private struct Level: Sendable {
    var blocks: [ResidualBlock<Scalar>] = []
    var attentions: [AttentionBlock<Scalar>] = []
    /// The block that halves the resolution, or doubles it.
    var resampling: ResidualBlock<Scalar>?
    /// The convolution of the smaller image that is added after the block.
    var pyramid: StencilLayer<Scalar>?
  }

  private static var skipFactor: Scalar { Scalar(0.5.squareRoot()) }

  private let embedding: TimeEmbedding<Scalar>
  private let first: StencilLayer<Scalar>
  private var down: [Level] = []
  private let middle: (ResidualBlock<Scalar>, AttentionBlock<Scalar>, ResidualBlock<Scalar>)
  private var up: [Level] = []
  private let lastNormalisation: GroupNormalisation<Scalar>
  private let last: StencilLayer<Scalar>
  private let shape: LatticeLevels
  /// The steps from each level to the next, and from each level but the finest to the one before.
  private let steps: [(down: RowMixing, pyramid: ImageFilter.HalvingConvolution, up: RowMixing)]

  /// Creates the network's parameters in `builder`, for images of `rows`×`columns` pixels.
  public init(_ settings: DDPMUNetSettings, rows: Int, columns: Int, in builder: inout ParameterBuilder<Scalar>) {
    precondition(!settings.widths.isEmpty && settings.blocks > 0, "A U-Net without levels or blocks")
    self.settings = settings
    let lattice = ArrayLattice.plane(rows: rows, columns: columns)
    shape = lattice.levels(of: rows * columns, levelCount: settings.widths.count)
    let multiple = 1 << (settings.widths.count - 1)
    let (height, width) = ((rows + multiple - 1) / multiple * multiple, (columns + multiple - 1) / multiple * multiple)
    steps = (0..<settings.widths.count - 1).map { level in
      let (own, across) = (height >> level, width >> level)
      return (
        ImageFilter.halving(rows: own, columns: across), ImageFilter.HalvingConvolution(rows: own, columns: across),
        ImageFilter.doubling(rows: own / 2, columns: across / 2)
      )
    }
    let neighbours = lattice.windowSize
    let standard = InitialValues.fanAverage(scale: 1)
    let style = ResidualBlock<Scalar>.Style(
      timeWidth: 4 * settings.widths[0], groups: settings.groups, dropout: settings.dropout, neighbours: neighbours,
      dividesByRootOfTwo: true)
    func attention(_ name: String, _ channels: Int, in builder: inout ParameterBuilder<Scalar>) -> AttentionBlock<Scalar> {
      AttentionBlock(name, channels: channels, groups: settings.groups, dividesByRootOfTwo: true, in: &builder)
    }
    embedding = TimeEmbedding(
      "time", width: settings.widths[0], activation: .silu, steps: 999, initial: standard, in: &builder)
    first = StencilLayer(
      "first", inputs: settings.inputChannels, outputs: settings.widths[0], neighbours: neighbours, initial: standard,
      in: &builder)
    var skips = [settings.widths[0]]
    var (current, pyramid) = (settings.widths[0], settings.inputChannels)
    for (index, own) in settings.widths.enumerated() {
      var level = Level()
      builder.scope("down.\(index)") { builder in
        for block in 0..<settings.blocks {
          level.blocks.append(ResidualBlock("block.\(block)", inputs: current, outputs: own, style, in: &builder))
          current = own
          if settings.attentionLevels.contains(index) {
            level.attentions.append(attention("attention.\(block)", current, in: &builder))
          }
          skips.append(current)
        }
        guard index < settings.widths.count - 1 else { return }
        level.resampling = ResidualBlock(
          "downsample", inputs: current, outputs: current, style, resamples: true, in: &builder)
        level.pyramid = StencilLayer(
          "pyramid", inputs: pyramid, outputs: current, neighbours: neighbours, initial: standard, in: &builder)
        pyramid = current
        skips.append(current)
      }
      down.append(level)
    }
    middle = builder.scope("middle") { builder in
      (
        ResidualBlock("block.0", inputs: current, outputs: current, style, in: &builder),
        attention("attention", current, in: &builder),
        ResidualBlock("block.1", inputs: current, outputs: current, style, in: &builder)
      )
    }
    for (index, own) in settings.widths.enumerated().reversed() {
      var level = Level()
      builder.scope("up.\(index)") { builder in
        for block in 0...settings.blocks {
          level.blocks.append(
            ResidualBlock("block.\(block)", inputs: current + skips.removeLast(), outputs: own, style, in: &builder))
          current = own
        }
        if settings.attentionLevels.contains(index) {
          level.attentions.append(attention("attention", current, in: &builder))
        }
        guard index > 0 else { return }
        level.resampling = ResidualBlock(
          "upsample", inputs: current, outputs: current, style, resamples: true, in: &builder)
      }
      up.append(level)
    }
    lastNormalisation = GroupNormalisation(
      "last_norm", channels: current, groups: min(settings.groups, max(1, current / 4)), epsilon: 1e-6, in: &builder)
    last = StencilLayer(
      "last", inputs: current, outputs: settings.channels, neighbours: neighbours, initial: .zeros, in: &builder)
  }

  /// The predicted noise (B×V×C) for noisy images x (B×V×I, with I input channels) and one time in [0, 1] for each sample.
  public func output(
    for x: DifferentiableTensor<Scalar>, at times: [Double], in pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    precondition(times.count == x.shape[0], "\(times.count) times for a batch of shape \(x.shape)")
    let time = embedding(times, in: pass).silu()
    let stencils = shape.hierarchy.levels.map(\.stencil)
    var pyramid = shape.padding.map { gatherRows(x, $0) } ?? x
    var h = first(pyramid, stencils[0], in: pass)
    var skips = [h]
    for (index, level) in down.enumerated() {
      pass.tape.scope("down \(index)") {
        for (position, block) in level.blocks.enumerated() {
          h = block(h, time: time, stencils[index], in: pass)
          if !level.attentions.isEmpty { h = level.attentions[position](h, in: pass) }
          skips.append(h)
        }
        guard let downsample = level.resampling, let convolution = level.pyramid else { return }
        h = downsample(h, time: time, stencils[index + 1], resampling: steps[index].down, in: pass)
        pyramid = (steps[index].pyramid(pyramid, by: convolution, in: pass) + h) * Self.skipFactor
        h = pyramid
        skips.append(h)
      }
    }
    h = pass.tape.scope("middle") {
      let stencil = stencils[stencils.count - 1]
      return middle.2(middle.1(middle.0(h, time: time, stencil, in: pass), in: pass), time: time, stencil, in: pass)
    }
    for (place, level) in up.enumerated() {
      let index = up.count - 1 - place
      pass.tape.scope("up \(index)") {
        for block in level.blocks {
          h = block(concatenateColumns([h, skips.removeLast()]), time: time, stencils[index], in: pass)
        }
        for attention in level.attentions { h = attention(h, in: pass) }
        if let upsample = level.resampling {
          h = upsample(h, time: time, stencils[index - 1], resampling: steps[index - 1].up, in: pass)
        }
      }
    }
    h = last(lastNormalisation.activated(h, in: pass), stencils[0], in: pass)
    return shape.cut.map { gatherRows(h, $0) } ?? h
  }
}
