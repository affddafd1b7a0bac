// The fronts of the synthetic climate: sharp temperature steps that travel eastwards in both storm tracks, each with a
// band of cloud ahead of it. A Gaussian prior cannot represent them.

import Foundation
import SextantArrays
import SextantGeometry

/// All fronts of a climate as functions of time.
struct TravellingFronts: Sendable {
  /// One front on one day.
  struct Front: Sendable {
    /// In degrees.
    var latitude: Double
    var longitude: Double
    /// The number of degrees of longitude by which the front leans westwards per degree towards the pole.
    var lean: Double
    /// The half-length of the front along the meridian, in degrees.
    var reach: Double
    /// The temperature drop behind the front, in K.
    var drop: Double

    /// The temperature step in K, and the cloud band between 0 and 1, at a point.
    func effect(at place: GeographicPoint) -> (step: Double, band: Double) {
      let north = place.latitude - latitude
      guard abs(north) < 3 * reach else { return (0, 0) }
      let poleward = latitude > 0 ? north : -north
      var east = (place.longitude - longitude + lean * poleward).truncatingRemainder(dividingBy: 360)
      if east > 180 { east -= 360 }
      if east < -180 { east += 360 }
      // Degrees of arc east of the front line, at the latitude of the point.
      let distance = east * cos(place.latitude * .pi / 180)
      let envelope = exp(-pow(poleward / reach, 2))
      // Cold air behind the front (west), fading over 25°; the step itself is 1° wide.
      let behind = 1 / (1 + exp(distance / 0.5))
      let step = -drop * envelope * behind * exp(-pow(min(distance, 0) / 25, 2))
      // Cloud from the front to about 6° ahead of it.
      let band = envelope / (1 + exp(-distance / 0.5)) * exp(-pow(max(distance, 0) / 6, 2))
      return (step, band)
    }
  }

  private struct Track: Sendable {
    var latitude: Double
    var startLongitude: Double
    /// Degrees of longitude per day.
    var speed: Double
    var lean: Double
    var reach: Double
    var drop: Double
    /// The number of days in which a front grows, decays and is followed by the next front on its track.
    var period: Double
    var phase: Double
    var seed: RandomStream
  }

  private let tracks: [Track]

  /// Ten tracks: five in each hemisphere.
  init(_ seed: RandomStream) {
    tracks = (0..<10).map { index in
      var random = seed.split(index)
      let hemisphere = index < 5 ? 1.0 : -1.0
      return Track(
        latitude: hemisphere * random.uniform(in: 38..<58), startLongitude: random.uniform(in: 0..<360),
        speed: random.uniform(in: 7..<13), lean: random.uniform(in: 0.5..<1.8), reach: random.uniform(in: 10..<16),
        drop: random.uniform(in: 9..<15), period: random.uniform(in: 23..<37), phase: random.uniform(), seed: random)
    }
  }

  /// The fronts on a given day. Each front on a track draws its own position and strength.
  func fronts(onDay day: Double) -> [Front] {
    tracks.map { track in
      let cycle = day / track.period + track.phase
      var random = track.seed.split(Int(cycle.rounded(.down)))
      let age = cycle - cycle.rounded(.down)
      let strength = sin(.pi * age) * random.uniform(in: 0.6..<1.2)
      return Front(
        latitude: track.latitude + random.uniform(in: -6..<6),
        longitude: track.startLongitude + random.uniform(in: 0..<360) + track.speed * age * track.period,
        lean: track.lean, reach: track.reach, drop: track.drop * strength)
    }
  }
}
