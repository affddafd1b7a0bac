// A raster of categories on a latitude–longitude grid, such as land and sea at 1°, carried over to any domain:
// the nearest cell's category, or the share of a category in the area that each node stands for.

import SextantArrays

/// A category for each vertex of a latitude–longitude grid.
public struct GriddedMask: Sendable {
  /// The raster.
  public let grid: LatitudeLongitudeGrid
  /// The category of each vertex of the raster.
  public let categories: [Int]
  private let neighbours: NearestNeighbours
  private let representatives: [Int]

  /// A mask from one category a vertex. Throws ``GeometryError/invalidGrid(_:)`` where the counts differ.
  public init(grid: LatitudeLongitudeGrid, categories: [Int]) throws {
    guard categories.count == grid.vertexCount else {
      throw GeometryError.invalidGrid(
        "\(categories.count) categories for a \(grid.rows)×\(grid.columns) mask: expected \(grid.vertexCount).")
    }
    self.grid = grid
    self.categories = categories
    neighbours = NearestNeighbours(grid.nodePositions)
    representatives = grid.representativeVertices
  }

  /// The category of the vertex nearest to each position (on the unit sphere).
  public func nearestCategories(at positions: [SIMD3<Double>]) -> [Int] {
    neighbours.nearest(1, toEach: positions).indices.map { categories[representatives[Int($0)]] }
  }

  /// The share of a category in the area around each node of a domain, 0…1 (one entry a node).
  ///
  /// Each cell of the raster counts for the node that it is nearest to; a node without cells, on a domain finer than the
  /// raster, takes its nearest cell's category.
  public func share(of category: Int, on domain: any Domain) -> [Double] {
    let positions = domain.nodePositions
    guard !positions.isEmpty else { return [] }
    let owners = NearestNeighbours(positions).nearest(1, toEach: grid.nodePositions).indices
    let areas = grid.nodeAreas
    var total = [Double](repeating: 0, count: positions.count)
    var inside = total
    for (cell, owner) in owners.enumerated() {
      total[Int(owner)] += areas[cell]
      if categories[representatives[cell]] == category { inside[Int(owner)] += areas[cell] }
    }
    let nearest = nearestCategories(at: positions)
    return positions.indices.map { total[$0] > 0 ? inside[$0] / total[$0] : nearest[$0] == category ? 1 : 0 }
  }
}
