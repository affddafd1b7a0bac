// The symbolic half of a supernodal factorisation. A supernode is a run of columns of the factor with the same rows
// below them. Small supernodes are merged into their parents, at the price of a few stored zeros (Ashcraft and Grimes,
// 1989, "The influence of relaxed supernode partitions on the multifrontal method"). The pattern contains the rows of
// each supernode, their places among the rows of its parent, and the place of each entry of the matrix, so that the
// numeric half only computes.

import SextantArrays

/// The supernodes of the factor of all matrices with one pattern.
final class SupernodalPattern: Sendable {
  /// The matrix's row at each place of the factor (n).
  let permutation: [Int32]
  /// Where the columns of each supernode start (supernodes + 1).
  let firstColumns: [Int32]
  /// Where the rows of each supernode start in `rows` (supernodes + 1).
  let rowStarts: [Int]
  /// The rows of each supernode, ascending: its own columns first.
  let rows: [Int32]
  /// For each row below a supernode's own columns, its place among the rows of the parent. Indexed as `rows`.
  let places: [Int32]
  /// Where the values of each supernode start: rows × columns, row by row (supernodes + 1).
  let valueStarts: [Int]
  /// The parent of each supernode; −1 for a root.
  let parents: [Int32]
  /// The children of supernode s, ascending: children[childStarts[s]..<childStarts[s + 1]].
  let childStarts: [Int32]
  let children: [Int32]
  /// Where the matrix's entries of each supernode start in `sources` and `targets` (supernodes + 1).
  let entryStarts: [Int]
  /// The index of an entry among those of the matrix.
  let sources: [Int32]
  /// The place of an entry, counted from the start of the supernode's values.
  let targets: [Int32]
  /// Disjoint subtrees, costly ones first, as ranges of supernodes.
  let subtrees: [Range<Int>]
  /// The supernodes that are in no subtree, ascending, so that each follows all of its descendants.
  let top: [Int]
  /// The number of entries of the factor, without the zeros of merged supernodes.
  let factorEntryCount: Int
  /// The number of multiplications and additions of a factorisation, counted as the sum of the columns' squared lengths.
  let factorOperationCount: Double

  /// The number of rows and columns n.
  var size: Int { permutation.count }
  /// The number of supernodes.
  var count: Int { parents.count }

  func columnCount(_ s: Int) -> Int { Int(firstColumns[s + 1] - firstColumns[s]) }
  func rowCount(_ s: Int) -> Int { rowStarts[s + 1] - rowStarts[s] }

  /// - Throws: ``SparseCholeskyError/tooLarge(size:entryCount:)`` where 32-bit indices do not suffice.
  init(_ matrix: SparseMatrix, tree: OrderedTree) throws {
    let n = matrix.rowCount
    let pattern = tree.pattern
    // In a postorder of the tree, the columns of a supernode are consecutive.
    let order = tree.elimination.postorder(childrenBy: tree.columnCounts)
    var labels = [Int32](repeating: 0, count: n)
    for (label, column) in order.enumerated() { labels[Int(column)] = Int32(label) }
    permutation = order.map { tree.order[Int($0)] }
    let counts = order.map { tree.columnCounts[Int($0)] }
    let parents = order.map { column -> Int32 in
      let parent = tree.elimination.parents[Int(column)]
      return parent == -1 ? -1 : labels[Int(parent)]
    }
    factorEntryCount = tree.factorEntryCount
    factorOperationCount = tree.factorOperationCount

    let firstColumns = Self.merged(Self.fundamental(parents, counts), parents, counts)
    let supernodes = firstColumns.count - 1
    var supernodeOf = [Int32](repeating: 0, count: n)
    var (rowStarts, valueStarts, entryStarts) = ([0], [0], [0])
    for s in 0..<supernodes {
      let columns = Int(firstColumns[s])..<Int(firstColumns[s + 1])
      for j in columns { supernodeOf[j] = Int32(s) }
      let rows = columns.count + Int(counts[columns.upperBound - 1]) - 1
      guard rows * columns.count < Int(Int32.max) else {
        throw SparseCholeskyError.tooLarge(size: n, entryCount: tree.factorEntryCount)
      }
      rowStarts.append(rowStarts[s] + rows)
      valueStarts.append(valueStarts[s] + rows * columns.count)
      entryStarts.append(
        columns.reduce(entryStarts[s]) { $0 + pattern.starts[Int(order[$1]) + 1] - pattern.starts[Int(order[$1])] })
    }

    var rows = [Int32](repeating: 0, count: rowStarts[supernodes])
    var places = rows
    var sources = [Int32](repeating: 0, count: entryStarts[supernodes])
    var targets = sources
    var supernodeParents = [Int32](repeating: -1, count: supernodes)
    var children = SiblingLists(count: supernodes)
    // The supernode in which a row was last seen, and its place among the rows of that supernode.
    var seenIn = [Int32](repeating: -1, count: n)
    var placeOf = [Int32](repeating: 0, count: n)
    for s in 0..<supernodes {
      let columns = Int(firstColumns[s])..<Int(firstColumns[s + 1])
      var slot = rowStarts[s]
      func see(_ row: Int32) {
        guard seenIn[Int(row)] != s else { return }
        seenIn[Int(row)] = Int32(s)
        rows[slot] = row
        slot += 1
      }
      for j in columns { see(Int32(j)) }
      for j in columns {
        let column = Int(order[j])
        for k in pattern.starts[column]..<pattern.starts[column + 1] { see(labels[Int(pattern.rows[k])]) }
      }
      children.forEach(of: s) { child in
        let own = Int(firstColumns[child + 1] - firstColumns[child])
        for k in rowStarts[child] + own..<rowStarts[child + 1] { see(rows[k]) }
      }
      rows[rowStarts[s] + columns.count..<rowStarts[s + 1]].sort()
      for k in rowStarts[s]..<rowStarts[s + 1] { placeOf[Int(rows[k])] = Int32(k - rowStarts[s]) }
      children.forEach(of: s) { child in
        let own = Int(firstColumns[child + 1] - firstColumns[child])
        for k in rowStarts[child] + own..<rowStarts[child + 1] { places[k] = placeOf[Int(rows[k])] }
      }
      var entry = entryStarts[s]
      for j in columns {
        let column = Int(order[j])
        for k in pattern.starts[column]..<pattern.starts[column + 1] {
          let row = Int(placeOf[Int(labels[Int(pattern.rows[k])])])
          sources[entry] = pattern.sources[k]
          targets[entry] = Int32(row * columns.count + j - columns.lowerBound)
          entry += 1
        }
      }
      if rowStarts[s] + columns.count < rowStarts[s + 1] {
        let parent = supernodeOf[Int(rows[rowStarts[s] + columns.count])]
        supernodeParents[s] = parent
        children.append(s, to: Int(parent))
      }
    }

    self.firstColumns = firstColumns
    self.rowStarts = rowStarts
    self.valueStarts = valueStarts
    self.entryStarts = entryStarts
    self.rows = rows
    self.places = places
    self.sources = sources
    self.targets = targets
    self.parents = supernodeParents
    (childStarts, self.children) = children.flattened()
    (subtrees, top) = Self.parted(
      supernodeParents,
      work: (0..<supernodes).map { s in
        let columns = Double(firstColumns[s + 1] - firstColumns[s])
        let rows = Double(rowStarts[s + 1] - rowStarts[s])
        // A constant for the overhead of a supernode.
        return columns * rows * rows + 2000
      })
  }

  /// The starts of the longest runs of columns with the same rows below them, and n.
  private static func fundamental(_ parents: [Int32], _ counts: [Int32]) -> [Int32] {
    var childCounts = [Int32](repeating: 0, count: parents.count)
    for parent in parents where parent != -1 { childCounts[Int(parent)] += 1 }
    var starts: [Int32] = []
    for j in parents.indices
    where j == 0 || parents[j - 1] != j || counts[j] != counts[j - 1] - 1 || childCounts[j] != 1 {
      starts.append(Int32(j))
    }
    return starts + [Int32(parents.count)]
  }

  /// Merges supernodes into their parents if that adds few zeros and the parent is the next supernode.
  private static func merged(_ starts: [Int32], _ parents: [Int32], _ counts: [Int32]) -> [Int32] {
    // From the last to the first: the end of the merged supernode that begins with each, and its zeros.
    var kept: [Int32] = [starts[starts.count - 1]]
    var zeros: [Double] = [0]
    for s in (0..<starts.count - 1).reversed() {
      let (start, next) = (starts[s], kept[kept.count - 1])
      kept.append(start)
      zeros.append(0)
      guard kept.count > 2 else { continue }
      let end = kept[kept.count - 3]
      let parent = parents[Int(next) - 1]
      guard parent >= next, parent < end else { continue }
      // The rows of the two before and after the merge.
      let (own, others) = (Double(next - start), Double(end - next))
      let otherRows = others + Double(counts[Int(end) - 1]) - 1
      let added = own * (own + otherRows - Double(counts[Int(start)]))
      let total = zeros[zeros.count - 2] + added
      let columns = own + others
      let share = total / (columns * (columns + 1) / 2 + columns * (otherRows - others))
      guard columns <= 4 || (columns <= 16 && share < 0.8) || (columns <= 48 && share < 0.1) || share < 0.05 else {
        continue
      }
      kept.remove(at: kept.count - 2)
      zeros.removeLast(2)
      zeros.append(total)
    }
    return kept.reversed()
  }

  /// Subtrees that may be factorised at the same time, and the supernodes above them.
  ///
  /// The split depends on the pattern alone. The results do not depend on the split.
  private static func parted(_ parents: [Int32], work: [Double]) -> (subtrees: [Range<Int>], top: [Int]) {
    let count = parents.count
    var (subtreeWork, firstDescendants) = (work, Array(0..<count))
    var children = SiblingLists(count: count)
    for s in 0..<count where parents[s] != -1 {
      let parent = Int(parents[s])
      subtreeWork[parent] += subtreeWork[s]
      firstDescendants[parent] = min(firstDescendants[parent], firstDescendants[s])
      children.append(s, to: parent)
    }
    let limit = work.reduce(0, +) / 48
    var (roots, top): ([Int], [Int]) = ([], [])
    for s in (0..<count).reversed() {
      let isUnderTop = parents[s] == -1 || subtreeWork[Int(parents[s])] > limit
      guard isUnderTop else { continue }
      if subtreeWork[s] > limit { top.append(s) } else { roots.append(s) }
    }
    roots.sort { (subtreeWork[$0], $0) > (subtreeWork[$1], $1) }
    return (roots.map { firstDescendants[$0]..<$0 + 1 }, top.reversed())
  }
}

/// The children of each node of a tree, in ascending order.
private struct SiblingLists {
  private var first: [Int32]
  private var last: [Int32]
  private var next: [Int32]

  init(count: Int) {
    first = [Int32](repeating: -1, count: count)
    last = first
    next = first
  }

  mutating func append(_ child: Int, to parent: Int) {
    if first[parent] == -1 { first[parent] = Int32(child) } else { next[Int(last[parent])] = Int32(child) }
    last[parent] = Int32(child)
  }

  func forEach(of parent: Int, _ body: (Int) -> Void) {
    var child = first[parent]
    while child != -1 {
      body(Int(child))
      child = next[Int(child)]
    }
  }

  /// The children of all nodes, concatenated, and the start of the children of each node.
  func flattened() -> (starts: [Int32], children: [Int32]) {
    var (starts, children): ([Int32], [Int32]) = ([0], [])
    for parent in first.indices {
      forEach(of: parent) { children.append(Int32($0)) }
      starts.append(Int32(children.count))
    }
    return (starts, children)
  }
}
