// A small latitude–longitude grid with poles, independent of the real ones: what masks and operators are tried on.

import Foundation
import SextantArrays
import SextantGeometry

/// Rows from 90° N to 90° S and columns from 0° E, `step` degrees apart.
struct RegularSphere: Domain, Geography {
  let rows: Int
  let columns: Int
  let step: Double

  init(step: Double) {
    self.step = step
    rows = Int(180 / step) + 1
    columns = Int(360 / step)
  }

  var vertexCount: Int { rows * columns }
  var nodeCount: Int { vertexCount }
  var nodeOfVertex: [Int32] { (0..<Int32(vertexCount)).map { $0 } }
  var stiffness: SparseMatrix { SparseMatrix(rowCount: vertexCount, columnCount: vertexCount, entries: []) }
  var fingerprint: String { "regular-\(step)" }
  var summary: String { "\(rows)×\(columns) test grid" }

  func point(_ vertex: Int) -> GeographicPoint {
    GeographicPoint(latitude: 90 - Double(vertex / columns) * step, longitude: Double(vertex % columns) * step)
  }

  var nodePositions: [SIMD3<Double>] { (0..<vertexCount).map { point($0).position } }

  var areaWeights: [Double] {
    (0..<vertexCount).map { vertex in
      let latitude = point(vertex).latitude
      let (north, south) = (min(90, latitude + step / 2), max(-90, latitude - step / 2))
      return (sin(north * .pi / 180) - sin(south * .pi / 180)) * step * .pi / 180
    }
  }

  /// Bilinear, wrapping in longitude.
  func interpolation(to places: [GeographicPoint]) throws -> SparseMatrix {
    var entries: [(row: Int, column: Int, value: Double)] = []
    for (i, place) in places.enumerated() {
      let y = (90 - place.latitude) / step
      let x = place.longitude / step
      let (row, column) = (min(rows - 2, Int(y)), Int(x.rounded(.down)))
      let (v, u) = (y - Double(row), x - Double(column))
      for (dy, wy) in [(0, 1 - v), (1, v)] {
        for (dx, wx) in [(0, 1 - u), (1, u)] {
          let wrapped = ((column + dx) % columns + columns) % columns
          entries.append((i, (row + dy) * columns + wrapped, wy * wx))
        }
      }
    }
    return SparseMatrix(rowCount: places.count, columnCount: vertexCount, entries: entries)
  }
}
