// The direction from which a surface is viewed. The projection is parallel, so equal lengths on the surface facing the
// viewer are equal in the picture, in every view.

import Foundation

/// The axes of a mesh that point upwards and towards the viewer of its front.
public enum MeshAxes: String, Sendable, CaseIterable {
  /// Up is +y and the front faces +z, as in the Stanford scans and most files made for computer graphics.
  case yUp = "y"
  /// Up is +z and the front faces −y, as in most files from engineering and cartography.
  case zUp = "z"

  /// The upward direction in the mesh's coordinates.
  public var up: SIMD3<Double> { self == .yUp ? SIMD3(0, 1, 0) : SIMD3(0, 0, 1) }
  /// The direction from the mesh to the viewer of its front.
  public var front: SIMD3<Double> { self == .yUp ? SIMD3(0, 0, 1) : SIMD3(0, -1, 0) }
  /// The direction to the right, as seen by the viewer of its front.
  public var right: SIMD3<Double> { SIMD3(1, 0, 0) }
}

/// A direction from which a surface is viewed.
public struct MeshView: Sendable, Equatable {
  /// The label below the picture.
  public var name: String
  /// The angle by which the viewer has moved to the right around the surface from its front, in degrees.
  public var azimuth: Double
  /// The elevation of the viewer above the surface, in degrees.
  public var elevation: Double

  public init(_ name: String, azimuth: Double, elevation: Double = 0) {
    self.name = name
    self.azimuth = azimuth
    self.elevation = elevation
  }

  /// From the front.
  public static let front = MeshView("front", azimuth: 0)
  /// From the left, as seen by the viewer of the front.
  public static let side = MeshView("side", azimuth: -90)
  /// From behind.
  public static let back = MeshView("back", azimuth: 180)
  /// Half way between front and side, from slightly above.
  public static let threeQuarter = MeshView("three-quarter", azimuth: -38, elevation: 20)
  /// From above, with the front at the bottom.
  public static let top = MeshView("top", azimuth: 0, elevation: 90)

  /// The four standard views.
  public static let standard: [MeshView] = [.front, .side, .back, .threeQuarter]

  /// The views that can be selected by name.
  public static let named: [MeshView] = standard + [.top]

  /// The directions right, up and towards the viewer, in the mesh's coordinates.
  func basis(_ axes: MeshAxes) -> ViewBasis {
    let (a, e) = (azimuth * .pi / 180, elevation * .pi / 180)
    let outward = cos(a) * axes.front + sin(a) * axes.right
    return ViewBasis(
      right: cos(a) * axes.right - sin(a) * axes.front, up: cos(e) * axes.up - sin(e) * outward,
      toward: cos(e) * outward + sin(e) * axes.up)
  }
}

/// The three axes of a picture: x to the right, y up, z towards the viewer.
struct ViewBasis: Sendable {
  let right: SIMD3<Double>
  let up: SIMD3<Double>
  let toward: SIMD3<Double>

  /// A vector in the coordinates of the picture.
  func seen(_ v: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3((v * right).sum(), (v * up).sum(), (v * toward).sum())
  }
}
