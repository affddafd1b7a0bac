// What a map must show: every cell in the colour of its value, what is missing as missing, and the same bytes for
// the same numbers. Properties of the pixels, not golden pixels, which would change with every font.

import Foundation
import SextantGeometry
import SextantStorage
import Testing

@testable import SextantReport

private let width = 280.0

private func frame(of map: FieldMap, _ projection: MapProjection) -> MapFrame {
  FieldMap.Layout(map, projection, width: width - 32, textSize: 11).frame.moved(by: SIMD2(16, 16))
}

private func isClose(_ one: Colour, _ other: Colour) -> Bool {
  [one.red - other.red, one.green - other.green, one.blue - other.blue].allSatisfy { abs($0) < 0.005 }
}

/// The colour that the map shows at a point of the sphere.
private func colour(of canvas: Canvas, at point: GeographicPoint, in frame: MapFrame) throws -> Colour {
  let place = try #require(frame.onPage(point))
  return try #require(canvas.colour(at: place))
}

/// The colours within `radius` points of a place.
private func colours(around place: SIMD2<Double>, radius: Double, on canvas: Canvas) -> [Colour] {
  stride(from: -radius, through: radius, by: 0.5).flatMap { dy in
    stride(from: -radius, through: radius, by: 0.5).compactMap { canvas.colour(at: place + SIMD2($0, dy)) }
  }
}

@Suite struct FieldMapTests {
  static let projections: [MapProjection] = [
    .equirectangular, .robinson, .mollweide, .robinson(centralLongitude: 170),
    .orthographic(centre: GeographicPoint(latitude: 20, longitude: 10)),
  ]
  /// Rows and columns whose centres lie off the lines of the graticule.
  private static let grid = SphereStub(
    latitudes: Array(stride(from: 85.0, through: -85, by: -10)), longitudes: Array(stride(from: 5.0, to: 360, by: 10)))

  @Test(arguments: projections) func cellsHaveTheColourOfTheirValue(_ projection: MapProjection) throws {
    let values = Self.grid.points.map {
      Float(($0.latitude * 7 + $0.longitude * 3).truncatingRemainder(dividingBy: 50))
    }
    let map = try FieldMap(domain: Self.grid, values: values, shoreline: .none)
    let canvas = try map.canvas(projection: projection, width: width, resolution: 2)
    let frame = frame(of: map, projection)
    var checked = 0
    for (vertex, point) in Self.grid.points.enumerated() where vertex % 5 == 0 && abs(point.latitude) < 70 {
      guard let place = frame.onPage(point), let inside = frame.point(at: place + SIMD2(3, 0)),
        frame.point(at: place - SIMD2(3, 0)) != nil, abs(inside.longitude - projection.centre.longitude) < 170
      else { continue }
      // Labels on the map lie on the equator and the middle meridian.
      let offset = remainder(point.longitude - projection.centre.longitude, 360)
      guard abs(point.latitude) > 20, abs(offset) > 25 else { continue }
      let colour = try #require(canvas.colour(at: place))
      #expect(isClose(colour, map.scale.colour(of: Double(values[vertex]))), "\(point) in \(projection.kind)")
      checked += 1
    }
    #expect(checked > 10)
  }

  @Test(arguments: projections) func missingCellsAreHatched(_ projection: MapProjection) throws {
    let hole = GeographicPoint(latitude: 40, longitude: 45)
    let valid = Self.grid.points.map { abs($0.latitude - 40) > 20 || abs($0.longitude - 45) > 30 }
    let map = try FieldMap(domain: Self.grid, values: Self.grid.temperatures, isValid: valid, shoreline: .none)
    let canvas = try map.canvas(projection: projection, width: width, resolution: 2)
    let place = try #require(frame(of: map, projection).onPage(hole))
    let seen = colours(around: place, radius: 5, on: canvas)
    #expect(seen.contains { isClose($0, MissingHatch.background) })
    #expect(seen.contains { isClose($0, MissingHatch.line) })
    #expect(seen.allSatisfy { isClose($0, MissingHatch.background) || isClose($0, MissingHatch.line) })
  }

  @Test func whatIsNotFiniteIsMissing() throws {
    let valid = Self.grid.points.map { $0.latitude < 30 }
    let values = Self.grid.temperatures
    let byMask = try FieldMap(domain: Self.grid, values: values, isValid: valid, shoreline: .none)
    let byNaN = try FieldMap(
      domain: Self.grid, values: zip(values, valid).map { $1 ? $0 : .nan }, shoreline: .none)
    let byInfinity = try FieldMap(
      domain: Self.grid, values: zip(values, valid).map { $1 ? $0 : .infinity }, shoreline: .none)
    let folder = try TemporaryFolder()
    let pictures = try [byMask, byNaN, byInfinity].enumerated().map { index, map in
      let path = folder.path("\(index).png")
      try map.write(to: path, width: width, resolution: 1)
      return try Data(contentsOf: URL(fileURLWithPath: path))
    }
    #expect(pictures[0] == pictures[1] && pictures[0] == pictures[2])
  }

  @Test func emptyAndConstantFieldsAreDrawn() throws {
    let place = GeographicPoint(latitude: 45, longitude: 45)
    let missing = try FieldMap(
      domain: Self.grid, values: Self.grid.temperatures.map { _ in .nan }, units: "K", shoreline: .none)
    let nothing = try missing.canvas(projection: .robinson, width: width)
    let middle = try #require(frame(of: missing, .robinson).onPage(place))
    let seen = colours(around: middle, radius: 5, on: nothing)
    #expect(seen.contains { isClose($0, MissingHatch.line) })
    let constant = try FieldMap(domain: Self.grid, values: Self.grid.temperatures.map { _ in 280 }, shoreline: .none)
    let even = try constant.canvas(projection: .robinson, width: width)
    let shown = try colour(of: even, at: place, in: frame(of: constant, .robinson))
    #expect(isClose(shown, ColourMap.lagoon.colour(at: 0.5)))
  }

  @Test(arguments: SphereCellsTests.orders) func vertexOrderDoesNotShow(_ grid: SphereStub) throws {
    func canvas(_ grid: SphereStub) throws -> Canvas {
      try FieldMap(domain: grid, values: grid.temperatures, scale: .fixed(230...310), shoreline: .none)
        .canvas(projection: .robinson, width: 200, resolution: 1)
    }
    let (reference, other) = (try canvas(SphereCellsTests.orders[0]), try canvas(grid))
    var different = 0
    for y in 0..<Int(reference.height) {
      for x in 0..<200
      where reference.colour(at: SIMD2(Double(x), Double(y))) != other.colour(at: SIMD2(Double(x), Double(y))) {
        different += 1
      }
    }
    // A pixel's middle may fall on the very edge of two cells.
    #expect(different < 300)
  }

  @Test(arguments: [
    SphereStub(latitudes: [10, 20, 30], longitudes: [50]), SphereStub(latitudes: [10], longitudes: [50, 60, 70]),
    SphereStub(latitudes: [10], longitudes: [50]), SphereStub([GeographicPoint(latitude: 90, longitude: 0)]),
  ])
  func narrowDomainsAreDrawn(_ domain: SphereStub) throws {
    let map = try FieldMap(domain: domain, values: domain.temperatures, units: "K", shoreline: .none)
    let canvas = try map.canvas(width: width, resolution: 1)
    let frame = frame(of: map, map.fittingProjection)
    let point = domain.points[0]
    let place = try #require(frame.onPage(point)) + SIMD2(6, 6)
    let shown = try #require(canvas.colour(at: place))
    #expect(isClose(shown, map.scale.colour(of: Double(domain.temperatures[0]))))
  }

  @Test func wrongCountsAreRefused() {
    let grid = Self.grid
    #expect(throws: ReportError.self) { try FieldMap(domain: grid, values: [1, 2]) }
    #expect(throws: ReportError.self) { try FieldMap(domain: grid, values: grid.temperatures, isValid: [true]) }
    #expect(throws: ReportError.self) {
      try FieldMap(domain: grid, values: grid.temperatures, shoreline: .mask([true]))
    }
  }

  @Test func existingFilesAreKept() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("map.png")
    let map = try FieldMap(domain: Self.grid, values: Self.grid.temperatures, shoreline: .none)
    try map.write(to: path, width: width, resolution: 1)
    #expect(throws: FileError.exists(path: path)) { try map.write(to: path, width: width) }
    try map.write(to: path, width: width, resolution: 1, overwrite: true)
  }

  @Test func panelsShareTheirScales() throws {
    let truth = Self.grid.temperatures
    let sheet = try MapPanels.reconstruction(
      domain: Self.grid, truth: truth, observation: truth.map { $0 + 1 }, isObserved: truth.map { $0 < 290 },
      mean: truth.map { $0 - 2 }, spread: truth.map { _ in 0.7 }, sample: truth, units: "K", shoreline: .none)
    #expect(sheet.scales.count == 6)
    #expect(Set(sheet.scales[0...3].map { "\($0.range)" }).count == 1)
    #expect(sheet.scales[4].range.lowerBound == 0 && !sheet.scales[4].map.isDiverging)
    #expect(sheet.scales[5].map.isDiverging && abs(sheet.scales[5].range.upperBound - 2) < 1e-3)
    let canvas = try sheet.canvas(width: 500, resolution: 1)
    #expect(canvas.height > 150)
    #expect(throws: ReportError.self) { try MapPanels(domain: Self.grid, panels: []).canvas() }
  }
}
