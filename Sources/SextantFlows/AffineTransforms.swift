// The two element-wise maps of a coupling flow, as single operations on the tape in both directions: the scalar one before each
// coupling and the one that a coupling's network steers. Following the published program, the shift comes before the
// scale in the direction x → z.

import Foundation
import SextantArrays
import SextantAutodiff

/// Which way points go through a flow.
enum FlowDirection: Sendable {
  /// x → z.
  case normalising
  /// z → x.
  case sampling
}

/// (b + t)·exp(s) on the way x → z, b·exp(−s) − t on the way back; all B×n.
@specialized(where Scalar == Float)
func affineCoupling<Scalar: TensorScalar>(
  _ b: Variable<Scalar>, logScale: Variable<Scalar>, shift: Variable<Scalar>, direction: FlowDirection
) -> Variable<Scalar> {
  switch direction {
  case .normalising:
    let factor = exponential(logScale.value)
    let value = (b.value + shift.value) * factor
    return b.tape.record(value, operation: "affine coupling", from: [b, logScale, shift]) { gradient, cotangents in
      let scaled = gradient * factor
      cotangents.add(scaled, to: b)
      cotangents.add(scaled, to: shift)
      cotangents.add(gradient * value, to: logScale)
    }
  case .sampling:
    let factor = exponential(logScale.value * -1)
    let input = b.value
    let value = input * factor - shift.value
    return b.tape.record(value, operation: "affine coupling", from: [b, logScale, shift]) { gradient, cotangents in
      let scaled = gradient * factor
      cotangents.add(scaled, to: b)
      cotangents.add(gradient * -1, to: shift)
      cotangents.add(scaled * input * -1, to: logScale)
    }
  }
}

/// (x + t)·exp(−s) on the way x → z, z·exp(s) − t on the way back, with one t and one s for all entries.
///
/// - Parameters:
///   - x: B×D.
///   - shift, logScale: one number each.
@specialized(where Scalar == Float)
func scalarAffine<Scalar: TensorScalar>(
  _ x: Variable<Scalar>, shift: Variable<Scalar>, logScale: Variable<Scalar>, direction: FlowDirection
) -> Variable<Scalar> {
  let (t, s) = (Double(shift.value[0]), Double(logScale.value[0]))
  let isNormalising = direction == .normalising
  let factor = exp(isNormalising ? -s : s)
  var value = Tensor(repeating: Scalar(isNormalising ? t * factor : -t), shape: x.shape)
  value.add(x.value, scaledBy: Scalar(factor))
  let (input, output) = (x.value, value)
  return x.tape.record(value, operation: "scalar affine map", from: [x, shift, logScale]) { gradient, cotangents in
    cotangents.add(gradient * Scalar(factor), to: x)
    if shift.wantsGradient {
      let total = gradient.withUnsafeScalars { scalars in
        scalars.baseAddress.map { Scalar.networkKernels.sum(scalars.count, $0) } ?? 0
      }
      cotangents.add(Tensor([Scalar(isNormalising ? factor * total : -total)]), to: shift)
    }
    cotangents.add(
      Tensor([Scalar(isNormalising ? -gradient.dot(output) : factor * gradient.dot(input))]), to: logScale)
  }
}

/// `raw` within ±`bound`, with slope 1 at 0.
@specialized(where Scalar == Float)
func clamped<Scalar: TensorScalar>(
  _ raw: Variable<Scalar>, by clamp: LogScaleClamp, bound: Double
) -> Variable<Scalar> {
  switch clamp {
  case .tanh:
    guard bound != 1 else { return raw.tanh() }
    return (raw * Scalar(1 / bound)).tanh() * Scalar(bound)
  case .softsign:
    let magnitude = raw.relu() * 2 - raw
    let one = raw.tape.constant(Tensor(repeating: 1, shape: raw.shape))
    let divisor = magnitude * Scalar(1 / bound) + one
    return raw * (divisor.logarithm() * -1).exponential()
  }
}

@specialized(where Scalar == Float)
private func exponential<Scalar: TensorScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  Tensor(shape: x.shape) { out in
    x.withUnsafeScalars { x in
      // Sound: the parts do not overlap.
      nonisolated(unsafe) let (x, out) = (x, out)
      Parallel.forEachRange(of: out.count, grain: 1 << 14) { range in
        VectorKernels<Scalar>.chosen.exponential(
          UnsafeBufferPointer(rebasing: x[range]), into: UnsafeMutableBufferPointer(rebasing: out[range]))
      }
    }
  }
}
