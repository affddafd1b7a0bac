// Values that are probably no measurements: an exact value that lies far outside of all others, a number that the file
// calls missing where no reader looks, values that the units do not allow, and a value that fills a part of the field.

import Foundation

/// A value, or a kind of values, of a variable that is probably no measurement.
public struct SuspectValue: Sendable, Equatable, Codable {
  /// Why it is suspect.
  public enum Reason: String, Sendable, Codable {
    /// A number that programs use for missing values, far outside of the others.
    case fill
    /// One exact number in many places, far outside of the others.
    case outlier
    /// A number that the file calls missing, but not by an attribute that binds readers.
    case named
    /// Values that the units or the quantity do not allow.
    case impossible
    /// One exact number in many places within the range of others that hardly ever repeat.
    case repeated
  }

  /// The variable.
  public let variable: String
  /// Why it is suspect.
  public let reason: Reason
  /// The value; of ``Reason/impossible`` the one that is farthest out.
  public let value: Double
  /// How many values are meant.
  public let count: Int
  /// How many finite values there are.
  public let total: Int
  /// The smallest and the largest of the other values; nil if there are none.
  public let others: ClosedRange<Double>?
  /// What is impossible, in words; empty for other reasons.
  public let meaning: String
  /// The condition that leaves the values out.
  public let condition: MissingCondition

  /// The share of the finite values.
  public var share: Double { Double(count) / Double(max(1, total)) }

  /// Whether the values would spoil an answer, so that a command stops.
  public var isGrave: Bool {
    switch reason {
    case .fill, .named: true
    case .outlier: share >= 0.001
    case .impossible: share >= 0.001 && isFar
    case .repeated: false
    }
  }

  // Slightly negative precipitation comes from interpolation and packing.
  private var isFar: Bool {
    guard let others else { return false }
    let width = max(others.upperBound - others.lowerBound, .leastNormalMagnitude)
    return value < others.lowerBound - width || value > others.upperBound + width
  }

  /// What was found, as a sentence.
  public var text: String {
    let number = FieldCoordinate.text(of: value)
    let places = "\(count) of \(total) values" + (total >= 20 ? String(format: " (%.2g %%)", 100 * share) : "")
    let range = others.map { String(format: " (%.6g…%.6g)", $0.lowerBound, $0.upperBound) } ?? ""
    return switch reason {
    case .fill, .outlier:
      "\(variable) is \(number) in \(places), far outside of the others\(range), and no attribute declares it as missing."
    case .named:
      "\(variable) is \(number) in \(places); the file calls this number missing, but not by the variable's own _FillValue or missing_value."
    case .impossible: "\(variable) is \(meaning) in \(places), down or up to \(number), which is impossible."
    case .repeated:
      "\(variable) is exactly \(number) in \(places), while its other values\(range) hardly ever repeat: perhaps it stands for missing values, such as land."
    }
  }

  /// What to do, as a sentence.
  public var advice: String {
    (reason == .impossible ? "Correct the units if they are wrong. " : "") + "Give --missing '\(condition)' to leave these values out (in a configuration: missing: [\"\(condition)\"])."
  }

  /// The sentences as a remark.
  var remark: Remark {
    Remark(
      reason == .repeated ? .note : .warning, reason == .impossible ? Self.impossibleTopic : "suspect-values",
      "\(text) \(advice)", variable: variable)
  }

  /// The topic of remarks about values that the units do not allow.
  package static let impossibleTopic = "impossible-values"
}

extension Collection where Element == SuspectValue {
  /// The findings as lines for people; none where nothing was found.
  var problemLines: [String] { isEmpty ? [] : ["Problems:"] + map { "  \($0.text) \($0.advice)" } }
}

extension ValueScan {
  /// Numbers that programs write for missing values.
  private static let fillValues: Set<Float> = Set(
    [
      -99, -99.9, -99.99, -999, -999.9, -999.99, -999.25, -9999, -9999.9, -99999, -999999, 999, 9999, 99999, 999999, 999.9,
      9999.9, 1e10, 1e15, 1e20, 1e30, 1e31, 1e34, 1e35, 1e36, -1e20, -1e30, -1e34, -1e35, -1e36, 9.969_209_968_386_869e36,
      -32768, -32767, 32767, 65535, -2_147_483_648, -2_147_483_647, 2_147_483_647, 4_294_967_295,
      3.402_823_466e38, -3.402_823_466e38,
    ].map { Float($0 as Double) })

  /// The suspect values of a variable called `name`, the gravest first.
  func suspects(name: String) -> [SuspectValue] {
    guard count > 0 else { return [] }
    var found: [SuspectValue] = []
    let named = named.filter { $0.count > 0 }
    var excluded = Set(named.map { Float($0.value) })
    // Values at one end hide those at the other, so the search is repeated without what was found.
    var far: [(occurrence: Occurrence, isKnown: Bool)] = []
    while true {
      let more = outliers(excluding: excluded)
      if more.isEmpty { break }
      far += more
      excluded.formUnion(more.map { Float($0.occurrence.value) })
    }
    let others = otherValues(excluding: excluded)
    func suspect(_ reason: SuspectValue.Reason, _ occurrence: Occurrence) -> SuspectValue {
      SuspectValue(
        variable: name, reason: reason, value: occurrence.value, count: occurrence.count, total: count,
        others: others.isEmpty ? nil : others[0]...others[others.count - 1], meaning: "",
        condition: MissingCondition(name: name, comparison: .equal, bound: occurrence.value))
    }
    found += named.map { suspect(.named, $0) }
    found += far.map { suspect($0.isKnown ? .fill : .outlier, $0.occurrence) }
    found += impossible(name: name, others: others, excluded: excluded)
    if found.isEmpty, let repeated = repeatedValue(others) { found.append(suspect(.repeated, repeated)) }
    return found
  }

  /// The other values in ascending order, as far as they are known: the sample, and the ends.
  private func otherValues(excluding excluded: Set<Float>) -> [Double] {
    (sample + lowest.map(\.value) + highest.map(\.value)).filter { !excluded.contains(Float($0)) }.sorted()
  }

  /// The values at one end that a gap separates from the others.
  private func outliers(excluding excluded: Set<Float>) -> [(occurrence: Occurrence, isKnown: Bool)] {
    for extremes in [lowest, highest] {
      let ends = extremes.filter { !excluded.contains(Float($0.value)) }
      let far = separated(ends, excluding: excluded)
      if !far.isEmpty { return far }
    }
    return []
  }

  private func separated(
    _ ends: [Occurrence], excluding excluded: Set<Float>
  ) -> [(occurrence: Occurrence, isKnown: Bool)] {
    // A file of nothing but one fill value.
    if ends.count == 1, excluded.isEmpty, Self.fillValues.contains(Float(ends[0].value)), abs(ends[0].value) > 900 {
      return [(ends[0], true)]
    }
    for number in (1..<max(2, ends.count)).prefix(4).reversed() where number < ends.count {
      let (far, next) = (ends[..<number], ends[number])
      let left = excluded.union(far.map { Float($0.value) })
      let others = otherValues(excluding: left)
      guard others.count > 1 else { continue }
      let gap = abs(next.value - far[number - 1].value)
      func quantile(_ p: Double) -> Double { others[Int((p * Double(others.count - 1)).rounded())] }
      let (spread, quarter) = (quantile(0.99) - quantile(0.01), quantile(0.75) - quantile(0.25))
      let width = others[others.count - 1] - others[0]
      let distinct = Set(others).count
      let verdicts = far.map { end -> (occurrence: Occurrence, isKnown: Bool, isSuspect: Bool) in
        let isMany = Double(end.count) >= max(20, 0.005 * Double(count))
        let isLonely = end.count >= 20 * next.count
        let isKnown = Self.fillValues.contains(Float(end.value))
        let isOut = gap > 0.5 * width && distinct > 1 || isMany && isLonely && distinct >= 16 && gap > 0.05 * spread
        let isOutlier = isMany && distinct >= 16 && gap > max(5 * quarter, spread, 0)
        return (end, isKnown, isKnown && isOut || isOutlier)
      }
      if verdicts.allSatisfy(\.isSuspect) { return verdicts.map { ($0.occurrence, $0.isKnown) } }
    }
    return []
  }

  /// Values outside of the physical range that are not already among the outliers.
  private func impossible(name: String, others: [Double], excluded: Set<Float>) -> [SuspectValue] {
    guard let range = physicalRange, outsideCount > 0, !others.isEmpty, others[others.count / 2] >= range.leastMedian else {
      return []
    }
    let known = (lowest + highest).filter { excluded.contains(Float($0.value)) && range.excludes($0.value, tolerance: 0) }
    let left = outsideCount - known.reduce(0) { $0 + $1.count }
    let inside = others.filter { !range.excludes($0, tolerance: 0) }
    guard left > 0, let low = others.first, let high = others.last else { return [] }
    let isBelow = range.excludes(low, tolerance: 0) && low <= range.lower
    let (comparison, bound): (MissingCondition.Comparison, Double) =
      isBelow ? (range.isOpen ? .atMost : .below, range.lower) : (.above, range.upper)
    return [
      SuspectValue(
        variable: name, reason: .impossible, value: isBelow ? low : high, count: left, total: count,
        others: inside.isEmpty ? nil : inside[0]...inside[inside.count - 1], meaning: range.meaning,
        condition: MissingCondition(name: name, comparison: comparison, bound: bound))
    ]
  }

  /// A value within the range of the others that fills at least a fiftieth of the sample, where no other value has
  /// even a fiftieth of its share. The ends are left to bounds, such as dry places and full cloud cover.
  private func repeatedValue(_ others: [Double]) -> Occurrence? {
    var counts: [Double: Int] = [:]
    for value in sample { counts[value, default: 0] += 1 }
    let order = counts.sorted { $0.value > $1.value }
    guard sample.count >= 200, order.count >= 100, let first = order.first, let low = others.first, let high = others.last,
      first.value * 50 >= sample.count, first.key > low, first.key < high,
      order.count < 2 || order[1].value * 50 <= first.value
    else { return nil }
    return Occurrence(value: first.key, count: Int((Double(first.value) / Double(sample.count) * Double(count)).rounded()))
  }
}
