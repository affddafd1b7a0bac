// The vertex of a domain at a point on the sphere, found by rows and columns where the domain has them, and otherwise
// as the nearest vertex.

import SextantGeometry

/// The cells of a domain on the sphere, and their extent.
struct SphereCells: Sendable {
  private enum Kind: Sendable {
    case grid(LatitudeLongitudeCells)
    /// Vertices without rows and columns. Each cell ends at a distance, so that a regional domain does not colour the
    /// globe.
    case scattered(NearestNeighbours, squaredReach: [Double])
  }

  private let kind: Kind
  /// The places of a domain that consists of places alone, which are drawn as dots; nil for any other domain.
  let dots: [GeographicPoint]?
  /// V.
  let vertexCount: Int
  /// The extent of the cells; nil for a domain without vertices.
  let extent: GeographicExtent?

  /// The cells of `domain`.
  ///
  /// Throws `GeometryError.noGeography` for a domain without latitudes and longitudes.
  init(_ domain: any Domain) throws {
    let points = try domain.requiredGeography(for: "A map").points
    vertexCount = points.count
    dots = domain.isScattered ? points : nil
    if !domain.isScattered, let grid = LatitudeLongitudeCells(points) {
      extent = grid.extent
      kind = .grid(grid)
      return
    }
    let areas = domain.areaWeights
    let median = areas.isEmpty ? 1 : areas.sorted()[areas.count / 2]
    extent = GeographicExtent(around: points, margin: median.squareRoot() * 90 / .pi)
    // The corner of a square cell is 0.71 sides away from its centre. A vertex at the boundary has only part of a cell.
    kind = .scattered(NearestNeighbours(domain.positions), squaredReach: areas.map { 0.75 * max($0, median) })
  }

  /// The vertex whose cell contains `point`.
  func vertex(at point: GeographicPoint) -> Int? {
    switch kind {
    case .grid(let grid): grid.vertex(at: point)
    case .scattered(let tree, let squaredReach):
      tree.nearest(1, to: point.position).first
        .flatMap { $0.distance * $0.distance <= squaredReach[$0.index] ? $0.index : nil }
    }
  }
}
