// A domain that is nothing but points on the sphere, and fields to draw on it: pictures need no more.

import Foundation
import SextantArrays
import SextantGeometry

struct SphereStub: Domain, Geography {
  var vertexCount: Int { nodePositions.count }
  var nodeCount: Int { nodePositions.count }
  var nodeOfVertex: [Int32] { (0..<Int32(nodePositions.count)).map { $0 } }
  let nodePositions: [SIMD3<Double>]
  let areaWeights: [Double]
  var stiffness: SparseMatrix { SparseMatrix(rowCount: vertexCount, columnCount: vertexCount, entries: []) }
  let fingerprint = "0"
  let summary = "points on a sphere"

  init(positions: [SIMD3<Double>], areas: [Double]? = nil) {
    nodePositions = positions
    areaWeights = areas ?? Array(repeating: 4 * .pi / Double(max(1, positions.count)), count: positions.count)
  }

  init(_ points: [GeographicPoint], areas: [Double]? = nil) {
    self.init(positions: points.map(\.position), areas: areas)
  }

  /// A latitude–longitude grid in row-major order.
  init(latitudes: [Double], longitudes: [Double]) {
    self.init(latitudes.flatMap { y in longitudes.map { GeographicPoint(latitude: y, longitude: $0) } })
  }

  /// A global grid with poles, north first, of the given spacing in degrees.
  static func global(_ spacing: Double) -> SphereStub {
    SphereStub(
      latitudes: Array(stride(from: 90, through: -90, by: -spacing)),
      longitudes: Array(stride(from: 0, to: 360 - 1e-9, by: spacing)))
  }

  /// Points spread evenly along a spiral (R. Swinbank and R. J. Purser, 2006): no rows, no columns.
  static func spiral(_ count: Int) -> SphereStub {
    SphereStub(
      (0..<count).map { index in
        GeographicPoint(
          latitude: asin(2 * (Double(index) + 0.5) / Double(count) - 1) * 180 / .pi,
          longitude: remainder(Double(index) * 360 / 1.618033988749895, 360))
      })
  }

  func interpolation(to places: [GeographicPoint]) throws -> SparseMatrix {
    throw GeometryError.outsideDomain("A stub does not interpolate.")
  }

  /// A field like the temperature of the air, in kelvin: warm at the equator, with waves.
  var temperatures: [Float] {
    points.map { point in
      let (phi, lambda) = (point.latitude * .pi / 180, point.longitude * .pi / 180)
      return Float(302 - 55 * sin(phi) * sin(phi) + 6 * cos(phi) * sin(3 * lambda) - 8 * sin(phi))
    }
  }
}
