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
