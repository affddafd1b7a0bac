// The vertex of a domain at a point on the sphere: a common interface to rows and columns, nearest vertices and custom
// lookups for the drawing code.

import SextantGeometry

/// Returns the vertex whose cell contains a point; nil if there is none. Called from several threads at once.
public typealias VertexLookup = @Sendable (GeographicPoint) -> Int?

/// The cells of a domain on the sphere, and their extent.
struct SphereCells: Sendable {
  private enum Kind: Sendable {
    case grid(LatitudeLongitudeCells)
    case scattered(NearestVertices)
    case custom(VertexLookup)
  }

  private let kind: Kind
  /// V.
  let vertexCount: Int
  /// The extent of the cells; nil for a domain without vertices.
  let extent: GeographicExtent?

  /// The cells of `domain`, or those of `lookup` if it is given.
  ///
  /// Throws ``GeometryError/noGeography(domain:purpose:)``.
  init(_ domain: any Domain, lookup: VertexLookup? = nil) throws {
    let points = try domain.requiredGeography(for: "A map").points
    vertexCount = points.count
    let grid = LatitudeLongitudeCells(points)
    if let grid {
      extent = grid.extent
    } else {
      let areas = domain.areaWeights.sorted()
      let side = areas.isEmpty ? 1 : areas[areas.count / 2].squareRoot() * 180 / .pi
      extent = GeographicExtent(around: points, margin: side / 2)
    }
    if let lookup {
      kind = .custom(lookup)
    } else if let grid {
      kind = .grid(grid)
    } else {
      kind = .scattered(NearestVertices(positions: domain.positions, areas: domain.areaWeights))
    }
  }

  /// The vertex whose cell contains `point`.
  func vertex(at point: GeographicPoint) -> Int? {
    switch kind {
    case .grid(let grid): grid.vertex(at: point)
    case .scattered(let tree): tree.vertex(at: point)
    // A custom lookup may return an invalid index, and the drawing code uses it as an index.
    case .custom(let lookup): lookup(point).flatMap { $0 >= 0 && $0 < vertexCount ? $0 : nil }
    }
  }

  /// The four vertices around `point` with their weights, if the cells are a latitude–longitude grid.
  func blend(at point: GeographicPoint) -> (vertices: SIMD4<Int>, weights: SIMD4<Double>)? {
    if case .grid(let grid) = kind { grid.blend(at: point) } else { nil }
  }
}
