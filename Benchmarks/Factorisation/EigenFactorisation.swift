// Eigen's simplicial factorisations, for comparison with the package's own. Every implementation gets the same order of
// the rows, so that only the factorisations are compared.

import SextantSparse
import CEigenCholesky
import Sextant

extension SparseFactorisation {
  /// Eigen's SimplicialLLT.
  static let eigenLLT = SparseFactorisation(name: "eigen-llt") { matrix, ordering in
    try EigenAnalysis(matrix, ordering: ordering, usesSquareRoots: true)
  }

  /// Eigen's SimplicialLDLT.
  static let eigenLDLT = SparseFactorisation(name: "eigen-ldlt") { matrix, ordering in
    try EigenAnalysis(matrix, ordering: ordering, usesSquareRoots: false)
  }
}

/// Holds one factor at a time: a factorisation overwrites the previous one.
private final class EigenAnalysis: SymbolicFactor, @unchecked Sendable {
  // Sendable is sound as it is used: one thread, one factor.
  fileprivate let handle: OpaquePointer
  let permutation: [Int32]
  let factorOperationCount = Double.nan

  init(_ matrix: SparseMatrix, ordering: SparseOrdering, usesSquareRoots: Bool) throws {
    guard case .given(let order) = ordering else {
      throw SuiteError.failed("Eigen's factorisations are measured with a given order")
    }
    handle = eigen_cholesky_analyse(
      usesSquareRoots ? 1 : 0, Int32(matrix.rowCount), matrix.rowStarts.map(Int32.init), matrix.columns, order)
    permutation = order
  }

  deinit { eigen_cholesky_free(handle) }

  var factorEntryCount: Int { Int(eigen_cholesky_entry_count(handle)) }

  func factorise(_ matrix: SparseMatrix) throws -> any NumericFactor {
    guard eigen_cholesky_factorise(handle, matrix.values) == 0 else {
      throw LinearAlgebraError.notPositiveDefinite(order: 1, size: matrix.rowCount)
    }
    return EigenFactor(analysis: self)
  }
}

private struct EigenFactor: NumericFactor {
  let analysis: EigenAnalysis

  var logDeterminant: Double { eigen_cholesky_log_determinant(analysis.handle) }
  /// Values and row indices.
  var byteCount: Int { 12 * analysis.factorEntryCount }

  func solve(_ part: FactorPart, _ rows: inout Tensor<Double>) {
    precondition(part == .inverse, "Only whole solutions are measured")
    let count = Int32(rows.rowCount)
    rows.withUnsafeMutableScalars { eigen_cholesky_solve(analysis.handle, $0.baseAddress, count) }
  }
}
