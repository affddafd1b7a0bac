// Cells of the sphere without rows and columns: the grids of ICON, FESOM and HEALPix, reduced Gaussian grids, meshes of
// UGRID, and curvilinear grids of which some cells have no place. Neighbours are those of triangles, which the file
// gives, or which are the Delaunay triangles of the cells' centres. The cells may cover a part of the sphere.

import Foundation
import SextantArrays

/// A grid of cells that are given by their centres.
public struct UnstructuredGrid: Domain, Geography {
  /// The centre of each cell, one for each vertex.
  public let places: [GeographicPoint]
  public let nodeOfVertex: [Int32]
  public let nodePositions: [SIMD3<Double>]
  public let areaWeights: [Double]
  public let fingerprint: String
  /// What the cells are called in the summary, such as "unstructured grid".
  public let name: String
  let givenAreas: [Double]?
  let givenTriangles: [SIMD3<Int32>]?
  /// The triangles between nodes.
  private let triangles: [SIMD3<Int32>]
  /// The node to which each node without a triangle is tied.
  private let hostOfIsolatedNode: [Int32: Int32]
  private let locator: TriangleLocator

  public var vertexCount: Int { places.count }
  public var nodeCount: Int { nodePositions.count }

  /// A grid of cells; cells whose centres are within 1e-9 radians of each other become one node.
  ///
  /// - Parameters:
  ///   - places: the centres of the cells.
  ///   - areas: the area of each cell in steradians; nil for areas that follow from the triangles.
  ///   - triangles: the triangles between cells; nil for the Delaunay triangles of the centres, without those that
  ///     reach across places that no cell covers.
  ///   - name: what the cells are called in the summary.
  /// - Throws: ``GeometryError/invalidGrid(_:)`` and ``GeometryError/invalidMesh(_:)``.
  public init(
    _ places: [GeographicPoint], areas: [Double]? = nil, triangles: [SIMD3<Int32>]? = nil,
    name: String = "unstructured grid"
  ) throws {
    let positions = try unitPositions(places.map(\.latitude), places.map(\.longitude))
    try Self.check(areas, triangles, count: places.count)
    let merged = CoincidentPoints(positions)
    let own: [SIMD3<Int32>]
    var isClosed = false
    if let triangles {
      own = triangles.map { t in SIMD3(merged.nodeOfVertex[Int(t.x)], merged.nodeOfVertex[Int(t.y)], merged.nodeOfVertex[Int(t.z)]) }
        .filter { $0.x != $0.y && $0.y != $0.z && $0.z != $0.x }
    } else {
      let delaunay = try PartialDelaunay(merged.nodePositions)
      (own, isClosed) = (delaunay.triangles, delaunay.isClosed)
    }
    guard !own.isEmpty else {
      throw GeometryError.invalidMesh(
        "The \(places.count) cells form no triangle: expected at least three cells that do not lie on one line.")
    }
    var nodeAreas = barycentricAreas(merged.nodePositions, own)
    if isClosed {
      let voronoi = voronoiAreas(merged.nodePositions, own)
      if voronoi.allSatisfy({ $0 > 0 }) { nodeAreas = voronoi }
    }
    let hosts = TriangleNodes.hosts(merged.nodePositions, nodeAreas)
    for (host, guests) in Dictionary(grouping: hosts.keys.sorted(), by: { hosts[$0] ?? $0 }) {
      let part = nodeAreas[Int(host)] / Double(guests.count + 1)
      for node in guests + [host] { nodeAreas[Int(node)] = part }
    }
    hostOfIsolatedNode = hosts
    self.places = places
    self.name = name
    givenAreas = areas
    givenTriangles = triangles
    self.triangles = own
    nodeOfVertex = merged.nodeOfVertex
    nodePositions = merged.nodePositions
    areaWeights = areas ?? merged.sharing(nodeAreas)
    locator = TriangleLocator(positions: merged.nodePositions, triangles: own)
    var hash = Fingerprint(kind: "unstructured grid")
    hash.add(positions: positions)
    for triangle in triangles ?? [] { for corner in 0..<3 { hash.add(Int(triangle[corner])) } }
    fingerprint = hash.text
  }

  private static func check(_ areas: [Double]?, _ triangles: [SIMD3<Int32>]?, count: Int) throws {
    if let areas {
      guard areas.count == count, areas.allSatisfy({ $0.isFinite && $0 > 0 }) else {
        throw GeometryError.invalidGrid("The areas of \(count) cells: expected one positive number for each.")
      }
    }
    try TriangleNodes.check(triangles ?? [], count: count)
  }

  /// The cotangent Laplacian, computed at each call: keep it if you need it twice.
  public var stiffness: SparseMatrix {
    var edges = WeightedEdges()
    edges.reserveCapacity(3 * triangles.count)
    for triangle in triangles { edges.addCotangents(of: triangle, nodePositions) }
    for (node, host) in hostOfIsolatedNode.sorted(by: { $0.key < $1.key }) { edges.add(node, host, weight: 1) }
    return edges.laplacian(nodeCount: nodeCount)
  }

  /// The places of the file, with its own numbers.
  public var points: [GeographicPoint] { places }

  public var surface: TriangleMesh? {
    let vertices = representativeVertices
    return TriangleMesh(
      positions: positions,
      triangles: triangles.map { t in
        SIMD3(Int32(vertices[Int(t.x)]), Int32(vertices[Int(t.y)]), Int32(vertices[Int(t.z)]))
      })
  }

  public var summary: String {
    let share = areaWeights.reduce(0, +) / (4 * .pi)
    let latitudes = places.map(\.latitude)
    let extent =
      share > 0.98
      ? "global"
      : "\(GeographicPoint.text(latitude: latitudes.min() ?? 0)) to \(GeographicPoint.text(latitude: latitudes.max() ?? 0))"
    return "\(vertexCount)-cell \(name), \(extent)"
  }

  public func interpolation(to places: [GeographicPoint]) throws -> SparseMatrix {
    try locator.interpolation(
      to: places, representatives: representativeVertices, vertexCount: vertexCount, summary: summary)
  }
}

extension UnstructuredGrid {
  /// The cells of a curvilinear grid that have a place, with the triangles of its quadrilaterals.
  ///
  /// - Parameters:
  ///   - rows: the number of rows of the whole grid.
  ///   - columns: the number of its columns.
  ///   - latitudes: the latitude of each of its cells in degrees (rows · columns); any number where there is no place.
  ///   - longitudes: the longitude of each of its cells.
  ///   - cells: the cells with a place, ascending; they are the vertices of the domain.
  /// - Throws: ``GeometryError/invalidGrid(_:)`` and ``GeometryError/invalidMesh(_:)``.
  public init(rows: Int, columns: Int, latitudes: [Double], longitudes: [Double], cells: [Int]) throws {
    let places = cells.map { GeographicPoint(latitude: latitudes[$0], longitude: longitudes[$0]) }
    let positions = try unitPositions(places.map(\.latitude), places.map(\.longitude))
    var vertexOfCell = [Int32](repeating: -1, count: rows * columns)
    for (vertex, cell) in cells.enumerated() { vertexOfCell[cell] = Int32(vertex) }
    func position(_ vertex: Int32) -> SIMD3<Double> { positions[Int(vertex)] }
    let wraps = Self.columnsClose(vertexOfCell, positions, rows: rows, columns: columns)
    var triangles: [SIMD3<Int32>] = []
    for i in 0..<max(0, rows - 1) {
      for j in 0..<(wraps ? columns : columns - 1) {
        let next = (j + 1) % columns
        let corners = [
          vertexOfCell[i * columns + j], vertexOfCell[i * columns + next], vertexOfCell[(i + 1) * columns + next],
          vertexOfCell[(i + 1) * columns + j],
        ]
        let present = corners.filter { $0 >= 0 }
        if present.count == 3 { triangles.append(SIMD3(present[0], present[1], present[2])) }
        guard present.count == 4 else { continue }
        let (a, b, c, d) = (present[0], present[1], present[2], present[3])
        // The shorter diagonal gives the better triangles.
        if (position(a) - position(c)).squaredLength <= (position(b) - position(d)).squaredLength {
          triangles += [SIMD3(a, b, c), SIMD3(a, c, d)]
        } else {
          triangles += [SIMD3(a, b, d), SIMD3(b, c, d)]
        }
      }
    }
    try self.init(places, triangles: triangles, name: "curvilinear grid with cells left out (\(rows)×\(columns))")
  }

  /// Whether, in most rows with both ends, the last cell is as near to the first as neighbours are, without coinciding.
  private static func columnsClose(
    _ vertexOfCell: [Int32], _ positions: [SIMD3<Double>], rows: Int, columns: Int
  ) -> Bool {
    guard columns > 3 else { return false }
    var (closed, counted) = (0, 0)
    for i in 0..<rows {
      let row = vertexOfCell[i * columns..<(i + 1) * columns]
      guard let first = row.first, let last = row.last, first >= 0, last >= 0 else { continue }
      counted += 1
      let steps = zip(row.dropFirst(), row).map { right, left -> Double in
        right >= 0 && left >= 0 ? (positions[Int(right)] - positions[Int(left)]).length : 0
      }
      let widest = steps.max() ?? 0
      let gap = (positions[Int(last)] - positions[Int(first)]).length
      if gap > 1e-9, gap <= 1.01 * widest { closed += 1 }
    }
    return 2 * closed > counted
  }
}
