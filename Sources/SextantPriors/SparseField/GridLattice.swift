// The nodes of a latitude–longitude grid by row and column, without the poles, each of which is a single node and
// belongs to no row.

import SextantArrays
import SextantGeometry

/// The positions of a grid's nodes: rows of consecutive nodes.
struct GridLattice: Sendable {
  /// A row that is not a pole.
  struct Row: Sendable {
    /// Its index among the grid's rows.
    let index: Int
    /// The node in its first column; the other columns follow.
    let firstNode: Int
    /// Its latitude, in radians.
    let latitude: Double
  }

  /// The rows that are not poles, in the grid's order.
  let rows: [Row]
  /// The nodes that are poles.
  let poles: [Int]
  /// The number of distinct columns.
  let columns: Int
  /// The angle of each distinct column from the first, in radians: from 0, increasing.
  let longitudes: [Double]
  /// Whether the last column is adjacent to the first.
  let wraps: Bool

  init(_ grid: LatitudeLongitudeGrid) {
    let columns = grid.columns - (grid.hasRepeatedColumn ? 1 : 0)
    var rows: [Row] = []
    var poles: [Int] = []
    for (index, latitude) in grid.latitudes.enumerated() {
      let node = Int(grid.nodeOfVertex[index * grid.columns])
      if 90 - abs(latitude) <= 1e-6 {
        poles.append(node)
      } else {
        rows.append(Row(index: index, firstNode: node, latitude: latitude * .pi / 180))
      }
    }
    var longitudes = [0.0]
    for j in 1..<max(1, columns) {
      // Across the end of the range, as from 355 to 0, the step takes the short way round.
      let step = (grid.longitudes[j] - grid.longitudes[j - 1]).remainder(dividingBy: 360)
      longitudes.append(longitudes[j - 1] + abs(step) * .pi / 180)
    }
    self.rows = rows
    self.poles = poles
    self.columns = columns
    self.longitudes = longitudes
    wraps = grid.wraps
  }
}
