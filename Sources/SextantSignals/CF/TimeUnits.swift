// Decoding of times such as "hours since 1900-01-01 00:00:00.0" by CF 4.4, in any of its calendars. Months and years
// are those of the calendar rather than UDUNITS' mean months and years, because that is what authors of files intend.
// CDO's absolute times, "day as %Y%m%d.%f", are also decoded.

import Foundation

/// The units of a time coordinate, and its calendar.
public struct TimeUnits: Sendable, Equatable {
  private enum Step: Equatable {
    case seconds(Double)
    case months(Int)
    case absolute
  }

  /// The calendar of the units.
  public let calendar: CFCalendar
  private let step: Step
  private let referenceDay: Int
  private let referenceSeconds: Double

  /// Parses units such as "days since 1850-1-1"; nil if the text is not a time unit or its date does not exist.
  public init?(_ text: String, calendar: CFCalendar) {
    self.calendar = calendar
    let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
    if words.count == 3, words[1].lowercased() == "as", words[2].hasPrefix("%Y%m%d") {
      (step, referenceDay, referenceSeconds) = (.absolute, 0, 0)
      return
    }
    guard words.count >= 3, ["since", "after", "from", "ref"].contains(words[1].lowercased()),
      let step = Self.step(words[0]), let reference = Self.reference(words[2...].joined(separator: " "), calendar)
    else { return nil }
    self.step = step
    (referenceDay, referenceSeconds) = reference
  }

  /// Whether `text` has the form of a time unit, for any date.
  static func looksLikeTime(_ text: String) -> Bool {
    let lowered = " " + text.lowercased()
    return lowered.contains(" since ") || lowered.contains(" as %y%m%d")
  }

  /// The date and time of a number in these units; nil for numbers that are not finite or absurdly large.
  public func dateTime(of value: Double) -> CFDateTime? {
    guard value.isFinite, abs(value) < 1e15 else { return nil }
    switch step {
    case .seconds(let seconds):
      // Whole days are separated, so that milliseconds are preserved over thousands of years.
      let days = (value * seconds / 86400).rounded(.down)
      guard abs(days) < 1e12 else { return nil }
      let rest = seconds == 86400 ? (value - days) * 86400 : value * seconds - days * 86400
      return CFDateTime(calendar: calendar, dayNumber: referenceDay + Int(days), seconds: referenceSeconds + rest)
    case .months(let months):
      let total = value * Double(months)
      guard abs(total) < 1e9 else { return nil }
      return moment(months: total)
    case .absolute:
      let whole = Int(value.rounded(.down))
      let (month, day) = (abs(whole) / 100 % 100, abs(whole) % 100)
      guard (1...12).contains(month), day >= 1 else { return nil }
      return CFDateTime(
        calendar: calendar, dayNumber: calendar.dayNumber(year: whole / 10000, month: month, day: day),
        seconds: (value - Double(whole)) * 86400)
    }
  }

  private func moment(months: Double) -> CFDateTime {
    let start = calendar.date(ofDay: referenceDay)
    let whole = months.rounded(.down)
    let index = start.year * 12 + start.month - 1 + Int(whole)
    let year = Int((Double(index) / 12).rounded(.down))
    let month = index - year * 12 + 1
    let length = calendar.dayCount(ofMonth: month, year: year)
    let number = calendar.dayNumber(year: year, month: month, day: min(start.day, length))
    return CFDateTime(
      calendar: calendar, dayNumber: number,
      seconds: referenceSeconds + (months - whole) * Double(length) * 86400)
  }

  private static func step(_ word: String) -> Step? {
    switch word.lowercased() {
    case "microsecond", "microseconds", "us": .seconds(1e-6)
    case "millisecond", "milliseconds", "msec", "msecs", "ms": .seconds(1e-3)
    case "second", "seconds", "sec", "secs", "s": .seconds(1)
    case "minute", "minutes", "min", "mins": .seconds(60)
    case "hour", "hours", "hr", "hrs", "h": .seconds(3600)
    case "day", "days", "d": .seconds(86400)
    case "week", "weeks": .seconds(7 * 86400)
    case "month", "months", "mon": .months(1)
    case "year", "years", "yr", "yrs", "common_year", "common_years": .months(12)
    default: nil
    }
  }

  /// The day and the seconds of references such as "1900-1-1", "1970-01-01T00:00:00+00:00", "1800-1-1 00:00:0.0" and
  /// "1990-1-1 0:0:0 -6:00".
  private static func reference(_ text: String, _ calendar: CFCalendar) -> (Int, Double)? {
    // Extended syntax: spaces and line ends are ignored.
    let pattern =
      #/
      ([+-]?\d{1,5}) (?: -(\d{1,2}) (?: -(\d{1,2}) )? )?
      (?: (?: \s*[Tt]\s* | \s+ ) (\d{1,2}) (?: :(\d{1,2}) (?: :(\d{1,2}(?:\.\d*)?) )? )? )?
      \s* (.*)
      /#
    guard let match = text.trimmingCharacters(in: .whitespaces).wholeMatch(of: pattern),
      let year = Int(match.1), let zone = zoneSeconds(String(match.7))
    else { return nil }
    let month = match.2.flatMap { Int($0) } ?? 1
    let day = match.3.flatMap { Int($0) } ?? 1
    guard (1...12).contains(month), (1...calendar.dayCount(ofMonth: month, year: year)).contains(day) else {
      return nil
    }
    let hours = match.4.flatMap { Double($0) } ?? 0
    let minutes = match.5.flatMap { Double($0) } ?? 0
    let seconds = match.6.flatMap { Double($0) } ?? 0
    guard hours <= 24, minutes < 60, seconds < 61 else { return nil }
    return (calendar.dayNumber(year: year, month: month, day: day), hours * 3600 + minutes * 60 + seconds - zone)
  }

  private static func zoneSeconds(_ text: String) -> Double? {
    if ["", "Z", "UTC", "GMT"].contains(text.uppercased()) { return 0 }
    guard let match = text.wholeMatch(of: /(?:UTC|GMT)?\s*([+-]?)(\d{1,2})(?::?(\d{2}))?(?::\d{2})?/),
      let hours = Double(match.2)
    else { return nil }
    let size = hours * 3600 + (match.3.flatMap { Double($0) } ?? 0) * 60
    return match.1 == "-" ? -size : size
  }
}
