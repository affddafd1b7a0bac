// Sparse Cholesky factors by CHOLMOD (Chen, Davis, Hager and Rajamanickam, 2008). They are compiled only with the
// package trait `SupernodalCHOLMOD`, because CHOLMOD's supernodal module is under the GPL, and so is every program that
// is linked with it.

#if SupernodalCHOLMOD
  import CCHOLMOD
  import Foundation
  import SextantArrays

  extension SparseFactorisation {
    /// CHOLMOD's supernodal factor L·Lᵀ.
    public static let cholmodSupernodal = SparseFactorisation(name: "cholmod-supernodal") { matrix, ordering in
      try CHOLMODAnalysis(matrix, ordering: ordering, kind: CHOLMOD_SUPERNODAL)
    }

    /// CHOLMOD's simplicial factor L·Lᵀ, which works on single entries.
    public static let cholmodSimplicial = SparseFactorisation(name: "cholmod-simplicial") { matrix, ordering in
      try CHOLMODAnalysis(matrix, ordering: ordering, kind: CHOLMOD_SIMPLICIAL)
    }
  }

  extension LinkedLibrary {
    /// Sparse factorisations under the GPL.
    public static var cholmod: LinkedLibrary {
      var parts: [Int32] = [0, 0, 0]
      cholmod_version(&parts)
      return LinkedLibrary(name: "CHOLMOD", version: parts.map(String.init).joined(separator: "."))
    }
  }

  private final class CHOLMODAnalysis: SymbolicFactor, @unchecked Sendable {
    // Sendable is sound: the symbolic factor is written to by `init` alone.
    private let factor: UnsafeMutablePointer<cholmod_factor>
    private let kind: Int32
    private let size: Int
    let factorEntryCount: Int
    let factorOperationCount: Double

    init(_ matrix: SparseMatrix, ordering: SparseOrdering, kind: Int32) throws {
      let workspace = CHOLMODWorkspace(kind: kind)
      workspace.choose(ordering)
      let analysed = withUnsafeSymmetric(matrix) { view in
        guard case .given(let order) = ordering else { return cholmod_l_analyze(view, workspace.common) }
        var permutation = order.map(Int.init)
        return cholmod_l_analyze_p(view, &permutation, nil, 0, workspace.common)
      }
      guard let analysed else { throw workspace.error(size: matrix.rowCount, neededBytes: 8 * matrix.entryCount) }
      factor = analysed
      self.kind = kind
      size = matrix.rowCount
      factorEntryCount = Int(workspace.common.pointee.lnz)
      factorOperationCount = workspace.common.pointee.fl
    }

    deinit { CHOLMODWorkspace(kind: kind).free(factor) }

    var permutation: [Int32] {
      guard let rows = factor.pointee.Perm?.assumingMemoryBound(to: Int.self) else { return [] }
      return (0..<size).map { Int32(rows[$0]) }
    }

    func factorise(_ matrix: SparseMatrix) throws -> any NumericFactor {
      let neededBytes = 8 * max(Int(factor.pointee.xsize), factorEntryCount)
      let workspace = CHOLMODWorkspace(kind: kind)
      guard let copy = cholmod_l_copy_factor(factor, workspace.common) else {
        throw workspace.error(size: size, neededBytes: neededBytes)
      }
      // On one thread, so that the result does not depend on their number. Most supernodes are too small to gain from
      // more.
      let isDone = OpenBLAS.withSingleThread {
        withUnsafeSymmetric(matrix) { cholmod_l_factorize($0, copy, workspace.common) }
      }
      let minor = Int(copy.pointee.minor)
      guard isDone != 0, workspace.common.pointee.status >= 0, minor == size else {
        defer { workspace.free(copy) }
        if minor < size { throw LinearAlgebraError.notPositiveDefinite(order: minor + 1, size: size) }
        throw workspace.error(size: size, neededBytes: neededBytes)
      }
      let made = CHOLMODFactor(copy, kind: kind, size: size)
      // NaN passes through the factorisation unnoticed.
      guard made.logDeterminant.isFinite else { throw LinearAlgebraError.notPositiveDefinite(order: 1, size: size) }
      return made
    }
  }

  private final class CHOLMODFactor: NumericFactor, @unchecked Sendable {
    // Sendable is sound: the factor is never written to, and every solve has its own workspace.
    private let factor: UnsafeMutablePointer<cholmod_factor>
    private let kind: Int32
    private let size: Int
    let logDeterminant: Double

    init(_ factor: UnsafeMutablePointer<cholmod_factor>, kind: Int32, size: Int) {
      self.factor = factor
      self.kind = kind
      self.size = size
      logDeterminant = 2 * Self.diagonal(factor.pointee).reduce(0) { $0 + log($1) }
    }

    deinit { CHOLMODWorkspace(kind: kind).free(factor) }

    var byteCount: Int {
      let factor = factor.pointee
      return factor.is_super != 0
        ? 8 * Int(factor.xsize + factor.ssize + 3 * factor.nsuper + 2 * factor.n)
        : 8 * Int(2 * factor.nzmax + 4 * factor.n)
    }

    /// The diagonal of L, in the order of its columns.
    private static func diagonal(_ factor: cholmod_factor) -> [Double] {
      guard let x = factor.x?.assumingMemoryBound(to: Double.self) else { return [] }
      guard factor.is_super != 0 else {
        // Each column begins with its diagonal.
        guard let starts = factor.p?.assumingMemoryBound(to: Int.self) else { return [] }
        return (0..<Int(factor.n)).map { x[starts[$0]] }
      }
      guard let firstColumns = factor.super?.assumingMemoryBound(to: Int.self),
        let rowStarts = factor.pi?.assumingMemoryBound(to: Int.self),
        let valueStarts = factor.px?.assumingMemoryBound(to: Int.self)
      else { return [] }
      return (0..<Int(factor.nsuper)).flatMap { node in
        let height = rowStarts[node + 1] - rowStarts[node]
        return (0..<firstColumns[node + 1] - firstColumns[node]).map { x[valueStarts[node] + $0 * (height + 1)] }
      }
    }

    func solve(_ part: FactorPart, _ rows: inout Tensor<Double>) {
      guard rows.count > 0 else { return }
      let systems =
        switch part {
        case .inverse: [CHOLMOD_A]
        case .lowerInverse: [CHOLMOD_P, CHOLMOD_L]
        case .lowerTransposedInverse: [CHOLMOD_Lt, CHOLMOD_Pt]
        }
      for system in systems { rows = OpenBLAS.withSingleThread { solved(system, rows) } }
    }

    /// Rows of a row-major B×n matrix are the columns of CHOLMOD's column-major n×B matrix, so nothing is copied.
    private func solved(_ system: Int32, _ rows: Tensor<Double>) -> Tensor<Double> {
      let workspace = CHOLMODWorkspace(kind: kind)
      return Tensor(shape: rows.shape) { out in
        rows.withUnsafeScalars { source in
          var given = denseMatrix(UnsafeMutablePointer(mutating: source.baseAddress), rows.rowCount)
          var result = denseMatrix(out.baseAddress, rows.rowCount)
          withUnsafeMutablePointer(to: &result) { result in
            var target: UnsafeMutablePointer<cholmod_dense>? = result
            var scratch: UnsafeMutablePointer<cholmod_dense>?
            var other: UnsafeMutablePointer<cholmod_dense>?
            let isDone = cholmod_l_solve2(
              system, factor, &given, nil, &target, nil, &scratch, &other, workspace.common)
            cholmod_l_free_dense(&scratch, workspace.common)
            cholmod_l_free_dense(&other, workspace.common)
            // Shapes are checked above. The only other failure is a lack of memory, which traps in all of this package.
            precondition(isDone != 0, "No memory for solving with \(rows.rowCount) right-hand sides of size \(size)")
          }
        }
      }
    }

    private func denseMatrix(_ base: UnsafeMutablePointer<Double>?, _ columns: Int) -> cholmod_dense {
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
  }

  /// Calls `body` with a view of a symmetric matrix in CHOLMOD's layout, in which our rows are the columns.
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
          // Symmetric. CHOLMOD reads the upper triangle by columns, which is the lower triangle by rows.
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

  /// CHOLMOD's settings and scratch memory for one call. They are not shared, so calls are independent.
  private final class CHOLMODWorkspace {
    let common = UnsafeMutablePointer<cholmod_common>.allocate(capacity: 1)

    init(kind: Int32) {
      common.initialize(to: cholmod_common())
      cholmod_l_start(common)
      common.pointee.supernodal = kind
      common.pointee.final_ll = 1
      // Failures are reported as errors, not on the standard output.
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
        : .refused(library: "CHOLMOD", size: size, status: Int(common.pointee.status))
    }
  }
#endif
