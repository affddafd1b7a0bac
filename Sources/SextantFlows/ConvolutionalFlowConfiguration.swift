// The settings of convolutional conditional flows, and the two that FlowDiff (Y. Wang, W. Bai and others) has from AmbientFlow
// (V. A. Kelkar, R. Deshpande, A. Banerjee and M. A. Anastasio, "AmbientFlow: Invertible generative models from incomplete, noisy
// measurements", TMLR, 2024).

/// How pixels become channels where the resolution is halved.
public enum PixelStep: String, Sendable, Codable {
  /// The four pixels of a square are four channels.
  case squeeze
  /// The same after a Haar transform: means first, then the differences.
  case haar
}

/// The settings of a ``ConvolutionalFlow``.
public struct ConvolutionalFlowConfiguration: Sendable, Equatable, Codable {
  /// The couplings of one resolution.
  public struct Level: Sendable, Equatable, Codable {
    /// The number of coupling blocks.
    public var blocks: Int
    /// The number of hidden channels of each coupling's network.
    public var width: Int
    /// Whether the networks of the first block and every other one after it see one pixel at a time instead of 3×3.
    public var alternates: Bool
    /// The bound on log-scales, up to a factor of 0.636·π/2.
    public var clamp: Double
    /// Whether channels are permuted after each block.
    public var permutes: Bool
    /// The number of channels that go on to the next level, or to the dense couplings; the others are part of z.
    public var continuing: Int
    /// The number of channels that the conditioning network has at this resolution.
    public var conditionWidth: Int

    public init(
      blocks: Int, width: Int, alternates: Bool, clamp: Double, permutes: Bool, continuing: Int, conditionWidth: Int
    ) {
      (self.blocks, self.width, self.alternates, self.clamp) = (blocks, width, alternates, clamp)
      (self.permutes, self.continuing, self.conditionWidth) = (permutes, continuing, conditionWidth)
    }
  }

  /// The couplings of the entries that are left after the last level.
  public struct DensePart: Sendable, Equatable, Codable {
    public var blocks: Int
    public var width: Int
    public var clamp: Double
    /// The number of outputs of the conditioning network.
    public var conditionWidth: Int
    /// The side of the squares of pixels over which the conditioning network averages before them.
    public var pooling: Int

    public init(blocks: Int, width: Int, clamp: Double, conditionWidth: Int, pooling: Int) {
      (self.blocks, self.width, self.clamp) = (blocks, width, clamp)
      (self.conditionWidth, self.pooling) = (conditionWidth, pooling)
    }
  }

  /// The levels, finest first; each has half of the rows and columns of the one before.
  public var levels: [Level]
  /// How pixels become channels between levels.
  public var step: PixelStep
  /// The factor by which values are multiplied at each step, in the direction x → z.
  public var rebalance: Double
  public var dense: DensePart
  /// Whether the condition consists of the measurement and its mask rather than the measurement alone.
  public var conditionsOnMask: Bool
  /// The standard deviation of the initial hidden weights. The last layer of each coupling's network is initialised to 0.
  public var initialDeviation = 0.02

  public init(
    levels: [Level], step: PixelStep, rebalance: Double = 1, dense: DensePart, conditionsOnMask: Bool = false
  ) {
    (self.levels, self.step, self.rebalance, self.dense) = (levels, step, rebalance, dense)
    self.conditionsOnMask = conditionsOnMask
  }

  /// FlowDiff's flow for MNIST: 8.24 million parameters for 3×32×32 pixels.
  ///
  /// - Parameter channels: the number of channels of the images.
  public static func digits(channels: Int) -> ConvolutionalFlowConfiguration {
    ConvolutionalFlowConfiguration(
      levels: [
        Level(blocks: 4, width: 256, alternates: false, clamp: 1.2, permutes: true, continuing: channels, conditionWidth: 16),
        Level(blocks: 12, width: 256, alternates: true, clamp: 1.2, permutes: true, continuing: channels, conditionWidth: 32),
      ], step: .squeeze, dense: DensePart(blocks: 4, width: 512, clamp: 2, conditionWidth: 256, pooling: 2))
  }

  /// FlowDiff's flow for CIFAR-10 and AmbientFlow's for faces: 11.54 million parameters for 3×64×64 pixels.
  ///
  /// - Parameter channels: the number of channels of the images.
  public static func photographs(channels: Int) -> ConvolutionalFlowConfiguration {
    ConvolutionalFlowConfiguration(
      levels: [
        Level(blocks: 2, width: 32, alternates: false, clamp: 1, permutes: false, continuing: channels, conditionWidth: 32),
        Level(blocks: 4, width: 64, alternates: true, clamp: 1, permutes: true, continuing: channels, conditionWidth: 64),
        Level(blocks: 4, width: 128, alternates: true, clamp: 0.6, permutes: true, continuing: 2 * channels, conditionWidth: 64),
      ], step: .haar, rebalance: 0.5, dense: DensePart(blocks: 4, width: 512, clamp: 0.6, conditionWidth: 256, pooling: 4))
  }

  /// A flow for machines with two processors, **not** a published one.
  ///
  /// - Parameter channels: the number of channels of the images.
  public static func small(channels: Int) -> ConvolutionalFlowConfiguration {
    ConvolutionalFlowConfiguration(
      levels: [
        Level(blocks: 2, width: 16, alternates: false, clamp: 1, permutes: true, continuing: channels, conditionWidth: 16),
        Level(blocks: 4, width: 32, alternates: true, clamp: 1, permutes: true, continuing: channels, conditionWidth: 32),
      ], step: .haar, dense: DensePart(blocks: 2, width: 64, clamp: 1, conditionWidth: 64, pooling: 2), conditionsOnMask: true)
  }

  /// The number of channels at each level for images of `channels` channels.
  func channels(from channels: Int) -> [Int] {
    var result: [Int] = []
    var current = channels
    for (place, level) in levels.enumerated() {
      if place > 0 { current *= 4 }
      result.append(current)
      current = level.continuing
    }
    return result
  }

  /// Throws ``FlowError/invalidSetting(name:found:expected:)`` for the first setting that is invalid for images of this size.
  func validate(rows: Int, columns: Int, channels: Int) throws(FlowError) {
    func require(_ holds: Bool, _ name: String, _ found: String, _ expected: String) throws(FlowError) {
      guard holds else { throw .invalidSetting(name: name, found: found, expected: expected) }
    }
    try require(!levels.isEmpty, "levels", "none", "at least one")
    let divisor = (1 << (levels.count - 1)) * dense.pooling
    try require(
      rows > 0 && columns > 0 && rows.isMultiple(of: divisor) && columns.isMultiple(of: divisor), "size", "\(rows)×\(columns)",
      "rows and columns that \(divisor) divides")
    for (level, own) in zip(levels, self.channels(from: channels)) {
      try require(level.blocks >= 0 && level.width > 0 && level.conditionWidth > 0, "levels", "\(level)", "positive sizes")
      try require((1...own).contains(level.continuing), "continuing", "\(level.continuing)", "1 to \(own) channels")
      try require(level.clamp > 0 && level.clamp.isFinite, "clamp", "\(level.clamp)", "a positive number")
    }
    try require(
      dense.blocks >= 0 && dense.width > 0 && dense.conditionWidth > 0 && dense.pooling > 0 && dense.clamp > 0, "dense", "\(dense)",
      "positive sizes")
    try require(rebalance > 0 && rebalance.isFinite, "rebalance", "\(rebalance)", "a positive number")
  }
}
