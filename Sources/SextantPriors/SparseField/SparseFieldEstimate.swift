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
  /// The smoothness of the field.
  package var smoothness: SparseFieldSmoothness
  /// The range √(8ν)/κ as a share of the root of the domain's area; nil where it was not fitted.
  package var range: Double?

  package init(
    roughness: [Double], kappaSquared: Double, smoothness: SparseFieldSmoothness = .one, range: Double? = nil
  ) {
    (self.roughness, self.kappaSquared, self.smoothness, self.range) = (roughness, kappaSquared, smoothness, range)
  }
}

extension FieldEquations {
  /// The posterior expectation of the squared residuals about the posterior mean (n), and whether it is exact.
  ///
  /// - SeeAlso: ``meanSquaredResiduals(_:roughness:)``
  /// - Parameters:
  ///   - factor: the factor of the posterior precision.
  ///   - roughness: that of the posterior (n).
  ///   - isExact: whether to compute the exact variance by selected inversion, which takes about twice the time of the
  ///     factorisation.
  ///   - draws: the number of samples that give the variance otherwise.
  ///   - random: the stream for these samples.
  func residualVariances(
    by factor: SparseCholesky, roughness: [Double], isExact: Bool, draws: Int, random: RandomStream
  ) -> (variances: [Double], isExact: Bool) {
    // Where there is no memory for the inverse, the samples need none.
    if isExact, let inverse = try? factor.selectedInverse() {
      guard coupling != nil else { return (zip(inverse.variances(of: rows), areas).map { $0 / $1 }, true) }
      let (weights, right) = factors(roughness: roughness)
      let own = inverse.covariances(of: rows.scalingRows(by: weights), with: right)
      return (zip(roughness, own).map { $0 * $1 }, true)
    }
    var variances = [Double](repeating: 0, count: count)
    factor.forEachDrawBlock(count: draws, blockSize: 8, random: random) { _, block in
      let part = meanSquaredResiduals(block, roughness: roughness)
      let share = Double(block.rowCount) / Double(draws)
      for i in variances.indices { variances[i] += share * part[i] }
    }
    return (variances, false)
  }
}
