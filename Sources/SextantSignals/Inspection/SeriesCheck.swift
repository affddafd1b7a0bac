// The order of a series of fields: its step, and fields that are there twice, out of order or absent.

import Foundation

/// What the times of fields say of their series.
public struct SeriesCheck: Sendable, Equatable {
  /// The step between consecutive times, such as "1 month" or "6 hours"; "irregular" if there is none, nil for fewer
  /// than two times.
  public let step: String?
  /// Duplicates, disorder and gaps.
  public let remarks: [Remark]

  /// Looks at the times of fields. Fields that differ in another coordinate, such as a level, are series of their own.
  ///
  /// - Parameters:
  ///   - labels: the labels of the fields, in their order.
  ///   - calendar: the calendar of their times; a time that it does not have is read in the calendar of 360 days.
  public init(_ labels: [FieldLabel], calendar: CFCalendar = .standard) {
    var (groups, order): ([[String: String]: [Moment]], [[String: String]]) = ([:], [])
    for label in labels {
      guard let moment = Moment(label, calendar: calendar) else { continue }
      if groups[label.coordinates] == nil { order.append(label.coordinates) }
      groups[label.coordinates, default: []].append(moment)
    }
    let series = order.compactMap { groups[$0] }
    remarks = Self.duplicates(series) + Self.disorder(series) + Self.gaps(series)
    step = series.first { $0.count > 1 }.map { Step(of: $0)?.text ?? "irregular" }
  }

  private static func duplicates(_ series: [[Moment]]) -> [Remark] {
    var (count, examples): (Int, [String]) = (0, [])
    for moments in series {
      var seen: Set<String> = []
      for moment in moments where !seen.insert(moment.text).inserted {
        count += 1
        if !examples.contains(moment.text) { examples.append(moment.text) }
      }
    }
    guard count > 0 else { return [] }
    return [
      Remark(
        .warning, "duplicate-times",
        "\(count) of the \(series.reduce(0) { $0 + $1.count }) fields \(count == 1 ? "has" : "have") the time of an earlier one (\(NetCDFError.abridged(examples, limit: 3))). Keep one of each, for example with \"cdo seltimestep,1,2,4 IN OUT\", where the numbers are those of the fields to keep.")
    ]
  }

  private static func disorder(_ series: [[Moment]]) -> [Remark] {
    for moments in series {
      for (before, after) in zip(moments, moments.dropFirst()) where after.seconds < before.seconds {
        return [
          Remark(
            .note, "unordered-times",
            "The fields are not in the order of their times: \(after.text) stands after \(before.text). Methods that know time sort them, and answers keep the order of the file.")
        ]
      }
    }
    return []
  }

  private static func gaps(_ series: [[Moment]]) -> [Remark] {
    for moments in series {
      let sorted = distinct(moments)
      guard let step = Step(of: sorted) else { continue }
      var (missing, first): (Int, (Moment, Moment)?) = (0, nil)
      for (before, after) in zip(sorted, sorted.dropFirst()) {
        let steps = step.count(from: before, to: after)
        guard steps > 1 else { continue }
        missing += steps - 1
        first = first ?? (before, after)
      }
      if let first {
        return [
          Remark(
            .note, "missing-times",
            "\(missing) time\(missing == 1 ? "" : "s") of a series in steps of \(step.text) \(missing == 1 ? "is" : "are") not there, the first between \(first.0.text) and \(first.1.text).")
        ]
      }
    }
    return []
  }

  fileprivate static func distinct(_ moments: [Moment]) -> [Moment] {
    var seen: Set<String> = []
    return moments.filter { seen.insert($0.text).inserted }.sorted { $0.seconds < $1.seconds }
  }
}

/// A time of a series.
private struct Moment: Sendable {
  let text: String
  /// Months since year 0.
  let month: Int
  /// The day of the month.
  let day: Int
  /// Seconds since a fixed day of the calendar.
  let seconds: Double

  init?(_ label: FieldLabel, calendar: CFCalendar) {
    guard let text = label.time,
      let date = CFDateTime(text: text, calendar: calendar) ?? CFDateTime(text: text, calendar: .days360)
    else { return nil }
    self.text = text
    day = date.day
    month = date.year * 12 + date.month - 1
    seconds = Double(date.dayNumber) * 86400 + date.secondOfDay
  }
}

/// The step of a series, if most of its times follow one.
private enum Step {
  case months(Int)
  case seconds(Double)

  init?(of moments: [Moment]) {
    let sorted = SeriesCheck.distinct(moments)
    let pairs = Array(zip(sorted, sorted.dropFirst()))
    guard !pairs.isEmpty else { return nil }
    func most<Value: Hashable & Comparable>(_ values: [Value]) -> (value: Value, count: Int)? {
      Dictionary(values.map { ($0, 1) }, uniquingKeysWith: +).max { ($0.value, $1.key) < ($1.value, $0.key) }
        .map { ($0.key, $0.value) }
    }
    let months = pairs.map { $1.month - $0.month }
    let days = sorted.map(\.day)
    if let common = most(months), common.value > 0, common.count * 5 >= pairs.count * 3,
      (days.max() ?? 0) - (days.min() ?? 0) <= 3, months.allSatisfy({ $0 > 0 && $0 % common.value == 0 })
    {
      self = .months(common.value)
      return
    }
    // Milliseconds, because times are rounded to them.
    let spans = pairs.map { (($1.seconds - $0.seconds) * 1000).rounded() / 1000 }
    guard let common = most(spans), common.count * 5 >= pairs.count * 4,
      spans.allSatisfy({ ($0 / common.value - ($0 / common.value).rounded()).magnitude < 1e-6 })
    else { return nil }
    self = .seconds(common.value)
  }

  /// How many steps lie between two times.
  func count(from before: Moment, to after: Moment) -> Int {
    switch self {
    case .months(let months): (after.month - before.month) / months
    case .seconds(let seconds): Int(((after.seconds - before.seconds) / seconds).rounded())
    }
  }

  var text: String {
    func count(_ number: Double, _ noun: String) -> String {
      "\(FieldCoordinate.text(of: number)) \(noun)\(number == 1 ? "" : "s")"
    }
    switch self {
    case .months(let months):
      return months % 12 == 0 ? count(Double(months / 12), "year") : count(Double(months), "month")
    case .seconds(let seconds):
      let units = [(86400.0, "day"), (3600, "hour"), (60, "minute"), (1, "second")]
      let whole = units.first { seconds >= $0.0 && (seconds / $0.0).truncatingRemainder(dividingBy: 1) == 0 }
      let (size, noun) = whole ?? (1, "second")
      return count(seconds / size, noun)
    }
  }
}
