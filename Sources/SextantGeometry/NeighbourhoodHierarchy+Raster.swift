// The hierarchy of a raster: 3×3 neighbourhoods, which wrap where the columns do; a step over a pole arrives on the
// other side, half a turn away. Each level keeps every other row and column of the one before. The numbers of rows and
// columns are arbitrary, and nothing is padded.

extension NeighbourhoodHierarchy {
  /// The hierarchy of a raster's vertices, with at most `levelCount` levels; there are fewer if the raster becomes too
  /// small to halve.
  public init(_ raster: Raster, levelCount: Int) {
    var levels: [Level] = []
    var current = raster
    while true {
      var level = Level(neighbours: current.neighbours)
      let isLast = levels.count + 1 >= levelCount || current.rows <= 2 || current.columns <= 2
      let next = current.halved
      if !isLast {
        for row in 0..<next.rows {
          for column in 0..<next.columns { level.kept.append(Int32(2 * row * current.columns + 2 * column)) }
        }
        for row in 0..<current.rows {
          for column in 0..<current.columns { level.coarse.append(Int32(row / 2 * next.columns + column / 2)) }
        }
      }
      levels.append(level)
      if isLast { break }
      current = next
    }
    self.init(width: 9, levels: levels)
  }
}

extension Raster {
  /// The 3×3 neighbourhood of each vertex (rows · columns · 9), row by row; −1 where there is no neighbour.
  fileprivate var neighbours: [Int32] {
    var neighbours: [Int32] = []
    neighbours.reserveCapacity(vertexCount * 9)
    for row in 0..<rows {
      for column in 0..<columns {
        for rowStep in -1...1 {
          for columnStep in -1...1 { neighbours.append(vertex(row + rowStep, column + columnStep)) }
        }
      }
    }
    return neighbours
  }

  /// The vertex at a row and column that may lie outside, or −1.
  private func vertex(_ row: Int, _ column: Int) -> Int32 {
    var (row, column) = (row, column)
    func cross(_ edge: Edge, same: Int, next: Int) -> Bool {
      switch edge {
      case .end: return false
      case .pole: row = next
      case .beyondPole: row = same
      }
      column += columns / 2
      return true
    }
    if row < 0, !cross(firstEdge, same: 0, next: min(1, rows - 1)) { return -1 }
    if row >= rows, !cross(lastEdge, same: rows - 1, next: max(0, rows - 2)) { return -1 }
    if wraps {
      column = (column % columns + columns) % columns
    } else if column < 0 || column >= columns {
      return -1
    }
    return Int32(row * columns + column)
  }

  /// Every other row and column.
  fileprivate var halved: Raster {
    var result = self
    (result.rows, result.columns) = ((rows + 1) / 2, (columns + 1) / 2)
    // With an even number of rows the last one is not kept, so the pole lies beyond those that are.
    if rows % 2 == 0, lastEdge == .pole { result.lastEdge = .beyondPole }
    return result
  }
}
