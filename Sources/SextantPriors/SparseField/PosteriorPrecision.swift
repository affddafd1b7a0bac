// A = Q + (H·B)ᵀ·R⁻¹·(H·B) with the prior precision Q of FieldEquations.swift, as its lower triangle: the sparsity
// pattern is computed once per mesh and smoothness, the values for each roughness.

import SextantArrays

/// The sparsity pattern of the posterior precision on one mesh.
struct PosteriorPrecision: Sendable {
  /// The start of each row in `columns` (n + 1).
  private let rowStarts: [Int]
  /// The columns of each row up to the diagonal, ascending.
  private let columns: [Int32]
  private var equations: FieldEquations
  /// Whether the pattern is that of the prior, without additions from observations.
  let isPriorPattern: Bool

  /// The pattern of the prior alone.
  init(_ equations: FieldEquations) {
    let (n, reach) = (equations.count, equations.reach)
    let chunks = RowChunks(count: n)
    let parts = chunks.map { range -> (lengths: [Int], columns: [Int32]) in
      var lengths: [Int] = []
      var columns: [Int32] = []
      var row: [Int32] = []
      columns.reserveCapacity(8 * range.count)
      for r in range {
        row.removeAll(keepingCapacity: true)
        for k in equations.columns.rowStarts[r]..<equations.columns.rowStarts[r + 1] {
          let i = Int(equations.columns.columns[k])
          for l in reach.rowStarts[i]..<reach.rowStarts[i + 1] where Int(reach.columns[l]) <= r {
            row.append(reach.columns[l])
          }
        }
        row.sort()
        let first = columns.count
        for column in row where columns.count == first || columns[columns.count - 1] != column {
          columns.append(column)
        }
        lengths.append(columns.count - first)
      }
      return (lengths, columns)
    }
    var rowStarts = [0]
    var columns: [Int32] = []
    rowStarts.reserveCapacity(n + 1)
    columns.reserveCapacity(parts.reduce(0) { $0 + $1.columns.count })
    for part in parts {
      for length in part.lengths { rowStarts.append(rowStarts[rowStarts.count - 1] + length) }
      columns += part.columns
    }
    self.rowStarts = rowStarts
    self.columns = columns
    self.equations = equations
    isPriorPattern = true
  }

  /// The same pattern for equations of the same smoothness between the same nodes.
  func replacing(_ equations: FieldEquations) -> PosteriorPrecision {
    var result = self
    result.equations = equations
    return result
  }

  /// The pattern of `prior` plus the entries of observations that combine nodes which are not neighbours.
  ///
  /// Throws ``PriorError/tooLarge(_:)`` if single values combine so many nodes that the matrix is no longer sparse.
  init(_ prior: PosteriorPrecision, observing matrix: SparseMatrix) throws {
    let pairs = (0..<matrix.rowCount).reduce(0.0) { sum, row in
      let length = Double(matrix.rowStarts[row + 1] - matrix.rowStarts[row])
      return sum + length * length / 2
    }
    guard pairs <= 2e8 else {
      throw PriorError.tooLarge(
        "Single measured values are averages over so many grid cells that they couple \(Int(min(pairs, 1e15))) pairs of them: the sparse prior supports at most 200000000. Average over fewer cells, or use a coarser grid."
      )
    }
    var extra: [(row: Int32, column: Int32)] = []
    for i in 0..<matrix.rowCount {
      let range = matrix.rowStarts[i]..<matrix.rowStarts[i + 1]
      for k in range {
        for l in range.lowerBound..<k where prior.slot(Int(matrix.columns[k]), matrix.columns[l]) == nil {
          extra.append((matrix.columns[k], matrix.columns[l]))
        }
      }
    }
    guard !extra.isEmpty else {
      self = prior
      return
    }
    extra.sort { ($0.row, $0.column) < ($1.row, $1.column) }
    var rowStarts = [0]
    var columns: [Int32] = []
    var next = 0
    for r in 0..<prior.equations.count {
      var row = Array(prior.columns[prior.rowStarts[r]..<prior.rowStarts[r + 1]])
      let priorCount = row.count
      while next < extra.count, Int(extra[next].row) == r {
        if row.count == priorCount || row[row.count - 1] != extra[next].column { row.append(extra[next].column) }
        next += 1
      }
      if row.count > priorCount { row.sort() }
      columns += row
      rowStarts.append(columns.count)
    }
    self.rowStarts = rowStarts
    self.columns = columns
    equations = prior.equations
    isPriorPattern = false
  }

  /// The index of the entry in a row and a column that does not exceed the row.
  private func slot(_ row: Int, _ column: Int32) -> Int? {
    let range = rowStarts[row]..<rowStarts[row + 1]
    let slot = partitionPoint(in: range) { columns[$0] < column }
    return slot < range.upperBound && columns[slot] == column ? slot : nil
  }

  /// The prior precision for a roughness at each of the mesh's nodes (n), as its lower triangle.
  func prior(roughness: [Double]) -> SparseMatrix { matrix(roughness: roughness, observation: nil) }

  /// The posterior precision, as its lower triangle.
  ///
  /// - Parameter observation: H·B (m×n) and the variance of each value (m).
  func matrix(
    roughness: [Double], observation: (matrix: SparseMatrix, variances: [Double])?
  ) -> SparseMatrix {
    let n = equations.count
    let (weights, right) = equations.factors(roughness: roughness)
    var values = [Double](repeating: 0, count: columns.count)
    values.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      let target = UncheckedPointer(base)
      equations.columns.withUnsafeRows { columnStarts, equationIndices, columnValues in
        right.withUnsafeRows { equationStarts, nodes, equationValues in
          columns.withUnsafeBufferPointer { own in
            guard let ownBase = own.baseAddress else { return }
            let own = UncheckedPointer(UnsafeMutablePointer(mutating: ownBase))
            Parallel.forEachRange(of: n, grain: 4096) { range in
              for r in range {
                let (start, end) = (rowStarts[r], rowStarts[r + 1])
                for k in columnStarts[r]..<columnStarts[r + 1] {
                  let i = Int(equationIndices[k])
                  let factor = columnValues[k] * weights[i]
                  var slot = start
                  for l in equationStarts[i]..<equationStarts[i + 1] {
                    let node = nodes[l]
                    guard Int(node) <= r else { break }
                    // Both lists are in ascending order.
                    slot = Self.search(own, node, from: slot, to: end)
                    target[slot] = target[slot] + factor * equationValues[l]
                  }
                }
              }
            }
          }
        }
      }
    }
    if let observation { add(observation.matrix, variances: observation.variances, to: &values) }
    return SparseMatrix(rowCount: n, columnCount: n, rowStarts: rowStarts, columns: columns, values: values)
  }

  private static func search(_ columns: UncheckedPointer<Int32>, _ column: Int32, from: Int, to: Int) -> Int {
    if to - from <= 24 {
      var slot = from
      while columns[slot] < column { slot += 1 }
      return slot
    }
    return partitionPoint(in: from..<to) { columns[$0] < column }
  }

  private func add(_ matrix: SparseMatrix, variances: [Double], to values: inout [Double]) {
    for i in 0..<matrix.rowCount {
      let range = matrix.rowStarts[i]..<matrix.rowStarts[i + 1]
      let weight = 1 / variances[i]
      for k in range {
        for l in range.lowerBound...k {
          guard let slot = slot(Int(matrix.columns[k]), matrix.columns[l]) else { continue }
          values[slot] += weight * matrix.values[k] * matrix.values[l]
        }
      }
    }
  }
}

/// Ranges of rows that are processed in parallel, with results in order.
private struct RowChunks {
  let count: Int
  private let grain = 16384

  func map<Result: Sendable>(_ body: @Sendable (Range<Int>) -> Result) -> [Result] {
    let chunks = (count + grain - 1) / grain
    var results = [Result?](repeating: nil, count: chunks)
    results.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      let target = UncheckedPointer(base)
      Parallel.forEach(chunks) { chunk in
        target[chunk] = body(chunk * grain..<min(count, (chunk + 1) * grain))
      }
    }
    return results.compactMap { $0 }
  }
}
