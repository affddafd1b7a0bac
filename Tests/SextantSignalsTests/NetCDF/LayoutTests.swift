// Files that lay the same fields out in different ways must read as the same fields.

import SextantArrays
import SextantGeometry
import SextantSignals
import Testing

@Suite struct LayoutTests {
  static let lengths = ["t": 3, "z": 2, "y": 2, "x": 4]

  /// A value that tells its place.
  static func value(t: Int, z: Int, y: Int, x: Int) -> Double { Double(1000 * t + 100 * z + 10 * y + x) }

  static func permutations(_ items: [String]) -> [[String]] {
    guard let first = items.first else { return [[]] }
    return permutations(Array(items.dropFirst())).flatMap { rest in
      (0...rest.count).map { Array(rest[..<$0]) + [first] + Array(rest[$0...]) }
    }
  }

  /// Values in the order of `dimensions`.
  static func values(_ dimensions: [String]) -> [Double] {
    var result: [Double] = []
    func visit(_ rest: ArraySlice<String>, _ place: [String: Int]) {
      guard let dimension = rest.first else {
        result.append(value(t: place["t"] ?? 0, z: place["z"] ?? 0, y: place["y"] ?? 0, x: place["x"] ?? 0))
        return
      }
      for i in 0..<(lengths[dimension] ?? 1) { visit(rest.dropFirst(), place.merging([dimension: i]) { $1 }) }
    }
    visit(dimensions[...], [:])
    return result
  }

  @Test(arguments: permutations(["t", "z", "y", "x"])) func anyDimensionOrder(_ order: [String]) throws {
    let folder = try TestFolder()
    let path = try folder.write(
      dimensions: ["t": 3, "z": 2, "y": 2, "x": 4],
      [
        .latitude([0, 10], name: "y"), .longitude([0, 10, 20, 30], name: "x"),
        .time([0, 6, 12], name: "t"),
        TestVariable("z", .int, ["z"], [500, 850], ["units": .text("hPa")]),
        TestVariable("v", .double, order, Self.values(order)),
      ])
    let file = try GriddedFile(path: path)
    #expect(file.count == 6)
    // Out of order and twice, to exercise runs.
    let indices = [5, 0, 3, 3, 1]
    let set = try file.read(indices)
    for (n, index) in indices.enumerated() {
      let label = set.labels[n]
      let t = try #require(["00", "06", "12"].firstIndex { label.time == "2000-01-01T\($0):00:00" })
      let z = try #require(["500 hPa", "850 hPa"].firstIndex { label.coordinates["z"] == $0 })
      #expect(label == file.labels[index])
      for y in 0..<2 {
        for x in 0..<4 { #expect(Double(set.values[n, y * 4 + x, 0]) == Self.value(t: t, z: z, y: y, x: x)) }
      }
    }
  }

  @Test func dimensionsNamedUnlikeTheirCoordinates() throws {
    let folder = try TestFolder()
    let path = try folder.write(
      dimensions: ["rows": 2, "cols": 3, "unused": 0],
      [
        .latitude([0, 10], name: "phi", along: "rows"), .longitude([0, 10, 20], name: "lam", along: "cols"),
        TestVariable("v", .double, ["cols", "rows"], [0, 3, 1, 4, 2, 5]),
      ])
    #expect(try GriddedFile(path: path).read([0]).values.scalars == [0, 1, 2, 3, 4, 5])
  }

  @Test(arguments: ["named by the attribute", "found by shared dimensions", "repeated in time"])
  func curvilinearGrids(_ way: String) throws {
    let folder = try TestFolder()
    let (latitudes, longitudes) = ([0.0, 1, 2, 10, 11, 12], [0.0, 10, 20, 1, 11, 21])
    let isRepeated = way == "repeated in time"
    let along = (isRepeated ? ["time"] : []) + ["y", "x"]
    let attributes: [String: NetCDFAttributeValue] =
      way == "named by the attribute" ? ["coordinates": .text("lon lat")] : [:]
    let path = try folder.write(
      dimensions: ["time": 2, "y": 2, "x": 3],
      [
        TestVariable(
          "lat", .double, along, isRepeated ? latitudes + latitudes : latitudes, ["standard_name": .text("latitude")]),
        TestVariable(
          "lon", .double, along, isRepeated ? longitudes + longitudes : longitudes, ["units": .text("degreeE")]),
        .time([0, 1]),
        TestVariable("v", .double, ["time", "y", "x"], (0..<12).map(Double.init), attributes),
      ])
    let file = try GriddedFile(path: path)
    #expect(file.count == 2)
    #expect(try file.read([1]).values.scalars == (6..<12).map(Float.init))
    for (vertex, point) in try #require(file.domain.geography).points.enumerated() {
      #expect(abs(point.latitude - latitudes[vertex]) < 1e-9)
      #expect(abs(point.longitude - longitudes[vertex]) < 1e-9)
    }
  }

  @Test(arguments: [false, true]) func versionsAreCombined(preliminaryFirst: Bool) throws {
    let folder = try TestFolder()
    let (final, preliminary) = ([1, 2, -1, -1.0], [-1, -1, 30, 40.0])
    let path = try folder.write(
      dimensions: ["time": 2, "expver": 2, "latitude": 1, "longitude": 2],
      [
        .time([0, 1]), .latitude([0]), .longitude([0, 10]),
        TestVariable("expver", .int, ["expver"], preliminaryFirst ? [5, 1] : [1, 5]),
        TestVariable(
          "v", .double, ["time", "expver", "latitude", "longitude"],
          (0..<2).flatMap { t in
            let parts = [Array(final[2 * t..<2 * t + 2]), Array(preliminary[2 * t..<2 * t + 2])]
            return (preliminaryFirst ? parts.reversed() : parts).flatMap { $0 }
          }, ["_FillValue": .numbers([-1], .double)]),
      ])
    let file = try GriddedFile(path: path)
    #expect(file.count == 2)
    #expect(try file.read([0, 1]).values.scalars == [1, 2, 30, 40])
  }

  @Test func samplesWithSideVariables() throws {
    let folder = try TestFolder()
    let path = try folder.write(
      dimensions: ["sample": 3, "latitude": 2, "longitude": 2],
      [
        .latitude([0, 1]), .longitude([0, 1]),
        TestVariable("v", .float, ["sample", "latitude", "longitude"], (0..<12).map(Double.init)),
        TestVariable("month", .byte, ["sample"], [0, 7, 12]),
        TestVariable(
          "source", .byte, ["sample"], [1, 0, 1],
          ["flag_values": .numbers([0, 1], .byte), "flag_meanings": .text("model analysis")]),
        TestVariable("run", .string, ["sample"], texts: ["a", "b", "c"]),
      ])
    let file = try GriddedFile(path: path)
    #expect(file.labels.map(\.month) == [nil, 7, 12])
    #expect(file.labels.map { $0.coordinates["source"] } == ["analysis", "model", "analysis"])
    #expect(file.labels.map { $0.coordinates["run"] } == ["a", "b", "c"])
    #expect(try GriddedFile(path: path, selecting: ["source": ["analysis"]]).labels.map(\.month) == [nil, 12])
    #expect(try GriddedFile(path: path, selecting: ["month": ["7"]]).read([0]).values.scalars == [4, 5, 6, 7])
    #expect(throws: NetCDFError.self) { try GriddedFile(path: path, monthVariable: "run") }
  }

  @Test(arguments: ["500", "500 hPa", "50000 Pa", "500 millibars"]) func levelsAreFoundInAnyUnits(_ text: String) throws
  {
    let folder = try TestFolder()
    let path = try folder.write(
      dimensions: ["plev": 2, "lat": 2, "lon": 2],
      [
        .latitude([0, 1], name: "lat"), .longitude([0, 1], name: "lon"),
        TestVariable("plev", .double, ["plev"], [85000, 50000], ["units": .text("Pa"), "positive": .text("down")]),
        TestVariable("t", .float, ["plev", "lat", "lon"], [0, 0, 0, 0, 1, 2, 3, 4]),
      ])
    guard text != "500" else {
      // A bare number counts in the file's own units.
      #expect(throws: NetCDFError.self) { try GriddedFile(path: path, selecting: ["level": [text]]) }
      return
    }
    let file = try GriddedFile(path: path, selecting: ["level": [text]])
    #expect(try file.read([0]).values.scalars == [1, 2, 3, 4])
  }

  @Test func channelsShareGridAndFields() throws {
    let folder = try TestFolder()
    let path = try folder.write(
      dimensions: ["time": 2, "latitude": 1, "longitude": 2],
      [
        TestVariable("height", .float, ["latitude", "longitude"], [7, 8]),
        TestVariable("u", .float, ["time", "latitude", "longitude"], [1, 2, 3, 4]),
        TestVariable("v", .float, ["longitude", "time", "latitude"], [5, 7, 6, 8]),
        .time([0, 1]), .latitude([0]), .longitude([0, 1]),
      ])
    let file = try GriddedFile(path: path)
    #expect(file.variables.map(\.name) == ["u", "v"])
    #expect(try file.read([1, 0]).values.scalars == [3, 7, 4, 8, 1, 5, 2, 6])
    #expect(try GriddedFile(path: path, variables: ["height"]).count == 1)
    let error = #expect(throws: NetCDFError.self) { try GriddedFile(path: path, variables: ["u", "height"]) }
    #expect(error?.description.contains("(time: 2) and ()") == true)
  }

  /// Places by PROJ: from "+proj=ob_tran +o_proj=longlat +o_lat_p=39.25 +o_lon_p=GRID +lon_0=18 +R=6371229", where
  /// GRID is north_pole_grid_longitude and lon_0 the pole's longitude + 180, to "+proj=longlat +R=6371229".
  @Test(arguments: [
    (
      0,
      [
        [37.3561491836, -7.0710915825], [39.5012090989, 33.3882148051], [51.2666069696, -14.9933863808],
        [54.0697364571, 38.6688393937],
      ]
    ),
    (
      15,
      [
        [30.9867649366, -23.2157333726], [40.6710002576, 14.1035067474], [43.3990406351, -33.8511688394],
        [55.6425167972, 12.699282264],
      ]
    ),
  ])
  func rotatedPoles(gridLongitude: Double, places: [[Double]]) throws {
    let folder = try TestFolder()
    let path = try folder.write(
      dimensions: ["rlat": 2, "rlon": 2],
      [
        TestVariable(
          "rlat", .double, ["rlat"], [-10, 5], ["standard_name": .text("grid_latitude"), "units": .text("degrees")]),
        TestVariable(
          "rlon", .double, ["rlon"], [-20, 12], ["standard_name": .text("grid_longitude"), "units": .text("degrees")]),
        TestVariable(
          "crs", .int, [], [0],
          [
            "grid_mapping_name": .text("rotated_latitude_longitude"),
            "grid_north_pole_latitude": .numbers([39.25], .double),
            "grid_north_pole_longitude": .numbers([-162], .double),
            "north_pole_grid_longitude": .numbers([gridLongitude], .double),
          ]),
        TestVariable("v", .double, ["rlon", "rlat"], [0, 2, 1, 3], ["grid_mapping": .text("crs")]),
      ])
    let file = try GriddedFile(path: path)
    #expect(try file.read([0]).values.scalars == [0, 1, 2, 3])
    for (point, place) in zip(try #require(file.domain.geography).points, places) {
      #expect(abs(point.latitude - place[0]) < 1e-9 && abs(point.longitude - place[1]) < 1e-9)
    }
  }
}
