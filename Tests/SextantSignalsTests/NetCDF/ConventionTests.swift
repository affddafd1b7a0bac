// What is written follows the CF conventions, whatever the template lacked: by its attributes, and by the compliance
// checker where that is installed.

import Foundation
import SextantArrays
import SextantGeometry
import SextantTestSupport
import Testing

@testable import SextantSignals

@Suite struct ConventionTests {
  /// A file as xarray writes it: marks of missing values on coordinates, whole numbers of 64 bits, no standard names,
  /// and neither title nor institution.
  static func bareTemplate(_ folder: TestFolder, extra: [String: NetCDFAttributeValue] = [:]) throws -> GriddedFile {
    let fill: [String: NetCDFAttributeValue] = ["_FillValue": .numbers([.nan], .double)]
    let path = try folder.write(
      "in.nc", dimensions: ["time": 2, "lat": 3, "lon": 4, "bnds": 2],
      [
        TestVariable(
          "time", .int64, ["time"], [0, 31],
          ["units": .text("days since 2000-01-01"), "calendar": .text("standard"), "bounds": .text("time_bnds")]),
        TestVariable("time_bnds", .int64, ["time", "bnds"], [0, 31, 31, 60]),
        TestVariable(
          "lat", .double, ["lat"], [60, 0, -60], fill.merging(["units": .text("degrees_north")]) { a, _ in a }),
        TestVariable(
          "lon", .double, ["lon"], [0, 90, 180, 270], fill.merging(["units": .text("degrees_east")]) { a, _ in a }),
        TestVariable(
          "tas", .float, ["time", "lat", "lon"], (0..<24).map(Double.init),
          extra.merging(["units": .text("degC"), "cell_methods": .text("time: mean")]) { a, _ in a }),
      ])
    return try GriddedFile(path: path)
  }

  static func fill(_ file: GriddedFile, to path: String) throws {
    let content = SignalContent.estimates(file.count, memberCount: 2, quantileLevels: [0.05, 0.95])
    let description = OutputDescription(history: "by a test", attributes: ["sextant_version": "1"])
    try NetCDFSink(OutputRequest(path: path, content: content), like: GriddedDocument(file))
      .write(content, description: description, overwrite: false) { writer in
        for n in 0..<file.count {
          let mean = try file.read([n]).values.scalars
          try writer.write(
            FieldRecord(
              mean, spread: mean.map { _ in 0.5 }, members: Tensor(mean + mean, shape: [2, mean.count]),
              quantiles: [mean, mean], isObserved: mean.map { $0 > 3 }), at: n)
        }
      }
  }

  @Test func coordinatesSayWhatTheyAre() throws {
    let folder = try TestFolder()
    let input = try Self.bareTemplate(folder)
    try Self.fill(input, to: folder.path("out.nc"))
    let file = try NetCDFFile(path: folder.path("out.nc"))
    for (name, standardName, axis) in [("time", "time", "T"), ("lat", "latitude", "Y"), ("lon", "longitude", "X")] {
      let variable = try #require(file.variable(name))
      #expect(variable.text("standard_name") == standardName && variable.text("axis") == axis)
      #expect(variable.attribute("_FillValue") == nil && variable.type == .double)
    }
    #expect(try file.rawValues(of: #require(file.variable("time"))) == [0, 31])
    #expect(try file.rawValues(of: #require(file.variable("time_bnds"))) == [0, 31, 31, 60])
    #expect(file.variable("time_bnds")?.attributes.isEmpty == true)
    // The same fields as before, and the same again when the answer is filled once more.
    let output = try GriddedFile(path: folder.path("out.nc"), variables: ["tas"])
    #expect(output.labels == input.labels && output.domain.fingerprint == input.domain.fingerprint)
    try Self.fill(output, to: folder.path("again.nc"))
    let again = try NetCDFFile(path: folder.path("again.nc"))
    for name in ["time", "lat", "lon", "tas", "tas_spread"] {
      let names = [file, again].map { $0.variable(name)?.attributes.map { "\($0.name) \($0.value)" }.sorted() }
      #expect(names[0] == names[1], "\(name)")
    }
    // Neither the axes of another program nor wrong names are invented.
    #expect(file.variable("realization")?.attribute("axis") == nil)
    #expect(file.variable("quantile")?.attribute("standard_name") == nil)
  }

  @Test func ensemblesHaveTheirDimensionFirst() throws {
    let folder = try TestFolder()
    try Self.fill(Self.bareTemplate(folder), to: folder.path("out.nc"))
    let file = try NetCDFFile(path: folder.path("out.nc"))
    for (name, leading) in [("tas_ensemble", ["realization"]), ("tas_quantile", ["quantile"]), ("tas", [])] {
      #expect(file.variable(name)?.dimensions.map(\.name) == leading + ["time", "lat", "lon"])
    }
  }

  @Test func variablesAndFilesSayHowTheyWereMade() throws {
    let folder = try TestFolder()
    let input = try Self.bareTemplate(
      folder, extra: ["standard_name": .text("air_temperature"), "comment": .text("two metres up")])
    try Self.fill(input, to: folder.path("out.nc"))
    let file = try NetCDFFile(path: folder.path("out.nc"))
    #expect(file.variable("tas")?.text("comment") == "two metres up; posterior mean, given the observed values")
    #expect(file.variable("tas")?.text("standard_name") == "air_temperature")
    #expect(file.variable("tas_spread")?.text("standard_name") == "air_temperature standard_error")
    for name in ["tas", "tas_spread", "tas_ensemble"] {
      #expect(file.variable(name)?.text("cell_methods") == "time: mean")
    }
    #expect(file.text("title") == "Fields whose gaps were filled" && file.text("source") == "Sextant 1")
    #expect(file.text("institution") == "unknown" && file.text("Conventions") == "CF-1.8")
  }

  @Test(.enabled(if: ExternalProgram.isInstalled("compliance-checker"), "compliance-checker is not installed"))
  func theComplianceCheckerFindsNothing() throws {
    let folder = try TestFolder()
    let named = try TestFolder()
    try Self.fill(Self.bareTemplate(folder), to: folder.path("bare.nc"))
    try Self.fill(
      Self.bareTemplate(named, extra: ["standard_name": .text("air_temperature")]), to: folder.path("named.nc"))
    let file = try Self.bareTemplate(try TestFolder())
    for (name, content) in [
      ("measured", SignalContent.measurements(file.count, hasNoise: true)), ("fields", .fields(file.count)),
    ] {
      // Once like a template, and once on a grid of its own.
      let fields = try file.read([0, 1])
      for (place, source) in [GriddedDocument(file) as any SignalSource, fields].enumerated() {
        try NetCDFSink(OutputRequest(path: folder.path("\(name)\(place).nc"), content: content), like: source)
          .write(content, description: OutputDescription(history: "by a test"), overwrite: false) { writer in
            for n in 0..<file.count {
              var record = FieldRecord(fields[n])
              record.noise = record.values.map { _ in 0.5 }
              try writer.write(record, at: n)
            }
          }
      }
    }
    for name in ["bare", "named", "measured0", "measured1", "fields0", "fields1"] {
      let result = try ExternalProgram.run(
        ["compliance-checker", "-t", "cf:1.8", "-c", "strict", folder.path("\(name).nc")])
      let report = String(decoding: result.output, as: UTF8.self)
      #expect(report.contains("All tests passed!"), "\(name): \(report)")
    }
  }
}
