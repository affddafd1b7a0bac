// The faces of a mesh as a file lists them: each a chain of corners, any number of them.

/// Polygons, each a list of vertices.
public struct PolygonList: Sendable, Equatable {
  /// The corners of all polygons, one polygon's after the other's.
  public private(set) var corners: [Int32] = []
  /// Where each polygon's corners begin in `corners`, and at the end where they end (count + 1 entries).
  public private(set) var starts: [Int] = [0]

  public init() {}

  /// Triangles.
  public init(triangles: [SIMD3<Int32>]) {
    corners = triangles.flatMap { [$0.x, $0.y, $0.z] }
    starts = Array(stride(from: 0, through: corners.count, by: 3))
  }

  /// The number of polygons F.
  public var count: Int { starts.count - 1 }

  /// The corners of polygon `index`.
  public subscript(index: Int) -> ArraySlice<Int32> { corners[starts[index]..<starts[index + 1]] }

  /// Appends a polygon.
  public mutating func append(_ polygon: some Sequence<Int32>) {
    corners.append(contentsOf: polygon)
    starts.append(corners.count)
  }

  /// The same polygons with every corner replaced.
  func mapping(_ corner: (Int32) -> Int32) -> PolygonList {
    var result = self
    result.corners = corners.map(corner)
    return result
  }

  /// Makes room for polygons that are about to come.
  mutating func reserve(polygons: Int, corners count: Int) {
    starts.reserveCapacity(starts.count + polygons)
    corners.reserveCapacity(corners.count + count)
  }
}
