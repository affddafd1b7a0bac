// The two scalar types, and the library routines that have a separate name for each. Row-major data meet column-major
// LAPACK only here.

import COpenBLAS

/// `Float` or `Double`, the scalar types of ``Tensor``.
public protocol TensorScalar: VectorScalar, NetworkScalar, BinaryFloatingPoint, SIMDScalar, BitwiseCopyable, Sendable,
  Codable
{
  /// C ← αA·B + βC on row-major matrices.
  static func multiply(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ alpha: Self,
    _ a: UnsafePointer<Self>, _ lda: Int, _ b: UnsafePointer<Self>, _ ldb: Int, _ beta: Self,
    _ c: UnsafeMutablePointer<Self>, _ ldc: Int)
  /// The lower triangle of C ← αA·Aᵀ + βC (or Aᵀ·A) on row-major matrices.
  static func multiplyByOwnTranspose(
    _ transposeFirst: Bool, _ n: Int, _ k: Int, _ alpha: Self, _ a: UnsafePointer<Self>,
    _ lda: Int, _ beta: Self, _ c: UnsafeMutablePointer<Self>, _ ldc: Int)
  /// B ← L⁻¹·B or L⁻ᵀ·B for a row-major lower triangle L (n×n) and n×columns B.
  static func solveTriangle(
    _ transpose: Bool, _ n: Int, _ columns: Int, _ l: UnsafePointer<Self>, _ lda: Int,
    _ b: UnsafeMutablePointer<Self>, _ ldb: Int)
  /// B ← L·B for a row-major lower triangle L (n×n) and n×columns B.
  static func multiplyTriangle(
    _ n: Int, _ columns: Int, _ l: UnsafePointer<Self>, _ lda: Int,
    _ b: UnsafeMutablePointer<Self>, _ ldb: Int)
  /// B ← B·L⁻ᵀ or B·L⁻¹ for a row-major lower triangle L (n×n) and rows×n B: `solveTriangle` for vectors in rows.
  static func solveTriangleForRows(
    _ transpose: Bool, _ n: Int, _ rows: Int, _ l: UnsafePointer<Self>, _ lda: Int,
    _ b: UnsafeMutablePointer<Self>, _ ldb: Int)
  /// B ← B·Lᵀ for a row-major lower triangle L (n×n) and rows×n B: `multiplyTriangle` for vectors in rows.
  static func multiplyTriangleForRows(
    _ n: Int, _ rows: Int, _ l: UnsafePointer<Self>, _ lda: Int,
    _ b: UnsafeMutablePointer<Self>, _ ldb: Int)
  /// The Cholesky factor of a row-major symmetric matrix, in place in its lower triangle. Returns LAPACK's info.
  static func choleskyFactor(_ n: Int, _ a: UnsafeMutablePointer<Self>, _ lda: Int) -> Int
  /// Writes eigenvalues in ascending order to `w`, and eigenvectors to the rows of `a`. Returns LAPACK's info.
  static func symmetricEigen(
    _ n: Int, _ a: UnsafeMutablePointer<Self>, _ w: UnsafeMutablePointer<Self>
  ) -> Int
}

// A row-major lower triangle is a column-major upper triangle ("U") of the transposed matrix.

extension Float: TensorScalar {
  public static func multiply(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ alpha: Float,
    _ a: UnsafePointer<Float>, _ lda: Int, _ b: UnsafePointer<Float>, _ ldb: Int, _ beta: Float,
    _ c: UnsafeMutablePointer<Float>, _ ldc: Int
  ) {
    cblas_sgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      Int32(m), Int32(n), Int32(k), alpha, a, Int32(lda), b, Int32(ldb), beta, c, Int32(ldc))
  }

  public static func multiplyByOwnTranspose(
    _ transposeFirst: Bool, _ n: Int, _ k: Int, _ alpha: Float, _ a: UnsafePointer<Float>,
    _ lda: Int, _ beta: Float, _ c: UnsafeMutablePointer<Float>, _ ldc: Int
  ) {
    cblas_ssyrk(
      CblasRowMajor, CblasLower, transposeFirst ? CblasTrans : CblasNoTrans, Int32(n), Int32(k),
      alpha, a, Int32(lda), beta, c, Int32(ldc))
  }

  public static func solveTriangle(
    _ transpose: Bool, _ n: Int, _ columns: Int, _ l: UnsafePointer<Float>, _ lda: Int,
    _ b: UnsafeMutablePointer<Float>, _ ldb: Int
  ) {
    cblas_strsm(
      CblasRowMajor, CblasLeft, CblasLower, transpose ? CblasTrans : CblasNoTrans, CblasNonUnit,
      Int32(n), Int32(columns), 1, l, Int32(lda), b, Int32(ldb))
  }

  public static func multiplyTriangle(
    _ n: Int, _ columns: Int, _ l: UnsafePointer<Float>, _ lda: Int,
    _ b: UnsafeMutablePointer<Float>, _ ldb: Int
  ) {
    cblas_strmm(
      CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, Int32(n), Int32(columns),
      1, l, Int32(lda), b, Int32(ldb))
  }

  public static func solveTriangleForRows(
    _ transpose: Bool, _ n: Int, _ rows: Int, _ l: UnsafePointer<Float>, _ lda: Int,
    _ b: UnsafeMutablePointer<Float>, _ ldb: Int
  ) {
    cblas_strsm(
      CblasRowMajor, CblasRight, CblasLower, transpose ? CblasNoTrans : CblasTrans, CblasNonUnit,
      Int32(rows), Int32(n), 1, l, Int32(lda), b, Int32(ldb))
  }

  public static func multiplyTriangleForRows(
    _ n: Int, _ rows: Int, _ l: UnsafePointer<Float>, _ lda: Int,
    _ b: UnsafeMutablePointer<Float>, _ ldb: Int
  ) {
    cblas_strmm(
      CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, Int32(rows), Int32(n),
      1, l, Int32(lda), b, Int32(ldb))
  }

  public static func choleskyFactor(_ n: Int, _ a: UnsafeMutablePointer<Float>, _ lda: Int) -> Int {
    var (size, stride) = (Int32(n), Int32(lda))
    var info: Int32 = 0
    spotrf_("U", &size, a, &stride, &info)
    return Int(info)
  }

  public static func symmetricEigen(
    _ n: Int, _ a: UnsafeMutablePointer<Float>, _ w: UnsafeMutablePointer<Float>
  ) -> Int {
    eigenDecomposition(n, a, w, ssyevd_)
  }
}

extension Double: TensorScalar {
  public static func multiply(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ alpha: Double,
    _ a: UnsafePointer<Double>, _ lda: Int, _ b: UnsafePointer<Double>, _ ldb: Int,
    _ beta: Double, _ c: UnsafeMutablePointer<Double>, _ ldc: Int
  ) {
    cblas_dgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      Int32(m), Int32(n), Int32(k), alpha, a, Int32(lda), b, Int32(ldb), beta, c, Int32(ldc))
  }

  public static func multiplyByOwnTranspose(
    _ transposeFirst: Bool, _ n: Int, _ k: Int, _ alpha: Double, _ a: UnsafePointer<Double>,
    _ lda: Int, _ beta: Double, _ c: UnsafeMutablePointer<Double>, _ ldc: Int
  ) {
    cblas_dsyrk(
      CblasRowMajor, CblasLower, transposeFirst ? CblasTrans : CblasNoTrans, Int32(n), Int32(k),
      alpha, a, Int32(lda), beta, c, Int32(ldc))
  }

  public static func solveTriangle(
    _ transpose: Bool, _ n: Int, _ columns: Int, _ l: UnsafePointer<Double>, _ lda: Int,
    _ b: UnsafeMutablePointer<Double>, _ ldb: Int
  ) {
    cblas_dtrsm(
      CblasRowMajor, CblasLeft, CblasLower, transpose ? CblasTrans : CblasNoTrans, CblasNonUnit,
      Int32(n), Int32(columns), 1, l, Int32(lda), b, Int32(ldb))
  }

  public static func multiplyTriangle(
    _ n: Int, _ columns: Int, _ l: UnsafePointer<Double>, _ lda: Int,
    _ b: UnsafeMutablePointer<Double>, _ ldb: Int
  ) {
    cblas_dtrmm(
      CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, Int32(n), Int32(columns),
      1, l, Int32(lda), b, Int32(ldb))
  }

  public static func solveTriangleForRows(
    _ transpose: Bool, _ n: Int, _ rows: Int, _ l: UnsafePointer<Double>, _ lda: Int,
    _ b: UnsafeMutablePointer<Double>, _ ldb: Int
  ) {
    cblas_dtrsm(
      CblasRowMajor, CblasRight, CblasLower, transpose ? CblasNoTrans : CblasTrans, CblasNonUnit,
      Int32(rows), Int32(n), 1, l, Int32(lda), b, Int32(ldb))
  }

  public static func multiplyTriangleForRows(
    _ n: Int, _ rows: Int, _ l: UnsafePointer<Double>, _ lda: Int,
    _ b: UnsafeMutablePointer<Double>, _ ldb: Int
  ) {
    cblas_dtrmm(
      CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, Int32(rows), Int32(n),
      1, l, Int32(lda), b, Int32(ldb))
  }

  public static func choleskyFactor(_ n: Int, _ a: UnsafeMutablePointer<Double>, _ lda: Int) -> Int {
    var (size, stride) = (Int32(n), Int32(lda))
    var info: Int32 = 0
    dpotrf_("U", &size, a, &stride, &info)
    return Int(info)
  }

  public static func symmetricEigen(
    _ n: Int, _ a: UnsafeMutablePointer<Double>, _ w: UnsafeMutablePointer<Double>
  ) -> Int {
    eigenDecomposition(n, a, w, dsyevd_)
  }
}

/// The type of LAPACK's divide-and-conquer symmetric eigensolver.
private typealias SymmetricEigensolver<Scalar> = (
  UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafePointer<Int32>, UnsafeMutablePointer<Scalar>,
  UnsafePointer<Int32>, UnsafeMutablePointer<Scalar>, UnsafeMutablePointer<Scalar>,
  UnsafePointer<Int32>, UnsafeMutablePointer<Int32>, UnsafePointer<Int32>,
  UnsafeMutablePointer<Int32>
) -> Void

private func eigenDecomposition<Scalar: TensorScalar>(
  _ n: Int, _ a: UnsafeMutablePointer<Scalar>, _ w: UnsafeMutablePointer<Scalar>,
  _ solver: SymmetricEigensolver<Scalar>
) -> Int {
  var size = Int32(n)
  var info: Int32 = 0
  // The workspace sizes that LAPACK documents for jobz = V.
  var workSize = Int32(1 + 6 * n + 2 * n * n)
  var integerWorkSize = Int32(3 + 5 * n)
  var work = [Scalar](repeating: 0, count: Int(workSize))
  var integerWork = [Int32](repeating: 0, count: Int(integerWorkSize))
  // Column-major eigenvectors in columns are row-major eigenvectors in rows.
  solver("V", "U", &size, a, &size, w, &work, &workSize, &integerWork, &integerWorkSize, &info)
  return Int(info)
}
