// What counts as one time: by default each time of its own, or all times in a window, such as a day.

import Foundation

/// The observations that make up one field.
enum ObservationWindow: Sendable, Equatable {
  /// Those of exactly one time.
  case sameTime
  /// All of them, whatever their times.
  case all
  /// Those in consecutive windows of so many seconds, counted from the beginning of a day.
  case seconds(Double)
  /// Those in consecutive windows of so many months of the calendar.
  case months(Int)

  /// The name of the setting.
  static let settingName = "every"

  /// Reads "all", or a duration such as "6h", "1day", "1month" or "1year".
  ///
  /// Throws ``SignalFormatError/invalidSetting(path:name:expected:found:)``.
  init(text: String?, path: String) throws {
    guard let text else {
      self = .sameTime
      return
    }
    if text == "all" {
      self = .all
      return
    }
    let error = SignalFormatError.invalidSetting(
      path: path, name: "--\(Self.settingName)", expected: "all, or a duration such as 6h, 1day, 5day, 1month or 1year", found: text)
    guard let match = text.wholeMatch(of: /(\d+(?:\.\d+)?)\s*([A-Za-z]*)/), let number = Double(match.1), number > 0 else { throw error }
    let lengths: [(names: [String], seconds: Double)] = [
      (["s", "second", "seconds"], 1), (["min", "minute", "minutes"], 60), (["h", "hour", "hours"], 3600),
      (["d", "day", "days"], 86400), (["week", "weeks"], 604_800),
    ]
    let unit = match.2.lowercased()
    if let length = lengths.first(where: { $0.names.contains(unit) }) {
      self = .seconds(number * length.seconds)
    } else if ["month", "months", "year", "years"].contains(unit), number == number.rounded() {
      self = .months(Int(number) * (unit.hasPrefix("year") ? 12 : 1))
    } else {
      throw error
    }
  }

  /// The window of a time, by its first second since the beginning of the calendar; the same for all times in it.
  func start(of time: CFDateTime) -> Double {
    let seconds = Double(time.dayNumber) * 86400 + time.secondOfDay
    switch self {
    case .sameTime: return seconds
    case .all: return 0
    case .seconds(let length): return (seconds / length).rounded(.down) * length
    case .months(let length):
      let month = (time.year * 12 + time.month - 1)
      let first = Int((Double(month) / Double(length)).rounded(.down)) * length
      return Double(Self.day(ofMonth: first, calendar: time.calendar)) * 86400
    }
  }

  /// The time by which a window is labelled: its middle; for ``all``, the mean of its times.
  func label(_ times: [CFDateTime]) -> CFDateTime? {
    guard let first = times.first else { return nil }
    let start = start(of: first)
    switch self {
    case .sameTime: return first
    case .all:
      let mean = times.reduce(0.0) { $0 + Double($1.dayNumber - first.dayNumber) * 86400 + $1.secondOfDay } / Double(times.count)
      return CFDateTime(calendar: first.calendar, dayNumber: first.dayNumber, seconds: mean)
    case .seconds(let length): return Self.time(start + length / 2, calendar: first.calendar)
    case .months(let length):
      let month = first.year * 12 + first.month - 1
      let firstMonth = Int((Double(month) / Double(length)).rounded(.down)) * length
      let end = Double(Self.day(ofMonth: firstMonth + length, calendar: first.calendar)) * 86400
      return Self.time((start + end) / 2, calendar: first.calendar)
    }
  }

  private static func time(_ seconds: Double, calendar: CFCalendar) -> CFDateTime {
    let day = (seconds / 86400).rounded(.down)
    return CFDateTime(calendar: calendar, dayNumber: Int(day), seconds: seconds - day * 86400)
  }

  /// The number of the first day of a month that is counted from the year 0.
  private static func day(ofMonth month: Int, calendar: CFCalendar) -> Int {
    let year = Int((Double(month) / 12).rounded(.down))
    return calendar.dayNumber(year: year, month: month - year * 12 + 1, day: 1)
  }
}
