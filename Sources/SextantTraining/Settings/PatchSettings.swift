// The section `patches`: a mixture of Gaussians of image patches that is learned beside the Gaussian prior, see
// PatchTraining for how.

import SextantConfiguration
import SextantModels

/// A mixture of patches.
public struct PatchSettings: Sendable, Equatable, Encodable {
  /// The pixels along each side of a patch.
  public var side: Int
  /// The number of components.
  public var components: Int
  /// The number of patches that are learned from.
  public var count: Int
  /// The largest number of rounds of expectation and maximisation.
  public var rounds: Int
  /// The noise of the archive's images, which is taken away from what is learned; 0 for clean images.
  public var noise: NoiseSpecification

  /// - Parameter measured: the noise of the archive's values where they are measurements, which is that of its images where it is a
  ///   number and none is stated here.
  package init(_ reader: ConfigurationReader, measured: NoiseSpecification? = nil) throws {
    side = try reader.value("side", default: 8, in: 2...32)
    components = try reader.value("components", default: 50, in: 1...1000)
    count = try reader.value("count", default: 40_000, in: 10...10_000_000)
    rounds = try reader.value("rounds", default: 20, in: 1...1000)
    let usual = measured.flatMap { $0.isOfNumbers ? $0.description : nil } ?? "0"
    noise = try reader.parsed("noise", default: usual) { try NoiseSpecification(text: $0) }
  }
}
