// The fronts of the synthetic climate: sharp steps of temperature that travel eastward in both storm
// tracks, with a band of cloud ahead of each. They are what a Gaussian prior cannot know.

import Foundation
import SextantArrays
import SextantGeometry

/// All fronts of a climate, through time.
struct TravellingFronts: Sendable {
  /// One front on one day.
  struct Front: Sendable {
    /// Degrees.
    var latitude: Double
    var longitude: Double
    /// Degrees of longitude that the front leans westward for each degree towards the pole.
    var lean: Double
    /// The half-length of the front along the meridian, in degrees.
    var reach: Double
    /// How much colder it is behind the front, in K.
    var drop: Double

    /// The temperature step in K, and the band of cloud between 0 and 1, at a place.
    func effect(at place: GeographicPoint) -> (step: Double, band: Double) {
      let north = place.latitude - latitude
      guard abs(north) < 3 * reach else { return (0, 0) }
      let poleward = latitude > 0 ? north : -north
      var east = (place.longitude - longitude + lean * poleward).truncatingRemainder(dividingBy: 360)
      if east > 180 { east -= 360 }
      if east < -180 { east += 360 }
      // Degrees of arc east of the front line, at the place's own latitude.
      let distance = east * cos(place.latitude * .pi / 180)
      let envelope = exp(-pow(poleward / reach, 2))
      // Cold air behind (west), fading over 25°; the step itself is 1° wide.
      let behind = 1 / (1 + exp(distance / 0.5))
      let step = -drop * envelope * behind * exp(-pow(min(distance, 0) / 25, 2))
      // Cloud lies from the front to some 6° ahead of it.
      let band = envelope / (1 + exp(-distance / 0.5)) * exp(-pow(max(distance, 0) / 6, 2))
      return (step, band)
    }
  }

  private struct Track: Sendable {
    var latitude: Double
    var startLongitude: Double
    /// Degrees of longitude a day.
    var speed: Double
    var lean: Double
    var reach: Double
    var drop: Double
    /// Days in which the front grows, fades and is followed by the next on its track.
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

  /// The fronts that are there on a day; each life on a track draws its own place and strength.
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
