// The Laplacian of a weighted graph, the form in which every stiffness of this module is assembled:
// finite volumes, cotangents and nearest neighbours differ only in their edge weights.
// A counting sort keeps time and memory linear in the number of edges.

import SextantArrays

/// Undirected edges with weights, in any order; parallel edges add up.
struct WeightedEdges {
  private(set) var first: [Int32] = []
  private(set) var second: [Int32] = []
  private(set) var weights: [Double] = []

  /// Makes room for `count` edges.
  mutating func reserveCapacity(_ count: Int) {
    first.reserveCapacity(count)
    second.reserveCapacity(count)
    weights.reserveCapacity(count)
  }

  /// Adds an edge; one from a node to itself has no effect on a Laplacian and is left out.
  mutating func add(_ a: Int32, _ b: Int32, weight: Double) {
    guard a != b else { return }
    first.append(a)
    second.append(b)
    weights.append(weight)
  }

  /// Σ w (e_a − e_b)(e_a − e_b)ᵀ over the edges (nodes × nodes): symmetric, rows sum to 0.
  func laplacian(nodeCount: Int) -> SparseMatrix {
    // Each row has one slot for the diagonal.
    var starts = [Int](0...nodeCount)
    for node in first { starts[Int(node) + 1] += 1 }
    for node in second { starts[Int(node) + 1] += 1 }
    for i in 0..<nodeCount { starts[i + 1] += starts[i] - i }
    var columns = [Int32](repeating: 0, count: starts[nodeCount])
    var values = [Double](repeating: 0, count: starts[nodeCount])
    var next = starts
    for i in 0..<nodeCount {
      columns[next[i]] = Int32(i)
      next[i] += 1
    }
    for edge in weights.indices {
      let (a, b, weight) = (Int(first[edge]), Int(second[edge]), weights[edge])
      columns[next[a]] = Int32(b)
      values[next[a]] = -weight
      next[a] += 1
      columns[next[b]] = Int32(a)
      values[next[b]] = -weight
      next[b] += 1
      values[starts[a]] += weight
      values[starts[b]] += weight
    }
    var end = 0
    var rowStarts = [0]
    rowStarts.reserveCapacity(nodeCount + 1)
    for i in 0..<nodeCount {
      Self.sort(&columns, &values, in: starts[i]..<starts[i + 1])
      let rowStart = end
      for k in starts[i]..<starts[i + 1] {
        if end > rowStart, columns[end - 1] == columns[k] {
          values[end - 1] += values[k]
        } else {
          columns[end] = columns[k]
          values[end] = values[k]
          end += 1
        }
      }
      rowStarts.append(end)
    }
    columns.removeSubrange(end...)
    values.removeSubrange(end...)
    return SparseMatrix(
      rowCount: nodeCount, columnCount: nodeCount, rowStarts: rowStarts, columns: columns, values: values)
  }

  /// Insertion sort by column: rows are short, or in order already (a pole).
  private static func sort(_ columns: inout [Int32], _ values: inout [Double], in range: Range<Int>) {
    for k in range.dropFirst() {
      let (column, value) = (columns[k], values[k])
      var slot = k
      while slot > range.lowerBound, columns[slot - 1] > column {
        columns[slot] = columns[slot - 1]
        values[slot] = values[slot - 1]
        slot -= 1
      }
      columns[slot] = column
      values[slot] = value
    }
  }
}
