// A gallery of every kind of picture. Each test draws its pictures and checks that each is a PNG that is not blank. Set the
// environment variable SEXTANT_PICTURES to a folder to keep the pictures and look at them.

import Foundation
import SextantArrays
import SextantGeometry
import Testing

@testable import SextantReport

@Suite struct GalleryTests {
  private let scratch: TemporaryFolder
  private let folder: String

  init() throws {
    scratch = try TemporaryFolder()
    folder = ProcessInfo.processInfo.environment["SEXTANT_PICTURES"] ?? scratch.path("gallery")
  }

  private func path(_ name: String) -> String { "\(folder)/\(name).png" }

  /// Checks that each picture is a PNG of a sensible size. A blank page compresses to less than 4000 bytes.
  private func expectPictures(_ names: String..., location: SourceLocation = #_sourceLocation) throws {
    for name in names {
      let data = try Data(contentsOf: URL(fileURLWithPath: path(name)))
      #expect(data.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]), "\(name)", sourceLocation: location)
      #expect(data.count > 4000, "\(name) has \(data.count) bytes", sourceLocation: location)
    }
  }

  @Test(arguments: [
    ("equirectangular", MapProjection.equirectangular), ("robinson", .robinson), ("mollweide", .mollweide),
    ("pacific", .robinson(centralLongitude: -160)),
    ("globe", .orthographic(centre: .init(latitude: 30, longitude: -40))),
    ("pole", .orthographic(centre: .init(latitude: 90, longitude: 0))),
  ])
  func worldMaps(_ name: String, _ projection: MapProjection) throws {
    let grid = SphereStub.global(4)
    let valid = grid.points.map { abs($0.latitude - 20) > 15 || abs($0.longitude) > 30 }
    try FieldMap(
      domain: grid, values: grid.temperatures, isValid: valid, title: "2 m temperature", subtitle: "synthetic, 4° grid",
      units: "K"
    ).write(to: path(name), projection: projection, overwrite: true)
    try expectPictures(name)
  }

  @Test(arguments: [("uk", 50.0, 58.0, -10.0, 2.0), ("fiji", -25.0, -10.0, 170.0, 190.0), ("peru", -20.0, 2, -85, -65)])
  func regionalMaps(_ name: String, _ south: Double, _ north: Double, _ west: Double, _ east: Double) throws {
    let grid = SphereStub(
      latitudes: Array(stride(from: north, through: south, by: -0.25)),
      longitudes: Array(stride(from: west, through: east, by: 0.25)))
    let values = grid.points.map { Float(sin($0.latitude) + cos($0.longitude * 0.7)) * 3 }
    try FieldMap(
      domain: grid, values: values, title: "Difference", subtitle: "0.25° region", units: "K",
      scale: .divergingWithin(limit: 4)
    ).write(to: path(name), overwrite: true)
    try expectPictures(name)
  }

  @Test func scatteredMap() throws {
    let sphere = SphereStub.spiral(2000)
    try FieldMap(
      domain: sphere, values: sphere.temperatures, title: "A spiral of 2000 points", units: "K", colours: .heather,
      shoreline: .mask(sphere.points.map { cos($0.longitude / 20) + sin($0.latitude / 15) > 0.6 })
    ).write(to: path("spiral"), overwrite: true)
    try expectPictures("spiral")
  }

  @Test func sheet() throws {
    let grid = SphereStub.global(4)
    var random = RandomStream(seed: 1)
    let truth = grid.temperatures
    let spread = grid.points.map { Float(0.3 + 1.2 * pow(sin($0.latitude * .pi / 180), 2)) }
    let seen = truth.map { _ in random.uniform() < 0.4 }
    let mean = zip(truth, spread).map { $0 + $1 * Float(random.normal()) }
    try MapPanels.reconstruction(
      domain: grid, truth: truth, observation: truth.map { $0 + 2 * Float(random.normal()) }, isObserved: seen,
      mean: mean, spread: spread, sample: zip(mean, spread).map { $0 + $1 * Float(random.normal()) },
      title: "2 m temperature, 60 % missing", subtitle: "synthetic field; two-scale Gaussian posterior, 128 samples",
      units: "K"
    ).write(to: path("sheet"), overwrite: true)
    try expectPictures("sheet")
  }

  @Test func colourMaps() throws {
    let maps: [ColourMap] = [.lagoon, .heather, .balance]
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
    try expectPictures("colours")
  }

  @Test func plots() throws {
    var random = RandomStream(seed: 3)
    var counts = [Int](repeating: 0, count: 33)
    for _ in 0..<20_000 { counts[min(32, max(0, Int((16 + 11 * random.normal()).rounded())))] += 1 }
    try Plot.rankHistogram(counts: counts, independentCases: 3000).write(to: path("ranks"), overwrite: true)
    let levels = stride(from: 0.05, through: 0.96, by: 0.1).map { $0 }
    try Plot.calibration([
      PlotSeries("two-scale Gaussian", x: levels, y: levels.map { pow($0, 1.05) }),
      PlotSeries("EOF", x: levels, y: levels.map { $0 * 0.4 }),
      PlotSeries("flow", x: levels, y: levels.map { pow($0, 0.8) }),
    ]).write(to: path("calibration"), width: 520, height: 560, overwrite: true)
    let latitudes = stride(from: -90.0, through: 90, by: 4).map { $0 }
    try Plot.errorByLatitude(
      ["climatology", "two-scale Gaussian", "EOF", "inverse distance", "nearest", "kriging", "harmonics", "flow"]
        .enumerated().map { index, name in
          PlotSeries(
            name, x: latitudes,
            y: latitudes.map { abs($0) < 6 && index == 1 ? .nan : 0.8 + 0.3 * Double(index) + abs($0) / 50 })
        }, units: "K", subtitle: "synthetic"
    ).write(to: path("latitude"), overwrite: true)
    let sizes = (2...14).map { pow(2, Double($0)) * 100 }
    try Plot(
      title: "Time to a posterior", subtitle: "128 samples, 2 cores",
      xAxis: Axis("vertices", kind: .logarithmic), yAxis: Axis("time (s)", kind: .logarithmic),
      layers: [.band(x: sizes, lower: sizes.map { $0 * 5e-7 }, upper: sizes.map { $0 * 3e-6 })]
        + Plot.lines(
          [
            PlotSeries("mode space", x: sizes, y: sizes.map { $0 * 1e-6 }),
            PlotSeries("observation space", x: sizes, y: sizes.map { pow($0, 1.7) * 1e-8 }),
          ], areMarked: true)
    ).write(to: path("speed"), overwrite: true)
    try expectPictures("ranks", "calibration", "latitude", "speed")
  }
}
