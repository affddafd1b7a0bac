// Convolution along the array of vertices with zero padding, as PyTorch's Conv1d but with the channels last.

import SextantArrays
import SextantAutodiff

/// A window that slides along V, from B×V×I to B×V′×O.
public struct Convolution1D<Scalar: TensorScalar>: Sendable {
  /// O×K×I, which is PyTorch's O×I×K with the last two dimensions exchanged.
  public let weight: ParameterSet<Scalar>.Reference
  /// O values.
  public let bias: ParameterSet<Scalar>.Reference
  /// K, the number of vertices in the window.
  public let kernel: Int
  /// The number of vertices by which the window moves.
  public let stride: Int
  /// The numbers of zeros before and after the array.
  public let padding: (before: Int, after: Int)

  /// Creates the layer's parameters in `builder`, under `name`. `padding` is the number of zeros at either end;
  /// (K − 1)/2 by default.
  public init(
    _ name: String, inputs: Int, outputs: Int, kernel: Int, stride: Int = 1, padding: (before: Int, after: Int)? = nil,
    initial: InitialValues = .uniformByInputs, in builder: inout ParameterBuilder<Scalar>
  ) {
    precondition(kernel > 0 && stride > 0, "A window of \(kernel) with stride \(stride)")
    self.kernel = kernel
    self.stride = stride
    self.padding = padding ?? ((kernel - 1) / 2, (kernel - 1) / 2)
    (weight, bias) = builder.scope(name) { builder in
      (
        initial.weight(
          "weight", [outputs, kernel, inputs], inputs: inputs * kernel, outputs: outputs * kernel, in: &builder),
        initial.bias("bias", outputs, inputs: inputs * kernel, in: &builder)
      )
    }
  }

  /// The output for x (B×V×I): B×V′×O with V′ = (V + padding − K)/stride + 1, rounded down.
  public func callAsFunction(
    _ x: DifferentiableTensor<Scalar>, in pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    let count = x.shape[1]
    let outputs = max(0, (count + padding.before + padding.after - kernel) / stride + 1)
    let stencil = Stencil.line(
      count: count, offsets: -padding.before...(kernel - 1 - padding.before), stride: stride, outputCount: outputs)
    return stencilConvolution(x, weight: pass[weight], bias: pass[bias], stencil: stencil)
  }
}
