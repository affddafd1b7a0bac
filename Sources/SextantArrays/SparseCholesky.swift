// Sparse Cholesky factors by CHOLMOD (Chen, Davis, Hager and Rajamanickam, 2008): supernodal L·Lᵀ with 64-bit
// indices. The analysis depends on the pattern alone and serves any number of matrices with that pattern;
// a factor never changes, so that any number of threads may solve with it at the same time.
// Not here: updates of a factor, and matrices that are not positive definite.

import CCHOLMOD
import Foundation

/// How the rows of a sparse matrix are arranged before factorising, so that the factor stays sparse.
public enum SparseOrdering: Sendable, Equatable {
  /// The best of minimum degree and, where that fills much, nested dissection.
  case automatic
  /// Approximate minimum degree: quick, good up to some ten thousand rows.
  case minimumDegree
  /// Nested dissection (METIS): slower, best for surfaces with very many vertices.
  case nestedDissection
  /// The rows as they come.
  case natural
  /// The rows in this order: a permutation of all of them, such as a dissection that knows the geometry.
  case given([Int32])
}

/// A factorisation that failed for another reason than the matrix's values.
public enum SparseCholeskyError: Error, Equatable, CustomStringConvertible {
  /// There is not enough memory.
  case outOfMemory(size: Int, neededBytes: Int)
  /// CHOLMOD refused; the status is its own.
  case refused(size: Int, status: Int)

  public var description: String {
    switch self {
    case .outOfMemory(let size, let bytes):
      "The factor of the \(size)×\(size) sparse matrix does not fit into memory (\(bytes >> 20) MiB for its values). Use a coarser domain or fewer couplings."
    case .refused(let size, let status):
      "CHOLMOD could not factorise the \(size)×\(size) sparse matrix (status \(status)). Look for a matrix without rows or a pattern that is not symmetric."
    }
  }
}

/// The order and the pattern of the factor of all matrices with one pattern.
public final class SparseCholeskyAnalysis: @unchecked Sendable {
  // Sendable is sound: the symbolic factor is written to by `init` alone.
  let factor: UnsafeMutablePointer<cholmod_factor>
  /// The number of rows and columns.
  public let size: Int
  /// The number of entries of the factor L.
  public let factorEntryCount: Int
  /// The number of floating-point operations that a factorisation takes.
  public let factorOperationCount: Double

  /// Arranges a symmetric matrix, of which at least the lower triangle is stored; what lies above is not read.
  ///
  /// Throws ``SparseCholeskyError``.
  public init(_ matrix: SparseMatrix, ordering: SparseOrdering = .automatic) throws {
    precondition(matrix.rowCount == matrix.columnCount, "Not a square matrix")
    let workspace = CholmodWorkspace()
    workspace.choose(ordering)
    let analysed = withUnsafeSymmetric(matrix) { view in
      guard case .given(let order) = ordering else { return cholmod_l_analyze(view, workspace.common) }
      precondition(order.count == matrix.rowCount, "An order of \(order.count) rows for \(matrix.rowCount)")
      var permutation = order.map(Int.init)
      return cholmod_l_analyze_p(view, &permutation, nil, 0, workspace.common)
    }
    guard let analysed else {
      throw workspace.error(size: matrix.rowCount, neededBytes: 8 * matrix.entryCount)
    }
    factor = analysed
    size = matrix.rowCount
    factorEntryCount = Int(workspace.common.pointee.lnz)
    factorOperationCount = workspace.common.pointee.fl
  }

  deinit { CholmodWorkspace().free(factor) }

  /// The order in which the rows are eliminated.
  public var permutation: [Int32] {
    guard let rows = factor.pointee.Perm?.assumingMemoryBound(to: Int.self) else { return [] }
    return (0..<size).map { Int32(rows[$0]) }
  }

  /// The factor of a matrix with the pattern that was analysed.
  ///
  /// Throws ``LinearAlgebraError/notPositiveDefinite(order:size:)`` or ``SparseCholeskyError``.
  public func factorise(_ matrix: SparseMatrix) throws -> SparseCholesky {
    try SparseCholesky(matrix, self)
  }
}

/// The factor of a symmetric positive definite sparse matrix A (n×n): P·A·Pᵀ = L·Lᵀ with a permutation P.
public final class SparseCholesky: @unchecked Sendable {
  // Sendable is sound: the factor is written to by `init` alone, and every solve has its own workspace.
  let factor: UnsafeMutablePointer<cholmod_factor>
  /// The number of rows and columns n.
  public let size: Int
  /// The number of entries of L.
  public let factorEntryCount: Int
  /// log det A.
  public let logDeterminant: Double

  /// Factorises a symmetric matrix, of which at least the lower triangle is stored; what lies above is not read.
  ///
  /// To factorise several matrices with one pattern, keep a ``SparseCholeskyAnalysis`` and release each factor before
  /// making the next. Throws ``LinearAlgebraError/notPositiveDefinite(order:size:)`` or ``SparseCholeskyError``.
  public convenience init(_ matrix: SparseMatrix, ordering: SparseOrdering = .automatic) throws {
    try self.init(matrix, SparseCholeskyAnalysis(matrix, ordering: ordering))
  }

  fileprivate init(_ matrix: SparseMatrix, _ analysis: SparseCholeskyAnalysis) throws {
    precondition(
      matrix.rowCount == analysis.size && matrix.columnCount == analysis.size,
      "A \(matrix.rowCount)×\(matrix.columnCount) matrix for an analysis of size \(analysis.size)")
    let (size, neededBytes) = (analysis.size, 8 * Int(analysis.factor.pointee.xsize))
    let workspace = CholmodWorkspace()
    guard let factor = cholmod_l_copy_factor(analysis.factor, workspace.common) else {
      throw workspace.error(size: size, neededBytes: neededBytes)
    }
    // Most supernodes are too small to gain from threads: one thread was measured to be faster, on grids of 10⁴…10⁶ nodes.
    let isDone = OpenBLAS.withSingleThread {
      withUnsafeSymmetric(matrix) { cholmod_l_factorize($0, factor, workspace.common) }
    }
    let minor = Int(factor.pointee.minor)
    guard isDone != 0, workspace.common.pointee.status >= 0, minor == size else {
      defer { workspace.free(factor) }
      if minor < size { throw LinearAlgebraError.notPositiveDefinite(order: minor + 1, size: size) }
      throw workspace.error(size: size, neededBytes: neededBytes)
    }
    let logDeterminant = Self.logDeterminant(factor.pointee)
    guard logDeterminant.isFinite else {
      // NaN passes through the factorisation unnoticed.
      workspace.free(factor)
      throw LinearAlgebraError.notPositiveDefinite(order: 1, size: size)
    }
    self.factor = factor
    self.size = size
    self.logDeterminant = logDeterminant
    factorEntryCount = analysis.factorEntryCount
  }

  deinit { CholmodWorkspace().free(factor) }

  /// The memory of the factor, in bytes.
  public var byteCount: Int {
    8 * Int(factor.pointee.xsize + factor.pointee.ssize + 3 * factor.pointee.nsuper + 2 * factor.pointee.n)
  }

  /// A⁻¹·b (n).
  public func solve(_ b: [Double]) -> [Double] { solve(rows: Tensor(b, shape: [1, size])).scalars }

  /// A⁻¹ applied to each row of a B×n matrix.
  public func solve(rows b: Tensor<Double>) -> Tensor<Double> { apply(CHOLMOD_A, b) }

  /// A⁻¹·B for an n×columns matrix B; ``solve(rows:)`` spares the two transpositions.
  public func solve(_ b: Tensor<Double>) -> Tensor<Double> { solve(rows: b.transposed()).transposed() }

  /// Pᵀ·L⁻ᵀ·z for each row z of a B×n matrix: with z standard normal, rows with covariance A⁻¹.
  public func solveLowerTransposed(rows z: Tensor<Double>) -> Tensor<Double> {
    apply(CHOLMOD_Pt, apply(CHOLMOD_Lt, z))
  }

  /// L⁻¹·P·b for each row b of a B×n matrix: the squared length of a row is bᵀ·A⁻¹·b.
  public func solveLower(rows b: Tensor<Double>) -> Tensor<Double> { apply(CHOLMOD_L, apply(CHOLMOD_P, b)) }

  /// Rows of a row-major B×n matrix are the columns of CHOLMOD's column-major n×B matrix, so nothing is copied.
  private func apply(_ system: Int32, _ rows: Tensor<Double>) -> Tensor<Double> {
    precondition(rows.columnCount == size, "Rows of \(rows.columnCount) entries for a matrix of size \(size)")
    let workspace = CholmodWorkspace()
    return Tensor(shape: rows.shape) { out in
      guard rows.count > 0 else { return }
      rows.withUnsafeScalars { source in
        var given = denseMatrix(UnsafeMutablePointer(mutating: source.baseAddress), rows.rowCount)
        var result = denseMatrix(out.baseAddress, rows.rowCount)
        withUnsafeMutablePointer(to: &result) { result in
          var target: UnsafeMutablePointer<cholmod_dense>? = result
          var scratch: UnsafeMutablePointer<cholmod_dense>?
          var other: UnsafeMutablePointer<cholmod_dense>?
          let isDone = OpenBLAS.withSingleThread {
            cholmod_l_solve2(system, factor, &given, nil, &target, nil, &scratch, &other, workspace.common)
          }
          cholmod_l_free_dense(&scratch, workspace.common)
          cholmod_l_free_dense(&other, workspace.common)
          // Shapes are checked above; only a lack of memory is left, which traps everywhere in this module.
          precondition(isDone != 0, "No memory for solving with \(rows.rowCount) right-hand sides of size \(size)")
        }
      }
    }
  }

  func denseMatrix(_ base: UnsafeMutablePointer<Double>?, _ columns: Int) -> cholmod_dense {
    var matrix = cholmod_dense()
    matrix.nrow = size
    matrix.ncol = columns
    matrix.nzmax = size * columns
    matrix.d = size
    matrix.x = UnsafeMutableRawPointer(base)
    matrix.xtype = CHOLMOD_REAL
    matrix.dtype = CHOLMOD_DOUBLE
    return matrix
  }

  /// Twice the sum of the logarithms of the diagonal of a supernodal factor.
  private static func logDeterminant(_ factor: cholmod_factor) -> Double {
    guard factor.nsuper > 0, let x = factor.x?.assumingMemoryBound(to: Double.self),
      let firstColumns = factor.super?.assumingMemoryBound(to: Int.self),
      let rowStarts = factor.pi?.assumingMemoryBound(to: Int.self),
      let valueStarts = factor.px?.assumingMemoryBound(to: Int.self)
    else { return 0 }
    var sum = 0.0
    for node in 0..<Int(factor.nsuper) {
      let height = rowStarts[node + 1] - rowStarts[node]
      for k in 0..<firstColumns[node + 1] - firstColumns[node] { sum += log(x[valueStarts[node] + k * (height + 1)]) }
    }
    return 2 * sum
  }
}

/// Calls `body` with a view of a symmetric matrix as CHOLMOD has it: its rows are its columns.
private func withUnsafeSymmetric<R>(
  _ matrix: SparseMatrix, _ body: (UnsafeMutablePointer<cholmod_sparse>) -> R
) -> R {
  var columns = matrix.columns.map(Int.init)
  return columns.withUnsafeMutableBufferPointer { columns in
    matrix.rowStarts.withUnsafeBufferPointer { starts in
      matrix.values.withUnsafeBufferPointer { values in
        var view = cholmod_sparse()
        view.nrow = matrix.rowCount
        view.ncol = matrix.columnCount
        view.nzmax = matrix.entryCount
        view.p = UnsafeMutableRawPointer(mutating: starts.baseAddress)
        view.i = UnsafeMutableRawPointer(columns.baseAddress)
        view.x = UnsafeMutableRawPointer(mutating: values.baseAddress)
        // Symmetric, and the upper triangle of the columns is read: the lower one of our rows.
        view.stype = 1
        view.itype = CHOLMOD_LONG
        view.xtype = CHOLMOD_REAL
        view.dtype = CHOLMOD_DOUBLE
        view.sorted = 1
        view.packed = 1
        return body(&view)
      }
    }
  }
}

/// CHOLMOD's settings and scratch memory for one call: not shared, so that calls do not disturb each other.
final class CholmodWorkspace {
  let common = UnsafeMutablePointer<cholmod_common>.allocate(capacity: 1)

  init() {
    common.initialize(to: cholmod_common())
    cholmod_l_start(common)
    common.pointee.supernodal = CHOLMOD_SUPERNODAL
    common.pointee.final_ll = 1
    // Failures are reported by error values, not on the standard output.
    common.pointee.print = 0
  }

  deinit {
    cholmod_l_finish(common)
    common.deallocate()
  }

  func choose(_ ordering: SparseOrdering) {
    guard ordering != .automatic else { return }
    common.pointee.nmethods = 1
    common.pointee.method.0.ordering =
      switch ordering {
      case .nestedDissection: CHOLMOD_METIS
      case .natural: CHOLMOD_NATURAL
      case .given: CHOLMOD_GIVEN
      case .minimumDegree, .automatic: CHOLMOD_AMD
      }
    common.pointee.postorder = ordering == .natural ? 0 : 1
  }

  func free(_ factor: UnsafeMutablePointer<cholmod_factor>) {
    var factor: UnsafeMutablePointer<cholmod_factor>? = factor
    cholmod_l_free_factor(&factor, common)
  }

  func error(size: Int, neededBytes: Int) -> SparseCholeskyError {
    common.pointee.status == CHOLMOD_OUT_OF_MEMORY
      ? .outOfMemory(size: size, neededBytes: neededBytes)
      : .refused(size: size, status: Int(common.pointee.status))
  }
}
