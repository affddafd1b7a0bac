// The Gaussian that a diffusion prior starts from and is compared with: modes of the fields that training sees, and
// independent variation for what they leave. Its size is measured on fields that the modes were not learned from: what
// modes leave of their own fields is less than what they leave of others.

import Foundation
import SextantArrays
import SextantDiffusion
import SextantPriors

/// Modes and rest of standardised states: covariance FᵀF + R, mean 0.
package struct ArchiveGaussian: Sendable {
  /// F: modes times their standard deviations (k×d).
  package let modes: Tensor<Float>
  /// The diagonal of R (d).
  package let residualVariance: [Float]

  package init(modes: Tensor<Float>, residualVariance: [Float]) {
    (self.modes, self.residualVariance) = (modes, residualVariance)
  }

  /// Learns from anomalies.
  ///
  /// - Parameters:
  ///   - anomalies: N×d, without gaps.
  ///   - channelOfState: the channel of each state (d); the rest is scaled channel by channel.
  ///   - trial: positions of fields that show how much modes of the others leave.
  package init(anomalies: Tensor<Float>, modeCount: Int, channelOfState: [Int32], trial: [Int]) throws {
    let functions = try EmpiricalOrthogonalFunctions(of: anomalies, modeCount: modeCount)
    modes = functions.scaledModes
    let held = Set(trial)
    let others = (0..<anomalies.rowCount).filter { !held.contains($0) }
    guard !trial.isEmpty, others.count >= 2 else {
      residualVariance = functions.residualVariance
      return
    }
    let smaller = try EmpiricalOrthogonalFunctions(of: anomalies.gatheringRows(others), modeCount: modeCount)
    let unseen = anomalies.gatheringRows(trial)
    // Rows of the scaled modes have the deviations as norms.
    let left = unseen - matrixProduct(smaller.coefficients(of: unseen), smaller.scaledModes)
    residualVariance = Self.scaled(
      functions.residualVariance, to: left.columnSquaredNorms().map { $0 / Double(trial.count) },
      channelOfState: channelOfState)
  }

  /// What modes leave of their own fields (d), scaled channel by channel to what they leave of others (d).
  private static func scaled(_ own: [Float], to found: [Double], channelOfState: [Int32]) -> [Float] {
    let channels = Int(channelOfState.max() ?? 0) + 1
    var (wanted, sums, counts) = (
      [Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels),
      [Double](repeating: 0, count: channels)
    )
    for (state, channel) in channelOfState.enumerated() {
      wanted[Int(channel)] += found[state]
      sums[Int(channel)] += Double(own[state])
      counts[Int(channel)] += 1
    }
    return zip(own, channelOfState).map { variance, channel in
      let (wanted, sum) = (wanted[Int(channel)], sums[Int(channel)])
      // Modes that hold nearly all of their own fields leave no pattern worth scaling.
      if sum < 0.05 * wanted { return Float(wanted / counts[Int(channel)]) }
      return variance * Float(max(1, wanted / max(sum, .leastNormalMagnitude)))
    }
  }

  /// Its noise predictor, over B×d×1.
  package func predictor(_ schedule: VariancePreservingSchedule) throws -> FactorNoisePredictor<Float> {
    try FactorNoisePredictor(factor: modes, residualVariances: residualVariance.map(Double.init), schedule: schedule)
  }
}
