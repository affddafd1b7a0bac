// The elimination tree of a symmetric pattern (Liu, 1990, "The role of elimination trees in sparse factorization"). It
// gives a postorder, and the number of entries in each column of the factor (Gilbert, Ng and Peyton, 1994, "An efficient
// algorithm to compute row and column counts for sparse Cholesky factorization"), without a factorisation.

import SextantArrays

/// The lower triangle of a symmetric matrix, by columns, after a permutation of its rows and columns.
struct OrderedPattern {
  /// Where each column starts (n + 1).
  let starts: [Int]
  /// The rows of each column on and below the diagonal, in no particular order.
  let rows: [Int32]
  /// The index of each entry among the stored entries of the matrix.
  let sources: [Int32]

  /// The tree of `matrix`, where `order` is the matrix's row at each new place.
  init(_ matrix: SparseMatrix, order: [Int32]) {
    let n = matrix.rowCount
    var places = [Int32](repeating: 0, count: n)
    for (place, row) in order.enumerated() { places[Int(row)] = Int32(place) }
    var starts = [Int](repeating: 0, count: n + 1)
    matrix.forEachLowerEntry { row, column, _ in starts[Int(min(places[row], places[column])) + 1] += 1 }
    for j in 0..<n { starts[j + 1] += starts[j] }
    var next = starts
    var rows = [Int32](repeating: 0, count: starts[n])
    var sources = rows
    matrix.forEachLowerEntry { row, column, index in
      let (a, b) = (places[row], places[column])
      let slot = next[Int(min(a, b))]
      next[Int(min(a, b))] += 1
      rows[slot] = max(a, b)
      sources[slot] = Int32(index)
    }
    self.starts = starts
    self.rows = rows
    self.sources = sources
  }

  var size: Int { starts.count - 1 }
}

/// The elimination tree: the parent of a column is the first row below the diagonal in which the factor has an entry.
struct EliminationTree {
  /// The parent of each column; −1 for a root.
  let parents: [Int32]

  init(_ pattern: OrderedPattern) {
    let n = pattern.size
    // The rows of the lower triangle: for each row, the columns before it.
    var starts = [Int](repeating: 0, count: n + 1)
    for row in pattern.rows { starts[Int(row) + 1] += 1 }
    for i in 0..<n { starts[i + 1] += starts[i] }
    var next = starts
    var columns = [Int32](repeating: 0, count: pattern.rows.count)
    for j in 0..<n {
      for k in pattern.starts[j]..<pattern.starts[j + 1] {
        let row = Int(pattern.rows[k])
        columns[next[row]] = Int32(j)
        next[row] += 1
      }
    }
    var parents = [Int32](repeating: -1, count: n)
    // Short cuts towards the root of the tree as built so far.
    var ancestors = parents
    for i in 0..<n {
      for k in starts[i]..<starts[i + 1] {
        var j = columns[k]
        while j != -1, j < i {
          let above = ancestors[Int(j)]
          ancestors[Int(j)] = Int32(i)
          if above == -1 { parents[Int(j)] = Int32(i) }
          j = above
        }
      }
    }
    self.parents = parents
  }

  /// The columns in an order in which each column follows its children. Children are in ascending order of `sizes`, and
  /// in ascending order of their indices if sizes are equal or not given.
  func postorder(childrenBy sizes: [Int32]? = nil) -> [Int32] {
    let n = parents.count
    var (firstChild, nextSibling) = ([Int32](repeating: -1, count: n), [Int32](repeating: -1, count: n))
    // Each column is inserted at the head of its parent's list, so the columns are visited in reverse.
    let ascending = sizes.map(Self.sorted) ?? (0..<Int32(n)).map(\.self)
    for j in ascending.reversed() where parents[Int(j)] != -1 {
      nextSibling[Int(j)] = firstChild[Int(parents[Int(j)])]
      firstChild[Int(parents[Int(j)])] = j
    }
    var order: [Int32] = []
    order.reserveCapacity(n)
    var path: [Int32] = []
    for root in 0..<n where parents[root] == -1 {
      path.append(Int32(root))
      while let j = path.last {
        if firstChild[Int(j)] != -1 {
          path.append(firstChild[Int(j)])
          firstChild[Int(j)] = nextSibling[Int(firstChild[Int(j)])]
        } else {
          order.append(j)
          path.removeLast()
        }
      }
    }
    return order
  }

  /// The indices of values in 0…n in ascending order of the values; equal values keep their order.
  private static func sorted(_ values: [Int32]) -> [Int32] {
    var starts = [Int](repeating: 0, count: Int(values.max() ?? 0) + 2)
    for value in values { starts[Int(value) + 1] += 1 }
    for i in 1..<starts.count { starts[i] += starts[i - 1] }
    var order = [Int32](repeating: 0, count: values.count)
    for (index, value) in values.enumerated() {
      order[starts[Int(value)]] = Int32(index)
      starts[Int(value)] += 1
    }
    return order
  }

  /// The number of entries in each column of the factor, including the diagonal.
  ///
  /// Row i of the factor has an entry in each column of a subtree with root i, whose leaves are columns in which the
  /// matrix has an entry in row i. Each leaf adds the path from itself to where it meets the path of the previous leaf.
  /// The differences along each path are stored at its ends and then summed over the tree.
  func columnCounts(_ pattern: OrderedPattern) -> [Int32] {
    let n = parents.count
    let order = postorder()
    // The place in the postorder of the first descendant of each column.
    var firstDescendants = [Int32](repeating: -1, count: n)
    var counts = [Int32](repeating: 0, count: n)
    for (place, column) in order.enumerated() {
      var j = column
      // A column that has no descendant yet is a leaf of the tree.
      if firstDescendants[Int(j)] == -1 { counts[Int(j)] = 1 }
      while j != -1, firstDescendants[Int(j)] == -1 {
        firstDescendants[Int(j)] = Int32(place)
        j = parents[Int(j)]
      }
    }
    var lastFirstDescendant = [Int32](repeating: -1, count: n)
    var lastLeaf = [Int32](repeating: -1, count: n)
    var ancestors = (0..<Int32(n)).map(\.self)
    for j in order {
      let column = Int(j)
      if parents[column] != -1 { counts[Int(parents[column])] -= 1 }
      for k in pattern.starts[column]..<pattern.starts[column + 1] {
        let row = Int(pattern.rows[k])
        guard row != column, firstDescendants[column] > lastFirstDescendant[row] else { continue }
        counts[column] += 1
        if lastLeaf[row] != -1 { counts[Int(Self.root(of: lastLeaf[row], &ancestors))] -= 1 }
        lastFirstDescendant[row] = firstDescendants[column]
        lastLeaf[row] = j
      }
      if parents[column] != -1 { ancestors[column] = parents[column] }
    }
    for j in order where parents[Int(j)] != -1 { counts[Int(parents[Int(j)])] += counts[Int(j)] }
    return counts
  }

  /// The root of the part of the tree, as built so far, that contains a column; shortens the path for later searches.
  private static func root(of column: Int32, _ ancestors: inout [Int32]) -> Int32 {
    var root = column
    while ancestors[Int(root)] != root { root = ancestors[Int(root)] }
    var j = column
    while j != root {
      let above = ancestors[Int(j)]
      ancestors[Int(j)] = root
      j = above
    }
    return root
  }
}
