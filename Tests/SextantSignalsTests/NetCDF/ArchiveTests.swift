// Several files as one archive: order, units, and files that do not belong together.

import SextantArrays
import SextantSignals
import Testing

@Suite struct ArchiveTests {
  private func open(_ paths: [String]) throws -> SignalSeries {
    try [any SignalFormat].standard.open(paths, as: SignalRequest(path: ""))
  }

  private func file(
    _ folder: TestFolder, _ name: String, _ values: [Double], units: String? = "K", latitudes: [Double] = [0, 10],
    variable: String = "t2m"
  ) throws -> String {
    try folder.write(
      name, dimensions: ["time": values.count, "latitude": 2, "longitude": 2],
      [
        .time(values.indices.map { Double($0) * 24 }), .latitude(latitudes), .longitude([0, 10]),
        TestVariable(
          variable, .double, ["time", "latitude", "longitude"], values.flatMap { [$0, $0 + 1, .nan, $0 + 2] },
          units.map { ["units": .text($0)] } ?? [:]),
      ])
  }

  @Test func joinsFilesAndConvertsUnits() throws {
    let folder = try TestFolder()
    let paths = [
      try file(folder, "a.nc", [270, 280]), try file(folder, "b.nc", [20], units: "degC"),
      try file(folder, "c.nc", [290]),
    ]
    let archive = try open(paths)
    #expect(archive.count == 4)
    let set = try archive.read([3, 2, 0])
    #expect(set.values.scalars == [290, 291, 0, 292, 293.15, 294.15, 0, 295.15, 270, 271, 0, 272])
    #expect(set.isValid == (0..<3).flatMap { _ in [true, true, false, true] })
    #expect(archive.origin(of: 2).document.path == paths[1] && archive.origin(of: 3).index == 0)
  }

  @Test func filesWithDifferentNamesAreJoinedWhenOpenedOneByOne() throws {
    let folder = try TestFolder()
    let paths = [try file(folder, "a.nc", [270]), try file(folder, "b.nc", [271], variable: "tas")]
    let files = try zip(paths, ["t2m", "tas"]).map { GriddedDocument(try GriddedFile(path: $0, variables: [$1])) }
    #expect(try SignalSeries(files).read([1]).values[0, 0, 0] == 271)
    #expect(throws: NetCDFError.self) { try open(paths) }
  }

  @Test func refusesMixedGridsNamingBoth() throws {
    let folder = try TestFolder()
    let paths = [try file(folder, "a.nc", [270]), try file(folder, "b.nc", [270], latitudes: [0, 20])]
    let error = #expect(throws: ArchiveError.self) { try open(paths) }
    for path in paths { #expect(error?.description.contains(path) == true) }
  }

  @Test(arguments: ["m", "", nil]) func refusesUncertainUnits(_ units: String?) throws {
    let folder = try TestFolder()
    let paths = [try file(folder, "a.nc", [270]), try file(folder, "b.nc", [270], units: units)]
    let error = #expect(throws: ArchiveError.self) { try open(paths) }
    #expect(error?.description.contains("b.nc") == true)
  }

  @Test func noFiles() {
    #expect(throws: ArchiveError.empty) { try open([]) }
  }
}
