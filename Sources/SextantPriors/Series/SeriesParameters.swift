// The parameters of a series: those of the two-scale covariance, and how long its two parts remember.

import Foundation

/// The parameters of a space-time covariance: cov(x(i,s), x(j,t)) = a²·Φᵢ·Φⱼ·e^(−|s−t|/τ₁) + Q(i,j)·e^(−|s−t|/τ₂), where
/// Q is the localised term and the Matérn field of the two-scale prior.
package struct SeriesParameters: Sendable, Equatable, Codable {
  /// The parameter vector of the covariance at one time.
  package var spatial: [Double]
  /// τ₁, the decorrelation time of the modes, in the unit of the times.
  package var modeMemory: Double
  /// τ₂, the decorrelation time of the local part, in the unit of the times.
  package var localMemory: Double

  package init(spatial: [Double], modeMemory: Double, localMemory: Double) {
    (self.spatial, self.modeMemory, self.localMemory) = (spatial, modeMemory, localMemory)
  }

  /// The correlation of each part over a time.
  func decay(over time: Double) -> SeriesDecay {
    SeriesDecay(modes: exp(-time / modeMemory), local: exp(-time / localMemory))
  }
}

/// The correlation of the modes and of the local part between two times.
struct SeriesDecay: Sendable, Equatable {
  var modes: Double
  var local: Double
}
