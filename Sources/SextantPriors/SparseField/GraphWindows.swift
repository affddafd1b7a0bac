// Gaussian windows on any mesh by diffusion: four implicit steps of the heat equation, whose kernel is close to a
// Gaussian of the same variance. The weights are areas, and there is no flux through the boundary of the domain.

import SextantArrays
import SextantSparse

/// The windows of a mesh that is not a grid.
struct GraphWindows: WindowFamily {
  /// The area of each node, in squared units (n).
  let areas: [Double]
  /// −Laplacian times area (n×n).
  let stiffness: SparseMatrix
  private static let steps = 4

  func smoothed(_ fields: [[Double]], standardDeviation: Double) throws -> [[Double]] {
    let n = areas.count
    guard !fields.isEmpty, n > 0 else { return fields }
    // Each step adds 2·time to the variance of the kernel.
    let time = standardDeviation * standardDeviation / Double(2 * Self.steps)
    let matrix = SparseMatrix(
      rowCount: n, columnCount: n, rowStarts: stiffness.rowStarts, columns: stiffness.columns,
      values: (0..<n).flatMap { row in
        (stiffness.rowStarts[row]..<stiffness.rowStarts[row + 1]).map { k in
          time * stiffness.values[k] + (Int(stiffness.columns[k]) == row ? areas[row] : 0)
        }
      })
    let factor = try SparseCholesky(matrix)
    var rows = Tensor<Double>(fields.flatMap { $0 }, shape: [fields.count, n])
    for _ in 0..<Self.steps {
      rows.withUnsafeMutableScalars { values in for k in values.indices { values[k] *= areas[k % n] } }
      rows = factor.solve(rows: rows)
    }
    return rows.withUnsafeScalars { values in fields.indices.map { Array(values[$0 * n..<($0 + 1) * n]) } }
  }
}
