// The element-wise functions of networks, by name.

import CVectorKernels

/// An element-wise function of the network kernels, with its derivative.
public enum Activation: String, CaseIterable, Codable, Sendable {
  /// max(x, 0).
  case relu
  /// x where x is positive, slope·x elsewhere.
  case leakyReLU
  /// x·σ(x), also called swish.
  case silu
  /// x·Φ(x), with the exact normal distribution function.
  case gelu
  case tanh
  /// arctan(x).
  case arcTangent = "arctangent"
  case exponential
  case logarithm
  /// 1/(1 + e⁻ˣ).
  case sigmoid
  /// log(1 + eˣ).
  case softplus
  case square

  /// The code of the function in the kernels.
  public var code: Int32 {
    let code =
      switch self {
      case .relu: VK_RELU
      case .leakyReLU: VK_LEAKY_RELU
      case .silu: VK_SILU
      case .gelu: VK_GELU
      case .tanh: VK_TANH
      case .arcTangent: VK_ARC_TANGENT
      case .exponential: VK_EXPONENTIAL
      case .logarithm: VK_LOGARITHM
      case .sigmoid: VK_SIGMOID
      case .softplus: VK_SOFTPLUS
      case .square: VK_SQUARE
      }
    return Int32(code.rawValue)
  }

  /// Whether the derivative is computed from the result rather than the input.
  public var derivesFromResult: Bool { [.tanh, .exponential, .sigmoid].contains(self) }
}
