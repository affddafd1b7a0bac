// The products of vectors in space that triangles and spheres need.

extension SIMD3<Double> {
  /// The inner product.
  func dot(_ other: SIMD3<Double>) -> Double { x * other.x + y * other.y + z * other.z }

  /// The vector product.
  func cross(_ other: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3(y * other.z - z * other.y, z * other.x - x * other.z, x * other.y - y * other.x)
  }

  /// The square of the length.
  var squaredLength: Double { dot(self) }

  /// The length.
  var length: Double { squaredLength.squareRoot() }

  /// The vector of length 1 in this direction.
  var normalized: SIMD3<Double> { self / length }

  /// Whether no component is NaN or infinite.
  var isFinite: Bool { x.isFinite && y.isFinite && z.isFinite }
}

/// Six times the signed volume of the tetrahedron (0, a, b, c): positive where a, b, c turn left seen from outside.
func tripleProduct(_ a: SIMD3<Double>, _ b: SIMD3<Double>, _ c: SIMD3<Double>) -> Double { a.dot(b.cross(c)) }
