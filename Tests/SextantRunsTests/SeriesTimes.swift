// The times of a series as files give them: any calendar, a single time, times that are not numbers, and variables on
// times of their own.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@testable import SextantModels
@testable import SextantPipelines

@Suite struct SeriesTimes {
  /// A variable, the name of its time, and its times; not a number where a time is missing.
  typealias Column = (variable: String, time: String, days: [Double])

  /// A file of fields on a small grid that rise by 1 K a day, of which the step `hidden` has no value.
  static func write(_ columns: [Column], calendar: String = "standard", hidden: Int? = nil, to path: String) throws {
    let output = try NetCDFFileWriter(creating: path, reportedAs: path)
    let (latitudes, longitudes) = ([50.0, 51, 52], [0.0, 1, 2, 3])
    var numbers: [(id: Int32, name: String, values: [Double], count: [Int])] = []
    func define(_ name: String, _ type: NetCDFType, _ dimensions: [Int32], _ attributes: [String: String], _ values: [Double], _ count: [Int]) throws {
      let id = try output.defineVariable(name, type: type, dimensions: dimensions)
      for (key, text) in attributes { try output.setAttribute(key, .text(text), of: id) }
      if type == .float { try output.setAttribute("_FillValue", .numbers([-1], .float), of: id) }
      numbers.append((id, name, values, count))
    }
    let grid = try [("lat", latitudes.count), ("lon", longitudes.count)].map { try output.defineDimension($0.0, length: $0.1) }
    try define("lat", .double, [grid[0]], ["units": "degrees_north"], latitudes, [3])
    try define("lon", .double, [grid[1]], ["units": "degrees_east"], longitudes, [4])
    for (variable, time, days) in columns {
      let dimension = try output.defineDimension(time, length: days.count)
      try define(
        time, .double, [dimension], ["units": "days since 2001-02-25", "calendar": calendar, "standard_name": "time"], days, [days.count])
      let values = days.indices.flatMap { step in
        (0..<12).map { step == hidden ? -1 : 280 + Double($0) + (days[step].isNaN ? 0 : days[step]) }
      }
      try define(variable, .float, [dimension] + grid, ["units": "K"], values, [days.count, 3, 4])
    }
    try output.endDefinitions()
    for number in numbers {
      try output.put(
        number.values, variable: number.id, name: number.name, start: number.count.map { _ in 0 }, count: number.count)
    }
    try output.close()
  }

  static func fill(
    _ path: String, variables: [String] = [], time: TimeUse? = .joint, in folder: ScratchFolder
  ) throws -> ImputationSummary {
    var request = Imputation(method: .timeLinear, samples: 0, seed: 1)
    request.time = time
    return try request.run(
      SignalInput(path, variables: variables), model: nil, output: folder.path("out.nc"), overwrite: true, history: "test")
  }

  /// Days 3 and 5 lie on either side of the end of February: the 28th and 30th of February and the 2nd of March, as the calendar has it.
  @Test(arguments: [
    ("standard", "2001-03-02"), ("noleap", "2001-03-02"), ("all_leap", "2001-03-01"), ("360_day", "2001-02-30"),
  ]) func everyCalendarHasItsOwnDays(calendar: String, hidden: String) throws {
    let folder = try ScratchFolder()
    try Self.write([("t", "time", [0, 1, 3, 5, 11])], calendar: calendar, hidden: 3, to: folder.path("in.nc"))
    let summary = try Self.fill(folder.path("in.nc"), in: folder)
    #expect(summary.fieldCount == 5)
    let filled = try GriddedFile(path: folder.path("out.nc"), variables: ["t"])
    #expect(filled.labels[3].time == hidden + "T00:00:00")
    // What is linear in time is filled exactly only if the steps have the right distances.
    let values = try SmallClimate.values("t", in: folder.path("out.nc"))
    for (place, value) in values[3].enumerated() { #expect(abs(value - Float(285 + place)) < 1e-3) }
  }

  @Test func aSingleTimeIsSaidToBeOne() throws {
    let folder = try ScratchFolder()
    try Self.write([("t", "time", [3])], to: folder.path("in.nc"))
    let texts = try Self.fill(folder.path("in.nc"), in: folder).remarks.map(\.text)
    #expect(texts.contains { $0.contains("There is only one time") } && !texts.contains { $0.contains("together (--time") }, "\(texts)")
  }

  /// The message names the file, the variable and the number of the field; without `--time`, the answers say why each stands alone.
  @Test func aTimeThatIsNotANumberIsNamed() throws {
    let folder = try ScratchFolder()
    try Self.write([("t", "time", [0, 1, 2, .nan, 4])], to: folder.path("in.nc"))
    let words = complaint { _ = try Self.fill(folder.path("in.nc"), in: folder) }
    for part in ["in.nc", "1 of 5 fields of t (number 4) has no time", "--times"] { #expect(words.contains(part), "\(words)") }
    #expect(try folder.names() == ["in.nc"])
    let summary = try Self.fill(folder.path("in.nc"), time: nil, in: folder)
    #expect(summary.remarks.contains { $0.text.contains("(number 4) has no time") && $0.text.contains("filled by itself") })
    // A file without any time says so.
    try Self.write([("t", "time", [.nan, .nan])], to: folder.path("none.nc"))
    #expect(complaint { _ = try Self.fill(folder.path("none.nc"), in: folder) }.contains("gives no times"))
  }

  @Test func variablesOnOtherTimesAreNoSignal() throws {
    let folder = try ScratchFolder()
    try Self.write([("a", "time", [0, 1, 2]), ("b", "time2", [3, 4, 5])], to: folder.path("in.nc"))
    let words = complaint { _ = try Self.fill(folder.path("in.nc"), variables: ["a", "b"], in: folder) }
    #expect(words.contains("time2") && words.contains("different dimensions") && words.contains("one at a time"), "\(words)")
    #expect(try folder.names() == ["in.nc"])
    #expect(try Self.fill(folder.path("in.nc"), variables: ["b"], in: folder).fieldCount == 3)
    // Without names the first group is filled, and the other is not passed over in silence.
    let remarks = try Self.fill(folder.path("in.nc"), in: folder).remarks
    #expect(remarks.contains { $0.text.hasPrefix("Not read: b") && $0.text.contains("--variables b") }, "\(remarks)")
  }
}
