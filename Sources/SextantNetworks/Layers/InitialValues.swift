// Initial values of weights, following the conventions of the programs whose networks are reproduced here.

import Foundation
import SextantArrays

/// The distribution from which the weights and biases of a layer are drawn.
public enum InitialValues: Sendable, Equatable {
  /// Uniform in ±1/√inputs, for weights and biases: PyTorch's default for dense and convolution layers.
  case uniformByInputs
  /// Normal with this standard deviation; biases are 0.
  case normal(standardDeviation: Double)
  /// Uniform with variance `scale`·2/(inputs + outputs); biases are 0. The default of the DDPM code.
  case fanAverage(scale: Double)
  case zeros

  /// A weight tensor in which each output sums `inputs` products and each input contributes to `outputs` sums.
  func weight<Scalar: TensorScalar>(
    _ name: String, _ shape: [Int], inputs: Int, outputs: Int, in builder: inout ParameterBuilder<Scalar>
  ) -> ParameterSet<Scalar>.Reference {
    switch self {
    case .uniformByInputs: builder.uniform(name, shape, bound: 1 / Double(max(1, inputs)).squareRoot())
    case .normal(let sigma): builder.normal(name, shape, standardDeviation: sigma)
    case .fanAverage(let scale):
      builder.uniform(name, shape, bound: (6 * max(scale, 1e-10) / Double(max(1, inputs + outputs))).squareRoot())
    case .zeros: builder.constant(name, shape)
    }
  }

  /// The biases of a layer with `inputs` inputs.
  func bias<Scalar: TensorScalar>(
    _ name: String, _ count: Int, inputs: Int, in builder: inout ParameterBuilder<Scalar>
  ) -> ParameterSet<Scalar>.Reference {
    switch self {
    case .uniformByInputs: builder.uniform(name, [count], bound: 1 / Double(max(1, inputs)).squareRoot())
    default: builder.constant(name, [count])
    }
  }
}
