// Polygons on the unit sphere whose sides are arcs of great circles, such as the cells of a grid.

import SextantArrays

/// Areas and middles of spherical polygons.
public enum SphericalPolygon {
  /// The area in steradians of a polygon with the given corners in order, either way round; 0 for fewer than three.
  /// Corners may be repeated.
  public static func area(_ corners: [SIMD3<Double>]) -> Double {
    guard corners.count >= 3 else { return 0 }
    let area = (1..<corners.count - 1).reduce(0.0) { sum, i in
      sum + sphericalArea(corners[0], corners[i], corners[i + 1])
    }
    return abs(area)
  }

  /// The mean of the corners, on the sphere.
  public static func middle(_ corners: [SIMD3<Double>]) -> SIMD3<Double> {
    let sum = corners.reduce(SIMD3<Double>(), +)
    return sum.length > 0 ? sum.normalized : SIMD3(.nan, .nan, .nan)
  }
}
