// Files that are written must read back as what was written, on the axes of their template, in this library and
// in others.

import Foundation
import SextantArrays
import SextantGeometry
import SextantSignals
import SextantStorage
import SextantTestSupport
import Testing

@Suite struct WriterTests {
  /// A packed file with an odd order of dimensions, bounds, a 360-day calendar and a scalar coordinate.
  static func template(_ folder: TestFolder) throws -> String {
    try folder.write(
      "in.nc", dimensions: ["longitude": 3, "time": 2, "latitude": 2, "nv": 2],
      [
        TestVariable(
          "time", .int, ["time"], [59, 89],
          ["units": .text("days since 2000-01-01"), "calendar": .text("360_day"), "bounds": .text("time_bnds")]),
        TestVariable("time_bnds", .double, ["time", "nv"], [45, 75, 75, 105]),
        TestVariable("height", .double, [], [2], ["units": .text("m"), "standard_name": .text("height")]),
        TestVariable("month", .byte, ["time"], [2, 3]),
        .latitude([-10, 10]), .longitude([0, 120, 240]),
        TestVariable(
          "tas", .short, ["longitude", "time", "latitude"], [-32767, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
          [
            "scale_factor": .numbers([0.5], .double), "add_offset": .numbers([20], .double),
            "_FillValue": .numbers([-32767], .short), "units": .text("degC"), "long_name": .text("temperature"),
            "cell_methods": .text("time: mean"), "coordinates": .text("height"),
          ]),
      ], global: ["history": .text("made by hand"), "institution": .text("here"), "Conventions": .text("CF-1.0")])
  }

  static let description = OutputDescription(
    title: "Filled", history: "2020-01-01 sextant impute", attributes: ["source": "a test"])

  /// Writes a file, or one for each member, like another.
  static func write(
    _ content: SignalContent, to path: String, like file: GriddedFile, on domain: (any Domain)? = nil,
    splitsMembers: Bool = false, _ body: (any FieldWriter) throws -> Void
  ) throws {
    try NetCDFSink(
      OutputRequest(path: path, content: content, domain: domain, splitsMembers: splitsMembers),
      like: GriddedDocument(file)
    ).write(content, description: description, overwrite: false, body)
  }

  static func fill(_ folder: TestFolder, _ name: String = "out.nc") throws -> (GriddedFile, String) {
    let file = try GriddedFile(path: try template(folder))
    let path = folder.path(name)
    let content = SignalContent.estimates(file.count, memberCount: 2, quantileLevels: [0.05, 0.95])
    try write(content, to: path, like: file) { writer in
      for n in [1, 0] {
        let set = try file.read([n])
        let mean = set.values.scalars.map { $0 + 0.25 }
        try writer.write(
          FieldRecord(
            mean, spread: mean.map { _ in 0.5 },
            members: Tensor(mean + mean.map { $0 + 1 }, shape: [2, mean.count]),
            quantiles: [mean.map { $0 - 1 }, mean.map { $0 + 1 }], isObserved: set.isValid), at: n)
      }
    }
    return (file, path)
  }

  @Test func filledFileKeepsAxesNamesAndUnits() throws {
    let folder = try TestFolder()
    let (input, path) = try Self.fill(folder)
    let output = try GriddedFile(path: path)
    #expect(output.variables == input.variables)
    #expect(output.labels == input.labels)
    #expect(output.labels.map(\.time) == ["2000-02-30T00:00:00", "2000-03-30T00:00:00"])
    #expect(output.domain.fingerprint == input.domain.fingerprint)
    for n in 0..<2 {
      let (before, after) = (try input.read([n]), try output.read([n]))
      #expect(after.values.scalars == before.values.scalars.map { $0 + 0.25 })
      let mask = try GriddedFile(path: path, variables: ["tas_observed"]).read([n])
      #expect(mask.values.scalars.map { $0 == 1 } == before.isValid)
    }
    let ensemble = try GriddedFile(path: path, variables: ["tas_ensemble"], selecting: ["realization": ["2"]])
    #expect(try ensemble.read([1]).values.scalars == input.read([1]).values.scalars.map { $0 + 1.25 })
    let quantile = try GriddedFile(path: path, variables: ["tas_quantile"], selecting: ["quantile": ["0.95"]])
    #expect(try quantile.read([0]).values.scalars == input.read([0]).values.scalars.map { $0 + 1.25 })
    let file = try NetCDFFile(path: path)
    #expect(file.text("history") == "made by hand\n2020-01-01 sextant impute")
    #expect(
      file.text("Conventions") == "CF-1.8" && file.text("institution") == "here" && file.text("title") == "Filled")
    let tas = try #require(file.variable("tas"))
    #expect(tas.dimensions.map(\.name) == ["longitude", "time", "latitude"])
    #expect(tas.text("cell_methods") == "time: mean" && tas.text("comment")?.hasPrefix("posterior mean") == true)
    #expect(tas.attribute("scale_factor") == nil && tas.text("coordinates") == "height month")
    let spread = try #require(file.variable("tas_spread"))
    #expect(spread.text("units") == "K" && spread.text("cell_methods") == "time: mean")
    let bounds = try #require(file.variable("time_bnds"))
    #expect(try file.rawValues(of: bounds) == [45, 75, 75, 105])
    let mask = try #require(file.variable("tas_observed"))
    #expect(mask.attribute("flag_values") == .numbers([0, 1], .byte) && mask.type == .byte)
  }

  @Test func answersOnAnotherGridKeepTheTimes() throws {
    let folder = try TestFolder()
    let file = try GriddedFile(path: try Self.template(folder))
    let grid = try LatitudeLongitudeGrid(latitudes: [90, 0, -90], longitudes: [0, 90, 180, 270])
    let path = folder.path("regridded.nc")
    try Self.write(.estimates(2, memberCount: 2), to: path, like: file, on: grid) { writer in
      for n in 0..<2 {
        let mean = (0..<12).map { Float(100 * n + $0) }
        try writer.write(FieldRecord(mean, members: Tensor(mean + mean.map { $0 + 0.5 }, shape: [2, 12])), at: n)
      }
    }
    let answer = try GriddedFile(path: path, variables: ["tas"])
    #expect(answer.domain.fingerprint == grid.fingerprint)
    #expect(answer.labels == file.labels)
    #expect(try answer.read([1]).values.scalars == (0..<12).map { Float(100 + $0) })
    let (before, after) = (try NetCDFFile(path: file.path), try NetCDFFile(path: path))
    for name in ["time", "time_bnds", "month", "height"] {
      let (old, new) = (try #require(before.variable(name)), try #require(after.variable(name)))
      #expect(Set(new.attributes.map(\.name)).isSuperset(of: old.attributes.map(\.name)))
      #expect(old.attributes.allSatisfy { new.attribute($0.name) == $0.value })
      #expect(try after.values(of: new) == before.values(of: old))
    }
    #expect(after.variable("time")?.text("calendar") == "360_day")
    #expect(after.variable("tas")?.text("cell_methods")?.hasPrefix("time: mean") == true)
    #expect(try GriddedFile(path: path, variables: ["tas_ensemble"]).count == 4)
  }

  @Test func aSelectionIsWrittenWithItsOwnAxes() throws {
    let folder = try TestFolder()
    let file = try GriddedFile(path: try Self.template(folder), selecting: ["time": ["2000-03"]])
    let path = folder.path("march.nc")
    try FieldFile.write(file, to: path, like: file, description: Self.description)
    let output = try GriddedFile(path: path)
    #expect(output.labels == file.labels && output.count == 1)
    #expect(try output.read([0]).isValid == file.read([0]).isValid)
    let bounds = try NetCDFFile(path: path)
    #expect(try bounds.rawValues(of: try #require(bounds.variable("time_bnds"))) == [75, 105])
  }

  @Test func membersGetAFileEach() throws {
    let folder = try TestFolder()
    let file = try GriddedFile(path: try Self.template(folder))
    let paths = MemberFiles.paths(for: folder.path("out.nc"), count: 3, ending: "nc")
    #expect(paths.map { URL(fileURLWithPath: $0).lastPathComponent }.last == "out_member003.nc")
    #expect(MemberFiles.paths(for: "out/", count: 1, ending: "nc") == ["out/member001.nc"])
    let content = SignalContent.estimates(2, memberCount: 3)
    try Self.write(content, to: folder.path("out.nc"), like: file, splitsMembers: true) { writer in
      for n in 0..<2 {
        let mean = try file.read([n]).values.scalars
        let members = Tensor((0..<3).flatMap { m in mean.map { $0 + Float(m) } }, shape: [3, mean.count])
        try writer.write(FieldRecord(mean, members: members), at: n)
      }
    }
    for (m, path) in paths.enumerated() {
      let member = try GriddedFile(path: path)
      #expect(member.labels[0].coordinates["realization"] == "\(m + 1)")
      #expect(try member.read([1]).values.scalars == file.read([1]).values.scalars.map { $0 + Float(m) })
    }
    #expect(throws: FileError.self) {
      try Self.write(content, to: folder.path("out.nc"), like: file, splitsMembers: true) { _ in }
    }
  }

  @Test(arguments: [true, false]) func fieldsWithoutTemplate(hasTimes: Bool) throws {
    let folder = try TestFolder()
    let grid = try LatitudeLongitudeGrid(latitudes: [90, 0, -90], longitudes: [0, 90, 180, 270])
    let labels = (0..<2).map { n in
      hasTimes
        ? FieldLabel(time: "200\(n)-07-01T06:00:00", coordinates: ["number": "\(n)"])
        : FieldLabel(month: n == 0 ? nil : 7, coordinates: ["source": "run \(n)"])
    }
    var isValid = [Bool](repeating: true, count: 24)
    isValid[5] = false
    let values = Tensor<Float>((0..<24).map { $0 == 5 ? 0 : Float($0) }, shape: [2, 12, 1])
    let set = SignalSet(
      domain: grid, variables: [Variable(name: "tas", units: "K")], values: values, isValid: isValid, labels: labels)
    let path = folder.path("plain.nc")
    let content = SignalContent.measurements(2, hasNoise: true)
    try NetCDFSink(OutputRequest(path: path, content: content), like: set).write(
      content, description: Self.description, overwrite: false
    ) { writer in
      for field in 0..<2 {
        var record = FieldRecord(set[field])
        record.noise = [Float](repeating: Float(field) + 0.5, count: 12)
        try writer.write(record, at: field)
      }
    }
    let file = try GriddedFile(path: path, variables: ["tas"])
    let read = try file.read([0, 1])
    #expect(read.values == set.values && read.isValid == set.isValid)
    #expect(read.variables == [Variable(name: "tas", units: "K", longName: "tas")] && file.domain.fingerprint == grid.fingerprint)
    #expect(read.labels.map(\.time) == labels.map(\.time))
    #expect(read.labels.map { $0.month } == (hasTimes ? [7, 7] : [nil, 7]))
    for (before, after) in zip(labels, read.labels) {
      for (key, value) in before.coordinates { #expect(after.coordinates[key] == value) }
    }
    #expect(
      try GriddedFile(path: path, variables: ["tas_noise"]).read([1]).values.scalars
        == [Float](repeating: 1.5, count: 12))
  }

  @Test(.enabled(if: ExternalProgram.isInstalled("ncdump"), "ncdump is not installed")) func readableByNcdump() throws {
    let folder = try TestFolder()
    let text = String(decoding: try ExternalProgram.output(["ncdump", try Self.fill(folder).1]), as: UTF8.self)
    for part in ["float tas(longitude, time, latitude)", "tas_ensemble(realization, longitude", "cell_methods"] {
      #expect(text.contains(part))
    }
  }

  @Test(.enabled(if: ExternalProgram.isInstalled("cdo"), "CDO is not installed")) func readableByCDO() throws {
    let folder = try TestFolder()
    let grid = try LatitudeLongitudeGrid(latitudes: [60, 0, -60], longitudes: [0, 90, 180, 270])
    let set = SignalSet(
      domain: grid, variables: [Variable(name: "tas", units: "K")],
      values: Tensor<Float>((0..<24).map(Float.init), shape: [2, 12, 1]), isValid: [Bool](repeating: true, count: 24),
      labels: (1...2).map { FieldLabel(time: "2000-0\($0)-01T00:00:00") })
    let truth = folder.path("truth.nc")
    try FieldFile.write(set, to: truth, description: Self.description)
    let template = try GriddedFile(path: truth)
    let filled = folder.path("filled.nc")
    try Self.write(.estimates(2, memberCount: 2, quantileLevels: [0.5]), to: filled, like: template) { writer in
      for n in 0..<2 {
        let mean = try template.read([n]).values.scalars
        try writer.write(
          FieldRecord(mean, spread: mean, members: Tensor(mean + mean, shape: [2, 12]), quantiles: [mean]), at: n)
      }
    }
    let table = String(decoding: try ExternalProgram.output(["cdo", "-s", "infon", filled]), as: UTF8.self)
    // CDO leaves out variables whose first dimension is not time; it reads ensembles as one file for each member.
    #expect(table.contains("tas_spread"), Comment(rawValue: table))
    #expect(table.split(separator: "\n").contains { $0.contains("2000-02-01") && $0.contains("17.500") })
    let paths = MemberFiles.paths(for: folder.path("members"), count: 2, ending: "nc")
    try Self.write(
      .estimates(2, memberCount: 2), to: folder.path("members"), like: template, splitsMembers: true
    ) { writer in
      for n in 0..<2 {
        let mean = try template.read([n]).values.scalars
        let members = Tensor(mean.map { $0 - 1 } + mean.map { $0 + 1 }, shape: [2, 12])
        try writer.write(FieldRecord(mean, members: members), at: n)
      }
    }
    _ = try ExternalProgram.output(["cdo", "-s", "enscrps", truth] + paths + [folder.path("crps")])
    let score = String(
      decoding: try ExternalProgram.output(["cdo", "-s", "outputf,%g", folder.path("crps.crps.nc")]), as: UTF8.self)
    let numbers = score.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
    #expect(numbers.count == 2 && numbers.allSatisfy { $0 > 0 && $0 < 1 })
  }

  @Test(.enabled(if: PythonReference.has(["xarray", "netCDF4"]), "No Python with xarray: set SEXTANT_PYTHON"))
  func readableByXarray() throws {
    let folder = try TestFolder()
    let (input, path) = try Self.fill(folder)
    let numbers = try JSONDecoder().decode(
      [Float].self, from: try PythonReference.run("xarray_mean.py", arguments: [path, "tas"]))
    #expect(numbers == (try input.read([0, 1]).values.scalars.map { $0 + 0.25 }))
  }
}
