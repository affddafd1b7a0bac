// One rule selects fields: the options of a command, which a reader obeys, and the lists of a configuration, which are
// compared with labels, keep the same fields.

import SextantSignals
import Testing

@testable import SextantSignals

@Suite struct SelectionRuleTests {
  /// Three levels, two members and two times under names of their own.
  private static func file(_ folder: TestFolder) throws -> String {
    try folder.write(
      dimensions: ["valid": 2, "ens": 2, "plev": 3, "lat": 2, "lon": 2],
      [
        .latitude([0, 1], name: "lat"), .longitude([0, 1], name: "lon"),
        .time([0, 744], name: "valid", units: "hours since 2012-12-01"),
        TestVariable("ens", .int, ["ens"], [3, 4], ["standard_name": .text("realization"), "units": .text("1")]),
        TestVariable(
          "plev", .double, ["plev"], [500, 850, 1000],
          ["units": .text("hPa"), "positive": .text("down"), "standard_name": .text("air_pressure")]),
        TestVariable("t", .float, ["valid", "ens", "plev", "lat", "lon"], (0..<48).map(Double.init)),
      ])
  }

  @Test(arguments: [
    ("level", ["500"]), ("level", ["500 hPa"]), ("level", ["500.0"]), ("level", ["50000 Pa"]), ("level", ["500", "1000"]),
    ("plev", ["500", "850 hPa"]), ("air_pressure", [" 1000 "]), ("number", ["3"]), ("member", ["4.0"]),
    ("realization", ["3", "4"]), ("ens", ["3"]), ("time", ["2012-12"]), ("time", ["2012-12-01T00", "2013-01"]),
    ("valid", ["2013"]), ("month", ["1"]), ("month", ["12", "1"]), ("Level", ["850"]),
  ]) func bothRoadsKeepTheSameFields(key: String, values: [String]) throws {
    let folder = try TestFolder()
    let path = try Self.file(folder)
    let whole = try GriddedFile(path: path)
    let byReader = try GriddedFile(path: path, selecting: [key: values])
    let byLabel = whole.labels.filter { $0.matches(key, anyOf: values) }
    #expect(!byLabel.isEmpty && byLabel == byReader.labels)
    #expect(byLabel.count <= whole.count && (values.count > 1 || byLabel.count < whole.count))
  }

  @Test(arguments: [
    ("level", ["501"]), ("level", ["500 m"]), ("level", ["hPa"]), ("number", ["5"]), ("time", ["2014"]), ("time", [""]),
    ("month", ["7"]), ("plev", ["500 parsec"]),
  ]) func neitherRoadKeepsOthers(key: String, values: [String]) throws {
    let folder = try TestFolder()
    let path = try Self.file(folder)
    #expect(try GriddedFile(path: path).labels.allSatisfy { !$0.matches(key, anyOf: values) })
    #expect(throws: NetCDFError.self) { try GriddedFile(path: path, selecting: [key: values]) }
  }

  @Test func labelsKnowTheirLevel() throws {
    let folder = try TestFolder()
    let labels = try GriddedFile(path: Self.file(folder)).labels
    #expect(labels.prefix(3).map { $0.level?.text } == ["500 hPa", "850 hPa", "1000 hPa"])
    #expect(labels.allSatisfy { $0.level?.name == "plev" })
    #expect(FieldLabel(coordinates: ["level": "2 m"]).level?.text == "2 m")
    #expect(FieldLabel(coordinates: ["source": "a"]).level == nil)
  }
}
