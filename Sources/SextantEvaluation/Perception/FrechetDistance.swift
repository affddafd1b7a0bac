// The Fréchet distance of two sets of features, each taken as a Gaussian: |μ₁ − μ₂|² + tr(C₁ + C₂ − 2·(C₁^½·C₂·C₁^½)^½), which with the
// features of Inception v3 is the FID (M. Heusel and others, "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash
// Equilibrium", 2017). With fewer images than features it is too large, the more the fewer there are.

import Foundation
import SextantArrays

/// The mean and the covariance of features.
public struct FeatureStatistics: Sendable, Equatable {
  /// F.
  public var mean: [Double]
  /// F×F.
  public var covariance: Tensor<Double>
  /// The number of images.
  public var count: Int

  /// The statistics of the features of at least two images (N lists of F), with N − 1 in the covariance.
  public init(_ features: [[Double]]) {
    precondition(features.count > 1, "The covariance of \(features.count) images")
    let (count, width) = (features.count, features[0].count)
    self.count = count
    var mean = [Double](repeating: 0, count: width)
    for row in features { for place in 0..<width { mean[place] += row[place] / Double(count) } }
    let centred = Tensor(features.flatMap { row in row.indices.map { row[$0] - mean[$0] } }, shape: [count, width])
    covariance = matrixProduct(centred, centred, transposingFirst: true) * (1 / Double(count - 1))
    self.mean = mean
  }

  /// The Fréchet distance. Throws `LinearAlgebraError`.
  public func distance(to other: FeatureStatistics) throws -> Double {
    precondition(mean.count == other.mean.count, "\(mean.count) and \(other.mean.count) features")
    let width = mean.count
    let shift = zip(mean, other.mean).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    func trace(_ matrix: Tensor<Double>) -> Double { (0..<width).reduce(0.0) { $0 + matrix[$1, $1] } }
    let (values, vectors) = try symmetricEigendecomposition(covariance)
    // C₁^½ = Vᵀ·diag(√λ)·V with eigenvectors in the rows of V.
    let scaled = Tensor(
      values.enumerated().flatMap { row, value in
        (0..<width).map { vectors[row, $0] * max(0, value).squareRoot() }
      }, shape: [width, width])
    let inner = matrixProduct(matrixProduct(scaled, other.covariance), scaled, transposingSecond: true)
    let roots = try symmetricEigendecomposition(inner).values.reduce(0.0) { $0 + max(0, $1).squareRoot() }
    return shift + trace(covariance) + trace(other.covariance) - 2 * roots
  }
}
