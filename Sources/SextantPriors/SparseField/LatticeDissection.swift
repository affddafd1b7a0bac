// Nested dissection of a lattice whose nodes are coupled up to two steps apart (|Δrow| + |Δcolumn| ≤ 2), as in the
// precision of the sparse field. A separator consists of two adjacent lines, which may also be diagonals: a diagonal
// has one node per row, like a column, but is √2 times as long, so blocks bounded by diagonals have the shortest
// boundaries. On the 0.25° global grid the factor has 0.65 times as many entries as with rows and columns alone.

/// Orders the nodes of a lattice for factorisation.
struct LatticeDissection {
  /// The largest distance of a separator from the middle of a block, as a fraction of the block's nodes.
  private static let imbalance = 0.2

  /// Blocks of at most this number of nodes are not divided further.
  private static let leafSize = 24

  /// A node with its coordinates in the lattice.
  private struct Place {
    let node: Int32
    let row: Int32
    let column: Int32

    /// The coordinate across each of the four directions of lines: both diagonals, rows and columns.
    func coordinate(_ direction: Int) -> Int {
      switch direction {
      case 0: Int(row + column)
      case 1: Int(row - column)
      case 2: Int(row)
      default: Int(column)
      }
    }
  }

  private var places: [Place] = []
  private var order: [Int32] = []

  /// The order of all nodes: blocks before their separators, poles last.
  static func order(_ lattice: GridLattice) -> [Int32] {
    var dissection = LatticeDissection()
    dissection.run(lattice)
    return dissection.order + lattice.poles.map(Int32.init)
  }

  private mutating func run(_ lattice: GridLattice) {
    let (rows, columns) = (lattice.rows, lattice.columns)
    func block(_ range: Range<Int>) -> [Place] {
      rows.indices.flatMap { i in
        range.map { Place(node: Int32(rows[i].firstNode + $0), row: Int32(i), column: Int32($0)) }
      }
    }
    order.reserveCapacity(rows.count * columns)
    guard lattice.wraps, columns >= 8 else {
      dissect(block(0..<columns), boundary: [])
      return
    }
    // A circle is cut at two opposite meridians.
    let half = columns / 2
    let (first, second) = (block(0..<2), block(half..<half + 2))
    func moved(_ places: [Place]) -> [Place] {
      places.map { Place(node: $0.node, row: $0.row, column: $0.column + Int32(columns)) }
    }
    dissect(block(2..<half), boundary: first + second)
    dissect(block(half + 2..<columns), boundary: second + moved(first))
    order += (first + second).map(\.node)
  }

  private mutating func dissect(_ block: [Place], boundary: [Place]) {
    guard block.count > Self.leafSize, let cut = Self.bestCut(block, boundary: boundary) else {
      order += block.map(\.node)
      return
    }
    var (before, after, separator): ([Place], [Place], [Place]) = ([], [], [])
    for place in block {
      let coordinate = place.coordinate(cut.direction)
      if coordinate < cut.line {
        before.append(place)
      } else if coordinate > cut.line + 1 {
        after.append(place)
      } else {
        separator.append(place)
      }
    }
    dissect(before, boundary: boundary.filter { $0.coordinate(cut.direction) <= cut.line } + separator)
    dissect(after, boundary: boundary.filter { $0.coordinate(cut.direction) > cut.line } + separator)
    order += separator.map(\.node)
  }

  /// The two lines that make the elimination of a block cheapest; nil if no cut leaves nodes on both sides.
  private static func bestCut(_ block: [Place], boundary: [Place]) -> (direction: Int, line: Int)? {
    var best: (direction: Int, line: Int)?
    var leastCost = Double.infinity
    for direction in 0..<4 {
      var (low, high) = (Int.max, Int.min)
      for place in block {
        let coordinate = place.coordinate(direction)
        low = min(low, coordinate)
        high = max(high, coordinate)
      }
      guard high - low >= 3 else { continue }
      var counts = [Int](repeating: 0, count: high - low + 1)
      for place in block { counts[place.coordinate(direction) - low] += 1 }
      var outside = counts.map { _ in 0 }
      for place in boundary { outside[min(max(place.coordinate(direction) - low, 0), high - low)] += 1 }
      var (nodesBefore, boundaryBefore) = (counts[0], outside[0])
      for line in 1..<counts.count - 2 {
        boundaryBefore += outside[line]
        let share = Double(nodesBefore) / Double(block.count)
        if (0.5 - Self.imbalance...0.5 + Self.imbalance).contains(share) || counts.count < 8 {
          let size = counts[line] + counts[line + 1]
          let cost =
            frontCost(separator: Double(size), boundary: Double(boundary.count))
            + regionCost(nodes: nodesBefore, boundary: boundaryBefore + size)
            + regionCost(nodes: block.count - nodesBefore - size, boundary: boundary.count - boundaryBefore + size)
          if cost < leastCost {
            leastCost = cost
            best = (direction, low + line)
          }
        }
        nodesBefore += counts[line]
      }
    }
    return best
  }

  /// The operations to eliminate a separator when only its boundary is left around it.
  private static func frontCost(separator: Double, boundary: Double) -> Double {
    let front = separator + boundary
    return separator * front * front
  }

  /// An estimate of the operations for a region: those of its first separator, and as many again for all the following
  /// ones.
  private static func regionCost(nodes: Int, boundary: Int) -> Double {
    2 * frontCost(separator: (2 * Double(nodes)).squareRoot(), boundary: Double(boundary))
  }
}
