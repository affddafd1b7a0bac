// The smoothest modes of a surface: the lowest eigenpairs of K·v = λ·M·v with the stiffness K and the node
// areas M. Small domains use a dense decomposition, larger ones ARPACK on the inverse (K + σM)⁻¹.

import Foundation
import SextantArrays
import SextantSparse

/// Eigenvalues and eigenvectors of −Laplace–Beltrami.
struct LaplacianEigenpairs {
  /// The eigenvalues in ascending order (k).
  let eigenvalues: [Double]
  /// The eigenvectors, orthonormal under the node areas, in rows (k × nodes).
  let vectors: Tensor<Double>

  private static let denseLimit = 800

  /// The `count` lowest eigenpairs. Throws `LinearAlgebraError` or `SparseCholeskyError`.
  init(stiffness: SparseMatrix, nodeAreas: [Double], count: Int) throws {
    let roots = nodeAreas.map { $0.squareRoot() }
    let (values, symmetric) =
      nodeAreas.count <= max(Self.denseLimit, 3 * count)
      ? try Self.dense(stiffness, roots, count) : try Self.sparse(stiffness, nodeAreas, roots, count)
    // The first eigenvalue is known to be zero; rounding could make it negative.
    eigenvalues = values.map { max(0, $0) }
    vectors = symmetric.scalingColumns(by: roots.map { 1 / $0 })
  }

  /// All eigenpairs of M^−½ K M^−½, of which the lowest are kept.
  private static func dense(
    _ stiffness: SparseMatrix, _ roots: [Double], _ count: Int
  ) throws -> ([Double], Tensor<Double>) {
    let n = roots.count
    let matrix = Tensor<Double>(shape: [n, n]) { out in
      out.initialize(repeating: 0)
      for i in 0..<n {
        for k in stiffness.rowStarts[i]..<stiffness.rowStarts[i + 1] {
          let j = Int(stiffness.columns[k])
          out[i * n + j] = stiffness.values[k] / (roots[i] * roots[j])
        }
      }
    }
    let (values, vectors) = try symmetricEigendecomposition(matrix)
    let kept = Array((n - count..<n).reversed())
    return (kept.map { values[$0] }, vectors.gatheringRows(kept))
  }

  /// The largest eigenpairs of M^½ (K + σM)⁻¹ M^½, whose eigenvalues are 1 / (λ + σ).
  private static func sparse(
    _ stiffness: SparseMatrix, _ areas: [Double], _ roots: [Double], _ count: Int
  ) throws -> ([Double], Tensor<Double>) {
    // A shift of the size of the first eigenvalue, 2π over the area.
    let shift = 2 * Double.pi / areas.reduce(0, +)
    let factor = try SparseCholesky(stiffness.addingToDiagonal(areas.map { shift * $0 }))
    let pairs = try LargestEigenpairs(size: areas.count, count: count, random: RandomStream(seed: 1)) {
      factor.solve(rows: $0.scalingColumns(by: roots)).scalingColumns(by: roots)
    }
    return (pairs.values.map { 1 / $0 - shift }, pairs.vectors)
  }
}
