// The numbers beside the fields of a NetCDF file: one for each field in whatever order of dimensions, or one for all; anything
// else is an error, and never silently the last.

import Foundation
import SextantArrays
import SextantGeometry
import SextantSignals
import SextantTestSupport
import Testing

@Suite struct CompanionTests {
  /// A file of tas (time × level) with several kinds of noise beside it.
  static func file(_ folder: TestFolder) throws -> String {
    func grid(_ count: Int) -> [Double] { (0..<count).flatMap { field in (0..<4).map { Double(10 * field + $0) } } }
    return try folder.write(
      "in.nc", dimensions: ["time": 3, "level": 2, "latitude": 2, "longitude": 2, "other": 6, "x": 2, "letters": 2],
      [
        .time([0, 24, 48]), TestVariable("level", .double, ["level"], [500, 850], ["units": .text("hPa")]),
        .latitude([10, -10]), .longitude([0, 180]),
        TestVariable("tas", .float, ["time", "level", "latitude", "longitude"], grid(6), ["units": .text("K")]),
        TestVariable("full", .float, ["time", "level", "latitude", "longitude"], grid(6).map { $0 / 10 }),
        // Level first: the numbers of field (time t, level l) are those of place 3·l + t.
        TestVariable("turned", .float, ["level", "time", "latitude", "longitude"], grid(6)),
        TestVariable("constant", .float, ["latitude", "longitude"], grid(1)),
        TestVariable("per_time", .float, ["time", "latitude", "longitude"], grid(3)),
        TestVariable("elsewhere", .float, ["other", "latitude", "longitude"], grid(6)),
        TestVariable("words", .character, ["x", "letters"]), TestVariable("row", .float, ["x"], [1, 2]),
      ])
  }

  static func open(_ folder: TestFolder, select: [String: [String]] = [:]) throws -> any SignalDocument {
    try FormatCase.formats.open(SignalRequest(path: try file(folder), variables: ["tas"], select: select))
  }

  @Test func fieldsFindTheirOwnNumbers() throws {
    let folder = try TestFolder()
    let document = try Self.open(folder)
    #expect(document.count == 6)
    for field in 0..<6 {
      #expect(try document.companion("full", at: field) == (0..<4).map { Float(10 * field + $0) / 10 })
      let (time, level) = (field / 2, field % 2)
      #expect(try document.companion("turned", at: field)?[1] == Float(10 * (3 * level + time) + 1))
      #expect(try document.companion("constant", at: field) == [0, 1, 2, 3])
    }
    #expect(try document.requiredCompanion("constant").isConstant)
    #expect(try !document.requiredCompanion("full").isConstant)
    #expect(try document.requiredCompanion("tas").units == "K")
    #expect(document.companionNames.contains("turned") && !document.companionNames.contains("level"))
  }

  @Test func aSelectionOfFieldsIsOneOfTheirNumbersToo() throws {
    let folder = try TestFolder()
    let document = try Self.open(folder, select: ["level": ["850"]])
    #expect(document.count == 3)
    for time in 0..<3 {
      #expect(try document.companion("full", at: time)?[0] == Float(10 * (2 * time + 1)) / 10)
      #expect(try document.companion("turned", at: time)?[0] == Float(10 * (3 + time)))
      #expect(try document.companion("constant", at: time)?[3] == 3)
    }
  }

  @Test func fewerNumbersThanFieldsAreAnError() throws {
    let folder = try TestFolder()
    let document = try Self.open(folder)
    #expect(
      throws: SignalFormatError.companionCount(path: document.path, name: "per_time", expected: 6, found: 3)
    ) { try document.companion("per_time") }
    #expect(complaint { _ = try document.companion("elsewhere") }.contains("other dimensions"))
  }

  @Test func whatCannotBeReadIsReportedAsSuch() throws {
    let folder = try TestFolder()
    let document = try Self.open(folder)
    for name in ["words", "row", "level"] {
      let text = complaint { _ = try document.companion(name) }
      #expect(text.contains(name) && text.contains("in.nc"), "\(text)")
    }
    #expect(try document.companion("nothing") == nil)
  }

  @Test func membersAreFoundWhereverTheirDimensionIs() throws {
    let folder = try TestFolder()
    let values = (0..<2 * 3 * 2 * 4).map(Double.init)
    let path = try folder.write(
      "filled.nc", dimensions: ["time": 3, "level": 2, "realization": 2, "latitude": 2, "longitude": 2],
      [
        .time([0, 24, 48]), TestVariable("level", .double, ["level"], [500, 850]), .latitude([10, -10]),
        .longitude([0, 180]),
        TestVariable(
          "tas", .float, ["time", "level", "latitude", "longitude"], [Double](repeating: 0, count: 24)),
        TestVariable("tas_ensemble", .float, ["time", "realization", "level", "latitude", "longitude"], values),
      ])
    let document = try FormatCase.formats.open(
      SignalRequest(path: path, variables: ["tas"], select: ["level": ["850"]], content: .estimates))
    for time in 0..<3 {
      let members = try #require(try document.members(of: time))
      #expect(members.rowCount == 2)
      for member in 0..<2 { #expect(members[member, 0] == Float(((time * 2 + member) * 2 + 1) * 4)) }
    }
  }

  /// The noise of several fields beside an array: one for each, one for all, or an error.
  @Test func arraysHaveTheirNoiseBesideThem() throws {
    let folder = try ScratchFolder()
    let format = FormatCase(ending: "npy", holdsSeveral: true, isOnGrid: false)
    let path = folder.path("a.npy")
    try NPYFile.write(try format.fields(channels: 2).values, to: path)
    func noise(_ shape: [Int]) throws -> any SignalDocument {
      let values = (0..<shape.reduce(1, *)).map(Float.init)
      try NPYFile.write(Tensor(values, shape: shape), to: folder.path("a.noise.npy"), overwrite: true)
      return try format.open(path, channels: 2)
    }
    #expect(try noise([42]).companion("salt_noise", at: 2)?.prefix(2) == [0, 1])
    #expect(try noise([42, 2]).companion("salt_noise", at: 2)?.prefix(2) == [1, 3])
    #expect(try noise([3, 42, 2]).companion("salt_noise", at: 2)?.prefix(2) == [169, 171])
    #expect(complaint { _ = try noise([2, 42, 2]).companion("salt_noise") }.contains("2 fields, but there are 3"))
    #expect(complaint { _ = try noise([41]).companion("salt_noise") }.contains("41"))
    #expect(try noise([42]).companion("heat_quality") == nil)
  }
}
