// The position of each entry in each coupling of a flow: the reversals and permutations of all steps as index lists.
// Dimensions may be odd: the first part, which a coupling reads, is then one shorter than the second, which it changes.
// Each step has two couplings with a reversal between them, so every step changes every entry.

/// The reorderings of a flow in the direction x → z.
struct CouplingOrder: Sendable {
  /// The number of entries.
  let dimension: Int
  /// The reordering after each coupling; the last one gives the order of z.
  let afterCoupling: [[Int]]
  /// The inverse reorderings.
  let beforeCoupling: [[Int]]

  /// The number of entries that a coupling reads; it changes the others.
  var readCount: Int { dimension / 2 }
  var changedCount: Int { dimension - readCount }

  init(dimension: Int, configuration: CouplingFlowConfiguration) {
    self.dimension = dimension
    let reversal = Array((0..<dimension).reversed())
    var after: [[Int]] = []
    // The entry of x at each position so far.
    var standing = Array(0..<dimension)
    for step in 0..<configuration.steps {
      let permuted =
        switch configuration.order {
        case .pinned: PinnedPermutation(count: dimension, seed: UInt32(step)).order.map { reversal[$0] }
        case .halves: reversal
        }
      for order in [reversal, permuted] {
        after.append(order)
        standing = order.map { standing[$0] }
      }
    }
    if configuration.restoresOrder, let last = after.popLast() {
      after.append(Self.inverse(of: standing).map { last[$0] })
    }
    afterCoupling = after
    beforeCoupling = after.map(Self.inverse)
  }

  private static func inverse(of order: [Int]) -> [Int] {
    var result = order
    for (place, source) in order.enumerated() { result[source] = place }
    return result
  }
}
