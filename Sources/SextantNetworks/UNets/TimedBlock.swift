// The two blocks of lucidrains' Unet1D: a residual block that is scaled and shifted by the time embedding, and
// attention after a normalisation.

import SextantArrays
import SextantAutodiff

/// Convolution, normalisation, scale and shift by the time, SiLU and dropout; then the same without time; then the skip
/// connection.
struct TimedBlock<Scalar: TensorScalar>: Sendable {
  /// The settings that all blocks of a network share.
  struct Style: Sendable {
    var timeWidth: Int
    var normalisation: NormalisationKind
    var dropout: Double
  }

  private let convolutions: (Convolution1D<Scalar>, Convolution1D<Scalar>)
  private let normalisations: (Normalisation<Scalar>, Normalisation<Scalar>)
  private let time: Dense<Scalar>
  /// Present if the widths differ.
  private let shortcut: Dense<Scalar>?
  private let dropout: Dropout
  private let outputs: Int

  init(_ name: String, inputs: Int, outputs: Int, _ style: Style, in builder: inout ParameterBuilder<Scalar>) {
    dropout = Dropout(rate: style.dropout)
    self.outputs = outputs
    (convolutions, normalisations, time, shortcut) = builder.scope(name) { builder in
      (
        (
          Convolution1D("conv.0", inputs: inputs, outputs: outputs, kernel: 3, in: &builder),
          Convolution1D("conv.1", inputs: outputs, outputs: outputs, kernel: 3, in: &builder)
        ),
        (
          Normalisation("norm.0", style.normalisation, channels: outputs, in: &builder),
          Normalisation("norm.1", style.normalisation, channels: outputs, in: &builder)
        ),
        Dense("time", inputs: style.timeWidth, outputs: 2 * outputs, in: &builder),
        inputs == outputs ? nil : Dense("shortcut", inputs: inputs, outputs: outputs, in: &builder)
      )
    }
  }

  /// The output for x (B×V×inputs) and the embedded time after its nonlinearity: B×timeWidth, or 1×timeWidth for all
  /// samples.
  func callAsFunction(
    _ x: DifferentiableTensor<Scalar>, time embedding: DifferentiableTensor<Scalar>, in pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    let batch = x.shape[0]
    var joint = time(embedding, in: pass)
    if joint.shape[0] < batch {
      let repeated = gatherRows(joint.reshaped(to: [1, 1, 2 * outputs]), [Int32](repeating: 0, count: batch))
      joint = repeated.reshaped(to: [batch, 2 * outputs])
    }
    let ones = pass.tape.constant(Tensor(repeating: 1, shape: [batch, outputs]))
    let scale = joint.columns(0..<outputs) + ones
    let shift = joint.columns(outputs..<2 * outputs)
    let timed = normalisations.0.activated(convolutions.0(x, in: pass), modulation: (scale, shift), in: pass)
    let h = normalisations.1.activated(convolutions.1(dropout(timed, in: pass), in: pass), in: pass)
    return (shortcut.map { $0(x, in: pass) } ?? x) + dropout(h, in: pass)
  }
}

/// Normalisation, attention (with another normalisation after linear attention) and the skip connection.
struct NormalisedAttention<Scalar: TensorScalar>: Sendable {
  private let before: RMSNormalisation<Scalar>
  private let attention: Attention<Scalar>
  private let after: RMSNormalisation<Scalar>?

  init(
    _ name: String, channels: Int, form: Attention<Scalar>.Form, heads: Int, width: Int,
    in builder: inout ParameterBuilder<Scalar>
  ) {
    (before, attention, after) = builder.scope(name) { builder in
      (
        RMSNormalisation("before", channels: channels, in: &builder),
        Attention("attention", channels: channels, form: form, heads: heads, width: width, in: &builder),
        form == .linear ? RMSNormalisation("after", channels: channels, in: &builder) : nil
      )
    }
  }

  func callAsFunction(_ x: DifferentiableTensor<Scalar>, in pass: NetworkPass<Scalar>) -> DifferentiableTensor<Scalar> {
    let result = attention(before(x, in: pass), in: pass)
    return x + (after.map { $0(result, in: pass) } ?? result)
  }
}
