// The pattern of a matrix in one order, with its elimination tree. It predicts the cost of a factorisation in that
// order, and so serves to choose between orders.

import SextantArrays

/// A pattern, an order of its rows, and the size of the resulting factor.
struct OrderedTree {
  /// The matrix's row at each place.
  let order: [Int32]
  let pattern: OrderedPattern
  let elimination: EliminationTree
  /// The number of entries in each column of the factor (n).
  let columnCounts: [Int32]
  /// The number of entries of the factor.
  let factorEntryCount: Int
  /// The sum of the columns' squared lengths.
  let factorOperationCount: Double

  init(_ matrix: SparseMatrix, order: [Int32]) {
    self.order = order
    pattern = OrderedPattern(matrix, order: order)
    elimination = EliminationTree(pattern)
    columnCounts = elimination.columnCounts(pattern)
    factorEntryCount = columnCounts.reduce(0) { $0 + Int($1) }
    factorOperationCount = columnCounts.reduce(0) { $0 + Double($1) * Double($1) }
  }

  /// Orders a matrix and builds its tree.
  ///
  /// - Throws: ``SparseCholeskyError``.
  static func make(_ matrix: SparseMatrix, ordering: SparseOrdering) throws -> OrderedTree {
    switch ordering {
    case .natural: return OrderedTree(matrix, order: (0..<Int32(matrix.rowCount)).map(\.self))
    case .given(let order): return OrderedTree(matrix, order: order)
    case .minimumDegree: return OrderedTree(matrix, order: try SymmetricGraph(matrix).minimumDegreeOrder())
    case .nestedDissection: return OrderedTree(matrix, order: try SymmetricGraph(matrix).nestedDissectionOrder())
    case .automatic:
      let graph = try SymmetricGraph(matrix)
      let byDegree = OrderedTree(matrix, order: try graph.minimumDegreeOrder())
      guard byDegree.fillsMuch else { return byDegree }
      let byDissection = OrderedTree(matrix, order: try graph.nestedDissectionOrder())
      return byDissection.factorEntryCount < byDegree.factorEntryCount ? byDissection : byDegree
    }
  }

  /// Whether it is worth trying another order: the factor is large compared with the matrix, and costly for its size.
  private var fillsMuch: Bool {
    factorEntryCount >= 5 * pattern.rows.count && factorOperationCount >= 500 * Double(factorEntryCount)
  }
}
