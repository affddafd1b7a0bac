// The plainest Domain: vertices in a row, each its own node.

import SextantArrays
import SextantGeometry

struct Line: Domain {
  var vertexCount: Int
  var nodeCount: Int { vertexCount }
  var nodeOfVertex: [Int32] { (0..<vertexCount).map(Int32.init) }
  var nodePositions: [SIMD3<Double>] { (0..<vertexCount).map { SIMD3(Double($0), 0, 0) } }
  var areaWeights: [Double] { [Double](repeating: 1, count: vertexCount) }
  var stiffness: SparseMatrix { SparseMatrix(rowCount: vertexCount, columnCount: vertexCount, entries: []) }
  var fingerprint: String { "line-\(vertexCount)" }
  var summary: String { "\(vertexCount) vertices in a row" }
}
