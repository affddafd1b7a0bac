// Polygons cut into triangles: as many as there should be, none turned over, their areas adding up to the polygon's.

import Foundation
import SextantArrays
import Testing

@testable import SextantGeometry

@Suite struct TriangulationLaws {
  /// A star-shaped polygon with corners at random distances, in a plane of any direction.
  private static func star(_ count: Int, convex: Bool, seed: UInt64) -> [SIMD3<Double>] {
    var stream = RandomStream(seed: seed)
    let u = SIMD3(0.36, 0.48, 0.8)
    let v = SIMD3(-0.8, 0.6, 0)
    return (0..<count).map { k in
      let angle = 2 * Double.pi * Double(k) / Double(count)
      let radius = convex ? 1 : Double.random(in: 0.2...1, using: &stream)
      return SIMD3(3, -2, 1) + radius * (cos(angle) * u + sin(angle) * v)
    }
  }

  private static func vectorArea(_ a: SIMD3<Double>, _ b: SIMD3<Double>, _ c: SIMD3<Double>) -> SIMD3<Double> {
    (b - a).cross(c - a) / 2
  }

  @Test(arguments: [3, 4, 5, 8, 30, 101], [false, true])
  func areasAddUp(_ count: Int, _ convex: Bool) throws {
    for seed in 0..<20 as Range<UInt64> {
      let places = Self.star(count, convex: convex, seed: seed)
      var polygons = PolygonList()
      polygons.append((0..<count).map(Int32.init))
      polygons.append((0..<count).reversed().map(Int32.init))
      let (triangles, origins) = try polygons.triangulated(places, path: "")
      #expect(triangles.count == 2 * (count - 2) && origins.count { $0 == 0 } == count - 2)
      let normal = SIMD3(0.36, 0.48, 0.8).cross(SIMD3(-0.8, 0.6, 0))
      for own in [0, 1] as [Int32] {
        let areas = zip(triangles, origins).filter { $1 == own }.map { t, _ in
          Self.vectorArea(places[Int(t.x)], places[Int(t.y)], places[Int(t.z)]).dot(normal)
        }
        let whole = (0..<count).reduce(0.0) { sum, k in
          sum + places[k].cross(places[(k + 1) % count]).dot(normal) / 2
        }
        let sign: Double = own == 0 ? 1 : -1
        #expect(areas.allSatisfy { $0 * sign > -1e-12 })
        #expect(abs(areas.reduce(0, +) - sign * whole) < 1e-12)
      }
    }
  }

  @Test func polygonsWithoutAreaMakeTheirTriangles() throws {
    let places = [SIMD3<Double>](repeating: SIMD3(1, 2, 3), count: 6)
    var polygons = PolygonList()
    polygons.append([0, 1, 2, 3, 4, 5])
    polygons.append([0, 0, 0])
    polygons.append([0, 1])
    polygons.append([])
    // A bow tie crosses itself.
    let tie = [SIMD3<Double>(0, 0, 0), SIMD3(1, 1, 0), SIMD3(1, 0, 0), SIMD3(0, 1, 0)]
    #expect(try polygons.triangulated(places, path: "").triangles.count == 5)
    var crossed = PolygonList()
    crossed.append([0, 1, 2, 3])
    #expect(try crossed.triangulated(tie, path: "").triangles.count == 2)
  }

  @Test func hugeConcavePolygonsAreRefused() throws {
    let places = Self.star(1001, convex: false, seed: 1)
    var polygons = PolygonList()
    polygons.append((0..<1001).map(Int32.init))
    let error = #expect(throws: GeometryError.self) { try polygons.triangulated(places, path: "a.ply") }
    #expect(error?.description.contains("1001 corners") == true)
  }
}
