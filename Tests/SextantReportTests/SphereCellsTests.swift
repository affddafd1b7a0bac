// Laws of cells: whatever the order of a grid's vertices, a place belongs to the same one; a tree agrees with a
// search through all vertices; a region does not reach beyond itself.

import Foundation
import SextantArrays
import SextantGeometry
import Testing

@testable import SextantReport

private func distance(_ one: GeographicPoint, _ other: SIMD3<Double>) -> Double {
  let offset = one.position - other
  return (offset * offset).sum()
}

@Suite struct SphereCellsTests {
  private static let latitudes = Array(stride(from: 90.0, through: -90, by: -10))
  private static let longitudes = Array(stride(from: 0.0, to: 360, by: 15))

  /// The same grid in the orders and offsets that files have.
  static let orders: [SphereStub] = [
    SphereStub(latitudes: latitudes, longitudes: longitudes),
    SphereStub(latitudes: latitudes.reversed(), longitudes: longitudes),
    SphereStub(latitudes: latitudes, longitudes: longitudes.map { $0 - 180 }),
    SphereStub(latitudes: latitudes, longitudes: longitudes.reversed()),
    SphereStub(latitudes: latitudes, longitudes: longitudes + [360]),
    SphereStub(latitudes: latitudes, longitudes: [360] + longitudes.reversed()),
    SphereStub(longitudes.flatMap { x in latitudes.map { GeographicPoint(latitude: $0, longitude: x) } }),
  ]

  @Test(arguments: orders) func gridOrderDoesNotMatter(_ grid: SphereStub) throws {
    let cells = try SphereCells(grid)
    let points = grid.points
    #expect(LatitudeLongitudeCells(points) != nil, "the grid was not recognised")
    for latitude in stride(from: -90.0, through: 90, by: 3.3) {
      for longitude in stride(from: -540.0, to: 540, by: 37.2) {
        let vertex = try #require(cells.vertex(at: GeographicPoint(latitude: latitude, longitude: longitude)))
        let found = points[vertex]
        #expect(abs(found.latitude - latitude) <= 5 + 1e-6)
        if abs(found.latitude) < 89 { #expect(abs(remainder(found.longitude - longitude, 360)) <= 7.5 + 1e-6) }
      }
    }
  }

  @Test func treeFindsTheNearest() throws {
    let sphere = SphereStub.spiral(700)
    let cells = try SphereCells(sphere)
    var random = RandomStream(seed: 5)
    for _ in 0..<100 {
      let place = GeographicPoint(
        latitude: asin(random.uniform(in: -1..<1)) * 180 / .pi, longitude: random.uniform(in: -180..<180))
      let nearest = sphere.nodePositions.indices.min {
        distance(place, sphere.nodePositions[$0]) < distance(place, sphere.nodePositions[$1])
      }
      #expect(cells.vertex(at: place) == nearest)
    }
  }

  @Test func regionsEndWhereTheirCellsEnd() throws {
    let grid = try SphereCells(SphereStub(latitudes: [40, 41, 42], longitudes: [359, 0, 1, 2]))
    #expect(grid.vertex(at: GeographicPoint(latitude: 42.4, longitude: 2.4)) == 11)
    #expect(grid.vertex(at: GeographicPoint(latitude: 42.6, longitude: 2)) == nil)
    #expect(grid.vertex(at: GeographicPoint(latitude: 41, longitude: 2.6)) == nil)
    #expect(grid.vertex(at: GeographicPoint(latitude: 41, longitude: -1.4)) == 4)
    let patch = SphereStub.spiral(4000).points.filter { abs($0.latitude) < 30 && abs($0.longitude) < 30 }
    let scattered = try SphereCells(SphereStub(patch, areas: patch.map { _ in 4 * .pi / 4000 }))
    #expect(scattered.vertex(at: GeographicPoint(latitude: 0, longitude: 0)) != nil)
    #expect(scattered.vertex(at: GeographicPoint(latitude: 0, longitude: 40)) == nil)
  }

  @Test(arguments: [
    SphereStub(latitudes: [10, 20, 30], longitudes: [50]), SphereStub(latitudes: [10], longitudes: [50, 60, 70]),
    SphereStub(latitudes: [10], longitudes: [50]),
  ])
  func narrowGridsHaveCells(_ grid: SphereStub) throws {
    let cells = try SphereCells(grid)
    for (vertex, point) in grid.points.enumerated() { #expect(cells.vertex(at: point) == vertex) }
    #expect(cells.vertex(at: GeographicPoint(latitude: -40, longitude: 50)) == nil)
  }

  @Test func gaussianRowsReachThePoles() throws {
    let cells = try SphereCells(
      SphereStub(latitudes: [-85, -60, -20, 20, 60, 85], longitudes: Array(stride(from: 0, to: 360, by: 30))))
    #expect(cells.vertex(at: GeographicPoint(latitude: 90, longitude: 3)) == 60)
    #expect(cells.vertex(at: GeographicPoint(latitude: -90, longitude: 3)) == 0)
  }

  @Test func meshesAreRefused() throws {
    // Even a mesh whose vertices lie on the unit sphere is no map of the Earth.
    let ball = try SurfaceMesh(SphereMesh.icosphere(subdivisions: 1).triangleMesh)
    #expect(throws: GeometryError.noGeography(domain: ball.summary, purpose: "A map")) { try SphereCells(ball) }
  }
}
