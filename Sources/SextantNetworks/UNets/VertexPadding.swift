// Padding of vertex arrays of any length for networks that halve them several times: rows of zeros are added at the end
// and removed afterwards.

import SextantArrays
import SextantAutodiff

/// The padding of vertex arrays.
enum VertexPadding {
  /// The smallest multiple of `multiple` that is not below `count`.
  static func paddedCount(_ count: Int, multiple: Int) -> Int { (count + multiple - 1) / multiple * multiple }

  /// Pads B×V×C with rows of zeros to `count` rows.
  static func pad<Scalar: TensorScalar>(
    _ x: DifferentiableTensor<Scalar>, to count: Int
  ) -> DifferentiableTensor<Scalar> {
    guard count != x.shape[1] else { return x }
    return gatherRows(x, (0..<count).map { $0 < x.shape[1] ? Int32($0) : -1 })
  }

  /// The first `count` rows of B×V×C.
  static func cut<Scalar: TensorScalar>(
    _ x: DifferentiableTensor<Scalar>, to count: Int
  ) -> DifferentiableTensor<Scalar> {
    guard count != x.shape[1] else { return x }
    return gatherRows(x, (0..<count).map { Int32($0) })
  }
}
