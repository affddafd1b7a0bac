// The test of an operator's adjoint.

import SextantArrays
import SextantMeasurement

extension LinearOperator {
  /// |⟨A·x, y⟩ − ⟨x, Aᵀ·y⟩| relative to ‖A·x‖·‖y‖ + ‖x‖·‖Aᵀ·y‖ for random x and y: 0 up to rounding if and only if the
  /// adjoint is right.
  public func adjointMismatch(using random: inout RandomStream) -> Double {
    let x: Tensor<Float> = random.normals([1, inputCount])
    let y: Tensor<Float> = random.normals([1, outputCount])
    let (forward, backward) = (apply(x), applyAdjoint(y))
    let size = (forward.dot(forward) * y.dot(y)).squareRoot() + (x.dot(x) * backward.dot(backward)).squareRoot()
    return abs(forward.dot(y) - x.dot(backward)) / max(size, .leastNormalMagnitude)
  }
}
