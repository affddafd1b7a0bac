// Observations at places: every form of CF's discrete sampling geometries and tables, as netCDF4-python wrote them, hold
// the same fields; duplicates, windows of time and what cannot be read have their defined answers.

import Foundation
import SextantArrays
import SextantGeometry
import SextantStorage
import SextantTestSupport
import Testing

@testable import SextantSignals

/// What Tests/References/points.py wrote down.
struct PointReference: Decodable {
  struct Grid: Decodable {
    let latitudes: [Double]
    let longitudes: [Double]
    let values: [Double]
  }

  let stations: [[Double]]
  let times: [String]
  /// Times × stations, nil where nothing was observed.
  let values: [[Float?]]
  let grid: Grid
  let places: [[Double]]
  let interpolated: [Double?]

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/points")

  static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  static func read() throws -> PointReference {
    try JSONDecoder().decode(PointReference.self, from: Data(contentsOf: folder.appendingPathComponent("points.json")))
  }
}

@Suite struct PointFileTests {
  static let formats: [any SignalFormat] = .standard

  static func open(_ path: String, _ change: (inout SignalRequest) -> Void = { _ in }) throws -> any SignalDocument {
    var request = SignalRequest(path: path)
    change(&request)
    return try formats.open(request)
  }

  // MARK: The same observations in every form

  @Test(arguments: [
    "orthogonal.nc", "incomplete.nc", "contiguous.nc", "indexed.nc", "nested.nc", "point.nc", "table.csv.gz",
  ]) func everyFormHoldsTheSameFields(name: String) throws {
    let reference = try PointReference.read()
    let document = try Self.open(PointReference.path(name))
    #expect(document.variables.map(\.name) == ["tas"] && document.variables[0].units == "K")
    #expect(document.labels.map(\.time) == reference.times)
    let points = try #require(document.domain.geography).points
    #expect(document.domain.isScattered && points.count == 5)
    let read = try document.read(Array(0..<document.count))
    let values = read.values.scalars
    for (time, row) in reference.values.enumerated() {
      for (vertex, point) in points.enumerated() {
        let station = try #require(reference.stations.firstIndex { $0 == [point.latitude, point.longitude] })
        let entry = time * 5 + vertex
        #expect(read.isValid[entry] == (row[station] != nil))
        if let value = row[station] { #expect(values[entry] == value) }
      }
    }
    // One time is chosen by its label.
    let chosen = try Self.open(PointReference.path(name)) { $0.select = ["time": [reference.times[2]]] }
    #expect(chosen.count == 1 && chosen.labels[0].time == reference.times[2])
    #expect(try chosen.read([0]).values == document.read([2]).values)
    let inspection = try Self.formats.inspect(InspectionRequest(path: PointReference.path(name))).description
    #expect(inspection.contains(name) && inspection.contains("5 ") && inspection.contains("tas"), "\(inspection)")
    #expect(!inspection.contains("not a grid"), "\(inspection)")
  }

  @Test func aTableGivesItsNoiseAndIgnoresText() throws {
    let document = try Self.open(PointReference.path("table.csv.gz"))
    let noise = try #require(try document.companion("tas_noise", at: 0))
    let values = try #require(try document.companion("tas", at: 0))
    for (level, value) in zip(noise, values) { #expect(value.isNaN ? level.isNaN : level == 0.5) }
    #expect(document.companionNames.contains("tas_error") && !document.companionNames.contains("site"))
  }

  @Test func interpolationToPlacesIsThatOfSciPy() throws {
    let reference = try PointReference.read()
    let grid = try LatitudeLongitudeGrid(latitudes: reference.grid.latitudes, longitudes: reference.grid.longitudes)
    let places = reference.places.map { GeographicPoint(latitude: $0[0], longitude: $0[1]) }
    for (place, expected) in zip(places, reference.interpolated) {
      guard let expected else {
        #expect(throws: GeometryError.self) { try grid.interpolation(to: [place]) }
        continue
      }
      let value = try grid.interpolation(to: [place]).times(reference.grid.values)[0]
      #expect(abs(value - expected) < 1e-9)
    }
  }

  // MARK: Fields

  @Test func repeatedPlacesAreVerticesOfOneNode() throws {
    let folder = try ScratchFolder()
    let path = try folder.write("lat,lon,t\n1,2,10\n3,4,11\n1,2,12\n1,2,13\n", to: "a.csv")
    let document = try Self.open(path)
    #expect(document.count == 1 && document.domain.vertexCount == 4 && document.domain.nodeCount == 2)
    #expect(try document.read([0]).values.scalars == [10, 11, 12, 13])
    #expect(document.remarks.contains { $0.topic == "repeated-places" && $0.text.contains("2 observations") })
  }

  @Test(arguments: [
    ("6h", ["2020-01-01T03:00:00", "2020-01-01T09:00:00", "2020-02-01T03:00:00"]),
    ("1day", ["2020-01-01T12:00:00", "2020-02-01T12:00:00"]), ("1month", ["2020-01-16T12:00:00", "2020-02-15T12:00:00"]),
    ("1year", ["2020-07-02T00:00:00"]), ("all", ["2020-01-10T10:00:00"]),
  ]) func timesAreTakenTogether(window: String, labels: [String]) throws {
    let folder = try ScratchFolder()
    let rows = ["01-01 00:00", "01-01 02:00", "01-01 07:00", "01-01T11:00", "02-01T01:00", "02-01T03:00"]
    let path = try folder.write(
      "time,lat,lon,t\n" + rows.enumerated().map { "2020-\($1),\($0),0,\($0)\n" }.joined(), to: "a.csv")
    let document = try Self.open(path) { $0.settings = ["every": window] }
    if window == "all" {
      #expect(document.count == 1 && document.labels[0].month == 1)
    } else {
      #expect(document.labels.map(\.time) == labels)
    }
    let valid = try document.read(Array(0..<document.count)).isValid.count { $0 }
    #expect(valid == 6)
    let one = complaint { _ = try Self.open(path) }
    #expect(one.contains("6 different times") && one.contains("--every 1day"), "\(one)")
  }

  @Test func levelsTellFieldsApart() throws {
    let folder = try ScratchFolder()
    let path = try folder.write("lat\tlon\tdepth [m]\tt\n1\t2\t5\t10\n3\t4\t5\t11\n1\t2\t50\t8\n3\t4\t50\t9\n", to: "a.tsv")
    let document = try Self.open(path)
    #expect(document.labels.map(\.coordinates) == [["depth": "5 m"], ["depth": "50 m"]])
    #expect(try Self.open(path) { $0.select = ["level": ["50"]] }.read([0]).values.scalars == [8, 9])
  }

  @Test func columnsAreNamedByTheRequest() throws {
    let folder = try ScratchFolder()
    let path = try folder.write("Y;X;when;v;e\n1;2;2020-01-01;10;1\n3;4;2020-01-01;11;2\n", to: "a.csv")
    let document = try Self.open(path) {
      $0.settings = ["latitude": "Y", "longitude": "X", "time": "when", "noise": "e"]
    }
    #expect(document.variables.map(\.name) == ["v"] && document.labels[0].time == "2020-01-01T00:00:00")
    #expect(try document.companion("v_noise", at: 0) == [1, 2])
    let absent = complaint { _ = try Self.open(path) { $0.settings = ["latitude": "Z", "longitude": "X"] } }
    #expect(absent.contains("\"Z\"") && absent.contains("when"), "\(absent)")
  }

  // MARK: What cannot be read

  @Test(arguments: [
    ("lat,lon,t\n,,1\n,,2\n", "none of the 2 places"),
    ("lat,lon,t\n151,-33,1\n8,50,2\n", "swapped"),
    ("lat,lon,t\n10,20,1\n-95,200,2\n", "line 3"),
    ("lat,lon,t\n10,400,1\n", "longitudes in −360…360"),
    ("lat,lon,t\n10,20,1\n11,21,warm\n", "line 3, column t: \"warm\" is not a number"),
    ("lat,lon,weather\n10,20,sun\n11,21,rain\n", "only text (weather)"),
    ("lat,lon,t\n10,20,1\n11,21\n", "line 3: 2 cells"),
    ("lat,lon,time,t\n10,20,yesterday,1\n11,21,today,2\n", "\"yesterday\" is no time"),
    ("lat,lon,t\n10,20,inf\n", "infinite"),
  ]) func badTablesAreExplained(text: String, reason: String) throws {
    let folder = try ScratchFolder()
    let path = try folder.write(text, to: "bad.csv")
    let words = complaint { _ = try Self.open(path).read([0]) }
    #expect(words.contains(reason) && words.contains("bad.csv"), "\(words)")
  }

  /// Levels that few profiles have are fields of few observations: this is said, and where it holds for nearly all, it is refused.
  @Test func levelsThatDifferAreNoted() throws {
    let folder = try ScratchFolder()
    func table(_ depths: (_ profile: Int) -> [Int]) -> String {
      "lat,lon,depth,t\n"
        + (0..<6).flatMap { profile in depths(profile).map { "\(10 * profile),\(20 * profile),\($0),\(profile + $0)\n" } }.joined()
    }
    let same = try Self.open(folder.write(table { _ in [10, 20, 50] }, to: "same.csv"))
    #expect(same.count == 3 && !same.remarks.contains { $0.topic == "levels-differ" })
    let some = try Self.open(folder.write(table { $0 == 2 ? [10, 20, 55] : [10, 20, 50] }, to: "some.csv"))
    #expect(some.count == 4)
    let remark = try #require(some.remarks.first { $0.topic == "levels-differ" })
    #expect(remark.text.contains("1 of 4 fields") && remark.text.contains("depth (such as 55)"), "\(remark.text)")
    let words = complaint { _ = try Self.open(folder.write(table { [10 + $0, 20 + $0, 50 + $0] }, to: "own.csv")) }
    #expect(words.contains("common levels") && words.contains("depth"), "\(words)")
  }

  /// What `inspect` took the columns for, and how others are named.
  @Test func inspectionNamesTheColumns() throws {
    let folder = try ScratchFolder()
    func text(_ path: String, _ settings: [String: String] = [:]) throws -> String {
      try "\([any SignalFormat].standard.inspect(InspectionRequest(path: path, settings: settings)))"
    }
    let known = try folder.write("lat,lon,t,err\n10,20,1,0.1\n11,21,2,0.1\n", to: "known.csv")
    let plain = try text(known)
    for part in ["lat  10 to 11, the latitude", "no column is the time or the noise or the level", "--columns time=NAME"] {
      #expect(plain.contains(part), "\(plain)")
    }
    #expect(try text(known, ["noise": "err"]).contains("err  the noise of t"))
    let own = try folder.write("Y,X,t\n10,20,1\n11,21,2\n", to: "own.csv")
    #expect(try text(own).contains("--columns latitude=NAME,longitude=NAME"))
    #expect(try text(own, ["latitude": "Y", "longitude": "X"]).contains("Y  10 to 11, the latitude"))
    #expect(complaint { _ = try text(known, ["axes": "TYX"]) }.contains("axes"))
    #expect(complaint { _ = try text(own, ["latitude": "Z", "longitude": "X"]) }.contains("Z"))
  }

  /// `inspect` and the reading of a table agree on which column is the noise of which variable.
  @Test(arguments: [
    (titles: "t,t_noise", settings: [:], noise: ["t": "t_noise"]), ("t,t_error", [:], ["t": "t_error"]),
    ("t,sigma", [:], ["t": "sigma"]), ("t,e", ["noise": "e"], ["t": "e"]), ("t,q_noise,q", [:], ["q": "q_noise"]),
    ("t,q,noise", [:], [:]), ("t,e", [:], [:]),
  ] as [(titles: String, settings: [String: String], noise: [String: String])])
  func inspectionNamesTheNoiseThatIsUsed(titles: String, settings: [String: String], noise: [String: String]) throws {
    let folder = try ScratchFolder()
    let cells = titles.split(separator: ",").indices.map { "\($0 + 1).5" }.joined(separator: ",")
    let path = try folder.write("lat,lon,\(titles)\n10,20,\(cells)\n11,21,\(cells)\n", to: "a.csv")
    let text = try "\([any SignalFormat].standard.inspect(InspectionRequest(path: path, settings: settings)))"
    let document = try Self.open(path) { $0.settings = settings }
    for variable in document.variables.map(\.name) {
      let used = try document.companion(NoiseNaming.noise(of: variable))
      #expect((used != nil) == (noise[variable] != nil), "\(variable)")
      if let column = noise[variable] {
        #expect(text.contains("  \(column)  the noise of \(variable)"), "\(text)")
        let wanted = try #require(try document.companion(column))
        #expect(try used?.values(0) == wanted.values(0))
      } else {
        #expect(!text.contains("the noise of \(variable)\n") || text.contains("no column is the noise of \(variable)\n"), "\(text)")
      }
    }
    // A column whose name says no more than that it is the noise serves a single variable.
    let isUnclear = titles == "t,q,noise"
    #expect(text.contains("noise  a noise, of which variable is not known") == isUnclear, "\(text)")
    #expect(text.contains("no column is the time or the level") == (!noise.isEmpty || isUnclear), "\(text)")
  }

  @Test func aTextColumnThatIsAskedForIsNamed() throws {
    let folder = try ScratchFolder()
    let path = try folder.write("lat,lon,name,t\n10,20,Ulm,1\n11,21,Bonn,2\n", to: "a.csv")
    #expect(try Self.open(path).variables.map(\.name) == ["t"])
    let words = complaint { _ = try Self.open(path) { $0.variables = ["name"] } }
    #expect(words.contains("column name") && words.contains("Ulm"), "\(words)")
    let absent = complaint { _ = try Self.open(path) { $0.variables = ["tas"] } }
    #expect(absent.contains("\"tas\"") && absent.contains("has: t"), "\(absent)")
    let setting = complaint { _ = try Self.open(path) { $0.settings = ["every": "fortnight"] } }
    #expect(setting.contains("--every") && setting.contains("fortnight"), "\(setting)")
  }

  @Test func stationsWithoutPlacesAreExplained() throws {
    let folder = try TestFolder()
    let type: [String: NetCDFAttributeValue] = ["featureType": .text("timeSeries")]
    func write(_ name: String, _ variables: [TestVariable]) throws -> String {
      try folder.write(
        name, dimensions: ["station": 2, "time": 2],
        variables + [.time([0, 24]), TestVariable("tas", .float, ["station", "time"], [1, 2, 3, 4], ["units": .text("K")])],
        global: type)
    }
    let none = complaint { _ = try Self.open(write("none.nc", [])) }
    #expect(none.contains("no variable is a latitude") && none.contains("featureType timeSeries"), "\(none)")
    let swapped = complaint {
      _ = try Self.open(
        write(
          "swapped.nc", [.latitude([120, 8], name: "lat", along: "station"), .longitude([50, 48], name: "lon", along: "station")]))
    }
    #expect(swapped.contains("swapped") && swapped.contains("place number 1"), "\(swapped)")
    let gaps = complaint {
      _ = try Self.open(
        write(
          "gaps.nc", [
            .latitude([.nan, .nan], name: "lat", along: "station"), .longitude([.nan, .nan], name: "lon", along: "station"),
          ]))
    }
    #expect(gaps.contains("none of the 2 places"), "\(gaps)")
    let ragged = try folder.write(
      "ragged.nc", dimensions: ["station": 2, "obs": 3],
      [
        .latitude([10, 20], name: "lat", along: "station"), .longitude([1, 2], name: "lon", along: "station"),
        TestVariable("row_size", .int, ["station"], [2, 2], ["sample_dimension": .text("obs")]),
        .time([0, 0, 0], along: "obs"), TestVariable("tas", .float, ["obs"], [1, 2, 3]),
      ], global: type)
    let counts = complaint { _ = try Self.open(ragged) }
    #expect(counts.contains("row_size") && counts.contains("counts 4") && counts.contains("has 3"), "\(counts)")
  }
}
