// Which places of a domain are neighbours: those that its Laplacian couples. Every domain has one, so that whoever asks need not know
// whether there are triangles, rows and columns, or single points.

import SextantArrays

extension Domain {
  /// The pairs of neighbouring nodes, each once and with the smaller number first, ascending.
  package var neighbourPairs: [(first: Int, second: Int)] {
    let stiffness = stiffness
    return (0..<stiffness.rowCount).flatMap { row in
      (stiffness.rowStarts[row]..<stiffness.rowStarts[row + 1]).compactMap { place in
        let column = Int(stiffness.columns[place])
        return column > row && stiffness.values[place] != 0 ? (row, column) : nil
      }
    }
  }
}
