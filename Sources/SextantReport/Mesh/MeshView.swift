// Where a surface is looked at from. Parallel rays: what is as large on the surface is as large in the picture, whichever
// view it is seen in.

import Foundation

/// Which of a mesh's axes point up and to the viewer of its front.
public enum MeshAxes: String, Sendable, CaseIterable {
  /// Up is +y and the front looks along +z, as in the Stanford scans and in most files made for pictures.
  case yUp = "y"
  /// Up is +z and the front looks along −y, as in most files made for machines and maps.
  case zUp = "z"

  /// Up in the mesh's coordinates.
  public var up: SIMD3<Double> { self == .yUp ? SIMD3(0, 1, 0) : SIMD3(0, 0, 1) }
  /// From the mesh to the viewer of its front.
  public var front: SIMD3<Double> { self == .yUp ? SIMD3(0, 0, 1) : SIMD3(0, -1, 0) }
  /// To the right, for the viewer of its front.
  public var right: SIMD3<Double> { SIMD3(1, 0, 0) }
}

/// A direction to look at a surface from.
public struct MeshView: Sendable, Equatable {
  /// What stands below the picture.
  public var name: String
  /// How far around the surface the viewer has gone to the right from its front, in degrees.
  public var azimuth: Double
  /// How far above it the viewer stands, in degrees.
  public var elevation: Double

  public init(_ name: String, azimuth: Double, elevation: Double = 0) {
    self.name = name
    self.azimuth = azimuth
    self.elevation = elevation
  }

  /// From the front.
  public static let front = MeshView("front", azimuth: 0)
  /// From the left of those who look at the front.
  public static let side = MeshView("side", azimuth: -90)
  /// From behind.
  public static let back = MeshView("back", azimuth: 180)
  /// Half way between front and side, a little from above.
  public static let threeQuarter = MeshView("three-quarter", azimuth: -38, elevation: 20)
  /// From above, with the front below.
  public static let top = MeshView("top", azimuth: 0, elevation: 90)

  /// The usual four.
  public static let standard: [MeshView] = [.front, .side, .back, .threeQuarter]

  /// The views that can be asked for by name.
  public static let named: [MeshView] = standard + [.top]

  /// Right, up and towards the viewer, in the mesh's coordinates.
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

  /// A vector in the picture's axes.
  func seen(_ v: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3((v * right).sum(), (v * up).sum(), (v * toward).sum())
  }
}
