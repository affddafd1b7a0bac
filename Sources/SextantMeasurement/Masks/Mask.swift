// The mask: which entries of a field are observed. A mask selects; it is never a weight of zero and
// never a value of zero, so that "observed 0" and "missing" stay apart everywhere.

/// Which entries of a field of V vertices and C channels are observed.
public struct Mask: Sendable, Equatable, Codable {
  /// The number of channels C.
  public let channelCount: Int
  /// Whether each entry is observed (V·C, channel fastest).
  public let isObserved: [Bool]

  /// The number of vertices V.
  public var vertexCount: Int { isObserved.count / channelCount }
  /// The number of observed entries m.
  public var observedCount: Int { isObserved.count { $0 } }

  /// A mask from flags for every entry (V·C, channel fastest).
  public init(entries isObserved: [Bool], channelCount: Int) {
    precondition(
      channelCount > 0 && isObserved.count.isMultiple(of: channelCount),
      "\(isObserved.count) mask entries do not fill vertices of \(channelCount) channels")
    self.channelCount = channelCount
    self.isObserved = isObserved
  }

  /// A mask from flags for every vertex (V): all channels of a vertex are observed, or none.
  public init(vertices isObserved: [Bool], channelCount: Int) {
    self.init(entries: isObserved.repeatingEach(channelCount), channelCount: channelCount)
  }

  /// The operator that picks the observed entries.
  public var selection: SelectionOperator { SelectionOperator(observed: isObserved) }

  /// This mask without the entries where `isValid` (V·C) is false: what is not there cannot be observed.
  public func restricted(to isValid: [Bool]) -> Mask {
    precondition(isValid.count == isObserved.count, "\(isValid.count) validity flags for \(isObserved.count) entries")
    return Mask(entries: zip(isObserved, isValid).map { $0 && $1 }, channelCount: channelCount)
  }

  /// The share of the valid entries that is missing, 0…1; 0 where nothing is valid.
  public func missingShare(ofValid isValid: [Bool]) -> Double {
    let validCount = isValid.count { $0 }
    let observedCount = restricted(to: isValid).observedCount
    return validCount == 0 ? 0 : Double(validCount - observedCount) / Double(validCount)
  }
}
