// The two scalar types, and the library routines that have a separate name for each. Row-major data meet column-major
// LAPACK only here.

import COpenBLAS
import CVectorKernels

/// `Float` or `Double`, the scalar types of ``Tensor``.
public protocol TensorScalar: BinaryFloatingPoint, SIMDScalar, BitwiseCopyable, Sendable, Codable {
  /// The loops in C for this type.
  associatedtype Kernels: ScalarKernels where Kernels.Scalar == Self
  /// The routines of BLAS and LAPACK for this type.
  static var linearAlgebra: LinearAlgebraRoutines<Self> { get }
}

extension Float: TensorScalar {
  public typealias Kernels = FloatKernels
  public static let linearAlgebra = LinearAlgebraRoutines<Float>(
    gemm: cblas_sgemm, syrk: cblas_ssyrk, trsm: cblas_strsm, trmm: cblas_strmm, potrf: spotrf_,
    sytrd: ssytrd_, stedc: sstedc_, stemr: sstemr_, ormtr: sormtr_)
}

extension Double: TensorScalar {
  public typealias Kernels = DoubleKernels
  public static let linearAlgebra = LinearAlgebraRoutines<Double>(
    gemm: cblas_dgemm, syrk: cblas_dsyrk, trsm: cblas_dtrsm, trmm: cblas_dtrmm, potrf: dpotrf_,
    sytrd: dsytrd_, stedc: dstedc_, stemr: dstemr_, ormtr: dormtr_)
}

/// The routines of BLAS and LAPACK for one scalar type, under the names that their documentation gives them.
public struct LinearAlgebraRoutines<Scalar>: Sendable {
  typealias In = UnsafePointer<Scalar>
  typealias Out = UnsafeMutablePointer<Scalar>
  typealias Size = UnsafePointer<Int32>
  typealias Flag = UnsafePointer<CChar>
  typealias Status = UnsafeMutablePointer<Int32>
  typealias Triangular =
    @Sendable (
      CBLAS_ORDER, CBLAS_SIDE, CBLAS_UPLO, CBLAS_TRANSPOSE, CBLAS_DIAG, Int32, Int32, Scalar, In, Int32, Out, Int32
    ) -> Void

  let gemm:
    @Sendable (
      CBLAS_ORDER, CBLAS_TRANSPOSE, CBLAS_TRANSPOSE, Int32, Int32, Int32, Scalar, In, Int32, In, Int32, Scalar, Out,
      Int32
    ) -> Void
  let syrk:
    @Sendable (CBLAS_ORDER, CBLAS_UPLO, CBLAS_TRANSPOSE, Int32, Int32, Scalar, In, Int32, Scalar, Out, Int32) -> Void
  let trsm: Triangular
  let trmm: Triangular
  let potrf: @Sendable (Flag, Size, Out, Size, Status) -> Void
  let sytrd: @Sendable (Flag, Size, Out, Size, Out, Out, Out, Out, Size, Status) -> Void
  let stedc: @Sendable (Flag, Size, Out, Out, Out, Size, Out, Size, Status, Size, Status) -> Void
  let stemr:
    @Sendable (
      Flag, Flag, Size, Out, Out, In, In, Size, Size, Status, Out, Out, Size, Size, Status, Status, Out, Size, Status,
      Size, Status
    ) -> Void
  let ormtr: @Sendable (Flag, Flag, Flag, Size, Size, In, Size, In, Out, Size, Out, Size, Status) -> Void
}

// A row-major lower triangle is a column-major upper triangle ("U") of the transposed matrix.
extension TensorScalar {
  /// C ← αA·B + βC on row-major matrices.
  package static func multiply(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ alpha: Self,
    _ a: UnsafePointer<Self>, _ lda: Int, _ b: UnsafePointer<Self>, _ ldb: Int, _ beta: Self,
    _ c: UnsafeMutablePointer<Self>, _ ldc: Int
  ) {
    linearAlgebra.gemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      Int32(m), Int32(n), Int32(k), alpha, a, Int32(lda), b, Int32(ldb), beta, c, Int32(ldc))
  }

  /// The lower triangle of C ← αA·Aᵀ + βC (or Aᵀ·A) on row-major matrices.
  package static func multiplyByOwnTranspose(
    _ transposeFirst: Bool, _ n: Int, _ k: Int, _ alpha: Self, _ a: UnsafePointer<Self>,
    _ lda: Int, _ beta: Self, _ c: UnsafeMutablePointer<Self>, _ ldc: Int
  ) {
    linearAlgebra.syrk(
      CblasRowMajor, CblasLower, transposeFirst ? CblasTrans : CblasNoTrans, Int32(n), Int32(k),
      alpha, a, Int32(lda), beta, c, Int32(ldc))
  }

  /// B ← L⁻¹·B or L⁻ᵀ·B for a row-major lower triangle L (n×n) and n×columns B.
  package static func solveTriangle(
    _ transpose: Bool, _ n: Int, _ columns: Int, _ l: UnsafePointer<Self>, _ lda: Int,
    _ b: UnsafeMutablePointer<Self>, _ ldb: Int
  ) {
    linearAlgebra.trsm(
      CblasRowMajor, CblasLeft, CblasLower, transpose ? CblasTrans : CblasNoTrans, CblasNonUnit,
      Int32(n), Int32(columns), 1, l, Int32(lda), b, Int32(ldb))
  }

  /// B ← L·B for a row-major lower triangle L (n×n) and n×columns B.
  static func multiplyTriangle(
    _ n: Int, _ columns: Int, _ l: UnsafePointer<Self>, _ lda: Int, _ b: UnsafeMutablePointer<Self>, _ ldb: Int
  ) {
    linearAlgebra.trmm(
      CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, Int32(n), Int32(columns),
      1, l, Int32(lda), b, Int32(ldb))
  }

  /// B ← B·L⁻ᵀ or B·L⁻¹ for a row-major lower triangle L (n×n) and rows×n B: `solveTriangle` for vectors in rows.
  package static func solveTriangleForRows(
    _ transpose: Bool, _ n: Int, _ rows: Int, _ l: UnsafePointer<Self>, _ lda: Int,
    _ b: UnsafeMutablePointer<Self>, _ ldb: Int
  ) {
    linearAlgebra.trsm(
      CblasRowMajor, CblasRight, CblasLower, transpose ? CblasNoTrans : CblasTrans, CblasNonUnit,
      Int32(rows), Int32(n), 1, l, Int32(lda), b, Int32(ldb))
  }

  /// B ← B·Lᵀ for a row-major lower triangle L (n×n) and rows×n B: `multiplyTriangle` for vectors in rows.
  static func multiplyTriangleForRows(
    _ n: Int, _ rows: Int, _ l: UnsafePointer<Self>, _ lda: Int, _ b: UnsafeMutablePointer<Self>, _ ldb: Int
  ) {
    linearAlgebra.trmm(
      CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, Int32(rows), Int32(n),
      1, l, Int32(lda), b, Int32(ldb))
  }

  /// The Cholesky factor of a row-major symmetric matrix, in place in its lower triangle. Returns LAPACK's info.
  package static func choleskyFactor(_ n: Int, _ a: UnsafeMutablePointer<Self>, _ lda: Int) -> Int {
    var (size, stride, info) = (Int32(n), Int32(lda), Int32(0))
    linearAlgebra.potrf("U", &size, a, &stride, &info)
    return Int(info)
  }
}
