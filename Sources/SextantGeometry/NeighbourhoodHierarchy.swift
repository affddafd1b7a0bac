// The vertices of a domain at several resolutions, as plain tables: the neighbourhood of each vertex, and for each
// resolution the vertices that are kept for the next one and those that they represent. Networks with stencils are
// built on these tables. Not here: how the tables of a raster or a surface are made, and networks (see
// StencilHierarchy).

/// Levels with fewer and fewer vertices, and the neighbourhoods in each.
public struct NeighbourhoodHierarchy: Sendable, Equatable {
  /// One resolution.
  public struct Level: Sendable, Equatable {
    /// The neighbourhood of each vertex (V_l × width), in indices of this level; −1 where there is no neighbour.
    public var neighbours: [Int32]
    /// The vertices of this level that the next, coarser level keeps (V_l+1); empty at the last level.
    public var kept: [Int32]
    /// The vertex of the next level that represents each vertex of this level (V_l); empty at the last level.
    public var coarse: [Int32]

    public init(neighbours: [Int32], kept: [Int32] = [], coarse: [Int32] = []) {
      (self.neighbours, self.kept, self.coarse) = (neighbours, kept, coarse)
    }
  }

  /// The number of entries of a neighbourhood, the vertex itself included.
  public let width: Int
  /// The levels, finest first; the finest has all vertices of the domain.
  public let levels: [Level]

  /// A hierarchy of the given levels, finest first; every level but the last keeps vertices for the next.
  public init(width: Int, levels: [Level]) {
    precondition(width > 0 && !levels.isEmpty, "A hierarchy of \(levels.count) levels of \(width) neighbours")
    for (place, level) in levels.enumerated() {
      let next = place + 1 < levels.count ? levels[place + 1].neighbours.count / width : 0
      precondition(
        level.neighbours.count % width == 0 && level.kept.count == next
          && level.coarse.count == (next > 0 ? level.neighbours.count / width : 0),
        "The tables of level \(place) do not fit together")
    }
    (self.width, self.levels) = (width, levels)
  }

  /// V_l, the number of vertices of a level.
  public func vertexCount(ofLevel level: Int) -> Int { levels[level].neighbours.count / width }

  /// The vertex of the domain that each vertex of a level is (V_l).
  public func vertices(ofLevel level: Int) -> [Int32] {
    var vertices = (0..<Int32(vertexCount(ofLevel: 0))).map { $0 }
    for finer in levels.prefix(level) { vertices = finer.kept.map { vertices[Int($0)] } }
    return vertices
  }
}
