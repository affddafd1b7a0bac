// Files that cannot be used must be refused with the reason, never read as something else.

import Foundation
import SextantArrays
import SextantGeometry
import SextantSignals
import SextantStorage
import Testing

@Suite struct BadInputTests {
  private func gridFile(_ folder: TestFolder, _ name: String = "grid.nc", format: NetCDFFileWriter.Format = .netCDF4) throws
    -> String
  {
    try folder.write(
      name, format: format, dimensions: ["time": 3, "latitude": 40, "longitude": 50],
      [
        .time([0, 1, 2]), .latitude((0..<40).map(Double.init)), .longitude((0..<50).map(Double.init)),
        TestVariable("t2m", .float, ["time", "latitude", "longitude"], [Double](repeating: 1, count: 6000)),
      ])
  }

  @Test(arguments: NetCDFFileWriter.Format.allCases, [0.3, 0.9, 0.999])
  func cutOffFiles(_ format: NetCDFFileWriter.Format, share: Double) throws {
    let folder = try TestFolder()
    let path = try gridFile(folder, format: format)
    #expect(try GriddedFile(path: path).read([2]).values.count == 2000)
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    let cut = folder.path("cut.nc")
    try data.prefix(Int(Double(data.count) * share)).write(to: URL(fileURLWithPath: cut))
    let error = #expect(throws: NetCDFError.self) { try GriddedFile(path: cut).read([2]) }
    #expect(error?.description.contains(cut) == true)
  }

  @Test(arguments: [
    ("", "0 bytes"), ("GRIB\0\0\0\u{2}........7777", "found GRIB"),
    ("GRIB\0\0\0\u{1}........7777", "found GRIB"),
    ("latitude,longitude\n1,2\n", "text"), ("{\"error\": 1}", "JSON"), ("CDF\u{1}", "truncated"),
    ("PK\u{3}\u{4}", "zip"),
  ])
  func filesOfAnotherKind(content: String, expected: String) throws {
    let folder = try TestFolder()
    let path = folder.path("file.nc")
    try Data(content.utf8).write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: NetCDFError.self) { try GriddedFile(path: path) }
    #expect(error?.description.contains(expected) == true)
  }

  @Test func absentFile() {
    #expect(throws: FileError.missing(path: "/nowhere/x.nc")) { try GriddedFile(path: "/nowhere/x.nc") }
  }

  @Test func absentVariableIsToldWithItsNeighbours() throws {
    let folder = try TestFolder()
    let path = try gridFile(folder)
    #expect(
      throws: NetCDFError.absentVariable(path: path, name: "t2n", available: ["t2m"], nearest: "t2m")
    ) { try GriddedFile(path: path, variables: ["t2n"]) }
    #expect(throws: NetCDFError.self) { try GriddedFile(path: path, variables: ["latitude"]) }
    let error = #expect(throws: NetCDFError.self) { try GriddedFile(path: path, selecting: ["tine": ["1"]]) }
    #expect(error?.description.contains("\"time\"") == true)
  }

  @Test func noGrid() throws {
    let folder = try TestFolder()
    let bare = try folder.write(
      dimensions: ["a": 2, "b": 2], [TestVariable("v", .float, ["a", "b"], [1, 2, 3, 4])])
    let error = #expect(throws: NetCDFError.self) { try GriddedFile(path: bare) }
    #expect(error?.description.contains("degrees_north") == true)
    let broken = try folder.write(
      "broken.nc", dimensions: ["latitude": 2, "longitude": 2],
      [.latitude([0, 100]), .longitude([0, 1]), TestVariable("v", .float, ["latitude", "longitude"], [1, 2, 3, 4])])
    #expect(throws: NetCDFError.self) { try GriddedFile(path: broken) }
  }

  @Test func pointsAreRefusedAsGridAndReadAsPoints() throws {
    let folder = try TestFolder()
    let path = try folder.write(
      dimensions: ["station": 3, "time": 2],
      [
        .latitude([50, 51, 52], name: "lat", along: "station"), .longitude([0, 1, 2], name: "lon", along: "station"),
        TestVariable("name", .string, ["station"], texts: ["a", "b", "c"]), .time([0, 24]),
        TestVariable("tas", .float, ["station", "time"], [1, 10, 2, 20, 3, 30], ["units": .text("K")]),
      ])
    let error = #expect(throws: NetCDFError.self) { try GriddedFile(path: path) }
    #expect(error?.description.contains("points") == true)
    let points = try PointFile(path: path)
    #expect(points.points.map(\.latitude) == [50, 51, 52])
    #expect(points.labels.map(\.time) == ["2000-01-01T00:00:00", "2000-01-02T00:00:00"])
    #expect(try points.read([1]).values.scalars == [10, 20, 30])
  }

  @Test func unknownCalendarsAndUnits() throws {
    let folder = try TestFolder()
    for (units, calendar) in [("days since 2000-01-01", "martian"), ("days since yesterday", "standard")] {
      let path = try folder.write(
        dimensions: ["time": 1, "latitude": 2, "longitude": 2],
        [
          .time([0], units: units, calendar: calendar), .latitude([0, 1]), .longitude([0, 1]),
          TestVariable("v", .float, ["time", "latitude", "longitude"], [1, 2, 3, 4]),
        ])
      #expect(throws: NetCDFError.self) { try GriddedFile(path: path) }
    }
  }

  @Test func noFields() throws {
    let folder = try TestFolder()
    let path = try folder.write(
      dimensions: ["time": 0, "latitude": 2, "longitude": 2],
      [.latitude([0, 1]), .longitude([0, 1]), TestVariable("v", .float, ["time", "latitude", "longitude"])])
    let error = #expect(throws: NetCDFError.self) { try GriddedFile(path: path) }
    #expect(error?.description.contains("length 0") == true)
  }
}
