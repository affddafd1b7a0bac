// A synthetic climate: the data of `make demo`, and a benchmark for later work.
//
// FROZEN as "synthetic climate 1": do not change anything that changes a value; create a second version instead. It is
// not a model of the Earth, but it has the features that make real fields difficult: a seasonal cycle, land–sea
// contrast, orography, a power-law spectrum, travelling fronts, and a second variable that is bounded and skewed.
// docs/synthetic-climate.md gives the formulas. All values are functions of place and time, so any grid can be used.

import Foundation
import SextantArrays
import SextantGeometry

/// A seeded, synthetic climate of near-surface temperature and cloud cover, one field every five days.
public struct SyntheticClimate: Sendable {
  /// The version. The fields of a version never change.
  public static let version = 1
  /// Days between fields.
  public static let daysBetweenFields = 5
  /// The number of fields in a year of 365 days.
  public static let fieldsPerYear = 73
  /// The variables: temperature in K, and cloud cover between 0 and 1.
  public static let variables = [
    Variable(
      name: "tas", units: "K", standardName: "air_temperature", longName: "synthetic near-surface air temperature"),
    Variable(
      name: "clt", units: "1", standardName: "cloud_area_fraction", longName: "synthetic total cloud cover"),
  ]

  private let seed: RandomStream

  /// The climate for `seed`; the demo uses seed 1.
  public init(seed: UInt64 = 1) { self.seed = RandomStream(seed: seed).split("synthetic climate 1") }

  /// The fraction of land at each vertex of `domain` (V), between 0 and 1.
  public func landShare(on domain: some Domain) -> [Float] {
    Continents(seed.split("continents")).evaluate(at: domain.positions).map { Float($0.land) }
  }

  /// The first `count` fields on `domain` (count×V×2), from 1 January of year 1 in a calendar without leap days.
  public func fields(count: Int, on domain: some Domain) -> SignalSet {
    let positions = domain.positions
    let vertices = positions.count
    let surface = Continents(seed.split("continents")).evaluate(at: positions)
    let waves = RandomWaves(count: 300, spectralSlope: 2.6, seed: seed.split("waves"))
    let turbulence = waves.fields(count: count, at: positions, memory: 0.6, seed: seed.split("temperature"))
    let moisture = waves.fields(count: count, at: positions, memory: 0.4, seed: seed.split("cloud"))
    let fronts = TravellingFronts(seed.split("fronts"))
    let values = Tensor<Float>(shape: [count, vertices, 2]) { out in
      guard let base = out.baseAddress else { return }
      let target = UncheckedPointer(base)
      turbulence.withUnsafeScalars { turbulence in
        moisture.withUnsafeScalars { moisture in
          let noise = UncheckedPointer(UnsafeMutablePointer(mutating: turbulence.baseAddress!))
          let damp = UncheckedPointer(UnsafeMutablePointer(mutating: moisture.baseAddress!))
          Parallel.forEach(count) { field in
            let day = Double(field * Self.daysBetweenFields)
            let active = fronts.fronts(onDay: day)
            for v in 0..<vertices {
              let place = GeographicPoint(positions[v])
              let front = active.reduce((step: 0.0, band: 0.0)) { sum, front in
                let effect = front.effect(at: place)
                return (sum.step + effect.step, sum.band + effect.band)
              }
              let at = field * vertices + v
              let values = Self.values(
                latitude: place.latitude * .pi / 180, surface: surface[v], yearFraction: day / 365, front: front,
                temperatureNoise: Double(noise[at]), cloudNoise: Double(damp[at]))
              target[2 * at] = Float(values.temperature)
              target[2 * at + 1] = Float(values.cloud)
            }
          }
        }
      }
    }
    return SignalSet(
      domain: domain, variables: Self.variables, values: values,
      isValid: [Bool](repeating: true, count: values.count), labels: (0..<count).map(Self.label))
  }

  /// The formulas of docs/synthetic-climate.md at one place and time.
  private static func values(
    latitude: Double, surface: Continents.Surface, yearFraction: Double, front: (step: Double, band: Double),
    temperatureNoise: Double, cloudNoise: Double
  ) -> (temperature: Double, cloud: Double) {
    let (s, c) = (sin(latitude), cos(latitude))
    // Warmest in late July north of the equator; land responds to the sun earlier and more strongly than the sea.
    let lag = 0.56 + 0.06 * (1 - surface.land)
    let season = cos(2 * .pi * (yearFraction - lag)) * s * (4 + 13 * surface.land)
    let mean = 300 - 44 * s * s - 12 * s * s * s * s * (s < 0 ? 1.6 : 1)
    let contrast = -6 * surface.land * s * s + 2.5 * surface.land * c
    let weather = temperatureNoise * (1.2 + 2.2 * s * s) * (1 + 0.5 * surface.land)
    let temperature = mean + contrast + season - 6.5 * surface.height + front.step + weather
    // A rain belt near the equator that follows the sun, clear skies in the subtropics, and cloud bands ahead of
    // fronts.
    let belt = exp(-pow((latitude * 180 / .pi - 8 * cos(2 * .pi * (yearFraction - 0.56))) / 7, 2))
    let logit = -2.3 + 2.6 * belt + 4.8 * front.band - 0.6 * surface.land + 0.5 * surface.height + 1.1 * cloudNoise
    return (temperature, 1 / (1 + exp(-logit)))
  }

  private static func label(_ field: Int) -> FieldLabel {
    let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    let day = field * daysBetweenFields
    var rest = day % 365
    var month = 0
    while rest >= lengths[month] {
      rest -= lengths[month]
      month += 1
    }
    let year = day / 365 + 1
    var label = FieldLabel(
      month: month + 1, yearFraction: Double(day % 365) / 365,
      time: String(format: "%04d-%02d-%02dT00:00:00", year, month + 1, rest + 1))
    label.day = Double(day)
    return label
  }
}
