// Thin lines of latitude and longitude at round degrees. Labels are outside the map if its edge is straight, and
// otherwise on the map with a white outline.

import Foundation
import SextantGeometry

/// The lines of latitude and longitude of a map.
struct Graticule: Sendable {
  /// Degrees between lines.
  let latitudeStep: Double
  let longitudeStep: Double
  private let frame: MapFrame
  private let textSize: Double

  /// The space for labels to the left of and below a map.
  static func labelRoom(for projection: MapProjection, textSize: Double) -> (left: Double, below: Double) {
    switch projection.kind {
    case .equirectangular, .robinson: (4.2 * textSize, 1.7 * textSize)
    case .mollweide: (4.2 * textSize, 0.4 * textSize)
    case .orthographic: (0, 0)
    }
  }

  init(_ frame: MapFrame, textSize: Double) {
    self.frame = frame
    self.textSize = textSize
    if case .equirectangular(let extent, _) = frame.projection.kind {
      latitudeStep = Self.step(extent.height / max(2, min(6, frame.rectangle.height / (4 * textSize))))
      longitudeStep = Self.step(extent.width / max(2, min(6, frame.rectangle.width / (7 * textSize))))
    } else {
      latitudeStep = 30
      // Labels are closest together on Robinson's pole line, which is half as long as the equator.
      longitudeStep = frame.rectangle.width > 70 * textSize ? 60 : 90
    }
  }

  private static func step(_ rough: Double) -> Double {
    [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 45, 60].first { $0 >= rough * 0.999 } ?? 90
  }

  private var extent: GeographicExtent {
    if case .equirectangular(let extent, _) = frame.projection.kind { return extent }
    let west = frame.projection.centre.longitude - 180
    return GeographicExtent(south: -90, north: 90, west: west, east: west + 360)
  }

  private static func multiples(of step: Double, from low: Double, to high: Double) -> [Double] {
    let first = (low / step - 1e-9).rounded(.up)
    let last = (high / step + 1e-9).rounded(.down)
    return first > last ? [] : stride(from: first, through: last, by: 1).map { $0 * step }
  }

  private var latitudes: [Double] { Self.multiples(of: latitudeStep, from: extent.south, to: extent.north) }
  private var longitudes: [Double] { Self.multiples(of: longitudeStep, from: extent.west, to: extent.east) }

  /// Draws the lines; the canvas must be clipped to the map.
  func drawLines(on canvas: Canvas) {
    let extent = extent
    let colour = Colour(grey: 0.1).withAlpha(0.28)
    for latitude in latitudes where abs(latitude) < 90 {
      let steps = stride(from: 0.0, through: 1, by: 1.0 / 180)
      // The lines end just inside the edges, to avoid the seam.
      let inner = extent.width - 2e-6
      let points = steps.map { GeographicPoint(latitude: latitude, longitude: extent.west + 1e-6 + inner * $0) }
      canvas.stroke(frame.path(through: points), with: colour, width: 0.5)
    }
    for longitude in longitudes {
      let steps = stride(from: 0.0, through: 1, by: 1.0 / 90)
      let points = steps.map {
        GeographicPoint(latitude: extent.south + extent.height * $0, longitude: longitude)
      }
      canvas.stroke(frame.path(through: points), with: colour, width: 0.5)
    }
  }

  /// Draws the labels outside or on the map.
  func drawLabels(on canvas: Canvas) {
    let style = TextStyle(size: textSize, colour: .softInk)
    let centre = frame.projection.centre
    switch frame.projection.kind {
    case .equirectangular(let extent, _):
      for latitude in latitudes {
        guard let place = place(latitude, -extent.width / 2) else { continue }
        canvas.draw(label(latitude: latitude), at: place + SIMD2(-5, 0), style: style, anchor: .init(.right, .middle))
      }
      for longitude in longitudes {
        guard let place = place(extent.south, longitude - centre.longitude) else { continue }
        canvas.draw(label(longitude: longitude), at: place + SIMD2(0, 5), style: style, anchor: .init(.centre, .top))
      }
    case .robinson, .mollweide:
      for latitude in latitudes where abs(latitude) < 90 {
        guard let place = place(latitude, -180) else { continue }
        canvas.draw(label(latitude: latitude), at: place + SIMD2(-5, 0), style: style, anchor: .init(.right, .middle))
      }
      let isBelow = frame.projection.kind == .robinson
      for longitude in longitudes {
        let offset = longitude - centre.longitude
        guard isBelow || abs(offset) < 170, let place = place(isBelow ? -90 : 0, offset) else { continue }
        canvas.draw(
          label(longitude: longitude), at: place + SIMD2(0, isBelow ? 5 : 4),
          style: isBelow ? style : TextStyle(size: textSize, colour: .ink),
          anchor: .init(.centre, .top), halo: isBelow ? 0 : 1.5)
      }
    case .orthographic:
      let style = TextStyle(size: textSize, colour: .ink)
      for latitude in latitudes where abs(latitude) < 90 {
        // In a polar view the central meridian has its own label.
        guard let place = place(latitude, abs(centre.latitude) > 60 ? 30 : 0), isWellInside(place) else { continue }
        canvas.draw(
          label(latitude: latitude), at: place + SIMD2(4, -4), style: style, anchor: .init(.left, .baseline), halo: 1.5)
      }
      let parallel = abs(centre.latitude) < 35 ? 0.0 : centre.latitude > 0 ? 30 : -30
      for longitude in longitudes {
        let offset = remainder(longitude - centre.longitude, 360)
        guard offset != 0 || abs(centre.latitude) > 60, offset > -180 + 1e-9, let place = place(parallel, offset),
          isWellInside(place)
        else { continue }
        canvas.draw(
          label(longitude: longitude), at: place, style: style, anchor: .init(.centre, .middle), halo: 1.5)
      }
    }
  }

  /// The position on the page of a latitude and a number of degrees east of the centre.
  private func place(_ latitude: Double, _ offset: Double) -> SIMD2<Double>? {
    frame.projection.forward(latitude: latitude, longitudeOffset: offset).map { frame.onPage($0) }
  }

  private func isWellInside(_ place: SIMD2<Double>) -> Bool {
    let offset = place - frame.rectangle.centre
    return (offset * offset).sum().squareRoot() < 0.47 * frame.rectangle.width
  }

  private func label(latitude: Double) -> String {
    latitude == 0 ? "0°" : degrees(abs(latitude)) + (latitude < 0 ? " S" : " N")
  }

  private func label(longitude: Double) -> String {
    let turned = remainder(longitude, 360)
    if turned == 0 { return "0°" }
    return abs(turned) == 180 ? "180°" : degrees(abs(turned)) + (turned < 0 ? " W" : " E")
  }

  private func degrees(_ value: Double) -> String {
    Ticks.number(value, decimals: abs(value - value.rounded()) < 1e-6 ? 0 : 1) + "°"
  }
}
