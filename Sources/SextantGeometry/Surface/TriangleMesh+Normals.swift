// The normals of a surface at its vertices, to which directions along the surface are relative.

extension TriangleMesh {
  /// The direction of each vertex: the mean of its triangles' directions weighted by their areas, of length 1.
  ///
  /// Triangles turn left seen from the side that they face. Zero where a vertex has no triangle with an area, or where
  /// its triangles cancel out.
  var vertexNormals: [SIMD3<Double>] {
    var sums = [SIMD3<Double>](repeating: SIMD3(), count: positions.count)
    for t in triangles {
      let (a, b, c) = (positions[Int(t.x)], positions[Int(t.y)], positions[Int(t.z)])
      let doubleArea = (b - a).cross(c - a)
      for corner in 0..<3 { sums[Int(t[corner])] += doubleArea }
    }
    return sums.map { $0.length > 0 ? $0.normalized : SIMD3() }
  }
}
