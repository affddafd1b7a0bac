// A date and time in one of the CF calendars, which Foundation's dates cannot represent.

import Foundation

/// A date and time of day in a CF calendar.
public struct CFDateTime: Sendable, Equatable {
  public let calendar: CFCalendar
  public let year: Int
  /// 1…12.
  public let month: Int
  /// 1…31.
  public let day: Int
  /// Seconds since midnight, to the millisecond.
  public let secondOfDay: Double

  /// The time `seconds` after midnight of a day.
  init(calendar: CFCalendar, dayNumber: Int, seconds: Double) {
    let wholeDays = (seconds / 86400).rounded(.down)
    // Milliseconds are what a double with seconds since 1900 can resolve, and fine enough to recover thirds of hours.
    var milliseconds = ((seconds - wholeDays * 86400) * 1000).rounded()
    var number = dayNumber + Int(wholeDays)
    if milliseconds >= 86_400_000 {
      milliseconds -= 86_400_000
      number += 1
    }
    self.calendar = calendar
    (year, month, day) = calendar.date(ofDay: number)
    secondOfDay = milliseconds / 1000
  }

  /// Parses a time written as ``text``; nil if the form is different or the date does not exist.
  init?(text: String, calendar: CFCalendar) {
    let pattern = /(-?\d{4,})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2}(?:\.\d+)?)/
    guard let match = text.wholeMatch(of: pattern), let year = Int(match.1), let month = Int(match.2),
      let day = Int(match.3), let hours = Double(match.4), let minutes = Double(match.5), let seconds = Double(match.6),
      (1...12).contains(month), (1...calendar.dayCount(ofMonth: month, year: year)).contains(day)
    else { return nil }
    self.init(
      calendar: calendar, dayNumber: calendar.dayNumber(year: year, month: month, day: day),
      seconds: hours * 3600 + minutes * 60 + seconds)
  }

  /// The number of the day in its calendar.
  var dayNumber: Int { calendar.dayNumber(year: year, month: month, day: day) }

  /// The days since the first of its calendar, with the part of the day.
  var elapsedDays: Double { Double(dayNumber) + secondOfDay / 86400 }

  /// The elapsed fraction of the year, 0..<1.
  public var yearFraction: Double {
    let passed = dayNumber - calendar.dayNumber(year: year, month: 1, day: 1)
    return (Double(passed) + secondOfDay / 86400) / Double(calendar.dayCount(ofYear: year))
  }

  /// The ISO 8601 form in the calendar of the time, such as "2012-12-01T14:00:00".
  public var text: String {
    let whole = Int(secondOfDay)
    let milliseconds = Int(((secondOfDay - Double(whole)) * 1000).rounded())
    // Formatted by hand, because archives have thousands of times and Foundation takes a microsecond for each number.
    func digits(_ number: Int, _ count: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    let date = "\(year < 0 ? "-" : "")\(digits(abs(year), 4))-\(digits(month, 2))-\(digits(day, 2))"
    let time = "\(digits(whole / 3600, 2)):\(digits(whole / 60 % 60, 2)):\(digits(whole % 60, 2))"
    return "\(date)T\(time)" + (milliseconds == 0 ? "" : "." + digits(milliseconds, 3))
  }
}
