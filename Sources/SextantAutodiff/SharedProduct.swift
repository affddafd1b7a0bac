// Matrix products shared out by this package instead of by OpenBLAS, whose threads wait for one another, and for more work,
// by spinning: that costs much where anything else runs, and they do not know of the other products of a batch.
// The parts depend on the shape alone.

import SextantArrays

/// Products of matrices by parts.
enum SharedProduct {
  /// C ← op(A)·op(B) + βC for row-major matrices without gaps, op(A) being m×k and op(B) k×n.
  static func multiply<Scalar: TensorScalar>(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Scalar>,
    _ b: UnsafePointer<Scalar>, _ beta: Scalar, _ c: UnsafeMutablePointer<Scalar>
  ) {
    let (lda, ldb) = (transposeA ? m : k, transposeB ? k : n)
    if transposeA, !transposeB, k >= 2048, k >= 4 * max(m, n) { return sumOfProducts(m, n, k, a, b, beta, c) }
    OpenBLAS.withSingleThread {
      if m >= n {
        Work.overRanges(m, grain: grain(m, work: m * n * k)) { rows in
          let start = rows.lowerBound
          Scalar.multiply(
            transposeA, transposeB, rows.count, n, k, 1, a + (transposeA ? start : start * k), lda, b, ldb, beta,
            c + start * n, n)
        }
      } else {
        Work.overRanges(n, grain: grain(n, work: m * n * k)) { columns in
          let start = columns.lowerBound
          Scalar.multiply(
            transposeA, transposeB, m, columns.count, k, 1, a, lda, b + (transposeB ? start * k : start), ldb, beta,
            c + start, n)
        }
      }
    }
  }

  /// C ← Aᵀ·B + βC for long factors and a small result: weights' gradients over many rows. Parts of the rows have sums of their own.
  private static func sumOfProducts<Scalar: TensorScalar>(
    _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Scalar>, _ b: UnsafePointer<Scalar>, _ beta: Scalar,
    _ c: UnsafeMutablePointer<Scalar>
  ) {
    let parts = min(8, k / 1024)
    let length = (k + parts - 1) / parts
    let partial = Tensor<Scalar>(writing: [parts, m * n]) { sums in
      forEach(parts) { part in
        let start = part * length
        Scalar.multiply(
          true, false, m, n, min(k - start, length), 1, a + start * m, m, b + start * n, n, 0, sums + part * m * n, n)
      }
    }
    partial.withUnsafeScalars { partial in
      let kernels = VectorKernels<Scalar>.chosen
      let result = UnsafeMutableBufferPointer(start: c, count: m * n)
      for part in 0..<parts {
        let sums = UnsafeBufferPointer(rebasing: partial[part * m * n..<(part + 1) * m * n])
        if part == 0 && beta == 0 {
          _ = result.update(from: sums)
        } else {
          kernels.add(sums, scaledBy: 1, to: result)
        }
      }
    }
  }

  /// Parts of one thread lose about a twentieth at 256 rows or columns and a seventh at 64; small products stay whole.
  private static func grain(_ extent: Int, work: Int) -> Int {
    guard work >= 1 << 20 else { return max(1, extent) }
    let eighth = (extent / 8 + 15) / 16 * 16
    return max(eighth, extent >= 256 ? 128 : 64)
  }

  /// Calls `product` for each of `count` pairs of matrices, with as many at a time as there are threads.
  static func forEach(_ count: Int, _ product: (Int) -> Void) {
    guard count > 0 else { return }
    OpenBLAS.withSingleThread { Work.overSamples(count, product) }
  }
}
