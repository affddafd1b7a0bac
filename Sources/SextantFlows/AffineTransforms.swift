// The scalar affine map before each coupling, in both directions, and the bound on its log-scale. As in the published
// program, the shift precedes the scale in the direction x → z. The couplings' own map is `AffineCoupling`.

import SextantArrays
import SextantAutodiff

/// The direction of a map through the flow.
enum FlowDirection: Sendable {
  /// x → z.
  case normalising
  /// z → x.
  case sampling
}

/// (x + t)·exp(−s) in the direction x → z and z·exp(s) − t in the other, for x (B×D) and one shift t and one log-scale s
/// for all entries.
func scalarAffine<Scalar: TensorScalar>(
  _ x: DifferentiableTensor<Scalar>, shift: DifferentiableTensor<Scalar>, logScale: DifferentiableTensor<Scalar>,
  direction: FlowDirection
) -> DifferentiableTensor<Scalar> {
  switch direction {
  case .normalising:
    let factor = (logScale * -1).exponential()
    return affineMap(x, factor: factor, shift: shift * factor)
  case .sampling:
    return affineMap(x, factor: logScale.exponential(), shift: shift * -1)
  }
}
