// The eigendecomposition of a dense symmetric matrix, in the three steps of LAPACK's `syevd`: reduction to a tridiagonal
// matrix, divide and conquer (Cuppen 1981), and transformation back. The steps are called one by one, because the last one
// is independent for each eigenvector: only those wanted are transformed, and threads share them.
//
// For a few eigenpairs of a large sparse matrix see `LargestEigenpairs`.

/// The eigenvalues, largest first, and the eigenvectors (in rows) of a symmetric matrix (n×n).
///
/// - Parameters:
///   - matrix: the matrix, of which the lower triangle is read.
///   - vectorCount: the number of eigenvectors, those of the largest eigenvalues; nil for all. There are always n
///     eigenvalues.
///
/// Throws ``LinearAlgebraError/noConvergence(size:)``.
public func symmetricEigendecomposition<Scalar: TensorScalar>(
  _ matrix: consuming Tensor<Scalar>, vectorCount: Int? = nil
) throws -> (values: [Scalar], vectors: Tensor<Scalar>) {
  let n = matrix.columnCount
  precondition(matrix.rowCount == n, "Not a square matrix: \(matrix.shape)")
  guard n > 0 else { return ([], matrix) }
  let routines = Scalar.linearAlgebra
  var (size, info) = (Int32(n), Int32(0))
  // The diagonal becomes about 1, so that no square leaves the range of the type. A power of two changes no digit.
  let largest = (0..<n).map { matrix[$0, $0].magnitude }.max() ?? 0
  guard largest.isFinite else { throw LinearAlgebraError.noConvergence(size: n) }
  let scale: Scalar = largest > 0 ? Scalar(sign: .plus, exponent: -largest.exponent, significand: 1) : 1
  if scale != 1 { matrix = matrix * scale }

  // A row-major lower triangle is a column-major upper triangle.
  var diagonal = [Scalar](repeating: 0, count: n)
  var (beside, reflections) = (diagonal, diagonal)
  OpenBLAS.withSingleThread {
    matrix.withUnsafeMutableScalars { a in
      guard let a = a.baseAddress else { return }
      var (work, workSize) = ([Scalar](repeating: 0, count: 64 * n), Int32(64 * n))
      routines.sytrd("U", &size, a, &size, &diagonal, &beside, &reflections, &work, &workSize, &info)
    }
  }
  // The eigenvectors of the tridiagonal matrix: columns of a column-major matrix, which are rows here, in ascending order.
  var all = Tensor<Scalar>.zeros([n, n])
  OpenBLAS.withSingleThread {
    all.withUnsafeMutableScalars { z in
      guard let z = z.baseAddress else { return }
      // The workspace sizes that LAPACK documents for compz = I.
      var (workSize, integerWorkSize) = (Int32(1 + 4 * n + n * n), Int32(3 + 5 * n))
      var (work, integerWork) = (
        Tensor<Scalar>.zeros([Int(workSize)]), [Int32](repeating: 0, count: Int(integerWorkSize))
      )
      work.withUnsafeMutableScalars { work in
        guard let work = work.baseAddress else { return }
        routines.stedc(
          "I", &size, &diagonal, &beside, z, &size, work, &workSize, &integerWork, &integerWorkSize, &info)
      }
    }
  }
  guard info == 0 else { throw LinearAlgebraError.noConvergence(size: n) }

  let count = min(n, vectorCount ?? n)
  let vectors = Tensor<Scalar>(shape: [count, n]) { out in
    matrix.withUnsafeScalars { a in
      all.withUnsafeScalars { z in
        guard let first = a.baseAddress, let source = z.baseAddress, let start = out.baseAddress else { return }
        for i in 0..<count { (start + i * n).update(from: source + (n - 1 - i) * n, count: n) }
        // Sound: each block of vectors is written by one thread.
        nonisolated(unsafe) let (reflectors, target) = (first, start)
        let (factors, blocks) = (reflections, BlockedProduct.blocks(of: count, 64))
        OpenBLAS.withSingleThread {
          Parallel.forEach(blocks.count) { index in
            let block = blocks[index]
            var (size, columns, info) = (Int32(n), Int32(block.count), Int32(0))
            var (work, workSize) = (
              [Scalar](repeating: 0, count: 64 * (64 + 1 + block.count)), Int32(64 * (64 + 1 + block.count))
            )
            routines.ormtr(
              "L", "U", "N", &size, &columns, reflectors, &size, factors, target + block.lowerBound * n, &size, &work,
              &workSize, &info)
          }
        }
      }
    }
  }
  return (diagonal.reversed().map { $0 / scale }, vectors)
}
