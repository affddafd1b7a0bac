// One pass over the values of a variable in bounded memory: the exact counts of the smallest and the largest values, and
// a sample of the others. Values that stand for missing ones lie at the ends.

/// What a search for suspect values needs of the values of a variable.
struct ValueScan: Sendable {
  /// A value and how often it occurs.
  struct Occurrence: Sendable {
    let value: Double
    var count: Int
  }

  /// How many distinct values are counted at each end.
  private static let extremeCount = 24
  /// The size of the sample.
  private static let sampleLimit = 2048

  /// The number of finite values.
  private(set) var count = 0
  /// The smallest distinct values, ascending.
  private(set) var lowest: [Occurrence] = []
  /// The largest distinct values, descending.
  private(set) var highest: [Occurrence] = []
  /// How often each of the named values occurs.
  private(set) var named: [Occurrence]
  /// How many values are outside of the physical range, if there is one.
  private(set) var outsideCount = 0
  private var kept: [(hash: UInt64, value: Double)] = []
  private var keepMask: UInt64 = 0
  /// The range that the quantity allows, if that is known.
  let physicalRange: PhysicalRange?
  private let tolerance: Double

  /// A scan that also counts the values of `names`, and those outside of `range`.
  init(named names: [Double] = [], range: PhysicalRange? = nil) {
    named = names.map { Occurrence(value: $0, count: 0) }
    physicalRange = range
    tolerance = range.map { $0.upper.isFinite ? 1e-3 * ($0.upper - $0.lower) : 1e-6 } ?? 0
  }

  /// The sampled values.
  var sample: [Double] { kept.map(\.value) }

  /// Counts a finite value.
  mutating func add(_ value: Double) {
    var hash = UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15
    hash ^= hash >> 29
    count += 1
    if hash & keepMask == 0 { keep(value, hash) }
    Self.count(value, in: &lowest, precedes: <)
    Self.count(value, in: &highest, precedes: >)
    for place in named.indices where Float(named[place].value) == Float(value) { named[place].count += 1 }
    if let physicalRange, physicalRange.excludes(value, tolerance: tolerance) { outsideCount += 1 }
  }

  private mutating func keep(_ value: Double, _ hash: UInt64) {
    kept.append((hash, value))
    guard kept.count > Self.sampleLimit else { return }
    keepMask = keepMask << 1 | 1
    let mask = keepMask
    kept.removeAll { $0.hash & mask != 0 }
  }

  /// Counts a value if it is one of the most extreme. A value that falls out is never among them again, so counts are
  /// exact.
  @inline(__always)
  private static func count(
    _ value: Double, in extremes: inout [Occurrence], precedes: (Double, Double) -> Bool
  ) {
    if extremes.count == extremeCount, let last = extremes.last, precedes(last.value, value) { return }
    var place = 0
    while place < extremes.count, precedes(extremes[place].value, value) { place += 1 }
    if place < extremes.count, extremes[place].value == value {
      extremes[place].count += 1
    } else {
      extremes.insert(Occurrence(value: value, count: 1), at: place)
      if extremes.count > extremeCount { extremes.removeLast() }
    }
  }
}
