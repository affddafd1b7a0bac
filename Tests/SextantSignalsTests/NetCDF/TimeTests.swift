// Times in every calendar against cftime, and the forms of units that cftime does not know.

import Foundation
@testable import SextantSignals
import Testing

@Suite struct TimeTests {
  struct Row: Decodable {
    let units: String
    let calendar: String
    let value: Double
    let text: String
    let yearFraction: Double

    init(from decoder: any Decoder) throws {
      var row = try decoder.unkeyedContainer()
      units = try row.decode(String.self)
      calendar = try row.decode(String.self)
      value = try row.decode(Double.self)
      text = try row.decode(String.self)
      yearFraction = try row.decode(Double.self)
    }
  }

  static func rows() throws -> [Row] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let data = try Data(contentsOf: folder.appendingPathComponent("Fixtures/cf_times.json"))
    return try JSONDecoder().decode([Row].self, from: data)
  }

  @Test func agreesWithCFTime() throws {
    let rows = try Self.rows()
    #expect(rows.count > 500)
    for row in rows {
      let place = Comment(rawValue: "\(row.value) \(row.units), \(row.calendar)")
      let calendar = try #require(CFCalendar(cfName: row.calendar), place)
      let moment = try #require(TimeUnits(row.units, calendar: calendar)?.dateTime(of: row.value), place)
      #expect(moment.text == row.text, place)
      #expect(abs(moment.yearFraction - row.yearFraction) < 1e-9, place)
    }
  }

  /// The time between two moments is that of the file in every calendar, also over the ends of years and months: it is what
  /// a series remembers by.
  @Test func timeBetweenMomentsIsThatOfTheFile() throws {
    let length = ["days": 1.0, "hours": 1 / 24.0, "minutes": 1 / 1440.0, "seconds": 1 / 86400.0]
    let groups = Dictionary(grouping: try Self.rows()) { "\($0.units), \($0.calendar)" }
    #expect(groups.keys.contains { $0.hasSuffix("360_day") } && groups.keys.contains { $0.hasSuffix("noleap") })
    for (place, rows) in groups {
      let unit = try #require(length[String(rows[0].units.prefix { $0 != " " })])
      let calendar = try #require(CFCalendar(cfName: rows[0].calendar))
      let units = try #require(TimeUnits(rows[0].units, calendar: calendar))
      let days = try rows.map { try #require(units.dateTime(of: $0.value)).elapsedDays }
      for (row, day) in zip(rows, days) {
        // To the millisecond.
        #expect(abs((day - days[0]) - (row.value - rows[0].value) * unit) < 2e-8, Comment(rawValue: place))
      }
    }
  }

  @Test(arguments: [
    ("months since 1960-01-01", 7.5, "1960-08-16T12:00:00"), ("months since 1999-12-31", 2, "2000-02-29T00:00:00"),
    ("years since 2000-01-01", -1, "1999-01-01T00:00:00"), ("day as %Y%m%d.%f", 20050123.5, "2005-01-23T12:00:00"),
    ("weeks since 2000-01-01", 1, "2000-01-08T00:00:00"), ("days since 2000-01", 0, "2000-01-01T00:00:00"),
    ("hours since 2000-01-01 00:00 UTC", 1, "2000-01-01T01:00:00"),
    ("hours since 2000-01-01 06:00:00 -6:00", 0, "2000-01-01T12:00:00"),
    ("milliseconds since 1970-01-01Z", 1.6e12, "2020-09-13T12:26:40"),
  ])
  func otherForms(units: String, value: Double, text: String) throws {
    #expect(try #require(TimeUnits(units, calendar: .standard)).dateTime(of: value)?.text == text)
  }

  @Test(arguments: [
    "months", "days since", "days since 2001-02-29", "metres since 2000-01-01", "days since 2000-13-01",
  ])
  func refusesWhatIsNoTime(_ units: String) {
    #expect(TimeUnits(units, calendar: .standard) == nil)
  }

  @Test func numbersThatAreNoMoment() throws {
    let units = try #require(TimeUnits("days since 2000-01-01", calendar: .days360))
    for value in [Double.nan, .infinity, 1e300] { #expect(units.dateTime(of: value) == nil) }
  }
}
