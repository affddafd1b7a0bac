// The part of the sphere that a domain covers, derived from its points: latitudes from minimum to maximum, and
// longitudes without the widest gap, so that a region across 180° or 0° E remains connected.

import Foundation
import SextantGeometry

/// A range of latitudes and of longitudes, in degrees.
public struct GeographicExtent: Sendable, Equatable {
  /// The southern edge.
  public var south: Double
  /// The northern edge.
  public var north: Double
  /// The western edge.
  public var west: Double
  /// The eastern edge, above the western by at most 360.
  public var east: Double

  public init(south: Double, north: Double, west: Double, east: Double) {
    self.south = south
    self.north = north
    self.west = west
    self.east = east
  }

  /// The width from west to east, in degrees.
  public var width: Double { east - west }
  /// The height from south to north, in degrees.
  public var height: Double { north - south }
  /// Whether the extent includes all longitudes.
  public var isFullCircle: Bool { width >= 360 - 1e-6 }

  /// The smallest extent around `points`, enlarged by `margin` degrees of latitude and by the same distance on the
  /// ground east and west.
  ///
  /// Nil if there are no points. A gap in longitude of up to four margins is ignored.
  public init?(around points: [GeographicPoint], margin: Double) {
    let latitudes = points.lazy.map(\.latitude)
    guard let least = latitudes.min(), let greatest = latitudes.max() else { return nil }
    south = max(-90, least - margin)
    north = min(90, greatest + margin)
    // The poles have no longitude.
    let longitudes = points.lazy.filter { abs($0.latitude) < 90 - 1e-9 }
      .map { (($0.longitude * 1e7).rounded() / 1e7 + 720).truncatingRemainder(dividingBy: 360) }.sorted()
    guard let first = longitudes.first, let last = longitudes.last else {
      (west, east) = (-180, 180)
      return
    }
    var (widest, start) = (first + 360 - last, first)
    for (one, next) in zip(longitudes, longitudes.dropFirst()) where next - one > widest {
      (widest, start) = (next - one, next)
    }
    let stretched = margin / max(0.02, cos(max(abs(least), abs(greatest)) * .pi / 180))
    if widest <= max(4 * margin, 360.0 / Double(longitudes.count) * 1.01) || 360 - widest + 2 * stretched >= 360 {
      (west, east) = (-180, 180)
    } else {
      // As near to 0° E as whole turns allow, for familiar labels.
      let turn = ((start + (360 - widest) / 2 + 180) / 360).rounded(.down) * 360
      west = start - turn - stretched
      east = start + 360 - widest - turn + stretched
    }
  }
}

extension MapProjection {
  /// A suitable projection for a part of the sphere: a world map, a polar view, or a regional map.
  public static func fitting(_ extent: GeographicExtent) -> MapProjection {
    guard extent.isFullCircle else { return .regional(extent) }
    if extent.south >= 20 { return .orthographic(centre: GeographicPoint(latitude: 90, longitude: 0)) }
    if extent.north <= -20 { return .orthographic(centre: GeographicPoint(latitude: -90, longitude: 0)) }
    return extent.height < 110 ? .regional(extent) : .robinson
  }
}
