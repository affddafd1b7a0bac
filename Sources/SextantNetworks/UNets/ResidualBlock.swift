// The two blocks of the DDPM U-Net, and with sums divided by √2 of NCSN++: a residual block to which the time embedding is added, and
// attention with one head.

import SextantArrays
import SextantAutodiff

/// Normalisation, SiLU, convolution and addition of the time; normalisation, SiLU, dropout and convolution; then the
/// skip connection.
struct ResidualBlock<Scalar: TensorScalar>: Sendable {
  /// The settings that all blocks of a network share.
  struct Style: Sendable {
    var timeWidth: Int
    var groups: Int
    var dropout: Double
    /// The number of neighbours in a convolution.
    var neighbours: Int
    /// Whether the sum with the skip connection is divided by √2.
    var dividesByRootOfTwo = false
  }

  private let normalisations: (GroupNormalisation<Scalar>, GroupNormalisation<Scalar>)
  private let convolutions: (StencilLayer<Scalar>, StencilLayer<Scalar>)
  private let time: Dense<Scalar>
  /// Present if the widths or the resolutions differ.
  private let shortcut: Dense<Scalar>?
  private let dropout: Dropout
  private let dividesByRootOfTwo: Bool

  /// - Parameter resamples: whether the block changes the resolution; the skip connection has weights then.
  init(
    _ name: String, inputs: Int, outputs: Int, _ style: Style, resamples: Bool = false,
    in builder: inout ParameterBuilder<Scalar>
  ) {
    dropout = Dropout(rate: style.dropout)
    dividesByRootOfTwo = style.dividesByRootOfTwo
    let standard = InitialValues.fanAverage(scale: 1)
    (normalisations, convolutions, time, shortcut) = builder.scope(name) { builder in
      (
        (
          GroupNormalisation(
            "norm.0", channels: inputs, groups: min(style.groups, max(1, inputs / 4)), epsilon: 1e-6, in: &builder),
          GroupNormalisation(
            "norm.1", channels: outputs, groups: min(style.groups, max(1, outputs / 4)), epsilon: 1e-6, in: &builder)
        ),
        (
          StencilLayer(
            "conv.0", inputs: inputs, outputs: outputs, neighbours: style.neighbours, initial: standard, in: &builder),
          StencilLayer(
            "conv.1", inputs: outputs, outputs: outputs, neighbours: style.neighbours, initial: .zeros, in: &builder)
        ),
        Dense("time", inputs: style.timeWidth, outputs: outputs, initial: standard, in: &builder),
        inputs == outputs && !resamples
          ? nil : Dense("shortcut", inputs: inputs, outputs: outputs, initial: standard, in: &builder)
      )
    }
  }

  /// The output for x (B×V×inputs) and the embedded time after its nonlinearity: B×timeWidth, or 1×timeWidth for all
  /// samples. The stencil is that of the output, and `resampling` the step to its resolution, if it is another.
  func callAsFunction(
    _ x: DifferentiableTensor<Scalar>, time embedding: DifferentiableTensor<Scalar>, _ stencil: Stencil,
    resampling: RowMixing? = nil, in pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    func resampled(_ x: DifferentiableTensor<Scalar>) -> DifferentiableTensor<Scalar> {
      resampling.map { mixRows(x, by: $0) } ?? x
    }
    let timed = convolutions.0(resampled(normalisations.0.activated(x, in: pass)), stencil, in: pass)
      .addingToRows(time(embedding, in: pass))
    let h = convolutions.1(dropout(normalisations.1.activated(timed, in: pass), in: pass), stencil, in: pass)
    let skip = resampled(x)
    let sum = (shortcut.map { $0(skip, in: pass) } ?? skip) + h
    return dividesByRootOfTwo ? sum * Scalar(0.5.squareRoot()) : sum
  }
}

/// Normalisation, attention with one head of all channels, and the skip connection.
struct AttentionBlock<Scalar: TensorScalar>: Sendable {
  private let normalisation: GroupNormalisation<Scalar>
  private let attention: Attention<Scalar>
  private let dividesByRootOfTwo: Bool

  init(
    _ name: String, channels: Int, groups: Int, dividesByRootOfTwo: Bool = false, in builder: inout ParameterBuilder<Scalar>
  ) {
    self.dividesByRootOfTwo = dividesByRootOfTwo
    (normalisation, attention) = builder.scope(name) { builder in
      (
        GroupNormalisation(
          "norm", channels: channels, groups: min(groups, max(1, channels / 4)), epsilon: 1e-6, in: &builder),
        Attention(
          "attention", channels: channels, form: .full, heads: 1, width: channels, hasInputBias: true,
          initial: .fanAverage(scale: 1), outputInitial: .zeros, in: &builder)
      )
    }
  }

  func callAsFunction(_ x: DifferentiableTensor<Scalar>, in pass: NetworkPass<Scalar>) -> DifferentiableTensor<Scalar> {
    let sum = x + attention(normalisation(x, in: pass), in: pass)
    return dividesByRootOfTwo ? sum * Scalar(0.5.squareRoot()) : sum
  }
}
