// The eigendecomposition of a dense symmetric matrix in the three steps of LAPACK's drivers: reduction to a tridiagonal
// matrix, its eigenpairs, and transformation back. All eigenpairs are found by divide and conquer (Cuppen 1981), the largest
// few by multiple relatively robust representations (Dhillon and Parlett 2004). The steps are called one by one, because the
// last one is independent for each eigenvector, so that threads can share it.
//
// For a few eigenpairs of a large sparse matrix see `LargestEigenpairs`.

/// Eigenvalues, largest first, and their eigenvectors (in rows) of a symmetric matrix (n×n).
///
/// - Parameters:
///   - matrix: the matrix, of which the lower triangle is read.
///   - count: the number of eigenpairs, those of the largest eigenvalues; nil for all.
///
/// Throws ``LinearAlgebraError/noConvergence(size:)``.
public func symmetricEigendecomposition<Scalar: TensorScalar>(
  _ matrix: consuming Tensor<Scalar>, count: Int? = nil
) throws -> (values: [Scalar], vectors: Tensor<Scalar>) {
  let n = matrix.columnCount
  precondition(matrix.rowCount == n, "Not a square matrix: \(matrix.shape)")
  let count = min(n, count ?? n)
  guard count > 0 else { return ([], Tensor.zeros([0, n])) }
  // The diagonal becomes about 1, so that no square leaves the range of the type. A power of two changes no digit.
  let largest = (0..<n).map { matrix[$0, $0].magnitude }.max() ?? 0
  guard largest.isFinite else { throw LinearAlgebraError.noConvergence(size: n) }
  let scale: Scalar = largest > 0 ? Scalar(sign: .plus, exponent: -largest.exponent, significand: 1) : 1
  if scale != 1 { matrix = matrix * scale }

  return try OpenBLAS.withSingleThread {
    let reduction = Tridiagonal(reducing: &matrix)
    // Most of the time of divide and conquer goes into products, so it wins unless few eigenvectors are wanted.
    var (values, vectors) = try count > n / 2 ? reduction.allEigenpairs() : reduction.largestEigenpairs(count)
    // LAPACK's ascending order.
    values = values.suffix(count).reversed().map { $0 / scale }
    vectors = vectors.gatheringRows((0..<count).map { vectors.rowCount - 1 - $0 })
    reduction.transformBack(&vectors, reflectors: matrix)
    return (values, vectors)
  }
}

/// A tridiagonal matrix T with A = Q·T·Qᵀ. Row-major lower triangles are column-major upper triangles ("U"), and
/// eigenvectors in columns of column-major matrices are rows here.
private struct Tridiagonal<Scalar: TensorScalar> {
  let size: Int
  private var diagonal: [Scalar]
  /// The entries beside the diagonal, and one more for LAPACK's use.
  private var beside: [Scalar]
  /// The factors of the Householder reflections whose product is Q.
  private var factors: [Scalar]

  /// Reduces `matrix`, which then contains the reflections.
  init(reducing matrix: inout Tensor<Scalar>) {
    size = matrix.columnCount
    (diagonal, beside, factors) = (
      Array(repeating: 0, count: size), Array(repeating: 0, count: size), Array(repeating: 0, count: size)
    )
    // Room for LAPACK's usual blocks.
    var work = [Scalar](repeating: 0, count: 64 * size)
    var (n, workSize, info) = (Int32(size), Int32(work.count), Int32(0))
    matrix.withUnsafeMutableScalars { a in
      guard let a = a.baseAddress else { return }
      Scalar.linearAlgebra.sytrd("U", &n, a, &n, &diagonal, &beside, &factors, &work, &workSize, &info)
    }
  }

  /// All eigenpairs of T, in ascending order.
  func allEigenpairs() throws -> (values: [Scalar], vectors: Tensor<Scalar>) {
    var (values, beside) = (diagonal, beside)
    var vectors = Tensor<Scalar>.zeros([size, size])
    // The workspace sizes that LAPACK documents for compz = I.
    var work = Tensor<Scalar>.zeros([1 + 4 * size + size * size])
    var integers = [Int32](repeating: 0, count: 3 + 5 * size)
    var (n, workSize, integerSize, info) = (Int32(size), Int32(work.count), Int32(integers.count), Int32(0))
    vectors.withUnsafeMutableScalars { z in
      work.withUnsafeMutableScalars { work in
        guard let z = z.baseAddress, let work = work.baseAddress else { return }
        Scalar.linearAlgebra.stedc(
          "I", &n, &values, &beside, z, &n, work, &workSize, &integers, &integerSize, &info)
      }
    }
    guard info == 0 else { throw LinearAlgebraError.noConvergence(size: size) }
    return (values, vectors)
  }

  /// The eigenpairs of T with the largest eigenvalues, in ascending order.
  func largestEigenpairs(_ count: Int) throws -> (values: [Scalar], vectors: Tensor<Scalar>) {
    var (diagonal, beside) = (diagonal, beside)
    var values = [Scalar](repeating: 0, count: size)
    var vectors = Tensor<Scalar>.zeros([count, size])
    var (work, integers) = ([Scalar](repeating: 0, count: 18 * size), [Int32](repeating: 0, count: 10 * size))
    var support = [Int32](repeating: 0, count: 2 * count)
    var (n, workSize, integerSize) = (Int32(size), Int32(work.count), Int32(integers.count))
    var (first, wanted, found, info) = (Int32(size - count + 1), Int32(count), Int32(0), Int32(0))
    // Ignored, since the range is one of indices.
    var (lower, upper): (Scalar, Scalar) = (0, 0)
    var triesRelativeAccuracy: Int32 = 1
    vectors.withUnsafeMutableScalars { z in
      guard let z = z.baseAddress else { return }
      Scalar.linearAlgebra.stemr(
        "V", "I", &n, &diagonal, &beside, &lower, &upper, &first, &n, &found, &values, z, &n, &wanted, &support,
        &triesRelativeAccuracy, &work, &workSize, &integers, &integerSize, &info)
    }
    guard info == 0, Int(found) == count else { throw LinearAlgebraError.noConvergence(size: size) }
    return (Array(values.prefix(count)), vectors)
  }

  /// Replaces eigenvectors of T (in rows) with those of A.
  func transformBack(_ vectors: inout Tensor<Scalar>, reflectors: borrowing Tensor<Scalar>) {
    let (n, factors, blocks) = (size, factors, BlockedProduct.blocks(of: vectors.rowCount, 64))
    reflectors.withUnsafeScalars { a in
      vectors.withUnsafeMutableScalars { z in
        guard let reflectors = a.baseAddress, let vectors = z.baseAddress else { return }
        // Sound: each block of vectors is written by one thread.
        nonisolated(unsafe) let (a, z) = (reflectors, vectors)
        Parallel.forEach(blocks.count) { index in
          let block = blocks[index]
          // LAPACK's blocks of at most 64 reflections, with a triangle for each.
          var work = [Scalar](repeating: 0, count: 64 * (65 + block.count))
          var (size, columns, workSize, info) = (Int32(n), Int32(block.count), Int32(work.count), Int32(0))
          Scalar.linearAlgebra.ormtr(
            "L", "U", "N", &size, &columns, a, &size, factors, z + block.lowerBound * n, &size, &work, &workSize, &info)
        }
      }
    }
  }
}
