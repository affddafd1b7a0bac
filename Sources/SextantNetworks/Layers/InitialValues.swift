// Where the weights of a layer start from: the habits of the programs whose networks are rebuilt here.

import Foundation
import SextantArrays

/// How a layer's weights and biases are drawn at first.
public enum InitialValues: Sendable, Equatable {
  /// Uniform in ±1/√inputs, biases too: PyTorch's default for dense and convolution layers.
  case uniformByInputs
  /// Normal with this deviation, biases 0.
  case normal(deviation: Double)
  /// Uniform with variance `scale`·2/(inputs + outputs), biases 0: the default of the DDPM code.
  case fanAverage(scale: Double)
  case zeros

  /// A weight tensor in which each output is a sum of `inputs` products, and each input goes into `outputs` of them.
  func weight<Scalar: TensorScalar>(
    _ name: String, _ shape: [Int], inputs: Int, outputs: Int, in builder: inout ParameterBuilder<Scalar>
  ) -> ParameterSet<Scalar>.Reference {
    switch self {
    case .uniformByInputs: builder.uniform(name, shape, bound: 1 / Double(max(1, inputs)).squareRoot())
    case .normal(let deviation): builder.normal(name, shape, deviation: deviation)
    case .fanAverage(let scale):
      builder.uniform(name, shape, bound: (6 * max(scale, 1e-10) / Double(max(1, inputs + outputs))).squareRoot())
    case .zeros: builder.constant(name, shape)
    }
  }

  /// The biases of a layer of `inputs` inputs.
  func bias<Scalar: TensorScalar>(
    _ name: String, _ count: Int, inputs: Int, in builder: inout ParameterBuilder<Scalar>
  ) -> ParameterSet<Scalar>.Reference {
    switch self {
    case .uniformByInputs: builder.uniform(name, [count], bound: 1 / Double(max(1, inputs)).squareRoot())
    default: builder.constant(name, [count])
    }
  }
}
