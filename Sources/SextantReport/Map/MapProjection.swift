// Map projections of the unit sphere, from degrees to the plane and back. The unit of the plane is the radius of the
// sphere, and its y axis points north. The formulas are from J. P. Snyder, "Map Projections: A Working Manual" (USGS
// Professional Paper 1395, 1987); RobinsonTable has Robinson's table of 1974.

import Foundation
import SextantGeometry

/// A map of the sphere, or a part of it, to the plane.
public struct MapProjection: Sendable, Equatable {
  enum Kind: Sendable, Equatable {
    /// Plate carrée; east–west distances are correct at the standard parallel.
    case equirectangular(GeographicExtent, standardParallel: Double)
    case robinson
    case mollweide
    case orthographic
  }

  let kind: Kind
  /// The point at the centre of the map; its latitude matters only for the orthographic projection.
  public let centre: GeographicPoint

  private init(_ kind: Kind, centre: GeographicPoint) {
    self.kind = kind
    self.centre = centre
  }

  // MARK: The projections

  /// The whole sphere with straight, evenly spaced meridians and parallels, centred on 0° E.
  public static let equirectangular = equirectangular(centralLongitude: 0)
  /// The whole sphere with straight, evenly spaced meridians and parallels.
  public static func equirectangular(centralLongitude: Double) -> MapProjection {
    let extent = GeographicExtent(
      south: -90, north: 90, west: centralLongitude - 180, east: centralLongitude + 180)
    return regional(extent, standardParallel: 0)
  }

  /// A part of the sphere with straight meridians and parallels, with correct proportions at its centre.
  public static func regional(_ extent: GeographicExtent) -> MapProjection {
    regional(extent, standardParallel: (extent.south + extent.north) / 2)
  }

  private static func regional(_ extent: GeographicExtent, standardParallel: Double) -> MapProjection {
    let centre = GeographicPoint(
      latitude: (extent.south + extent.north) / 2, longitude: (extent.west + extent.east) / 2)
    return MapProjection(.equirectangular(extent, standardParallel: standardParallel), centre: centre)
  }

  /// Robinson's compromise projection for world maps, centred on 0° E.
  public static let robinson = robinson(centralLongitude: 0)
  /// Robinson's compromise projection for world maps.
  public static func robinson(centralLongitude: Double) -> MapProjection {
    MapProjection(.robinson, centre: GeographicPoint(latitude: 0, longitude: centralLongitude))
  }

  /// Mollweide's equal-area projection, centred on 0° E.
  public static let mollweide = mollweide(centralLongitude: 0)
  /// Mollweide's equal-area projection.
  public static func mollweide(centralLongitude: Double) -> MapProjection {
    MapProjection(.mollweide, centre: GeographicPoint(latitude: 0, longitude: centralLongitude))
  }

  /// The globe seen from a great distance above `centre`; the far side is hidden.
  public static func orthographic(centre: GeographicPoint) -> MapProjection {
    MapProjection(.orthographic, centre: centre)
  }

  // MARK: Forward and inverse

  /// The position of `point` on the plane; nil if the map does not show it.
  public func forward(_ point: GeographicPoint) -> SIMD2<Double>? {
    let offset = remainder(point.longitude - centre.longitude, 360)
    return forward(latitude: point.latitude, longitudeOffset: offset)
  }

  /// The same for degrees east of the centre, where −180 and 180 are the left and right edges of a world map.
  func forward(latitude: Double, longitudeOffset: Double) -> SIMD2<Double>? {
    let (phi, lambda) = (latitude * .pi / 180, longitudeOffset * .pi / 180)
    switch kind {
    case .equirectangular(let extent, let parallel):
      guard abs(longitudeOffset) <= extent.width / 2 + 1e-9, latitude >= extent.south - 1e-9,
        latitude <= extent.north + 1e-9
      else { return nil }
      return SIMD2(lambda * cos(parallel * .pi / 180), phi)
    case .robinson:
      let row = RobinsonTable.row(at: abs(latitude))
      return SIMD2(row.width * lambda, latitude < 0 ? -row.height : row.height)
    case .mollweide:
      let theta = Self.mollweideAngle(phi)
      return SIMD2(2 * 2.0.squareRoot() / .pi * lambda * cos(theta), 2.0.squareRoot() * sin(theta))
    case .orthographic:
      let phi0 = centre.latitude * .pi / 180
      guard sin(phi0) * sin(phi) + cos(phi0) * cos(phi) * cos(lambda) >= -1e-12 else { return nil }
      return SIMD2(
        cos(phi) * sin(lambda), cos(phi0) * sin(phi) - sin(phi0) * cos(phi) * cos(lambda))
    }
  }

  /// The point on the sphere at a position on the plane; nil outside the map.
  ///
  /// Its longitude is within half a circle of the centre's.
  public func inverse(_ place: SIMD2<Double>) -> GeographicPoint? {
    let latitude: Double
    let offset: Double
    switch kind {
    case .equirectangular(let extent, let parallel):
      latitude = place.y * 180 / .pi
      offset = place.x / cos(parallel * .pi / 180) * 180 / .pi
      guard latitude >= extent.south, latitude <= extent.north, abs(offset) <= extent.width / 2 else { return nil }
    case .robinson:
      guard let found = RobinsonTable.latitude(atHeight: abs(place.y)) else { return nil }
      latitude = place.y < 0 ? -found : found
      offset = place.x / RobinsonTable.row(at: found).width * 180 / .pi
    case .mollweide:
      let sine = place.y / 2.0.squareRoot()
      guard abs(sine) <= 1 else { return nil }
      let theta = asin(sine)
      latitude = asin(max(-1, min(1, (2 * theta + sin(2 * theta)) / .pi))) * 180 / .pi
      let cosine = cos(theta)
      guard cosine > 1e-12 else {
        return abs(place.x) < 1e-6 ? GeographicPoint(latitude: latitude, longitude: centre.longitude) : nil
      }
      offset = .pi * place.x / (2 * 2.0.squareRoot() * cosine) * 180 / .pi
    case .orthographic:
      let square = place.x * place.x + place.y * place.y
      guard square <= 1 else { return nil }
      let depth = (1 - square).squareRoot()
      let phi0 = centre.latitude * .pi / 180
      latitude = asin(max(-1, min(1, depth * sin(phi0) + place.y * cos(phi0)))) * 180 / .pi
      offset = atan2(place.x, depth * cos(phi0) - place.y * sin(phi0)) * 180 / .pi
    }
    guard abs(offset) <= 180 else { return nil }
    return GeographicPoint(latitude: latitude, longitude: centre.longitude + offset)
  }

  /// θ with 2θ + sin 2θ = π sin φ, by bisection: Newton's method stalls at the poles.
  private static func mollweideAngle(_ phi: Double) -> Double {
    if abs(phi) >= .pi / 2 { return phi < 0 ? -.pi / 2 : .pi / 2 }
    let target = .pi * sin(abs(phi))
    var (low, high) = (0.0, Double.pi / 2)
    for _ in 0..<54 {
      let middle = (low + high) / 2
      if 2 * middle + sin(2 * middle) < target { low = middle } else { high = middle }
    }
    return phi < 0 ? -(low + high) / 2 : (low + high) / 2
  }

  // MARK: Shape

  /// Whether the map is a world map whose left and right edges are the same meridian.
  var isWorld: Bool {
    switch kind {
    case .equirectangular(let extent, _): extent.isFullCircle
    case .robinson, .mollweide: true
    case .orthographic: false
    }
  }

  /// The boundary of the map on the plane, counter-clockwise.
  public var outline: [SIMD2<Double>] {
    switch kind {
    case .equirectangular(let extent, let parallel):
      let x = extent.width / 2 * .pi / 180 * cos(parallel * .pi / 180)
      let (south, north) = (extent.south * .pi / 180, extent.north * .pi / 180)
      return [SIMD2(-x, south), SIMD2(x, south), SIMD2(x, north), SIMD2(-x, north)]
    case .robinson, .mollweide:
      let latitudes = (-180...180).map { Double($0) / 2 }
      return latitudes.compactMap { forward(latitude: $0, longitudeOffset: 180) }
        + latitudes.reversed().compactMap { forward(latitude: $0, longitudeOffset: -180) }
    case .orthographic:
      return (0..<720).map { SIMD2(cos(Double($0) * .pi / 360), sin(Double($0) * .pi / 360)) }
    }
  }
}
