// Matrix products shared out by this package instead of by OpenBLAS: whose threads wait for one another by spinning, which
// costs much where other programs run, and which does not know of the other products of a batch. The parts depend on the
// shape alone.

import SextantArrays

/// Products of matrices by parts.
enum SharedProduct {
  /// C ← op(A)·op(B) + βC for row-major matrices without gaps.
  static func multiply<Scalar: TensorScalar>(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Scalar>,
    _ b: UnsafePointer<Scalar>, _ beta: Scalar, _ c: UnsafeMutablePointer<Scalar>
  ) {
    let (lda, ldb) = (transposeA ? m : k, transposeB ? k : n)
    func part(_ rows: Range<Int>) {
      let start = rows.lowerBound
      Scalar.multiply(
        transposeA, transposeB, rows.count, n, k, 1, a + (transposeA ? start : start * k), lda, b, ldb, beta,
        c + start * n, n)
    }
    // Tall outputs by blocks of rows; long sums into small outputs by quarters. All else is OpenBLAS's own matter.
    let grain = m >= 1024 ? 256 : k >= 1024 && m >= 32 ? max(16, (m / 4 + 15) / 16 * 16) : m
    guard grain < m, n * k >= 256 else { return part(0..<m) }
    OpenBLAS.withSingleThread { Work.overRanges(m, grain: grain, part) }
  }

  /// Calls `product` for each of `count` pairs of matrices, with as many at a time as there are threads.
  static func forEach(_ count: Int, _ product: (Int) -> Void) {
    guard count > 1 else {
      if count == 1 { product(0) }
      return
    }
    OpenBLAS.withSingleThread { Work.overSamples(count, product) }
  }
}
