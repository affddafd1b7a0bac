// The connected parts of a symmetric pattern: pieces of a surface, islands of a grid.

import SextantArrays

extension SparseMatrix {
  /// The number of the connected component of each row of a symmetric matrix, numbered by first appearance.
  var connectedComponents: [Int32] {
    var result = [Int32](repeating: -1, count: rowCount)
    var count: Int32 = 0
    var waiting: [Int32] = []
    for start in 0..<rowCount where result[start] < 0 {
      result[start] = count
      waiting.append(Int32(start))
      while let row = waiting.popLast() {
        for k in rowStarts[Int(row)]..<rowStarts[Int(row) + 1] where result[Int(columns[k])] < 0 && values[k] != 0 {
          result[Int(columns[k])] = count
          waiting.append(columns[k])
        }
      }
      count += 1
    }
    return result
  }

  /// The submatrix of the listed rows and columns, which must be in ascending order.
  func submatrix(of members: [Int]) -> SparseMatrix {
    var place = [Int32](repeating: -1, count: columnCount)
    for (i, member) in members.enumerated() { place[member] = Int32(i) }
    var starts = [0]
    var columns: [Int32] = []
    var values: [Double] = []
    for row in members {
      for k in rowStarts[row]..<rowStarts[row + 1] where place[Int(self.columns[k])] >= 0 {
        columns.append(place[Int(self.columns[k])])
        values.append(self.values[k])
      }
      starts.append(columns.count)
    }
    return SparseMatrix(
      rowCount: members.count, columnCount: members.count, rowStarts: starts, columns: columns, values: values)
  }
}
