// The embedding of the diffusion time: sines and cosines of many frequencies, followed by a small network.

import Foundation
import SextantArrays
import SextantAutodiff

/// Sines and cosines of the times (B) at frequencies from 1 down to 1/10000, as in the Transformer and in DDPM: B×width,
/// the first half sines and the second half cosines. The width is even and at least 4.
func sinusoidalEmbedding<Scalar: TensorScalar>(
  of times: [Double], width: Int, as type: Scalar.Type = Scalar.self
)
  -> Tensor<Scalar>
{
  precondition(width >= 4 && width % 2 == 0, "An embedding of width \(width)")
  let half = width / 2
  let frequencies = (0..<half).map { exp(-log(10000) * Double($0) / Double(half - 1)) }
  let rows = times.flatMap { time in
    frequencies.map { Scalar(sin(time * $0)) } + frequencies.map { Scalar(cos(time * $0)) }
  }
  return Tensor(rows, shape: [times.count, width])
}

/// The embedding of a time in [0, 1], followed by two dense layers.
public struct TimeEmbedding<Scalar: TensorScalar>: Sendable {
  /// The number of outputs.
  public let outputs: Int
  /// The factor by which t is multiplied: the number of steps of the discrete diffusion for which the frequencies were
  /// designed.
  public let steps: Double
  private let width: Int
  private let activation: Activation
  private let hidden: Dense<Scalar>
  private let last: Dense<Scalar>

  /// Creates the layer's parameters in `builder`, under `name`. `width` is the number of sines and cosines, an even
  /// number; `outputs` is the width of the hidden and of the last layer, 4·`width` by default.
  public init(
    _ name: String, width: Int, outputs: Int? = nil, activation: Activation = .gelu, steps: Double = 1000,
    initial: InitialValues = .uniformByInputs, in builder: inout ParameterBuilder<Scalar>
  ) {
    let outputs = outputs ?? 4 * width
    (self.width, self.outputs, self.activation, self.steps) = (width, outputs, activation, steps)
    (hidden, last) = builder.scope(name) { builder in
      (
        Dense("hidden", inputs: width, outputs: outputs, initial: initial, in: &builder),
        Dense("last", inputs: outputs, outputs: outputs, initial: initial, in: &builder)
      )
    }
  }

  /// The embedding of one time in [0, 1] for each sample: B×outputs, or 1×outputs if all times are equal. Equal times, as
  /// in a sampler, are embedded once, so that the result does not depend on the number of samples.
  public func callAsFunction(_ times: [Double], in pass: NetworkPass<Scalar>) -> DifferentiableTensor<Scalar> {
    let times = Set(times).count == 1 ? Array(times.prefix(1)) : times
    let waves: Tensor<Scalar> = sinusoidalEmbedding(of: times.map { $0 * steps }, width: width)
    return last(hidden(pass.tape.constant(waves), in: pass).activated(by: activation), in: pass)
  }
}
