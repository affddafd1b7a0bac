// Archive fields that resemble the observed field: a second, narrower prior that the evidence may prefer.
//
// The weight of an archive field is exp(−D/2T), where D is its squared residual in units of the noise; the temperature
// T is such that the effective number of fields is about ten. The weighted mean shifts the prior mean, and the weighted
// covariance is added to that of the archive. All computations are in the space of the modes, so only the fields'
// coefficients are stored. The weights have already used the observations once, so a comparison of evidences must
// require a margin.

import Foundation
import SextantArrays

/// The archive fields that resemble an observed field.
package struct ArchiveAnalogues: Sendable {
  /// The weighted mean of the fields, as a standardised state (d).
  package let mean: [Float]
  /// Modes whose covariance is the scaled covariance of these fields (k×d).
  package let modes: Tensor<Float>

  /// The effective number of fields, 1/Σw².
  private static let effectiveCount = 10.0
  /// The largest number of fields that are kept.
  private static let keptCount = 100

  /// Finds the analogues of an observation; nil if the archive is too small.
  ///
  /// - Parameter amplitude: the amplitude of the analogues' covariance relative to the archive's.
  package init?(of observation: StateObservation, in prior: GaussianPrior, amplitude: Float = 0.74) throws {
    let coefficients = prior.archiveCoefficients
    let (fields, k) = (coefficients.shape[0], coefficients.columnCount)
    guard Double(fields) > 2 * Self.effectiveCount, k > 0, observation.count > 0 else { return nil }
    // The archive fields at the observed places (N×m), from the modes there (k×m).
    let atPlaces = matrixProduct(coefficients, observation.apply(prior.functions.scaledModes))
    let m = observation.count
    let squaredResiduals = atPlaces.withUnsafeScalars { values in
      (0..<fields).map { n in
        (0..<m).reduce(0.0) { sum, i in
          let difference = Double(values[n * m + i]) - observation.anomalies[i]
          return sum + difference * difference / observation.noiseVariance[i]
        }
      }
    }
    let weights = Self.weights(squaredResiduals)
    let kept = Array(weights.indices.sorted { weights[$0] > weights[$1] }.prefix(Self.keptCount))
    let total = kept.reduce(0.0) { $0 + weights[$1] }
    var centre = [Double](repeating: 0, count: k)
    let rows = coefficients.gatheringRows(kept).converted(to: Double.self)
    rows.withUnsafeScalars { values in
      for (row, field) in kept.enumerated() {
        for j in 0..<k { centre[j] += weights[field] / total * values[row * k + j] }
      }
    }
    // √w·(c − mean), whose Gram matrix is the weighted covariance; as modes, these rows times the archive's modes.
    let spread = Tensor<Float>(shape: [kept.count, k]) { out in
      rows.withUnsafeScalars { values in
        for (row, field) in kept.enumerated() {
          let root = (weights[field] / total).squareRoot()
          for j in 0..<k { out[row * k + j] = amplitude * Float(root * (values[row * k + j] - centre[j])) }
        }
      }
    }
    modes = matrixProduct(spread, prior.functions.scaledModes)
    mean = matrixProduct(Tensor(centre.map { Float($0) }, shape: [1, k]), prior.functions.scaledModes).scalars
  }

  /// exp(−(D − min D)/2T), with T determined by bisection so that 1/Σw² of the normalised weights is
  /// ``effectiveCount``.
  static func weights(_ squaredResiduals: [Double]) -> [Double] {
    let least = squaredResiduals.min() ?? 0
    func normalised(_ logTemperature: Double) -> [Double] {
      let raw = squaredResiduals.map { exp(-($0 - least) / (2 * exp(logTemperature))) }
      let total = raw.reduce(0, +)
      return raw.map { $0 / total }
    }
    var (low, high) = (-7.0, 14.0)
    for _ in 0..<50 {
      let middle = 0.5 * (low + high)
      let effective = 1 / normalised(middle).reduce(0.0) { $0 + $1 * $1 }
      if effective < effectiveCount { low = middle } else { high = middle }
    }
    return normalised(0.5 * (low + high))
  }
}

extension Tensor {
  /// The rows of this matrix, followed by those of another.
  package func stacked(on other: Tensor) -> Tensor {
    var result = Tensor(shape: [rowCount + other.rowCount, columnCount]) { _ in }
    result.replaceRows(from: 0, with: self)
    result.replaceRows(from: rowCount, with: other)
    return result
  }
}
