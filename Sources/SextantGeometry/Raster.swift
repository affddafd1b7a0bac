// Rows and columns of vertices, as in an image: whether the columns wrap around, and what lies beyond the first and
// last rows. Not here: the places of the vertices, see Geography.

/// The arrangement of vertices as an image: vertex = row · columns + column.
public struct Raster: Sendable, Equatable {
  /// What lies beyond the first or the last row.
  public enum Edge: Sendable, Equatable {
    /// Nothing.
    case end
    /// The row is the pole itself: beyond it lies the row next to it, half a turn away.
    case pole
    /// The pole lies beyond the row: behind the pole lies the same row, half a turn away.
    case beyondPole
  }

  /// The number of rows.
  public var rows: Int
  /// The number of columns, a repeated one included.
  public var columns: Int
  /// Whether the columns go all the way round, so that the last is next to the first.
  public var wraps: Bool
  /// Whether the last column has the same places as the first, as 360° and 0° have.
  public var repeatsColumn: Bool
  /// What lies beyond the first row.
  public var firstEdge: Edge
  /// What lies beyond the last row.
  public var lastEdge: Edge

  public init(
    rows: Int, columns: Int, wraps: Bool = false, repeatsColumn: Bool = false, firstEdge: Edge = .end,
    lastEdge: Edge = .end
  ) {
    self.rows = rows
    self.columns = columns
    self.wraps = wraps
    self.repeatsColumn = repeatsColumn
    self.firstEdge = firstEdge
    self.lastEdge = lastEdge
  }

  /// The number of vertices.
  public var vertexCount: Int { rows * columns }
}
