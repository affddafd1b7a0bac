// Convolution along the vertex array, with zeros beyond its ends: PyTorch's Conv1d, channels last.

import SextantArrays
import SextantAutodiff

/// A window that slides along V: B×V×I to B×V′×O.
public struct Convolution1D<Scalar: TensorScalar>: Sendable {
  /// O×K×I: PyTorch's O×I×K with the last two dimensions exchanged.
  public let weight: ParameterSet<Scalar>.Reference
  /// O numbers.
  public let bias: ParameterSet<Scalar>.Reference
  /// K, the number of vertices under the window.
  public let kernel: Int
  /// How far the window moves.
  public let stride: Int
  /// How many zeros stand before and after the array.
  public let padding: (before: Int, after: Int)

  /// - Parameter padding: zeros at both ends; (K − 1)/2 if not given.
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

  /// - Parameter x: B×V×I.
  /// - Returns: B×V′×O with V′ = (V + padding − K)/stride + 1, rounded down.
  public func callAsFunction(_ x: Variable<Scalar>, in pass: NetworkPass<Scalar>) -> Variable<Scalar> {
    let count = x.shape[1]
    let outputs = max(0, (count + padding.before + padding.after - kernel) / stride + 1)
    let stencil = Stencil.line(
      count: count, offsets: -padding.before...(kernel - 1 - padding.before), stride: stride, outputCount: outputs)
    return stencilConvolution(x, weight: pass[weight], bias: pass[bias], stencil: stencil)
  }
}
