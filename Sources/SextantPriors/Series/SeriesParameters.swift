// The parameters of a series: those of the two-scale covariance, and how long its parts remember.

import Foundation
import SextantArrays

/// The parameters of a space-time covariance:
///
///     cov(x(i,s), x(j,t)) = a²·Σₖ Φₖᵢ·Φₖⱼ·e^(−|s−t|/τₖ) + Q(i,j)·((1−q)·e^(−|s−t|/τ₂) + q·e^(−|s−t|/τ₃))
///
/// with τₖ = τ₁·(σₖ/σ₁)^β, where σₖ is the size of mode k and Q is the localised term and the Matérn field of the two-scale
/// prior. Times are in the unit of the series' times.
package struct SeriesParameters: Sendable, Equatable, Codable {
  /// The parameter vector of the covariance at one time.
  package var spatial: [Double]
  /// τ₁, the decorrelation time of the first mode.
  package var modeMemory: Double
  /// β: smaller modes forget sooner where it is positive.
  package var modeSlope: Double
  /// τ₂, the decorrelation time of most of the local part.
  package var localMemory: Double
  /// τ₃, the decorrelation time of the rest of the local part.
  package var slowMemory: Double
  /// q, the share of the local part that has the memory τ₃; 0 for none.
  package var slowShare: Double

  package init(
    spatial: [Double], modeMemory: Double, localMemory: Double, modeSlope: Double = 0, slowMemory: Double = 1,
    slowShare: Double = 0
  ) {
    (self.spatial, self.modeMemory, self.modeSlope) = (spatial, modeMemory, modeSlope)
    (self.localMemory, self.slowMemory, self.slowShare) = (localMemory, slowMemory, slowShare)
  }

  /// The memories of modes whose sizes have these logarithms, relative to the largest.
  func modeMemories(_ logSizes: [Double]) -> [Double] { logSizes.map { modeMemory * exp(modeSlope * $0) } }

  /// The correlation of the local part over a time.
  package func localCorrelation(over time: Double) -> Double {
    (1 - slowShare) * exp(-time / localMemory) + slowShare * exp(-time / slowMemory)
  }
}

// MARK: The memories as unknowns of a search

extension SeriesParameters {
  /// What is expected of the memories before a series is seen, as a vector: log τ₁, β, log τ₂, log τ₃ and the log odds
  /// of q, with wide hyper-priors.
  ///
  /// - Parameter spacing: the typical time between steps.
  static func expectedMemory(spacing: Double) -> (means: [Double], deviations: [Double]) {
    ([log(24 * spacing), 0.4, log(4 * spacing), log(40 * spacing), log(0.25)], [1.5, 0.5, 1.5, 1, 1])
  }

  /// The parameters with memories from such a vector.
  init(spatial: [Double], memory: [Double]) {
    self.init(
      spatial: spatial, modeMemory: exp(memory[0]), localMemory: exp(memory[2]), modeSlope: memory[1],
      slowMemory: exp(memory[3]), slowShare: 1 / (1 + exp(-memory[4])))
  }

  /// The memories as such a vector.
  var memory: [Double] {
    [log(modeMemory), modeSlope, log(localMemory), log(slowMemory), log(slowShare / (1 - slowShare))]
  }

  /// What is expected before a series is seen; with known memories, all modes have one and the local part has one.
  package static func expected(spatial: [Double], spacing: Double, memory: SeriesMemory?) -> SeriesParameters {
    memory.map { SeriesParameters(spatial: spatial, modeMemory: $0.modes, localMemory: $0.local) }
      ?? SeriesParameters(spatial: spatial, memory: expectedMemory(spacing: spacing).means)
  }
}

extension CovarianceModel {
  /// The logarithm of each mode's size relative to the largest (k).
  var modeLogSizes: [Double] {
    let squares = modes.withUnsafeScalars { values in
      (0..<modes.rowCount).map { row in
        values[row * modes.columnCount..<(row + 1) * modes.columnCount].reduce(0.0) { $0 + $1 * $1 }
      }
    }
    let largest = squares.max() ?? 1
    return squares.map { largest > 0 ? max(-10, 0.5 * log($0 / largest)) : 0 }
  }
}
