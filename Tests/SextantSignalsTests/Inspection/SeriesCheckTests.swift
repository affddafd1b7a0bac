// What the times of a series say: its step, and fields that are there twice, out of order or absent.

import SextantSignals
import Testing

@Suite struct SeriesCheckTests {
  static func labels(_ times: [String], _ coordinates: [String: String] = [:]) -> [FieldLabel] {
    times.map { FieldLabel(time: $0.contains("T") ? $0 : $0 + "T00:00:00", coordinates: coordinates) }
  }

  static let months: [String] = (0..<24).map { (month: Int) -> String in
    let (year, number) = (2010 + month / 12, month % 12 + 1)
    return "\(year)-\(number < 10 ? "0" : "")\(number)-16"
  }

  @Test(arguments: [
    (months, "1 month"), (["2000-01-01", "2001-01-01", "2002-01-01", "2003-01-01", "2004-01-01"], "1 year"),
    (["2000-01-31", "2000-02-29", "2000-03-31"], "1 month"),
    (["2000-02-27", "2000-02-28", "2000-02-29", "2000-03-01"], "1 day"),
    (["2000-01-01T00:00:00", "2000-01-01T06:00:00", "2000-01-01T12:00:00"], "6 hours"),
    (["2000-01-01", "2000-01-02", "2000-01-07", "2000-01-19"], "irregular"),
    (["2000-02-28", "2000-02-29", "2000-02-30", "2000-03-01"], "1 day"),
  ]) func regularSeriesHaveAStepAndNoRemark(times: [String], step: String) {
    let calendar: CFCalendar = times.contains("2000-02-30") ? .days360 : .standard
    let check = SeriesCheck(Self.labels(times), calendar: calendar)
    #expect(check.step == step && check.remarks.isEmpty, "\(check)")
    // Series at several levels are as many series.
    let levels = SeriesCheck(Self.labels(times, ["level": "500"]) + Self.labels(times, ["level": "850"]), calendar: calendar)
    #expect(levels == check)
  }

  @Test func duplicatesDisorderAndGapsAreFound() {
    func topics(_ times: [String]) -> [String] { SeriesCheck(Self.labels(times)).remarks.map(\.topic) }
    for place in 1..<23 {
      var times = Self.months
      times.insert(times[place], at: place)
      #expect(topics(times) == ["duplicate-times"])
      times = Self.months
      times.swapAt(place, place - 1)
      #expect(topics(times) == ["unordered-times"])
      times = Self.months
      let removed = times.remove(at: place)
      let remarks = SeriesCheck(Self.labels(times)).remarks
      #expect(remarks.map(\.topic) == ["missing-times"] && remarks[0].text.contains(Self.months[place - 1]), "\(removed)")
    }
    #expect(topics([Self.months[3], Self.months[3], Self.months[1]]) == ["duplicate-times", "unordered-times"])
    #expect(SeriesCheck([]).step == nil && SeriesCheck(Self.labels(["2000-01-01"])).step == nil)
  }

  @Test func inspectionTellsCalendarAndStep() throws {
    let folder = try TestFolder()
    func inspect(_ days: [Double]) throws -> FileInspection {
      let path = try folder.write(
        "\(days.count).nc", dimensions: ["time": days.count, "latitude": 2, "longitude": 2],
        [
          .time(days, units: "days since 2000-01-01", calendar: "noleap"), .latitude([0, 1]), .longitude([0, 1]),
          TestVariable(
            "v", .float, ["time", "latitude", "longitude"], (0..<4 * days.count).map(Double.init), ["units": .text("K")]),
        ])
      return try FileInspection(path: path)
    }
    let regular = try inspect([0, 1, 2, 3])
    #expect(regular.fields?.calendar == "noleap" && regular.fields?.step == "1 day")
    #expect(regular.description.contains("2000-01-01T00:00:00 … 2000-01-04T00:00:00, every 1 day, calendar noleap"))
    #expect(regular.problems.isEmpty)
    let odd = try inspect([0, 1, 1, 2, 0])
    #expect(odd.problems.count { $0.contains("have the time of an earlier one") || $0.contains("not in the order") } == 2)
  }
}
