// Unstructured, projected and holed grids in NetCDF files against independent programs: places, areas, interpolation, and
// what is written back.

import Foundation
import SextantArrays
import SextantGeometry
import SextantStorage
import SextantTestSupport
import Testing

@testable import SextantSignals

@Suite struct OtherGridTests {
  private func distance(_ a: GeographicPoint, _ b: GeographicPoint) -> Double {
    let d = a.position - b.position
    return (d.x * d.x + d.y * d.y + d.z * d.z).squareRoot()
  }

  private func places(_ latitudes: [Double], _ longitudes: [Double]) -> [GeographicPoint] {
    zip(latitudes, longitudes).map { GeographicPoint(latitude: $0, longitude: $1) }
  }

  /// The largest difference between a file's values at places, interpolated on its domain, and the expected ones.
  private func worst(
    _ domain: any Domain, _ values: [Double], at places: [GeographicPoint], expected: [Double]
  ) throws -> Double {
    let matrix = try #require(domain.geography).interpolation(to: places)
    #expect(places.count == expected.count && !places.isEmpty)
    return zip(matrix.times(values), expected).map { abs($0 - $1) }.max() ?? .infinity
  }

  @Test func healpixCentresAreThoseOfAstropy() throws {
    for row in try GridReference.load().healpix {
      let order = try #require(HEALPix.Order(rawValue: row.order))
      let grid = try #require(HEALPix(sideCount: row.side, order: order))
      let expected = places(row.latitudes, row.longitudes)
      for (cell, place) in zip(row.cells, expected) {
        #expect(distance(grid.centre(of: cell), place) < 1e-10, "\(row.side) \(row.order) \(cell)")
      }
    }
  }

  @Test(arguments: try GridReference.load().projections.indices)
  func projectedPlacesAreThoseOfPyproj(_ index: Int) throws {
    let row = try GridReference.load().projections[index]
    let folder = try TestFolder()
    let file = try GriddedFile(path: projectedFile(folder, row.x, row.y, row.texts, row.numbers, values: nil))
    let expected = places(row.latitudes, row.longitudes)
    let found = try #require(file.domain.geography).points
    #expect(found.count == expected.count)
    #expect(zip(found, expected).allSatisfy { distance($0, $1) < 1e-9 }, "\(row.name)")
  }

  @Test func valuesOnAStereographicGridAreInterpolatedAsInItsPlane() throws {
    let reference = try GridReference.load()
    let plane = reference.stereographic
    let mapping = try #require(reference.projections.first { $0.name == "polar_stereographic north" })
    let folder = try TestFolder()
    let path = try projectedFile(folder, plane.x, plane.y, mapping.texts, mapping.numbers, values: plane.values)
    let file = try GriddedFile(path: path)
    let values = try file.read([0]).values.scalars.map(Double.init)
    // Bilinear in the plane there, linear in triangles here: cells of 200 km, a field of 20 K.
    #expect(
      try worst(
        file.domain, values, at: places(plane.targetLatitudes, plane.targetLongitudes), expected: plane.targetValues)
        < 0.02)
  }

  @Test func cellsHaveTheAreasOfTheirBoundsAndDelaunayNeighbours() throws {
    let cells = try GridReference.load().cells
    let folder = try TestFolder()
    let file = try GriddedFile(path: iconFile(folder, cells))
    #expect(file.domain.summary == "160-cell unstructured grid, global")
    let areas = try #require(cells.areas)
    #expect(zip(file.domain.areaWeights, areas).allSatisfy { abs($0 - $1) < 1e-7 })
    let targets = places(cells.targetLatitudes, cells.targetLongitudes)
    #expect(try worst(file.domain, cells.values, at: targets, expected: cells.targetValues) < 1e-5)
  }

  @Test func noTriangleCrossesTheLand() throws {
    let ocean = try GridReference.load().ocean
    let folder = try TestFolder()
    let count = ocean.latitudes.count
    let path = try folder.write(
      dimensions: ["time": 1, "nod2": count],
      [
        .time([0]), .latitude(ocean.latitudes, name: "lat", along: "nod2"),
        .longitude(ocean.longitudes, name: "lon", along: "nod2"),
        TestVariable("sst", .double, ["time", "nod2"], ocean.values, ["units": .text("degC")]),
      ])
    let file = try GriddedFile(path: path)
    let targets = places(ocean.targetLatitudes, ocean.targetLongitudes)
    #expect(try worst(file.domain, ocean.values, at: targets, expected: ocean.targetValues) < 1e-5)
    let land = places(try #require(ocean.landLatitudes), try #require(ocean.landLongitudes))
    for place in land {
      #expect(throws: GeometryError.self) { try file.domain.geography?.interpolation(to: [place]) }
    }
    // The ocean's share of the sphere: 1200 nodes have equal areas.
    #expect(abs(file.domain.areaWeights.reduce(0, +) / (4 * .pi) - Double(count) / 1200) < 0.03)
  }

  enum Gap: CaseIterable, Sendable { case fill, notANumber, zero }

  @Test(arguments: Gap.allCases)
  func cellsWithoutAPlaceAreOutsideAndWrittenAsMissing(_ gap: Gap) throws {
    let holes = try GridReference.load().holes
    let folder = try TestFolder()
    let path = try holedFile(folder, holes, gap)
    let document = try [any SignalFormat].standard.open(SignalRequest(path: path))
    let inside = holes.isOutside.indices.filter { !holes.isOutside[$0] }
    #expect(document.domain.vertexCount == inside.count)
    let remark = try #require(document.remarks.first { $0.topic == "cells-without-place" })
    #expect(remark.text.hasPrefix("\(holes.isOutside.count - inside.count) of \(holes.isOutside.count) cells"))
    let field = try document.read([0])
    #expect(zip(field.values.scalars, inside).allSatisfy { abs(Double($0) - holes.values[$1]) < 1e-4 })
    #expect(!field.isValid.contains(false))
    let values = inside.map { holes.values[$0] }
    let targets = places(holes.targetLatitudes, holes.targetLongitudes)
    // Bilinear along rows and columns there, linear in triangles here: cells of 3°, a field of 20 K.
    #expect(try worst(document.domain, values, at: targets, expected: holes.targetValues) < 0.05)
    #expect(throws: GeometryError.self) {
      let middle = 12 * holes.columns + 15
      return try document.domain.geography?.interpolation(
        to: [GeographicPoint(latitude: holes.latitudes[middle], longitude: holes.longitudes[middle])])
    }

    // Back in the file, the cells outside are missing in all variables.
    let output = folder.path("answer.nc")
    let content = SignalContent.estimates(1)
    let sink = try [any SignalFormat].standard.sink(OutputRequest(path: output, content: content), like: document)
    try sink.write(content, description: OutputDescription(history: "by a test"), overwrite: false) { writer in
      var record = FieldRecord(field[0])
      record.spread = record.values.map { _ in 1 }
      record.isObserved = record.values.map { _ in true }
      try writer.write(record, at: 0)
    }
    let file = try NetCDFFile(path: output)
    for name in ["thetao", "thetao_spread", "thetao_observed"] {
      let written = try file.values(of: try #require(file.variable(name)))
      #expect(zip(written, holes.isOutside).allSatisfy { $0.isNaN == $1 }, "\(name)")
    }
    let again = try [any SignalFormat].standard.open(SignalRequest(path: output, variables: ["thetao"]))
    #expect(again.domain.fingerprint == document.domain.fingerprint)
    #expect(try again.read([0]).values.scalars == field.values.scalars)
  }

  @Test(arguments: ["node", "face"])
  func aMeshGivesNeighboursAndIsWrittenBack(_ location: String) throws {
    let folder = try TestFolder()
    let path = try meshFile(folder, location: location)
    let document = try [any SignalFormat].standard.open(SignalRequest(path: path))
    let count = location == "node" ? 42 : 80
    #expect(document.domain.vertexCount == count)
    if location == "face" { #expect(abs(document.domain.areaWeights.reduce(0, +) - 4 * .pi) < 1e-9) }
    // A linear function of space is interpolated within its change over a cell.
    let values = document.domain.positions.map(\.z)
    let targets = [GeographicPoint(latitude: 12, longitude: 34), GeographicPoint(latitude: -60, longitude: 200)]
    #expect(try worst(document.domain, values, at: targets, expected: targets.map(\.position.z)) < 0.1)
    let output = folder.path("out.nc")
    let content = SignalContent.fields(1)
    try [any SignalFormat].standard.sink(OutputRequest(path: output, content: content), like: document)
      .write(content, description: OutputDescription(history: "by a test"), overwrite: false) { writer in
        try writer.write(FieldRecord(document.read([0])[0]), at: 0)
      }
    let again = try [any SignalFormat].standard.open(SignalRequest(path: output))
    #expect(again.domain.fingerprint == document.domain.fingerprint)
  }

  @Test(arguments: ["nested", "ring"])
  func healpixFilesNeedNoCoordinates(_ order: String) throws {
    let folder = try TestFolder()
    let mapping = TestVariable(
      "crs", .int, [], [0],
      ["grid_mapping_name": .text("healpix"), "healpix_nside": .numbers([2], .int), "healpix_order": .text(order)])
    func tas(_ count: Int) -> TestVariable {
      TestVariable("tas", .float, ["cell"], (0..<count).map(Double.init), ["grid_mapping": .text("crs"), "units": .text("K")])
    }
    let whole = try GriddedFile(path: folder.write("whole.nc", dimensions: ["cell": 48], [mapping, tas(48)]))
    #expect(whole.domain.summary == "48-cell HEALPix grid (N = 2, \(order)), global")
    #expect(whole.domain.areaWeights.allSatisfy { abs($0 - 4 * .pi / 48) < 1e-12 })
    let numbers = TestVariable("cell", .int, ["cell"], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], ["standard_name": .text("healpix_index")])
    let part = try GriddedFile(path: folder.write("part.nc", dimensions: ["cell": 10], [mapping, numbers, tas(10)]))
    #expect(part.domain.vertexCount == 10)
    let centre = try #require(HEALPix(sideCount: 2, order: order == "ring" ? .ring : .nested)).centre(of: 7)
    #expect(distance(try #require(part.domain.geography).points[7], centre) < 1e-12)
    // Without numbers, ten cells cannot be told.
    let error = #expect(throws: NetCDFError.self) {
      try GriddedFile(path: folder.write("bad.nc", dimensions: ["cell": 10], [mapping, tas(10)]))
    }
    #expect(error?.description.contains("expected 48") == true)
  }

  @Test func stationsAreNoCells() throws {
    let folder = try TestFolder()
    func kind(_ name: String, global: [String: NetCDFAttributeValue], names: Bool) throws -> HorizontalGrid.Kind? {
      var variables: [TestVariable] = [
        .latitude([50, 51, 52, 49], name: "lat", along: "cell"), .longitude([0, 1, 5, 3], name: "lon", along: "cell"),
        TestVariable("tas", .float, ["cell"], [1, 2, 3, 4]),
      ]
      if names { variables.append(TestVariable("station", .string, ["cell"], texts: ["a", "b", "c", "d"])) }
      let file = try NetCDFFile(path: folder.write(name, dimensions: ["cell": 4], variables, global: global))
      return try CFDataset(file).horizontalGrid(of: #require(file.variable("tas")))?.kind
    }
    #expect(try kind("cells.nc", global: [:], names: false) == .cells)
    #expect(try kind("points.nc", global: ["featureType": .text("point")], names: false) == .points)
    #expect(try kind("names.nc", global: [:], names: true) == .points)
  }

  // MARK: Files that cannot be used

  @Test func aTopologyThatPointsOutsideItsNodes() throws {
    let folder = try TestFolder()
    let path = try meshFile(folder, location: "face", wrongCorner: true)
    let error = #expect(throws: NetCDFError.self) { try GriddedFile(path: path) }
    let text = error?.description ?? ""
    #expect(text.contains("faces") && text.contains("has the corner 43: expected 1…42") && text.contains("start_index"))
  }

  @Test(arguments: [
    (["grid_mapping_name": "flat_earth"], "\"flat_earth\" is not known. Expected one of albers"),
    (["crs_wkt": "PROJCRS[\"nonsense\"]"], "PROJ does not know the map projection"),
    (["grid_mapping_name": "healpix"], "needs the attribute healpix_nside"),
  ])
  func aGridMappingThatPROJDoesNotKnow(texts: [String: String], expected: String) throws {
    let folder = try TestFolder()
    let path = try projectedFile(folder, [0, 1e5], [0, 1e5, 2e5], texts, [:], values: nil)
    let error = #expect(throws: NetCDFError.self) { try GriddedFile(path: path) }
    #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
    #expect(error?.description.contains("variable crs") == true)
  }

  @Test func aConditionThatExcludesAll() throws {
    let folder = try TestFolder()
    let path = try holedFile(folder, GridReference.load().holes, .fill)
    let error = #expect(throws: SignalFormatError.self) {
      try [any SignalFormat].standard.open(SignalRequest(path: path, missing: [MissingCondition("thetao>0")]))
    }
    #expect(error?.description.contains("--missing 'thetao>0' leaves nothing: all 666 values are excluded") == true)
    let most = try [any SignalFormat].standard.open(SignalRequest(path: path, missing: [MissingCondition("thetao>290")]))
    #expect(try most.read([0]).isValid.contains(true))
  }

  @Test func cellsOfWhichNoneHasAPlace() throws {
    var holes = try GridReference.load().holes
    holes.isOutside = holes.isOutside.map { _ in true }
    let folder = try TestFolder()
    let path = try holedFile(folder, holes, .fill)
    let error = #expect(throws: NetCDFError.self) { try GriddedFile(path: path) }
    #expect(error?.description.contains("None of the 720 cells has a place") == true)
  }

  // MARK: Files

  private func projectedFile(
    _ folder: TestFolder, _ x: [Double], _ y: [Double], _ texts: [String: String], _ numbers: [String: [Double]],
    values: [Double]?
  ) throws -> String {
    let attributes = texts.mapValues { NetCDFAttributeValue.text($0) }
      .merging(numbers.mapValues { .numbers($0, .double) }) { first, _ in first }
    func axis(_ name: String, _ values: [Double]) -> TestVariable {
      // In kilometres, which must be converted.
      TestVariable(
        name, .double, [name], values.map { $0 / 1000 },
        ["units": .text("km"), "standard_name": .text("projection_\(name)_coordinate")])
    }
    return try folder.write(
      dimensions: ["y": y.count, "x": x.count],
      [
        axis("y", y), axis("x", x), TestVariable("crs", .int, [], [0], attributes),
        TestVariable(
          "ice", .double, ["y", "x"], values ?? [Double](repeating: 1, count: x.count * y.count),
          ["grid_mapping": .text("crs"), "units": .text("K")]),
      ])
  }

  private func iconFile(_ folder: TestFolder, _ cells: GridReference.Cells) throws -> String {
    let (count, corners) = (cells.latitudes.count, try #require(cells.corners))
    func coordinate(_ name: String, _ standardName: String, _ degrees: [Double]) -> TestVariable {
      TestVariable(
        name, .double, ["ncells"], degrees.map { $0 * .pi / 180 },
        ["units": .text("radian"), "standard_name": .text(standardName), "bounds": .text("\(name)_vertices")])
    }
    func bounds(_ name: String, _ degrees: [Double]?) -> TestVariable {
      TestVariable("\(name)_vertices", .double, ["ncells", "vertices"], (degrees ?? []).map { $0 * .pi / 180 })
    }
    return try folder.write(
      dimensions: ["ncells": count, "vertices": corners],
      [
        coordinate("clat", "latitude", cells.latitudes), coordinate("clon", "longitude", cells.longitudes),
        bounds("clat", cells.cornerLatitudes), bounds("clon", cells.cornerLongitudes),
        TestVariable(
          "t_2m", .double, ["ncells"], cells.values,
          ["coordinates": .text("clat clon"), "CDI_grid_type": .text("unstructured"), "units": .text("K")]),
      ])
  }

  private func holedFile(_ folder: TestFolder, _ holes: GridReference.Holes, _ gap: Gap) throws -> String {
    let fill = 9.969_209_968_386_869e36
    func holed(_ values: [Double]) -> [Double] {
      let number = gap == .fill ? fill : gap == .zero ? 0 : Double.nan
      return zip(values, holes.isOutside).map { $1 ? number : $0 }
    }
    func coordinate(_ name: String, _ units: String, _ values: [Double]) -> TestVariable {
      TestVariable(name, .double, ["y", "x"], holed(values), ["units": .text(units)])
    }
    return try folder.write(
      dimensions: ["y": holes.rows, "x": holes.columns],
      [
        coordinate("nav_lat", "degrees_north", holes.latitudes), coordinate("nav_lon", "degrees_east", holes.longitudes),
        TestVariable(
          "thetao", .float, ["y", "x"], zip(holes.values, holes.isOutside).map { $1 ? 1e20 : $0 },
          ["coordinates": .text("nav_lat nav_lon"), "_FillValue": .numbers([1e20], .float), "units": .text("degC")]),
      ])
  }

  /// Values on edges have the middles of the edges as places, or the places that the file gives; an edge has two ends.
  @Test func edgesAreRead() throws {
    let folder = try TestFolder()
    let places = [(0.0, 0.0), (10, 0), (10, 20), (0, 20)]
    func write(_ name: String, ends: [Double] = [0, 1, 1, 2, 2, 3, 3, 0], centres: [Double]? = nil) throws -> String {
      var mesh: [String: NetCDFAttributeValue] = [
        "cf_role": .text("mesh_topology"), "topology_dimension": .numbers([1], .int),
        "node_coordinates": .text("node_y node_x"), "edge_node_connectivity": .text("edges"),
      ]
      if centres != nil { mesh["edge_coordinates"] = .text("edge_y edge_x") }
      var variables: [TestVariable] = [
        TestVariable("mesh", .int, [], [0], mesh), .latitude(places.map(\.0), name: "node_y", along: "node"),
        .longitude(places.map(\.1), name: "node_x", along: "node"),
        TestVariable("edges", .int, ["edge", "two"], ends, ["_FillValue": .numbers([-1], .int)]),
        TestVariable("flow", .float, ["edge"], [1, 2, 3, 4], ["mesh": .text("mesh"), "location": .text("edge")]),
      ]
      if let centres {
        variables.append(.latitude(centres, name: "edge_y", along: "edge"))
        variables.append(.longitude([1, 2, 3, 4], name: "edge_x", along: "edge"))
      }
      return try folder.write(name, dimensions: ["node": 4, "edge": 4, "two": 2], variables)
    }
    let file = try GriddedFile(path: write("middles.nc"), variables: ["flow"])
    let points = try #require(file.domain.geography?.points)
    #expect(points.count == 4 && abs(points[0].latitude - 5) < 1e-6 && abs(points[0].longitude) < 1e-6)
    #expect(abs(points[3].longitude - 10) < 1e-6 && abs(points[3].latitude) < 1e-6)
    #expect(try file.read([0]).values.scalars == [1, 2, 3, 4])
    let given = try GriddedFile(path: write("given.nc", centres: [7, 8, 9, 11]), variables: ["flow"])
    #expect(given.domain.geography?.points.map(\.latitude) == [7, 8, 9, 11])
    let words = complaint { _ = try GriddedFile(path: write("one.nc", ends: [0, 1, 1, -1, 2, 3, 3, 0]), variables: ["flow"]) }
    #expect(words.contains("edge number 2 has 1 of the 2 nodes"), "\(words)")
  }

  /// The icosphere of 42 nodes and 80 faces, whose nodes are counted from 1; a face may have a node too many.
  private func meshFile(_ folder: TestFolder, location: String, wrongCorner: Bool = false) throws -> String {
    let sphere = try SphereMesh.icosphere(subdivisions: 1)
    let nodes = sphere.points
    var corners = sphere.triangles.flatMap { t -> [Double] in [Double(t.x) + 1, Double(t.y) + 1, Double(t.z) + 1, -1] }
    if wrongCorner { corners[1] = 43 }
    let count = location == "node" ? nodes.count : sphere.triangles.count
    return try folder.write(
      dimensions: ["nMesh2_node": nodes.count, "nMesh2_face": sphere.triangles.count, "four": 4],
      [
        TestVariable(
          "Mesh2", .int, [], [0],
          [
            "cf_role": .text("mesh_topology"), "topology_dimension": .numbers([2], .int),
            "node_coordinates": .text("Mesh2_node_x Mesh2_node_y"), "face_node_connectivity": .text("Mesh2_faces"),
          ]),
        .latitude(nodes.map(\.latitude), name: "Mesh2_node_y", along: "nMesh2_node"),
        .longitude(nodes.map(\.longitude), name: "Mesh2_node_x", along: "nMesh2_node"),
        TestVariable(
          "Mesh2_faces", .int, ["nMesh2_face", "four"], corners,
          ["start_index": .numbers([1], .int), "_FillValue": .numbers([-1], .int)]),
        TestVariable(
          "level", .float, ["nMesh2_\(location)"], (0..<count).map(Double.init),
          ["mesh": .text("Mesh2"), "location": .text(location), "units": .text("m")]),
      ])
  }
}
