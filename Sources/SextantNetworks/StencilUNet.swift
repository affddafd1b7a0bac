// A U-Net on any hierarchy of neighbourhoods, the geometry-aware network of this package. On a grid it is a 2-D U-Net
// that respects the poles and the periodic longitude; on a line it is a 1-D U-Net. It serves as a score network (with
// time) and as the conditioning network of a flow (without time).

import SextantArrays
import SextantAutodiff

/// The sizes of a ``StencilUNet``.
public struct StencilUNetConfiguration: Sendable, Equatable, Codable {
  /// The number of channels of the input.
  public var inputChannels: Int
  /// The number of channels of the output.
  public var outputChannels: Int
  /// The number of channels in each level, finest first, with one entry for each level of the hierarchy.
  public var widths: [Int]
  /// The number of residual blocks in each level, both in the encoder and in the decoder.
  public var blocksPerLevel: Int
  /// Whether the network takes a time in [0, 1] for each sample as an input.
  public var usesTime: Bool
  /// The dropout rate of each block during training.
  public var dropout: Double

  public init(
    inputChannels: Int, outputChannels: Int, widths: [Int], blocksPerLevel: Int = 1, usesTime: Bool = false,
    dropout: Double = 0
  ) {
    self.dropout = dropout
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.widths = widths
    self.blocksPerLevel = blocksPerLevel
    self.usesTime = usesTime
  }
}

/// A U-Net of residual blocks, with 3×3 convolutions on a grid, over a ``StencilHierarchy``. Its last layer is
/// initialised to zero, so the untrained network returns 0.
public struct StencilUNet<Scalar: TensorScalar>: Sendable {
  /// Its sizes.
  public let configuration: StencilUNetConfiguration
  private let hierarchy: StencilHierarchy
  private let time: TimeEmbedding<Scalar>?
  private let first: StencilLayer<Scalar>
  private let downBlocks: [[StencilBlock<Scalar>]]
  private let downSteps: [StencilLayer<Scalar>]
  private let upSteps: [StencilLayer<Scalar>]
  private let upBlocks: [[StencilBlock<Scalar>]]
  private let lastNormalisation: GroupNormalisation<Scalar>
  private let last: StencilLayer<Scalar>

  /// Creates the network's parameters in `builder`. The hierarchy must have as many levels as the configuration has
  /// widths.
  public init(
    _ configuration: StencilUNetConfiguration, hierarchy: StencilHierarchy, in builder: inout ParameterBuilder<Scalar>
  ) {
    let (widths, count) = (configuration.widths, configuration.blocksPerLevel)
    precondition(widths.count == hierarchy.levels.count, "\(widths.count) widths for \(hierarchy.levels.count) levels")
    self.configuration = configuration
    self.hierarchy = hierarchy
    let neighbours = hierarchy.levels[0].stencil.width
    time = configuration.usesTime ? TimeEmbedding("time", width: widths[0], activation: .silu, in: &builder) : nil
    let timeWidth = time?.outputs
    func layer(_ name: String, _ inputs: Int, _ outputs: Int, startsAtZero: Bool = false) -> StencilLayer<Scalar> {
      StencilLayer(
        name, inputs: inputs, outputs: outputs, neighbours: neighbours, startsAtZero: startsAtZero, in: &builder)
    }
    func blocks(_ name: String, _ inputs: Int, _ outputs: Int) -> [StencilBlock<Scalar>] {
      (0..<count).map {
        StencilBlock(
          "\(name).\($0)", inputs: $0 == 0 ? inputs : outputs, outputs: outputs, neighbours: neighbours,
          timeWidth: timeWidth, dropout: configuration.dropout, in: &builder)
      }
    }
    let finer = widths.indices.dropLast()
    first = layer("first", configuration.inputChannels, widths[0])
    downBlocks = widths.enumerated().map { blocks("down.\($0)", $1, $1) }
    downSteps = finer.map { layer("down.\($0).step", widths[$0], widths[$0 + 1]) }
    upSteps = finer.map { layer("up.\($0).step", widths[$0 + 1], widths[$0]) }
    upBlocks = finer.map { blocks("up.\($0)", 2 * widths[$0], widths[$0]) }
    lastNormalisation = GroupNormalisation(
      "last.norm", channels: widths[0], groups: StencilBlock<Scalar>.groups(of: widths[0]), in: &builder)
    last = layer("last", widths[0], configuration.outputChannels, startsAtZero: true)
  }

  /// The output (B×V×O) for x (B×V×I) and, if the network uses time, B times in [0, 1].
  public func callAsFunction(
    _ x: DifferentiableTensor<Scalar>, time times: [Double]? = nil, in pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    precondition((times != nil) == configuration.usesTime, "Pass times if, and only if, the network uses them")
    let embedding = times.flatMap { times in time.map { $0(times, in: pass).silu() } }
    var h = first(x, hierarchy.levels[0].stencil, in: pass)
    var skips: [DifferentiableTensor<Scalar>] = []
    for (level, description) in hierarchy.levels.enumerated() {
      pass.tape.scope("down \(level)") {
        for block in downBlocks[level] { h = block(h, time: embedding, description.stencil, in: pass) }
        guard let down = description.down else { return }
        skips.append(h)
        h = downSteps[level](h, down, in: pass)
      }
    }
    for level in stride(from: hierarchy.levels.count - 2, through: 0, by: -1) {
      let description = hierarchy.levels[level]
      pass.tape.scope("up \(level)") {
        // The product of this step is cheaper at the coarse level, before the vertices are repeated.
        h = upSteps[level](h, hierarchy.levels[level + 1].stencil, in: pass)
        h = concatenateColumns([gatherRows(h, description.up ?? []), skips[level]])
        for block in upBlocks[level] { h = block(h, time: embedding, description.stencil, in: pass) }
      }
    }
    return last(lastNormalisation.activated(h, in: pass), hierarchy.levels[0].stencil, in: pass)
  }
}

/// A layer that convolves over a stencil.
package struct StencilLayer<Scalar: TensorScalar>: Sendable {
  private let weight: ParameterSet<Scalar>.Reference
  private let bias: ParameterSet<Scalar>.Reference

  /// Initial weights of variance 2 / (3 · inputs of each output), between the usual values for linear layers and for
  /// rectifiers.
  init(
    _ name: String, inputs: Int, outputs: Int, neighbours: Int, startsAtZero: Bool = false,
    in builder: inout ParameterBuilder<Scalar>
  ) {
    let standardDeviation = startsAtZero ? 0 : (2 / (3 * Double(neighbours * inputs))).squareRoot()
    (weight, bias) = builder.scope(name) {
      (
        $0.normal("weight", [outputs, neighbours, inputs], standardDeviation: standardDeviation),
        $0.constant("bias", [outputs])
      )
    }
  }

  /// A layer with initial values of another kind.
  package init(
    _ name: String, inputs: Int, outputs: Int, neighbours: Int, initial: InitialValues,
    in builder: inout ParameterBuilder<Scalar>
  ) {
    (weight, bias) = builder.scope(name) { builder in
      (
        initial.weight(
          "weight", [outputs, neighbours, inputs], inputs: inputs * neighbours, outputs: outputs * neighbours,
          in: &builder),
        initial.bias("bias", outputs, inputs: inputs * neighbours, in: &builder)
      )
    }
  }

  /// The output for x (B×V×inputs), where V is the number of the stencil's inputs.
  package func callAsFunction(_ x: DifferentiableTensor<Scalar>, _ stencil: Stencil, in pass: NetworkPass<Scalar>)
    -> DifferentiableTensor<Scalar>
  {
    stencilConvolution(x, weight: pass[weight], bias: pass[bias], stencil: stencil)
  }

  /// What a range of the inputs contributes to the output, for x (B×V×inputs of the range); one of the contributions has the bias.
  package func part(
    _ inputs: Range<Int>, of x: DifferentiableTensor<Scalar>, _ stencil: Stencil, hasBias: Bool, in pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    stencilConvolution(x, weight: pass[weight].columns(inputs), bias: hasBias ? pass[bias] : nil, stencil: stencil)
  }
}

/// x + convolution(silu(norm(convolution(silu(norm(x))) + time))).
struct StencilBlock<Scalar: TensorScalar>: Sendable {
  private let normalisations: (GroupNormalisation<Scalar>, GroupNormalisation<Scalar>)
  private let convolutions: (StencilLayer<Scalar>, StencilLayer<Scalar>)
  private let time: Dense<Scalar>?
  /// Present if the widths differ.
  private let shortcut: Dense<Scalar>?
  private let dropout: Dropout

  init(
    _ name: String, inputs: Int, outputs: Int, neighbours: Int, timeWidth: Int?, dropout: Double,
    in builder: inout ParameterBuilder<Scalar>
  ) {
    self.dropout = Dropout(rate: dropout)
    (normalisations, convolutions, time, shortcut) = builder.scope(name) { builder in
      (
        (
          GroupNormalisation("norm.0", channels: inputs, groups: Self.groups(of: inputs), in: &builder),
          GroupNormalisation("norm.1", channels: outputs, groups: Self.groups(of: outputs), in: &builder)
        ),
        (
          StencilLayer("conv.0", inputs: inputs, outputs: outputs, neighbours: neighbours, in: &builder),
          StencilLayer("conv.1", inputs: outputs, outputs: outputs, neighbours: neighbours, in: &builder)
        ),
        timeWidth.map { Dense("time", inputs: $0, outputs: outputs, in: &builder) },
        inputs == outputs ? nil : Dense("shortcut", inputs: inputs, outputs: outputs, hasBias: false, in: &builder)
      )
    }
  }

  /// At most eight groups, of at least eight channels each.
  static func groups(of channels: Int) -> Int {
    (1...max(1, min(8, channels / 8))).last { channels % $0 == 0 } ?? 1
  }

  func callAsFunction(
    _ x: DifferentiableTensor<Scalar>, time embedding: DifferentiableTensor<Scalar>?, _ stencil: Stencil,
    in pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    var h = convolutions.0(normalisations.0.activated(x, in: pass), stencil, in: pass)
    if let embedding, let time { h = h.addingToRows(time(embedding, in: pass)) }
    h = convolutions.1(dropout(normalisations.1.activated(h, in: pass), in: pass), stencil, in: pass)
    return h + (shortcut.map { $0(x, in: pass) } ?? x)
  }
}
