// What is known of one field after filling its gaps, and which parts of it a file shall hold.

import SextantArrays

/// One field of V·C entries (channel fastest, as in signals) after its gaps were filled.
public struct FilledField: Sendable {
  /// The posterior mean (V·C).
  public var mean: [Float]
  /// The posterior standard deviation (V·C).
  public var spread: [Float]?
  /// The ensemble (members × V·C).
  public var members: Tensor<Float>?
  /// For each quantile level, its values (V·C).
  public var quantiles: [[Float]]
  /// Where the field was observed (V·C).
  public var isObserved: [Bool]?

  public init(
    mean: [Float], spread: [Float]? = nil, members: Tensor<Float>? = nil, quantiles: [[Float]] = [],
    isObserved: [Bool]? = nil
  ) {
    self.mean = mean
    self.spread = spread
    self.members = members
    self.quantiles = quantiles
    self.isObserved = isObserved
  }
}

/// Which variables a file of filled fields has beside the mean.
public struct FilledFileContent: Sendable, Equatable {
  /// The size of the ensemble; 0 for none.
  public var memberCount: Int
  /// Levels of the quantiles, between 0 and 1; empty for none.
  public var quantileLevels: [Double]
  public var hasSpread: Bool
  public var hasObservedMask: Bool

  public init(
    memberCount: Int = 0, quantileLevels: [Double] = [], hasSpread: Bool = true, hasObservedMask: Bool = true
  ) {
    self.memberCount = memberCount
    self.quantileLevels = quantileLevels
    self.hasSpread = hasSpread
    self.hasObservedMask = hasObservedMask
  }
}
