// The swath of a satellite: strips along the ground track of a circular orbit over the rotating Earth, by default
// sun-synchronous. There is no orbit propagation: drag is ignored, and the oblateness of the Earth enters only through
// the period.

import Foundation
import SextantArrays

/// Only the vertices in a satellite's swath are observed.
///
/// The first orbit starts at a random longitude and a random place along the track. A vertex is observed where its
/// great-circle distance from the ground track is at most half the swath width.
struct SatelliteSwath: Sendable, Equatable {
  /// The inclination of the orbit in degrees; above 90 for retrograde, sun-synchronous orbits.
  var inclination = 98.2
  /// The full width of the swath in km.
  var width = 1450.0
  /// The number of orbits, which need not be whole.
  var orbitCount = 7.0
  /// The period of an orbit in minutes.
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

  /// Unit vectors along the ground track, from longitude `start` and the angle `phase` after the ascending node, in
  /// radians.
  func groundTrack(start: Double, phase: Double) -> [SIMD3<Double>] {
    // Steps of at most a quarter of the half width, for which the edge of the swath is accurate to 1 % of the half
    // width.
    let step = min(50, width / 8) / StatedWidth.earthRadius
    let count = Int((orbitCount * 2 * .pi / step).rounded(.up))
    let tilt = inclination * .pi / 180
    return (0...count).map { i in
      let travelled = Double(i) / Double(count) * orbitCount * 2 * .pi
      let angle = phase + travelled
      // Relative to the solar day, because the plane of a sun-synchronous orbit turns once a year.
      let rotation = travelled * period / 1440
      let longitude = start + atan2(cos(tilt) * sin(angle), cos(angle)) - rotation
      let sine = sin(tilt) * sin(angle)
      let cosine = max(0, 1 - sine * sine).squareRoot()
      return SIMD3(cosine * cos(longitude), cosine * sin(longitude), sine)
    }
  }
}

extension SatelliteSwath: VertexMask {
  func missingVertices(in context: MeasurementContext, using random: inout RandomStream) throws -> [Bool] {
    let directions = try context.directions(for: self)
    let start = random.uniform(in: 0..<2 * .pi)
    let track = groundTrack(start: start, phase: random.uniform(in: 0..<2 * .pi))
    let radius = width / 2 / StatedWidth.earthRadius
    // Every eighth point, with a wider circle, determines whether the points around it need to be tested.
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
