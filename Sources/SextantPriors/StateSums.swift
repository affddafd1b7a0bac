// Measured values that are sums over states, for a likelihood: rows of an operator, which are chosen so that the covariance of
// all states that they touch is a matrix of moderate size. Not here: the posterior, which uses all values (ObservationOperator).

import SextantArrays

/// Some values of an operator on the states that they touch.
struct StateSums: Sendable {
  /// The chosen values, by their numbers in the observation (n).
  let rows: [Int]
  /// The states that they touch, ascending (s).
  let states: [Int]
  /// H: the weights of these states (n×s), and its transpose.
  private let weights: Factor
  private let transposedWeights: Factor

  /// The largest number of values.
  private static let rowLimit = 300
  /// The number of groups of neighbours.
  private static let groupCount = 10
  /// The fewest values that tell anything of a covariance.
  private static let leastRows = 20
  /// The largest number of states.
  static let stateLimit = 4096
  /// The largest number of products for H·C.
  private static let workLimit = 3_000_000_000

  private init(rows: [Int], states: [Int], weights: SparseMatrix) {
    (self.rows, self.states) = (rows, states)
    self.weights = Factor(weights)
    transposedWeights = Factor(weights.transposed())
  }

  /// Some values chosen from all of an operator; nil where even a few of them touch too many states.
  ///
  /// They are groups of neighbours: near pairs tell the range of a field, far ones its variance, and what neighbours are sums over is
  /// much the same.
  ///
  /// - Parameters:
  ///   - matrix: the operator (m×d).
  ///   - order: the values in the order in which they become centres of groups (m).
  ///   - positions: where each value lies (m).
  static func chosen(of matrix: SparseMatrix, order: [Int], positions: [SIMD3<Double>]) -> StateSums? {
    for limit in [rowLimit, rowLimit / 2, rowLimit / 4, rowLimit / 8] {
      let rows = groups(order, positions: positions, limit: limit)
      guard rows.count >= min(leastRows, matrix.rowCount) else { continue }
      var touched: Set<Int32> = []
      var entryCount = 0
      for row in rows where touched.count <= stateLimit {
        let range = matrix.rowStarts[row]..<matrix.rowStarts[row + 1]
        entryCount += range.count
        touched.formUnion(matrix.columns[range])
      }
      guard touched.count <= stateLimit, entryCount * touched.count <= workLimit else { continue }
      let columns = touched.sorted()
      var places: [Int32: Int] = [:]
      for (place, column) in columns.enumerated() { places[column] = place }
      var entries: [(row: Int, column: Int, value: Double)] = []
      entries.reserveCapacity(entryCount)
      for (position, row) in rows.enumerated() {
        for k in matrix.rowStarts[row]..<matrix.rowStarts[row + 1] {
          entries.append((row: position, column: places[matrix.columns[k]] ?? 0, value: matrix.values[k]))
        }
      }
      return StateSums(
        rows: rows, states: columns.map { Int($0) },
        weights: SparseMatrix(rowCount: rows.count, columnCount: columns.count, entries: entries))
    }
    return nil
  }

  /// At most `limit` values in groups of neighbours; all where they are no more.
  private static func groups(_ order: [Int], positions: [SIMD3<Double>], limit: Int) -> [Int] {
    guard order.count > limit else { return order.sorted() }
    var chosen: Set<Int> = []
    for centre in order.prefix(groupCount) {
      // Of places at one distance, the one that is earlier in the order.
      let distances = order.map { row -> Double in
        let difference = positions[row] - positions[centre]
        return (difference * difference).sum()
      }
      let nearest = distances.indices.sorted { (distances[$0], $0) < (distances[$1], $1) }
      for place in nearest.prefix(limit / groupCount) { chosen.insert(order[place]) }
    }
    return chosen.sorted()
  }

  /// H·C·Hᵀ (n×n), the covariance of the values, from that of the states (s×s).
  func covariance(ofStates covariance: Tensor<Double>) -> Tensor<Double> {
    weights.times(weights.times(covariance).transposed())
  }

  /// Hᵀ·G·H (s×s): how a function of H·C·Hᵀ with the derivatives G (n×n, symmetric) depends on C.
  func derivatives(byValues g: Tensor<Double>) -> Tensor<Double> {
    transposedWeights.times(transposedWeights.times(g).transposed())
  }

  /// A matrix by which dense ones are multiplied: a sparse one by its entries, a full one as a dense one.
  private struct Factor: Sendable {
    private let sparse: SparseMatrix
    /// The same matrix where at least a quarter of it is not 0.
    private let dense: Tensor<Double>?

    init(_ matrix: SparseMatrix) {
      sparse = matrix
      let (rows, columns) = (matrix.rowCount, matrix.columnCount)
      guard 4 * matrix.entryCount >= rows * columns else {
        dense = nil
        return
      }
      var full = Tensor<Double>.zeros([rows, columns])
      full.withUnsafeMutableScalars { out in
        for row in 0..<rows {
          for k in matrix.rowStarts[row]..<matrix.rowStarts[row + 1] { out[row * columns + Int(matrix.columns[k])] = matrix.values[k] }
        }
      }
      dense = full
    }

    /// The product with a dense matrix.
    func times(_ x: Tensor<Double>) -> Tensor<Double> {
      dense.map { matrixProduct($0, x) } ?? sparse.times(x)
    }
  }
}
