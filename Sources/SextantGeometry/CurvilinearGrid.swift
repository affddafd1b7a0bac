// The curvilinear grid of ocean and regional models: a latitude and a longitude for each pair of indices.
// Neighbours are those of the index mesh, whose last column borders the first if it lies next to it.
// Each quadrilateral counts as the mean of its two splits into triangles. The fold of tripolar grids is not
// recognised: its rows are neighbours only where their vertices coincide.

import Foundation
import SextantArrays

/// A grid whose rows and columns do not follow latitudes and longitudes.
public struct CurvilinearGrid: Domain, Geography {
  /// The number of rows.
  public let rows: Int
  /// The number of columns.
  public let columns: Int
  /// The latitude of each vertex, in degrees (rows · columns).
  public let latitudes: [Double]
  /// The longitude of each vertex, in degrees (rows · columns).
  public let longitudes: [Double]
  /// Whether the last column borders the first.
  public let wraps: Bool
  public let nodeOfVertex: [Int32]
  public let nodePositions: [SIMD3<Double>]
  public let areaWeights: [Double]
  public let fingerprint: String
  /// The triangles of both splits of each quadrilateral, by node.
  private let triangles: [SIMD3<Int32>]

  public var vertexCount: Int { rows * columns }
  public var nodeCount: Int { nodePositions.count }

  /// A grid of rows × columns vertices; vertices within 1e-9 radians of each other become one node.
  ///
  /// Throws ``GeometryError/invalidGrid(_:)``.
  public init(rows: Int, columns: Int, latitudes: [Double], longitudes: [Double]) throws {
    guard rows >= 2, columns >= 2 else {
      throw GeometryError.invalidGrid(
        "A curvilinear grid of \(rows)×\(columns) vertices: expected at least 2×2. Give scattered points instead.")
    }
    guard latitudes.count == rows * columns, longitudes.count == rows * columns else {
      throw GeometryError.invalidGrid(
        "\(latitudes.count) latitudes and \(longitudes.count) longitudes for \(rows)×\(columns) vertices: expected \(rows * columns) of each."
      )
    }
    let positions = try unitPositions(latitudes, longitudes)
    let merged = CoincidentPoints(positions)
    let wraps = Self.columnsClose(positions, rows, columns)
    var triangles: [SIMD3<Int32>] = []
    for i in 0..<rows - 1 {
      for j in 0..<(wraps ? columns : columns - 1) {
        func node(_ i: Int, _ j: Int) -> Int32 { merged.nodeOfVertex[i * columns + j % columns] }
        let (a, b, c, d) = (node(i, j), node(i, j + 1), node(i + 1, j + 1), node(i + 1, j))
        for triangle in [SIMD3(a, b, c), SIMD3(a, c, d), SIMD3(a, b, d), SIMD3(b, c, d)]
        where triangle.x != triangle.y && triangle.y != triangle.z && triangle.z != triangle.x {
          triangles.append(triangle)
        }
      }
    }
    self.rows = rows
    self.columns = columns
    self.latitudes = latitudes
    self.longitudes = longitudes
    self.wraps = wraps
    self.triangles = triangles
    nodeOfVertex = merged.nodeOfVertex
    nodePositions = merged.nodePositions
    areaWeights = merged.sharing(barycentricAreas(merged.nodePositions, triangles).map { $0 / 2 })
    var hash = Fingerprint(kind: "curvilinear grid")
    hash.add(rows)
    hash.add(positions: positions)
    fingerprint = hash.text
  }

  /// Whether, in most rows, the last vertex is as near to the first as neighbours are, without coinciding with it.
  private static func columnsClose(_ positions: [SIMD3<Double>], _ rows: Int, _ columns: Int) -> Bool {
    guard columns > 3 else { return false }
    var closed = 0
    for i in 0..<rows {
      let row = positions[i * columns..<(i + 1) * columns]
      let widest = zip(row.dropFirst(), row).map { ($0 - $1).length }.max() ?? 0
      let gap = (positions[i * columns + columns - 1] - positions[i * columns]).length
      if gap > 1e-9, gap <= 1.01 * widest { closed += 1 }
    }
    return 2 * closed > rows
  }

  /// The cotangent Laplacian, computed at each call: keep it if you need it twice.
  public var stiffness: SparseMatrix {
    var edges = WeightedEdges()
    edges.reserveCapacity(3 * triangles.count)
    for triangle in triangles { edges.addCotangents(of: triangle, nodePositions, factor: 0.5) }
    return edges.laplacian(nodeCount: nodeCount)
  }

  public var raster: Raster? { Raster(rows: rows, columns: columns, wraps: wraps) }

  public var summary: String {
    let range = (latitudes.min() ?? 0, latitudes.max() ?? 0)
    return
      "\(rows)×\(columns) curvilinear grid, \(GeographicPoint.text(latitude: range.0)) to \(GeographicPoint.text(latitude: range.1))"
  }

  public func interpolation(to places: [GeographicPoint]) throws -> SparseMatrix {
    try TriangleLocator(positions: nodePositions, triangles: triangles).interpolation(
      to: places, representatives: representativeVertices, vertexCount: vertexCount, summary: summary)
  }
}

/// Positions on the unit sphere. Throws ``GeometryError/invalidGrid(_:)``, which names the first invalid place.
func unitPositions(_ latitudes: [Double], _ longitudes: [Double]) throws -> [SIMD3<Double>] {
  try zip(latitudes, longitudes).enumerated().map { index, place in
    guard place.0.isFinite, place.1.isFinite, abs(place.0) <= 90 else {
      throw GeometryError.invalidGrid(
        "Place number \(index + 1) has latitude \(place.0)° and longitude \(place.1)°: expected finite degrees with latitudes in −90…90. Look for fill values."
      )
    }
    return GeographicPoint(latitude: place.0, longitude: place.1).position
  }
}
