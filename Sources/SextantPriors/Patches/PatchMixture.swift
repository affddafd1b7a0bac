// A mixture of Gaussians of the patches of images: every square of p×p pixels, all channels together, is drawn from one of K
// Gaussians with means and covariances of their own (Zoran and Weiss, "From learning models of natural image patches to whole
// image restoration", ICCV 2011). It knows nothing of an image's size or of places in it. Not here: how patches that overlap
// make an image, see PatchMixtureSolver.

import SextantArrays

/// A mixture of Gaussians over patches, in standardised values.
public struct PatchMixture: Sendable {
  /// The pixels along each side of a patch, p.
  public let side: Int
  /// The number of channels C.
  public let channelCount: Int
  /// The origin and the scale of each channel (C): patches hold (value − origin) / scale.
  public let origins: [Float]
  public let scales: [Float]
  /// The weight of each component (K), of the sum 1.
  public let weights: [Float]
  /// The means (K×d, d = p²·C; row, column, channel fastest).
  public let means: Tensor<Float>
  /// The covariance of each component (K, each d×d).
  public let covariances: [Tensor<Float>]
  /// The settings of its training, as text.
  public let identity: String

  public init(
    side: Int, origins: [Float], scales: [Float], weights: [Float], means: Tensor<Float>, covariances: [Tensor<Float>],
    identity: String = ""
  ) {
    precondition(
      means.shape == [weights.count, side * side * origins.count] && covariances.count == weights.count
        && scales.count == origins.count, "Parts of a mixture that do not fit together")
    (self.side, channelCount, self.origins, self.scales) = (side, origins.count, origins, scales)
    (self.weights, self.means, self.covariances, self.identity) = (weights, means, covariances, identity)
  }

  /// The numbers of a patch, d.
  public var dimension: Int { side * side * channelCount }
  /// The number of components, K.
  public var count: Int { weights.count }
  /// All numbers, for hashes and files.
  public var tensors: [Tensor<Float>] { [Tensor(origins), Tensor(scales), Tensor(weights), means] + covariances }
}

extension PatchMixture {
  /// The mixture with a factor of each covariance in single precision (K).
  ///
  /// In directions in which patches vary less than their noise, next to nothing is left of a covariance that was learned from noisy
  /// patches, and it may have no factor in single precision. Its small eigenvalues are then raised to the share of the largest one
  /// that single precision can tell from 0. Covariances that have a factor are kept as they are.
  ///
  /// Throws `LinearAlgebraError`.
  package func factorised() throws -> (mixture: PatchMixture, factors: [CholeskyFactor<Float>]) {
    var covariances = covariances
    var factors: [CholeskyFactor<Float>] = []
    for k in covariances.indices {
      do {
        factors.append(try CholeskyFactor(covariances[k]))
      } catch LinearAlgebraError.notPositiveDefinite {
        covariances[k] = try Self.raised(covariances[k])
        factors.append(try CholeskyFactor(covariances[k]))
      }
    }
    let mixture = PatchMixture(
      side: side, origins: origins, scales: scales, weights: weights, means: means, covariances: covariances,
      identity: identity)
    return (mixture, factors)
  }

  /// A symmetric matrix (d×d) whose eigenvalues are at least d units in the last place of the largest one.
  private static func raised(_ matrix: Tensor<Float>) throws -> Tensor<Float> {
    let pairs = try symmetricEigendecomposition(matrix.converted(to: Double.self))
    let least = Double(matrix.columnCount) * Double(Float.ulpOfOne) * max(pairs.values.first ?? 0, 0)
    // V·diag·Vᵀ, with eigenvectors as rows.
    let scaled = pairs.vectors.scalingRows(by: pairs.values.map { max($0, least).squareRoot() })
    return gramMatrix(scaled, transposeFirst: true).converted(to: Float.self)
  }
}
