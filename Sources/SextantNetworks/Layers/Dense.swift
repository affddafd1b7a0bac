// The dense layer: each output depends on all inputs of its row.

import SextantArrays
import SextantAutodiff

/// x·Wᵀ + b, applied to the last dimension.
public struct Dense<Scalar: TensorScalar>: Sendable {
  /// outputs×inputs.
  public let weight: ParameterSet<Scalar>.Reference
  /// One value for each output, if the layer has biases.
  public let bias: ParameterSet<Scalar>.Reference?

  /// Adds "name.weight" and "name.bias" to the parameters.
  public init(
    _ name: String, inputs: Int, outputs: Int, hasBias: Bool = true, initial: InitialValues = .uniformByInputs,
    in builder: inout ParameterBuilder<Scalar>
  ) {
    (weight, bias) = builder.scope(name) { builder in
      (
        initial.weight("weight", [outputs, inputs], inputs: inputs, outputs: outputs, in: &builder),
        hasBias ? initial.bias("bias", outputs, inputs: inputs, in: &builder) : nil
      )
    }
  }

  /// The output for x, a tensor of any shape whose last dimension is the inputs.
  public func callAsFunction(
    _ x: DifferentiableTensor<Scalar>, in pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    dense(x, weight: pass[weight], bias: bias.map { pass[$0] })
  }

  /// What a range of the inputs contributes to the output, for x with these inputs; one of the contributions has the bias.
  package func part(
    _ inputs: Range<Int>, of x: DifferentiableTensor<Scalar>, hasBias: Bool, in pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    dense(x, weight: pass[weight].columns(inputs), bias: hasBias ? bias.map { pass[$0] } : nil)
  }
}
