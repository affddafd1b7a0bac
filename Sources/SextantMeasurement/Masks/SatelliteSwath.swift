// What a satellite sees: strips along the ground track of a circular orbit over the turning Earth.
// Sun-synchronous by default. Not an orbit propagator: no drag, no oblateness beyond the fixed period.

import Foundation
import SextantArrays

/// Only the strips under a satellite's swath are observed; all else is missing.
///
/// The first orbit starts at a random longitude and a random place along the track. A vertex is observed where its
/// great-circle distance from the ground track is at most half the swath width.
struct SatelliteSwath: Sendable, Equatable {
  /// The orbit's inclination, degrees; above 90 for the retrograde, sun-synchronous orbits.
  var inclination = 98.2
  /// The full width of the strip, km.
  var width = 1450.0
  /// How many orbits were flown; need not be whole.
  var orbitCount = 7.0
  /// Minutes an orbit takes.
  var period = 98.9

  static let kind = MeasurementDesignKind(
    name: "swath", help: "only what a satellite sees is observed",
    example: "swath:inclination=98.2,width=1450km,orbits=7"
  ) { try SatelliteSwath(&$0) }
}

extension SatelliteSwath {
  init(_ specification: inout DesignText) throws {
    self.init(
      inclination: try specification.takeNumber("inclination", in: 0...180, fallback: 98.2),
      width: try specification.takeNumber("width", unit: "km", in: 10...10_000, fallback: 1450),
      orbitCount: try specification.takeNumber("orbits", in: 0.01...1000, fallback: 7),
      period: try specification.takeNumber("period", unit: "min", in: 60...1440, fallback: 98.9))
  }

  private static let earthRadius = 6371.0

  /// Unit vectors along the ground track, from longitude `start` and angle `phase` after the ascending node, radians.
  func groundTrack(start: Double, phase: Double) -> [SIMD3<Double>] {
    // Steps of a quarter of the half width at most: the strip's edge is then true to 1 % of the half width.
    let step = min(50, width / 8) / Self.earthRadius
    let count = Int((orbitCount * 2 * .pi / step).rounded(.up))
    let tilt = inclination * .pi / 180
    return (0...count).map { i in
      let travelled = Double(i) / Double(count) * orbitCount * 2 * .pi
      let angle = phase + travelled
      // The solar day: a sun-synchronous orbit's plane turns with the sun, once a year.
      let rotation = travelled * period / 1440
      let longitude = start + atan2(cos(tilt) * sin(angle), cos(angle)) - rotation
      let sine = sin(tilt) * sin(angle)
      let cosine = max(0, 1 - sine * sine).squareRoot()
      return SIMD3(cosine * cos(longitude), cosine * sin(longitude), sine)
    }
  }
}

extension SatelliteSwath: VertexMask {
  func missingVertices(on ground: MeasurementGround, using random: inout RandomStream) throws -> [Bool] {
    let directions = try ground.directions(for: self)
    let start = random.uniform(in: 0..<2 * .pi)
    let track = groundTrack(start: start, phase: random.uniform(in: 0..<2 * .pi))
    let radius = width / 2 / Self.earthRadius
    // Every eighth point with a wider circle tells whether the points around it can matter at all.
    let stride = 8
    let step = orbitCount * 2 * .pi / Double(track.count - 1)
    let (leastCosine, leastCoarseCosine) = (cos(radius), cos(min(.pi, radius + Double(stride) * step)))
    var isMissing = [Bool](repeating: true, count: directions.count)
    isMissing.withUnsafeMutableBufferPointer { flags in
      guard let base = flags.baseAddress else { return }
      let target = UncheckedPointer(base)
      Parallel.forEach(directions.count) { vertex in
        let direction = directions[vertex]
        var first = 0
        while first < track.count, target[vertex] {
          let last = min(first + stride, track.count)
          if (track[first] * direction).sum() >= leastCoarseCosine {
            for point in first..<last where (track[point] * direction).sum() >= leastCosine {
              target[vertex] = false
            }
          }
          first = last
        }
      }
    }
    return isMissing
  }
}

extension SatelliteSwath: CustomStringConvertible {
  var description: String {
    "swath:inclination=\(inclination.short),width=\(width.short),orbits=\(orbitCount.short),period=\(period.short)"
  }
}
