// What an archive covers: the months, the hours of the day and the levels of its fields. A model keeps it, so that it can
// tell which fields are unlike those that it learned from.

import Foundation
import SextantSignals

/// The months, hours and levels of the fields of an archive, and the share of its gaps.
public struct ArchiveSupport: Sendable, Equatable, Codable {
  /// The number of fields without a month, then that of each month from January to December (13).
  public let fieldsOfMonth: [Int]
  /// The hours of the day of the fields, ascending, from 0 to 23. It is empty where the archive does not resolve days:
  /// the hour of a monthly mean says nothing.
  public let hours: [Int]
  /// The name of the coordinate of the level, height or depth; nil if the fields have none.
  public let levelName: String?
  /// The levels of the fields as texts, such as "500 hPa", in their order.
  public let levels: [String]
  /// The share of values that are missing where at least one field has a value.
  public let gapShare: Double

  /// - Parameters:
  ///   - labels: the labels of the archive's fields.
  ///   - gapShare: the share of values that are missing where at least one field has a value.
  public init(of labels: [FieldLabel], gapShare: Double = 0) {
    var months = [Int](repeating: 0, count: 13)
    var (days, hours): (Set<Substring>, Set<Int>) = ([], [])
    var levels: [String] = []
    var levelName: String?
    for label in labels {
      months[ArchiveSupport.month(of: label) ?? 0] += 1
      if let time = label.time, let hour = ArchiveSupport.hour(of: label) {
        days.insert(time.prefix { $0 != "T" }.suffix(2))
        hours.insert(hour)
      }
      if let level = label.level, !levels.contains(level.text) {
        levels.append(level.text)
        levelName = level.name
      }
    }
    fieldsOfMonth = months
    self.hours = days.count >= 5 ? hours.sorted() : []
    (self.levelName, self.levels, self.gapShare) = (levelName, levels, gapShare)
  }

  private init(_ other: ArchiveSupport, fieldsOfMonth: [Int], hours: [Int], gapShare: Double) {
    (self.fieldsOfMonth, self.hours, self.gapShare) = (fieldsOfMonth, hours, gapShare)
    (levelName, levels) = (other.levelName, other.levels)
  }

  /// The same support with another share of gaps.
  public func with(gapShare: Double) -> ArchiveSupport {
    ArchiveSupport(self, fieldsOfMonth: fieldsOfMonth, hours: hours, gapShare: gapShare)
  }

  /// The same support without season and hour, which do not matter to differences from a mean.
  public var ofAnomalies: ArchiveSupport {
    ArchiveSupport(self, fieldsOfMonth: [Int](repeating: 0, count: 13), hours: [], gapShare: gapShare)
  }

  /// The months of which there are fields, 1…12.
  public var months: [Int] { (1...12).filter { fieldsOfMonth.count == 13 && fieldsOfMonth[$0] > 0 } }

  /// Whether the archive tells seasons apart: every field has a month.
  public var knowsSeasons: Bool { !months.isEmpty && fieldsOfMonth[0] == 0 }

  /// The largest number of consecutive months without a field, around the year; 0 where the archive does not tell
  /// seasons.
  public var longestGap: Int {
    let months = months
    guard knowsSeasons, let first = months.first else { return 0 }
    return zip(months, months.dropFirst() + [first + 12]).map { $1 - $0 - 1 }.max() ?? 0
  }

  /// The longest time around the day between two hours with fields that follow each other, in hours: 24 for a single hour.
  /// nil where the archive does not resolve days.
  public var longestTimeBetweenHours: Int? {
    guard let first = hours.first else { return nil }
    return zip(hours, hours.dropFirst() + [first + 24]).map { $1 - $0 }.max()
  }

  /// The number of months from a month to the nearest of which there are fields.
  public func distance(toMonth month: Int) -> Int? {
    months.map { abs($0 - month) }.map { min($0, 12 - $0) }.min()
  }

  /// The number of hours from an hour of the day to the nearest at which there are fields.
  public func distance(toHour hour: Int) -> Int? {
    hours.map { abs($0 - hour) }.map { min($0, 24 - $0) }.min()
  }

  /// Whether the fields lie at levels that are not one: heights no more than a metre from the first are.
  public var hasSeveralLevels: Bool {
    levels.dropFirst().contains { !CoordinateText.matches($0, levels[0]) && !Self.areNearHeights($0, levels[0]) }
  }

  /// Whether two texts are heights or depths no more than a metre apart, such as "1.5 m" and "2 m".
  public static func areNearHeights(_ a: String, _ b: String) -> Bool {
    func metres(_ text: String) -> Double? {
      guard let (number, units) = CoordinateText.quantity(text), !units.isEmpty else { return nil }
      return try? Units.convert([number], from: units, to: "m").first
    }
    guard let first = metres(a), let second = metres(b) else { return false }
    return abs(first - second) <= 1
  }

  /// The month of a field, 1…12: its own, or that of its time of the year.
  public static func month(of label: FieldLabel) -> Int? {
    if let month = label.month, (1...12).contains(month) { return month }
    guard label.month == nil, let fraction = label.yearFraction, (0..<1).contains(fraction) else { return nil }
    return Int(12 * fraction) + 1
  }

  /// The hour of a field's time, 0…23.
  public static func hour(of label: FieldLabel) -> Int? {
    guard let time = label.time, let start = time.firstIndex(of: "T") else { return nil }
    return Int(time[time.index(after: start)...].prefix(2))
  }

  /// The part of the day that has passed at a field's time, 0..<1.
  public static func dayFraction(of label: FieldLabel) -> Double? {
    guard let time = label.time, let start = time.firstIndex(of: "T") else { return nil }
    let parts = time[time.index(after: start)...].split(separator: ":").prefix(3).map { part in
      Double(part.prefix { $0.isNumber || $0 == "." })
    }
    guard let hour = parts.first ?? nil else { return nil }
    let minute = parts.count > 1 ? parts[1] ?? 0 : 0
    let second = parts.count > 2 ? parts[2] ?? 0 : 0
    return (hour + minute / 60 + second / 3600) / 24
  }

  /// The English name of a month, 1…12.
  public static func name(ofMonth month: Int) -> String {
    let names = [
      "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
      "December",
    ]
    return names.indices.contains(month - 1) ? names[month - 1] : "month \(month)"
  }

  /// The months in words, such as "all months", "June to August" or "December to February and July".
  public var season: String {
    let months = months
    guard !months.isEmpty else { return "no months" }
    guard months.count < 12 else { return "all months" }
    // Runs begin at a month whose predecessor, around the year, has no fields.
    let starts = months.filter { !months.contains($0 == 1 ? 12 : $0 - 1) }
    let runs = starts.map { start -> String in
      var end = start
      while months.contains(end % 12 + 1) { end = end % 12 + 1 }
      return end == start ? Self.name(ofMonth: start) : "\(Self.name(ofMonth: start)) to \(Self.name(ofMonth: end))"
    }
    return runs.count == 1 ? runs[0] : runs.dropLast().joined(separator: ", ") + " and " + (runs.last ?? "")
  }
}
