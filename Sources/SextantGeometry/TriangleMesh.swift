// Triangles in space as mesh files hold them. A container, not yet a domain: see SurfaceMesh and PointCloud.

/// Vertices and the triangles between them.
public struct TriangleMesh: Sendable, Equatable {
  /// The position of each vertex, in the file's unit.
  public var positions: [SIMD3<Double>]
  /// The corners of each triangle.
  public var triangles: [SIMD3<Int32>]

  public init(positions: [SIMD3<Double>], triangles: [SIMD3<Int32>]) {
    self.positions = positions
    self.triangles = triangles
  }

  /// The domain of the vertices: a surface, or a cloud of points where there are no triangles. Throws ``GeometryError``.
  public func domain() throws -> any Domain {
    if triangles.isEmpty { return try PointCloud(positions) }
    return try SurfaceMesh(self)
  }
}

extension SphereMesh {
  /// The vertices and triangles, for writing to a mesh file.
  public var triangleMesh: TriangleMesh { TriangleMesh(positions: nodePositions, triangles: triangles) }
  public var surface: TriangleMesh? { triangleMesh }
}
