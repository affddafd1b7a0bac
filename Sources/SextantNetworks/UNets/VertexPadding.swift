// Vertex arrays of any length for networks that halve them several times: rows of zeros at the end, cut off again.

import SextantArrays
import SextantAutodiff

/// How many rows a network adds to what it is given.
enum VertexPadding {
  /// The next multiple of `multiple` from `count` on.
  static func paddedCount(_ count: Int, multiple: Int) -> Int { (count + multiple - 1) / multiple * multiple }

  /// B×V×C with rows of zeros up to `count`.
  static func pad<Scalar: TensorScalar>(_ x: Variable<Scalar>, to count: Int) -> Variable<Scalar> {
    guard count != x.shape[1] else { return x }
    return gatherRows(x, (0..<count).map { $0 < x.shape[1] ? Int32($0) : -1 })
  }

  /// The first `count` rows of B×V×C.
  static func cut<Scalar: TensorScalar>(_ x: Variable<Scalar>, to count: Int) -> Variable<Scalar> {
    guard count != x.shape[1] else { return x }
    return gatherRows(x, (0..<count).map { Int32($0) })
  }
}
