// The protocols that every implementation of the sparse Cholesky factorisation provides. Callers use `SparseCholesky`
// instead. Another implementation is added here.

import SextantArrays

/// The parts of A⁻¹ = Pᵀ·L⁻ᵀ·L⁻¹·P that a factor of P·A·Pᵀ = L·Lᵀ can apply.
public enum FactorPart: Sendable, CaseIterable {
  /// A⁻¹.
  case inverse
  /// L⁻¹·P.
  case lowerInverse
  /// Pᵀ·L⁻ᵀ.
  case lowerTransposedInverse
}

/// The order of the rows and the pattern of the factor, for all matrices with one pattern.
public protocol SymbolicFactor: Sendable {
  /// The matrix's row at each place of the factor (n).
  var permutation: [Int32] { get }
  /// The number of entries of L that need not be 0.
  var factorEntryCount: Int { get }
  /// The sum of the squared lengths of the columns of L, about the number of operations of a factorisation.
  var factorOperationCount: Double { get }

  /// The factor of a matrix with the pattern that was analysed.
  ///
  /// - Throws: `LinearAlgebraError.notPositiveDefinite` or ``SparseCholeskyError``.
  func factorise(_ matrix: SparseMatrix) throws -> any NumericFactor
}

/// The factor of one matrix.
public protocol NumericFactor: Sendable {
  /// log det A.
  var logDeterminant: Double { get }
  /// The memory of the factor, in bytes.
  var byteCount: Int { get }

  /// Applies a part of A⁻¹ to each row of a B×n matrix. May be called on several threads at once.
  func solve(_ part: FactorPart, _ rows: inout Tensor<Double>)

  /// The entries of A⁻¹ at the places of the factor; nil where the implementation cannot select them.
  ///
  /// - Throws: ``SparseCholeskyError/outOfMemory(size:neededBytes:)``.
  func inverseEntries() throws -> (any InverseEntries)?
}

extension NumericFactor {
  public func inverseEntries() throws -> (any InverseEntries)? { nil }
}

/// An implementation of the sparse Cholesky factorisation.
public struct SparseFactorisation: Sendable {
  /// The name, as shown in tables.
  public let name: String
  /// Analyses the pattern of a symmetric matrix, of which the lower triangle is read. Throws ``SparseCholeskyError``.
  public let analyse: @Sendable (SparseMatrix, SparseOrdering) throws -> any SymbolicFactor

  public init(
    name: String, analyse: @escaping @Sendable (SparseMatrix, SparseOrdering) throws -> any SymbolicFactor
  ) {
    self.name = name
    self.analyse = analyse
  }
}

extension SparseFactorisation {
  /// This package's own implementation: multifrontal, with dense operations by OpenBLAS.
  public static let supernodal = SparseFactorisation(name: "supernodal") { matrix, ordering in
    try SupernodalAnalysis(matrix, ordering: ordering)
  }

  /// All implementations in this build.
  public static var all: [SparseFactorisation] {
    #if SupernodalCHOLMOD
      [.supernodal, .cholmodSupernodal, .cholmodSimplicial]
    #else
      [.supernodal]
    #endif
  }
}

extension SparseFactorisation: CustomStringConvertible {
  public var description: String { name }
}

/// The symbolic half of this package's own factorisation.
private struct SupernodalAnalysis: SymbolicFactor {
  private let pattern: SupernodalPattern
  /// The pattern that was analysed.
  private let rowStarts: [Int]
  private let columns: [Int32]

  init(_ matrix: SparseMatrix, ordering: SparseOrdering) throws {
    pattern = try SupernodalPattern(matrix, tree: OrderedTree.make(matrix, ordering: ordering))
    (rowStarts, columns) = (matrix.rowStarts, matrix.columns)
  }

  var permutation: [Int32] { pattern.permutation }
  var factorEntryCount: Int { pattern.factorEntryCount }
  var factorOperationCount: Double { pattern.factorOperationCount }

  func factorise(_ matrix: SparseMatrix) throws -> any NumericFactor {
    precondition(
      matrix.rowStarts == rowStarts && matrix.columns == columns,
      "A matrix with another pattern than the one that was analysed")
    return try SupernodalFactor(matrix, pattern)
  }
}
