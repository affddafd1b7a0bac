// The faces of a mesh as stored in a file: polygons with any number of corners.

/// Polygons, each given by its vertices.
public struct PolygonList: Sendable, Equatable {
  /// The corners of all polygons, consecutively.
  public private(set) var corners: [Int32] = []
  /// The index in `corners` at which each polygon begins, and finally the end of the last (count + 1 entries).
  public private(set) var starts: [Int] = [0]

  public init() {}

  /// Polygons from triangles.
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

  /// The same polygons with every corner mapped.
  func mapping(_ corner: (Int32) -> Int32) -> PolygonList {
    var result = self
    result.corners = corners.map(corner)
    return result
  }

  /// Reserves memory for polygons to be appended.
  mutating func reserve(polygons: Int, corners count: Int) {
    starts.reserveCapacity(starts.count + polygons)
    corners.reserveCapacity(corners.count + count)
  }
}
