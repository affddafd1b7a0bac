// What is estimated of a sparse field before it is conditioned: the roughness at each node, and its range.

import Foundation
import SextantArrays
import SextantSparse

/// The parameters of a sparse field, estimated from an observation.
package struct SparseFieldEstimate: Sendable, Equatable {
  /// The roughness at each of the domain's nodes.
  package var roughness: [Double]
  /// κ² per squared unit.
  package var kappaSquared: Double
  /// The range √8/κ as a share of the root of the domain's area; nil where it was not fitted.
  package var range: Double?

  package init(roughness: [Double], kappaSquared: Double, range: Double? = nil) {
    (self.roughness, self.kappaSquared, self.range) = (roughness, kappaSquared, range)
  }
}

extension FieldEquations {
  /// Meshes of at most this many nodes have exact variances of their equations' residuals.
  static let exactNodeLimit = 4096

  /// The posterior variance of K·x, divided by C (n), and whether it is exact.
  ///
  /// - Parameters:
  ///   - factor: the factor of the posterior precision.
  ///   - draws: the number of samples that give the variance on a mesh that is too large for the exact one.
  ///   - random: the stream for these samples.
  func residualVariances(
    by factor: SparseCholesky, draws: Int, random: RandomStream
  ) -> (variances: [Double], isExact: Bool) {
    let n = count
    var variances = [Double](repeating: 0, count: n)
    guard n <= Self.exactNodeLimit else {
      factor.forEachDrawBlock(count: draws, blockSize: 8, random: random) { _, block in
        let part = meanSquaredResiduals(block)
        let share = Double(block.rowCount) / Double(draws)
        for i in variances.indices { variances[i] += share * part[i] }
      }
      return (variances, false)
    }
    // Var[Kᵢ·x] = Kᵢ·A⁻¹·Kᵢᵀ = |L⁻¹·Kᵢᵀ|².
    let block = 128
    for first in stride(from: 0, to: n, by: block) {
      let nodes = first..<min(n, first + block)
      var right = Tensor<Double>.zeros([nodes.count, n])
      for i in nodes {
        for k in rows.rowStarts[i]..<rows.rowStarts[i + 1] { right[i - first, Int(rows.columns[k])] = rows.values[k] }
      }
      let solved = OpenBLAS.withSingleThread { factor.solveLower(rows: right) }.scalars
      for i in nodes {
        let row = solved[(i - first) * n..<(i - first + 1) * n]
        variances[i] = row.reduce(0.0) { $0 + $1 * $1 } / areas[i]
      }
    }
    return (variances, true)
  }
}
