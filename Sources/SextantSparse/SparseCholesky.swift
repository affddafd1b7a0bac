// The interface to sparse Cholesky factors. An analysis depends on the pattern alone and serves any number of matrices
// with that pattern. A factor is immutable, so any number of threads may solve with it at the same time. The
// factorisation itself is behind SparseFactorisation.swift. Updates of a factor and matrices that are not positive
// definite are not supported.

import SextantArrays

/// A factorisation that failed for a reason other than the values of the matrix.
public enum SparseCholeskyError: Error, Equatable, CustomStringConvertible {
  /// There is not enough memory.
  case outOfMemory(size: Int, neededBytes: Int)
  /// The matrix or its factor has more entries than 32-bit indices can count.
  case tooLarge(size: Int, entryCount: Int)
  /// Another library reported an error, with its status.
  case refused(library: String, size: Int, status: Int)

  public var description: String {
    switch self {
    case .outOfMemory(let size, let bytes):
      "The factor of the \(size)×\(size) sparse matrix does not fit into memory (\(bytes >> 20) MiB for its values). Use a coarser domain or fewer couplings."
    case .tooLarge(let size, let entryCount):
      "The \(size)×\(size) sparse matrix or its factor has \(entryCount) entries, more than 32-bit indices can count. Use a coarser domain or fewer couplings."
    case .refused(let library, let size, let status):
      "\(library) could not factorise the \(size)×\(size) sparse matrix (status \(status)). Check that the matrix has rows and that its pattern is symmetric."
    }
  }
}

/// The order of the rows and the pattern of the factor, for all matrices with one pattern.
public final class SparseCholeskyAnalysis: Sendable {
  private let symbolic: any SymbolicFactor
  /// The number of rows and columns.
  public let size: Int

  /// Orders the rows of a symmetric matrix. Only the entries on and below the diagonal are read.
  ///
  /// - Throws: ``SparseCholeskyError``.
  public init(
    _ matrix: SparseMatrix, ordering: SparseOrdering = .automatic, by factorisation: SparseFactorisation = .supernodal
  ) throws {
    precondition(matrix.rowCount == matrix.columnCount, "Not a square matrix")
    if case .given(let order) = ordering {
      precondition(order.count == matrix.rowCount, "An order of \(order.count) rows for \(matrix.rowCount)")
    }
    symbolic = try factorisation.analyse(matrix, ordering)
    size = matrix.rowCount
  }

  /// The number of entries of the factor L.
  public var factorEntryCount: Int { symbolic.factorEntryCount }
  /// The number of floating-point operations that a factorisation takes.
  public var factorOperationCount: Double { symbolic.factorOperationCount }
  /// The order in which the rows are eliminated.
  public var permutation: [Int32] { symbolic.permutation }

  /// The factor of a matrix with the pattern that was analysed.
  ///
  /// - Throws: `LinearAlgebraError.notPositiveDefinite` or ``SparseCholeskyError``.
  public func factorise(_ matrix: SparseMatrix) throws -> SparseCholesky {
    precondition(
      matrix.rowCount == size && matrix.columnCount == size,
      "A \(matrix.rowCount)×\(matrix.columnCount) matrix for an analysis of size \(size)")
    return SparseCholesky(try symbolic.factorise(matrix), size: size, factorEntryCount: factorEntryCount)
  }
}

/// The factor of a symmetric positive definite sparse matrix A (n×n): P·A·Pᵀ = L·Lᵀ with a permutation P.
public final class SparseCholesky: Sendable {
  let factor: any NumericFactor
  /// The number of rows and columns n.
  public let size: Int
  /// The number of entries of L.
  public let factorEntryCount: Int

  /// Factorises a symmetric matrix. Only the entries on and below the diagonal are read.
  ///
  /// To factorise several matrices with one pattern, keep a ``SparseCholeskyAnalysis`` and release each factor before
  /// making the next.
  ///
  /// - Throws: `LinearAlgebraError.notPositiveDefinite` or ``SparseCholeskyError``.
  public convenience init(
    _ matrix: SparseMatrix, ordering: SparseOrdering = .automatic, by factorisation: SparseFactorisation = .supernodal
  ) throws {
    let symbolic = try SparseCholeskyAnalysis(matrix, ordering: ordering, by: factorisation)
    let made = try symbolic.factorise(matrix)
    self.init(made.factor, size: made.size, factorEntryCount: made.factorEntryCount)
  }

  fileprivate init(_ factor: any NumericFactor, size: Int, factorEntryCount: Int) {
    self.factor = factor
    self.size = size
    self.factorEntryCount = factorEntryCount
  }

  /// log det A.
  public var logDeterminant: Double { factor.logDeterminant }

  /// The memory of the factor, in bytes.
  public var byteCount: Int { factor.byteCount }

  /// A⁻¹·b (n).
  public func solve(_ b: [Double]) -> [Double] { solve(rows: Tensor(b, shape: [1, size])).scalars }

  /// A⁻¹ applied to each row of a B×n matrix.
  public func solve(rows b: Tensor<Double>) -> Tensor<Double> { applying(.inverse, to: b) }

  /// A⁻¹·B for an n×columns matrix B; ``solve(rows:)`` avoids the two transpositions.
  public func solve(_ b: Tensor<Double>) -> Tensor<Double> { solve(rows: b.transposed()).transposed() }

  /// Pᵀ·L⁻ᵀ·z for each row z of a B×n matrix: with z standard normal, rows with covariance A⁻¹.
  public func solveLowerTransposed(rows z: Tensor<Double>) -> Tensor<Double> {
    applying(.lowerTransposedInverse, to: z)
  }

  /// L⁻¹·P·b for each row b of a B×n matrix: the squared length of a row is bᵀ·A⁻¹·b.
  public func solveLower(rows b: Tensor<Double>) -> Tensor<Double> { applying(.lowerInverse, to: b) }

  /// Applies a part of A⁻¹ to each row of a B×n matrix, in place.
  func apply(_ part: FactorPart, to rows: inout Tensor<Double>) {
    precondition(rows.columnCount == size, "Rows of \(rows.columnCount) entries for a matrix of size \(size)")
    factor.solve(part, &rows)
  }

  private func applying(_ part: FactorPart, to rows: Tensor<Double>) -> Tensor<Double> {
    var result = rows
    apply(part, to: &result)
    return result
  }
}
