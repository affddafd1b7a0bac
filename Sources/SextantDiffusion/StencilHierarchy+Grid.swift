// Latitude–longitude grids as hierarchies of 3×3 neighbourhoods. Longitudes are periodic if the grid's are, and a
// neighbour across a pole is in the opposite meridian. Any numbers of rows and columns are allowed; nothing is padded.

import SextantAutodiff
import SextantGeometry
import SextantNetworks

extension StencilHierarchy {
  /// The hierarchy of a grid's vertices, in the order of the file (rows in either direction, longitude varying
  /// fastest).
  ///
  /// - Parameter levelCount: the largest number of levels; there are fewer if the grid cannot be halved as often.
  public static func grid(_ grid: LatitudeLongitudeGrid, levelCount: Int) -> StencilHierarchy {
    let firstIsNorth = (grid.latitudes.first ?? 0) > (grid.latitudes.last ?? 0)
    func edge(isNorth: Bool) -> GridLevel.Edge {
      if isNorth ? grid.hasNorthPole : grid.hasSouthPole { return grid.wraps ? .pole : .end }
      return grid.isGlobal ? .beyondPole : .end
    }
    return GridLevel(
      rows: grid.rows, columns: grid.columns, wraps: grid.wraps, first: edge(isNorth: firstIsNorth),
      last: edge(isNorth: !firstIsNorth)
    ).hierarchy(levelCount: levelCount)
  }
}

/// One resolution of a grid.
private struct GridLevel {
  /// The continuation of the grid beyond its first or last row.
  enum Edge {
    /// Nothing.
    case end
    /// The row is the pole itself: beyond it is the adjacent row, half a turn away.
    case pole
    /// The pole is half a row further: beyond it is the same row, half a turn away.
    case beyondPole
  }

  var rows: Int
  var columns: Int
  var wraps: Bool
  var first: Edge
  var last: Edge

  /// The vertex at a row and column, which may be outside the grid; −1 if there is none.
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
    if row < 0, !cross(first, same: 0, next: min(1, rows - 1)) { return -1 }
    if row >= rows, !cross(last, same: rows - 1, next: max(0, rows - 2)) { return -1 }
    if wraps {
      column = (column % columns + columns) % columns
    } else if column < 0 || column >= columns {
      return -1
    }
    return Int32(row * columns + column)
  }

  private func stencil(stride: Int, rows: Int, columns: Int) -> Stencil {
    var neighbours: [Int32] = []
    neighbours.reserveCapacity(rows * columns * 9)
    for row in 0..<rows {
      for column in 0..<columns {
        for north in -1...1 {
          for east in -1...1 { neighbours.append(vertex(row * stride + north, column * stride + east)) }
        }
      }
    }
    return Stencil(inputCount: self.rows * self.columns, width: 9, neighbours: neighbours)
  }

  private var coarser: GridLevel {
    GridLevel(
      rows: (rows + 1) / 2, columns: (columns + 1) / 2, wraps: wraps, first: first,
      // With an even number of rows the last row is dropped, so the pole is beyond the remaining rows.
      last: rows % 2 == 0 && last == .pole ? .beyondPole : last)
  }

  func hierarchy(levelCount: Int) -> StencilHierarchy {
    var levels: [StencilHierarchy.Level] = []
    var level = self
    while true {
      let stencil = level.stencil(stride: 1, rows: level.rows, columns: level.columns)
      guard levels.count + 1 < levelCount, level.rows > 2, level.columns > 2 else {
        levels.append(StencilHierarchy.Level(stencil: stencil))
        return StencilHierarchy(levels: levels)
      }
      let next = level.coarser
      var up: [Int32] = []
      for row in 0..<level.rows {
        for column in 0..<level.columns { up.append(Int32(row / 2 * next.columns + column / 2)) }
      }
      levels.append(
        StencilHierarchy.Level(
          stencil: stencil, down: level.stencil(stride: 2, rows: next.rows, columns: next.columns), up: up))
      level = next
    }
  }
}
