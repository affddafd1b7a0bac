// The scalar map before each coupling, in both directions, and the bound of its log-scale. Following the published program, the
// shift comes before the scale in the direction x → z. The couplings' own map is `AffineCoupling`.

import SextantArrays
import SextantAutodiff

/// Which way points go through a flow.
enum FlowDirection: Sendable {
  /// x → z.
  case normalising
  /// z → x.
  case sampling
}

/// (x + t)·exp(−s) on the way x → z, z·exp(s) − t on the way back, with one t and one s for all entries.
///
/// - Parameters:
///   - x: B×D.
///   - shift, logScale: one number each.
func scalarAffine<Scalar: TensorScalar>(
  _ x: Variable<Scalar>, shift: Variable<Scalar>, logScale: Variable<Scalar>, direction: FlowDirection
) -> Variable<Scalar> {
  switch direction {
  case .normalising:
    let factor = (logScale * -1).exponential()
    return affineMap(x, factor: factor, shift: shift * factor)
  case .sampling:
    return affineMap(x, factor: logScale.exponential(), shift: shift * -1)
  }
}
