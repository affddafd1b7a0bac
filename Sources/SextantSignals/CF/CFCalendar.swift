// The calendars of CF 4.4.1. Days are numbered from 0000-01-01 of each calendar; only differences matter. The
// "standard" calendar is Julian until 1582-10-04 and Gregorian from 1582-10-15, as in UDUNITS.

/// A calendar of the CF conventions.
public enum CFCalendar: String, Sendable, Codable, CaseIterable {
  case standard
  case prolepticGregorian = "proleptic_gregorian"
  case julian
  case noLeap = "noleap"
  case allLeap = "all_leap"
  case days360 = "360_day"

  /// The calendar with the given CF name; nil if CF does not define it.
  public init?(cfName name: String) {
    switch name.lowercased() {
    case "standard", "gregorian", "": self = .standard
    case "proleptic_gregorian": self = .prolepticGregorian
    case "julian": self = .julian
    case "noleap", "365_day": self = .noLeap
    case "all_leap", "366_day": self = .allLeap
    case "360_day": self = .days360
    default: return nil
    }
  }

  /// Whether `year` has a 29 February.
  public func isLeap(_ year: Int) -> Bool {
    switch self {
    case .noLeap, .days360: false
    case .allLeap: true
    case .julian: Self.remainder(year, 4) == 0
    case .standard where year < 1582: Self.remainder(year, 4) == 0
    case .standard, .prolepticGregorian:
      Self.remainder(year, 4) == 0 && (Self.remainder(year, 100) != 0 || Self.remainder(year, 400) == 0)
    }
  }

  /// The number of days in a month, 1…12. October 1582 has 31 days in the standard calendar, although ten were skipped.
  public func dayCount(ofMonth month: Int, year: Int) -> Int {
    if self == .days360 { return 30 }
    if month == 2 { return isLeap(year) ? 29 : 28 }
    return [4, 6, 9, 11].contains(month) ? 30 : 31
  }

  /// The number of days in a year.
  public func dayCount(ofYear year: Int) -> Int {
    if self == .days360 { return 360 }
    if self == .standard, year == 1582 { return 355 }
    return isLeap(year) ? 366 : 365
  }

  /// The number of a day, counted from a fixed day of the calendar.
  func dayNumber(year: Int, month: Int, day: Int) -> Int {
    if self == .standard {
      let isGregorian = (year, month, day) >= (1582, 10, 15)
      // In both counts, 1582-10-15 (Gregorian) is the day after 1582-10-04 (Julian).
      return isGregorian
        ? CFCalendar.prolepticGregorian.dayNumber(year: year, month: month, day: day)
        : CFCalendar.julian.dayNumber(year: year, month: month, day: day) - 2
    }
    return firstDay(ofYear: year) + (1..<month).reduce(0) { $0 + dayCount(ofMonth: $1, year: year) } + day - 1
  }

  /// The date of a numbered day.
  func date(ofDay number: Int) -> (year: Int, month: Int, day: Int) {
    if self == .standard {
      let start = CFCalendar.prolepticGregorian.dayNumber(year: 1582, month: 10, day: 15)
      return number >= start
        ? CFCalendar.prolepticGregorian.date(ofDay: number) : CFCalendar.julian.date(ofDay: number + 2)
    }
    var year = Int((Double(number) / (self == .days360 ? 360 : self == .allLeap ? 366 : 365.25)).rounded(.down))
    while firstDay(ofYear: year + 1) <= number { year += 1 }
    while firstDay(ofYear: year) > number { year -= 1 }
    var (rest, month) = (number - firstDay(ofYear: year), 1)
    while rest >= dayCount(ofMonth: month, year: year) {
      rest -= dayCount(ofMonth: month, year: year)
      month += 1
    }
    return (year, month, rest + 1)
  }

  private func firstDay(ofYear year: Int) -> Int {
    // The number of leap days in the years 0..<year.
    func multiples(_ n: Int) -> Int { Self.quotient(year - 1, n) + 1 }
    return switch self {
    case .days360: 360 * year
    case .noLeap: 365 * year
    case .allLeap: 366 * year
    case .julian: 365 * year + multiples(4)
    case .standard, .prolepticGregorian: 365 * year + multiples(4) - multiples(100) + multiples(400)
    }
  }

  private static func quotient(_ a: Int, _ b: Int) -> Int { Int((Double(a) / Double(b)).rounded(.down)) }
  private static func remainder(_ a: Int, _ b: Int) -> Int { a - quotient(a, b) * b }
}
