// What inspection tells of good, odd and broken files.

import Foundation
import SextantSignals
import SextantTestSupport
import Testing

@Suite struct InspectionTests {
  @Test func tellsRolesRangesAndGaps() throws {
    let folder = try TestFolder()
    let inspection = try FileInspection(path: try WriterTests.template(folder))
    let roles = Dictionary(uniqueKeysWithValues: inspection.variables.map { ($0.name, $0.role) })
    #expect(
      roles == [
        "time": .time, "time_bnds": .bounds, "height": .vertical, "month": .coordinate, "latitude": .latitude,
        "longitude": .longitude, "tas": .data,
      ])
    let tas = try #require(inspection.variables.first { $0.name == "tas" })
    #expect(tas.minimum == 20.5 && tas.maximum == 25.5 && tas.missingShare == 1 / 12.0)
    let fields = try #require(inspection.fields)
    #expect(fields.count == 2 && fields.firstTime == "2000-02-30T00:00:00" && fields.coordinates["height"] == ["2 m"])
    #expect(inspection.problems.isEmpty)
    #expect(inspection.description.contains("tas") && inspection.description.contains("8.3 %"))
    #expect(try JSONDecoder().decode(FileInspection.self, from: JSONEncoder().encode(inspection)) == inspection)
  }

  @Test func tellsProblems() throws {
    let folder = try TestFolder()
    let path = try folder.write(
      dimensions: ["time": 1, "latitude": 2, "longitude": 2],
      [
        .time([0]), .latitude([0, 1]), .longitude([0, 1]),
        TestVariable(
          "a", .double, ["time", "latitude", "longitude"], [.infinity, 1, 2, 3], ["units": .text("blobs")]),
        TestVariable("b", .double, ["time", "latitude", "longitude"], [.nan, .nan, .nan, .nan]),
      ])
    let text = try FileInspection(path: path).description
    for part in ["1 infinite", "every value is missing", "no units", "\"blobs\""] { #expect(text.contains(part)) }
    let bare = try folder.write("bare.nc", dimensions: ["a": 2], [TestVariable("v", .float, ["a"], [1, 2])])
    let inspection = try FileInspection(path: bare)
    #expect(inspection.fields == nil && inspection.problems.count == 1)
  }

  @Test(.enabled(if: SharedData.isPresent, "No shared data: set SEXTANT_DATA")) func readsEveryRealFile() throws {
    for path in SharedData.netCDFFiles {
      let inspection = try FileInspection(path: path)
      let isStations = path.hasSuffix("cancities_1990-1993.nc")
      #expect(inspection.fields?.arePoints == isStations, Comment(rawValue: path))
    }
  }
}
