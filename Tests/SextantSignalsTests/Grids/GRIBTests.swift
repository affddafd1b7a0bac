// GRIB files that ecCodes writes: values, places, members, levels, times and steps; and files that cannot be read.

import Foundation
import SextantArrays
import SextantGeometry
import SextantTestSupport
import Testing

@testable import SextantSignals

@Suite struct GRIBTests {
  private static func truth(_ latitude: Double, _ longitude: Double) -> Double {
    let (phi, lambda): (Double, Double) = (latitude * .pi / 180, longitude * .pi / 180)
    return 280 + 15 * cos(phi) + 3 * sin(2 * lambda)
  }

  private func open(_ path: String, select: [String: [String]] = [:]) throws -> any SignalDocument {
    try [any SignalFormat].standard.open(SignalRequest(path: path, select: select))
  }

  /// The largest difference of a field's values from `expected` at its places.
  private func worst(_ field: Signal, _ expected: (GeographicPoint) -> Double) -> Double {
    let points = field.domain.geography?.points ?? []
    let values = field.values.scalars
    let valid = values.indices.filter { field.isValid[$0] }
    return valid.map { (entry: Int) -> Double in abs(Double(values[entry]) - expected(points[entry])) }.max() ?? .infinity
  }

  @Test func membersLevelsAndTimes() throws {
    let folder = try ScratchFolder()
    var samples: [GRIBSample] = []
    for member in [0, 1] {
      for hour in [0, 600, 1200] {
        // One message is left out.
        for level in [850, 500] where !(member == 1 && hour == 600 && level == 850) {
          samples.append(
            GRIBSample(
              "regular_ll_pl_grib1",
              numbers: [
                "dataDate": 20_200_131, "dataTime": hour, "level": level, "setLocalDefinition": 1,
                "localDefinitionNumber": 1, "number": member,
              ], texts: ["shortName": "t"]
            ) { latitude, longitude in
              let shift: Double = Double(member) + Double(level) / 100 + Double(hour) / 1000
              return latitude == 60 && longitude == 0 ? .nan : Self.truth(latitude, longitude) + shift
            })
        }
      }
    }
    let path = try GRIBSample.write(samples, to: folder.path("ensemble.grib"))
    let document = try open(path)
    #expect(document.format.name == "GRIB" && document.variables.map(\.name) == ["t"])
    #expect(document.variables[0].units == "K" && document.variables[0].standardName == "air_temperature")
    #expect(document.count == 12)
    #expect(document.domain.summary.contains("31×16 latitude–longitude grid"))
    for (index, label) in document.labels.enumerated() {
      let (member, level) = (label.coordinates["number"] ?? "", label.coordinates["isobaricInhPa"] ?? "")
      let hour = try #require(label.time.flatMap { Double($0.dropFirst(11).prefix(2)) }) * 100
      #expect(label.time?.hasPrefix("2020-01-31T") == true)
      let field = try document.read([index])[0]
      if member == "1", hour == 600, level == "850 hPa" {
        #expect(!field.isValid.contains(true))
        continue
      }
      #expect(field.isValid.count { !$0 } == 1)
      let (number, pressure) = (try #require(Double(member)), try #require(Double(level.dropLast(4))))
      let shift: Double = number + pressure / 100 + hour / 1000
      #expect(worst(field) { Self.truth($0.latitude, $0.longitude) + shift } < 1e-4)
    }
    #expect(try open(path, select: ["level": ["500"], "number": ["1"], "time": ["2020-01-31T12"]]).count == 1)
  }

  @Test func stepsThatOverlapAreAnAxisAndOthersAreTimes() throws {
    let folder = try ScratchFolder()
    func forecast(_ date: Int, _ step: Int) -> GRIBSample {
      GRIBSample(numbers: ["dataDate": date, "dataTime": 0, "endStep": step], texts: ["shortName": "2t"], value: Self.truth)
    }
    let plain = try open(
      GRIBSample.write([20_200_101, 20_200_102].flatMap { [forecast($0, 6), forecast($0, 12)] }, to: folder.path("a.grib")))
    #expect(plain.variables.map(\.name) == ["t2m"] && plain.count == 4)
    #expect(plain.labels.map { $0.time ?? "" }.map { $0.prefix(13) } == ["2020-01-01T06", "2020-01-01T12", "2020-01-02T06", "2020-01-02T12"])
    #expect(plain.labels[2].coordinates["forecast_period"] == "6 hours")
    let overlapping = try open(
      GRIBSample.write([20_200_101, 20_200_102].flatMap { [forecast($0, 0), forecast($0, 24)] }, to: folder.path("b.grib")))
    #expect(overlapping.count == 4 && overlapping.labels.map { $0.time ?? "" }.map { $0.prefix(10) } == ["2020-01-01", "2020-01-02", "2020-01-02", "2020-01-03"])
    #expect(overlapping.labels[1].coordinates["step"] == "24 hours")
  }

  @Test func reducedGaussianGridsAreCells() throws {
    let folder = try ScratchFolder()
    let sample = GRIBSample(
      "reduced_gg_pl_32_grib2", numbers: ["dataDate": 20_200_101], texts: ["shortName": "t"],
      pointsOfRows: [8, 12, 16, 20, 20, 16, 12, 8], value: Self.truth)
    let document = try open(GRIBSample.write([sample], to: folder.path("reduced.grib2")))
    #expect(document.domain.summary == "112-cell unstructured grid, global")
    #expect(abs(document.domain.areaWeights.reduce(0, +) - 4 * .pi) < 1e-9)
    #expect(worst(try document.read([0])[0]) { Self.truth($0.latitude, $0.longitude) } < 1e-4)
  }

  @Test func answersAreNetCDFOnTheSameAxes() throws {
    let folder = try ScratchFolder()
    let samples = [0, 1200].map { hour in
      GRIBSample(
        numbers: ["dataDate": 20_200_131, "dataTime": hour], texts: ["shortName": "2t"],
        value: { Self.truth($0, $1) + Double(hour) })
    }
    let document = try open(GRIBSample.write(samples, to: folder.path("in.grib")))
    let content = SignalContent.fields(2)
    let output = folder.path("out.nc")
    try [any SignalFormat].standard.sink(OutputRequest(path: output, content: content), like: document)
      .write(content, description: OutputDescription(history: "by a test"), overwrite: false) { writer in
        for index in 0..<2 { try writer.write(FieldRecord(document.read([index])[0]), at: index) }
      }
    let again = try open(output)
    #expect(again.format.name == "NetCDF" && again.domain.fingerprint == document.domain.fingerprint)
    #expect(again.labels.map(\.time) == document.labels.map(\.time) && again.variables[0].units == "K")
    #expect(try again.read([0, 1]).values.scalars == document.read([0, 1]).values.scalars)
    let error = #expect(throws: SignalFormatError.self) {
      try [any SignalFormat].standard.sink(OutputRequest(path: folder.path("out.grib"), content: content), like: document)
    }
    #expect(error?.description.contains("GRIB is only read") == true)
  }

  // MARK: Files that cannot be used

  @Test(arguments: [100, 5])
  func cutOffMessages(_ missing: Int) throws {
    let folder = try ScratchFolder()
    let whole = try [0, 1200].map { hour in
      try GRIBSample(numbers: ["dataTime": hour], texts: ["shortName": "2t"], value: Self.truth).message()
    }.reduce(Data(), +)
    let path = folder.path("cut.grib")
    try whole.dropLast(missing).write(to: URL(fileURLWithPath: path))
    #expect(throws: GRIBError.truncated(path: path, message: 2)) { try open(path) }
  }

  @Test func messagesOnMixedGrids() throws {
    let folder = try ScratchFolder()
    let samples = [
      GRIBSample(texts: ["shortName": "2t"], value: Self.truth),
      GRIBSample(
        "reduced_gg_pl_32_grib2", texts: ["shortName": "t"], pointsOfRows: [8, 12, 12, 8], value: Self.truth),
    ]
    let path = try GRIBSample.write(samples, to: folder.path("mixed.grib"))
    let error = #expect(throws: GRIBError.self) { try open(path) }
    let text = error?.description ?? ""
    #expect(text.contains("2 different grids: regular_ll of 31×16 (t2m); reduced_gg of 40 points (t)"), "\(text)")
    #expect(text.contains("grib_copy"))
  }

  @Test func aFileThatOnlyBeginsLikeGRIB() throws {
    let folder = try ScratchFolder()
    let path = try folder.write("GRIB\0\0\0\u{2}........7777", to: "fake.grib")
    #expect(throws: GRIBError.self) { try open(path) }
  }
}

/// The files of the shared data against cfgrib, where Python has it.
@Suite struct SharedGRIBTests {
  private static let packages = ["cfgrib", "numpy"]

  @Test(
    .enabled(if: SharedData.isPresent, "No shared data: set SEXTANT_DATA"),
    .enabled(if: PythonReference.has(packages), "Python has no cfgrib: set SEXTANT_PYTHON"))
  func valuesAreThoseOfCfgrib() throws {
    let paths = ["era5-2mt-2019-03-uk.grib", "era5-levels-members.grib"].map { SharedData.path("era5/original/\($0)") }
    let output = try PythonReference.run("grib_fields.py", arguments: paths)
    let reference = try #require(JSONSerialization.jsonObject(with: output) as? [String: [String: [[Any]]]])
    for path in paths {
      let document = try [any SignalFormat].standard.open(SignalRequest(path: path))
      for (channel, variable) in document.variables.enumerated() {
        var rows: [(key: [Double], time: String, numbers: [Double])] = []
        for (index, label) in document.labels.enumerated() {
          let field = try document.read([index])[0]
          let width = field.variables.count
          let all = field.values.scalars
          let values = stride(from: channel, to: all.count, by: width).map { Double(all[$0]) }
          let level = label.coordinates["isobaricInhPa"].flatMap { Double($0.dropLast(4)) } ?? 0
          let weighted = values.enumerated().reduce(0.0) { (sum: Double, entry) -> Double in
            sum + Double(entry.offset + 1) * entry.element
          }
          rows.append(
            ([Double(label.coordinates["number"] ?? "0") ?? 0, level], label.time ?? "",
              [Double(values.count), values.reduce(0, +), weighted, values.min() ?? 0, values.max() ?? 0]))
        }
        rows.sort { ($0.key[0], $0.time, $0.key[1]) < ($1.key[0], $1.time, $1.key[1]) }
        let expected = try #require(reference[path]?[variable.name])
        #expect(expected.count == rows.count)
        for (row, other) in zip(rows, expected) {
          #expect(other[0] as? Double == row.key[0] && other[1] as? String == row.time && other[2] as? Double == row.key[1])
          for (number, wanted) in zip(row.numbers, other[3...]) {
            let wanted = try #require(wanted as? Double)
            #expect(abs(number - wanted) <= 1e-12 * abs(wanted))
          }
        }
      }
    }
  }
}
