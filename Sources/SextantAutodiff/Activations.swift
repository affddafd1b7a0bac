// Element-wise functions; each shares a kernel family with its pullback.

import SextantArrays

extension DifferentiableTensor {
  /// Applies `activation` to each element; `slope` is the slope of leaky ReLU.
  @specialized(where Scalar == Float)
  public func activated(by activation: Activation, slope: Scalar = 0) -> DifferentiableTensor {
    let kernels = Scalar.kernels
    let result = Tensor<Scalar>(writing: value.shape) { out in
      value.reading { x in
        Work.overScalars(value.count) {
          kernels.activate(
            count: $0.count, activation: activation.code, slope: slope, from: x + $0.lowerBound, to: out + $0.lowerBound
          )
        }
      }
    }
    // Keep only the tensor from which the derivative is computed.
    let held = activation.derivesFromResult ? result : value
    let slot = self.slot
    let count = result.count
    return tape.record(result, operation: "activation", from: [self]) { gradient, cotangents in
      cotangents.write(to: slot) { out, adds in
        reading(held, gradient) { held, gradient in
          Work.overScalars(count) {
            let start = $0.lowerBound
            kernels.activationPullback(
              count: $0.count, activation: activation.code, slope: slope, held: held + start,
              gradient: gradient + start, adds: adds, to: out + start)
          }
        }
      }
    }
  }

  /// max(x, 0).
  public func relu() -> DifferentiableTensor { activated(by: .relu) }
  /// x where x is positive, slope·x elsewhere.
  public func leakyReLU(slope: Scalar) -> DifferentiableTensor { activated(by: .leakyReLU, slope: slope) }
  /// x·σ(x).
  public func silu() -> DifferentiableTensor { activated(by: .silu) }
  /// x·Φ(x), the exact form of GELU.
  public func gelu() -> DifferentiableTensor { activated(by: .gelu) }
  public func tanh() -> DifferentiableTensor { activated(by: .tanh) }
  /// eˣ.
  public func exponential() -> DifferentiableTensor { activated(by: .exponential) }
  /// The natural logarithm.
  public func logarithm() -> DifferentiableTensor { activated(by: .logarithm) }
  /// 1/(1 + e⁻ˣ).
  public func sigmoid() -> DifferentiableTensor { activated(by: .sigmoid) }
  /// log(1 + eˣ).
  public func softplus() -> DifferentiableTensor { activated(by: .softplus) }
  /// arctan(x).
  public func arcTangent() -> DifferentiableTensor { activated(by: .arcTangent) }
  /// x².
  public func squared() -> DifferentiableTensor { activated(by: .square) }
}
