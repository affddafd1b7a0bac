// Laws of map projections: back is the inverse of forth, edges are where they should be, and places agree with
// published examples.

import Foundation
import SextantGeometry
import Testing

@testable import SextantReport

private let projections: [MapProjection] = [
  .equirectangular, .equirectangular(centralLongitude: 150), .robinson, .robinson(centralLongitude: -160), .mollweide,
  .mollweide(centralLongitude: 77), .orthographic(centre: GeographicPoint(latitude: 35, longitude: 20)),
  .orthographic(centre: GeographicPoint(latitude: -90, longitude: 0)),
  .regional(GeographicExtent(south: 50, north: 58, west: -10, east: 2)),
  .regional(GeographicExtent(south: -25, north: -10, west: 170, east: 190)),
]

private let places = stride(from: -90.0, through: 90, by: 3.75).flatMap { latitude in
  stride(from: -180.0, to: 360, by: 11.25 / 2).map { GeographicPoint(latitude: latitude, longitude: $0) }
}

@Suite struct MapProjectionTests {
  @Test(arguments: projections) func inverseUndoesForward(_ projection: MapProjection) {
    var shown = 0
    var worst = (error: 0.0, place: GeographicPoint(latitude: 0, longitude: 0))
    for place in places {
      guard let plane = projection.forward(place) else { continue }
      // Just inside, lest rounding put an edge outside.
      guard let back = projection.inverse(plane * (1 - 1e-12)) else { continue }
      shown += 1
      let offset = back.position - place.position
      let error = (offset * offset).sum().squareRoot()
      if error > worst.error { worst = (error, place) }
      #expect(abs(back.longitude - projection.centre.longitude) <= 180)
    }
    #expect(worst.error < 2e-6, "\(worst)")
    #expect(shown > 2)
  }

  @Test(arguments: projections) func forwardUndoesInverse(_ projection: MapProjection) throws {
    let xs = projection.outline.map(\.x)
    let ys = projection.outline.map(\.y)
    let (west, east) = (try #require(xs.min()), try #require(xs.max()))
    let (south, north) = (try #require(ys.min()), try #require(ys.max()))
    for i in 1..<20 {
      for j in 1..<20 {
        let plane = SIMD2(
          west + (east - west) * Double(i) / 20, south + (north - south) * Double(j) / 20)
        guard let place = projection.inverse(plane) else { continue }
        let back = try #require(projection.forward(place))
        #expect(abs(back.x - plane.x) < 1e-6 && abs(back.y - plane.y) < 1e-6)
      }
    }
    #expect(projection.inverse(SIMD2(east + 0.01, (south + north) / 2)) == nil)
    #expect(projection.inverse(SIMD2((west + east) / 2, north + 0.01)) == nil)
  }

  /// J. P. Snyder, "Map Projections: A Working Manual", numerical examples, pages 311 and 365.
  @Test func publishedExamples() throws {
    let globe = MapProjection.orthographic(centre: GeographicPoint(latitude: 40, longitude: -100))
    let onGlobe = try #require(globe.forward(GeographicPoint(latitude: 30, longitude: -110)))
    #expect(abs(onGlobe.x + 0.1503837) < 1e-7 && abs(onGlobe.y + 0.1651911) < 1e-7)
    let ellipse = MapProjection.mollweide(centralLongitude: -90)
    let onEllipse = try #require(ellipse.forward(GeographicPoint(latitude: -50, longitude: -75)))
    #expect(abs(onEllipse.x - 0.1788845) < 1e-6 && abs(onEllipse.y + 0.9208758) < 1e-6)
  }

  /// Robinson's own table at its rows.
  @Test(arguments: [(0.0, 1.0, 0.0), (45, 0.8962, 0.5571), (60, 0.7986, 0.7346), (90, 0.5322, 1)])
  func robinsonRows(_ latitude: Double, _ length: Double, _ distance: Double) throws {
    let place = try #require(MapProjection.robinson.forward(GeographicPoint(latitude: latitude, longitude: 100)))
    #expect(abs(place.x - 0.8487 * length * 100 * .pi / 180) < 1e-9)
    #expect(abs(place.y - 1.3523 * distance) < 1e-9)
  }

  @Test func globeHidesItsFarSide() {
    let globe = MapProjection.orthographic(centre: GeographicPoint(latitude: 0, longitude: 0))
    #expect(globe.forward(GeographicPoint(latitude: 0, longitude: 91)) == nil)
    #expect(globe.forward(GeographicPoint(latitude: 0, longitude: -89)) != nil)
  }

  @Test func regionsAreInProportion() throws {
    let projection = MapProjection.regional(GeographicExtent(south: 55, north: 65, west: 0, east: 10))
    let corner = try #require(projection.forward(GeographicPoint(latitude: 65, longitude: 10)))
    #expect(abs(corner.x / 5 - cos(60 * .pi / 180) * .pi / 180) < 1e-12)
  }

  @Test func fittingFollowsTheDomain() throws {
    func extent(_ domain: SphereStub) throws -> GeographicExtent { try #require(SphereCells(domain).extent) }
    #expect(MapProjection.fitting(try extent(.global(10))) == .robinson)
    #expect(MapProjection.fitting(try extent(.spiral(300))) == .robinson)
    let region = SphereStub(latitudes: [10, 8, 6], longitudes: [178, 180, 182, 184])
    let covered = try extent(region)
    #expect(abs(covered.south - 5) < 1e-9 && abs(covered.north - 11) < 1e-9 && abs(covered.width - 8) < 1e-9)
    let zeroMeridian = try extent(SphereStub(latitudes: [50, 51], longitudes: [359, 0, 1]))
    #expect(abs(zeroMeridian.west + 1.5) < 1e-9 && abs(zeroMeridian.east - 1.5) < 1e-9)
    let cap = SphereStub(latitudes: [90, 80, 70, 60], longitudes: Array(stride(from: 0, to: 360, by: 10)))
    #expect(MapProjection.fitting(try extent(cap)) == .orthographic(centre: .init(latitude: 90, longitude: 0)))
  }

  @Test func linesAreCutAtTheSeam() {
    let frame = MapFrame(.equirectangular, at: .zero, width: 360, height: 180)
    let across = [170.0, 175, 185, 190].map { GeographicPoint(latitude: 0, longitude: $0) }
    let path = frame.path(through: across)
    let jumps = zip(path.elements, path.elements.dropFirst()).filter { one, next in
      guard case .line(let end) = next else { return false }
      switch one {
      case .move(let start), .line(let start): return abs(end.x - start.x) > 20
      default: return false
      }
    }
    #expect(jumps.isEmpty)
    #expect(path.elements.filter { if case .move = $0 { true } else { false } }.count == 2)
    // A line that begins on the seam belongs to the side that it goes to.
    let eastern = frame.path(through: [180, 170].map { GeographicPoint(latitude: 0, longitude: $0) })
    #expect(eastern.elements.first == .move(SIMD2(360, 90)))
    let western = frame.path(through: [180, 190].map { GeographicPoint(latitude: 0, longitude: $0) })
    #expect(western.elements.first == .move(SIMD2(0, 90)))
  }
}
