// Pictures for people to look at, written only when the environment variable SEXTANT_PICTURES names a folder.
// What they must show is checked in the other files; whether they please is a matter for eyes.

import Foundation
import SextantArrays
import SextantGeometry
import Testing

@testable import SextantReport

private let folder = ProcessInfo.processInfo.environment["SEXTANT_PICTURES"]

@Suite(.enabled(if: folder != nil, "SEXTANT_PICTURES names no folder"))
struct GalleryTests {
  private func path(_ name: String) throws -> String { "\(try #require(folder))/\(name).png" }

  @Test(arguments: [
    ("equirectangular", MapProjection.equirectangular), ("robinson", .robinson), ("mollweide", .mollweide),
    ("pacific", .robinson(centralLongitude: -160)),
    ("globe", .orthographic(centre: .init(latitude: 30, longitude: -40))),
    ("pole", .orthographic(centre: .init(latitude: 90, longitude: 0))),
  ])
  func worldMaps(_ name: String, _ projection: MapProjection) throws {
    let grid = SphereStub.global(4)
    let valid = grid.geographicPoints.map { abs($0.latitude - 20) > 15 || abs($0.longitude) > 30 }
    try FieldMap(
      domain: grid, values: grid.temperatures, isValid: valid, title: "2 m temperature", subtitle: "synthetic, 4° grid",
      units: "K"
    ).write(to: path(name), projection: projection, overwrite: true)
  }

  @Test(arguments: [("uk", 50.0, 58.0, -10.0, 2.0), ("fiji", -25.0, -10.0, 170.0, 190.0), ("peru", -20.0, 2, -85, -65)])
  func regionalMaps(_ name: String, _ south: Double, _ north: Double, _ west: Double, _ east: Double) throws {
    let grid = SphereStub(
      latitudes: Array(stride(from: north, through: south, by: -0.25)),
      longitudes: Array(stride(from: west, through: east, by: 0.25)))
    let values = grid.geographicPoints.map { Float(sin($0.latitude) + cos($0.longitude * 0.7)) * 3 }
    try FieldMap(
      domain: grid, values: values, title: "Difference", subtitle: "0.25° region", units: "K",
      scale: .divergingWithin(limit: 4)
    ).write(to: path(name), overwrite: true)
  }

  @Test func scatteredMap() throws {
    let sphere = SphereStub.spiral(2000)
    try FieldMap(
      domain: sphere, values: sphere.temperatures, title: "A spiral of 2000 points", units: "K", colours: .ember,
      shoreline: .mask(sphere.geographicPoints.map { cos($0.longitude / 20) + sin($0.latitude / 15) > 0.6 })
    ).write(to: path("spiral"), overwrite: true)
  }

  @Test func sheet() throws {
    let grid = SphereStub.global(4)
    var random = RandomStream(seed: 1)
    let truth = grid.temperatures
    let spread = grid.geographicPoints.map { Float(0.3 + 1.2 * pow(sin($0.latitude * .pi / 180), 2)) }
    let seen = truth.map { _ in random.uniform() < 0.4 }
    let mean = zip(truth, spread).map { $0 + $1 * Float(random.normal()) }
    try MapPanels.reconstruction(
      domain: grid, truth: truth, observation: truth.map { $0 + 2 * Float(random.normal()) }, isObserved: seen,
      mean: mean, spread: spread, sample: zip(mean, spread).map { $0 + $1 * Float(random.normal()) },
      title: "2 m temperature, 60 % missing", subtitle: "synthetic field; two-scale Gaussian posterior, 128 samples",
      units: "K"
    ).write(to: path("sheet"), overwrite: true)
  }

  @Test func colourMaps() throws {
    let maps: [ColourMap] = [.lagoon, .ember, .heather, .balance]
    let canvas = try Canvas(width: 600, height: 40 + 60 * Double(maps.count))
    for (index, map) in maps.enumerated() {
      canvas.draw(map.name, at: SIMD2(20, 33 + 60 * Double(index)))
      for step in 0..<280 {
        canvas.fill(
          Path(Rectangle(x: 20 + 2 * Double(step), y: 40 + 60 * Double(index), width: 2, height: 30)),
          with: map.colour(at: Double(step) / 279))
      }
    }
    try canvas.writePNG(to: path("colours"), overwrite: true)
  }
}
