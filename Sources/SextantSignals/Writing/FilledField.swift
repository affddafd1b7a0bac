// The posterior of one field after filling its gaps, and the choice of what to write to a file.

import SextantArrays

/// One field of V·C entries (channels varying fastest, as in signals) after its gaps were filled.
public struct FilledField: Sendable {
  /// The posterior mean (V·C).
  public var mean: [Float]
  /// The posterior standard deviation (V·C).
  public var spread: [Float]?
  /// The ensemble (members × V·C).
  public var members: Tensor<Float>?
  /// The values of each quantile level (V·C).
  public var quantiles: [[Float]]
  /// Whether each entry was observed (V·C).
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

/// The variables of a file of filled fields in addition to the mean.
public struct FilledFileContent: Sendable, Equatable {
  /// The size of the ensemble; 0 for none.
  public var memberCount: Int
  /// The levels of the quantiles, between 0 and 1; empty for none.
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
