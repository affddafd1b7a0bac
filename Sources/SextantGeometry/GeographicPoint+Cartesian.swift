// Degrees to the unit sphere and back.

import Foundation

extension GeographicPoint {
  /// The place of a position; its length does not matter.
  public init(_ position: SIMD3<Double>) {
    let horizontal = (position.x * position.x + position.y * position.y).squareRoot()
    self.init(
      latitude: atan2(position.z, horizontal) * 180 / .pi,
      longitude: horizontal == 0 ? 0 : atan2(position.y, position.x) * 180 / .pi)
  }

  /// The position on the unit sphere: x towards 0° E on the equator, z towards the north pole.
  public var position: SIMD3<Double> {
    // The poles exactly, so that all of a pole's longitudes coincide to the last bit.
    if abs(latitude) >= 90 { return SIMD3(0, 0, latitude > 0 ? 1 : -1) }
    let (phi, lambda) = (latitude * .pi / 180, longitude * .pi / 180)
    return SIMD3(cos(phi) * cos(lambda), cos(phi) * sin(lambda), sin(phi))
  }
}
