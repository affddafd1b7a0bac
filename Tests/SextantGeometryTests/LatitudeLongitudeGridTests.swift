// The latitude–longitude grid: seam, poles, edges, areas, texts and refusals.

import Foundation
import SextantArrays
import Testing

@testable import SextantGeometry

@Suite struct LatitudeLongitudeGridTests {
  let fourDegrees: LatitudeLongitudeGrid

  init() throws { fourDegrees = try DomainZoo.grid(DomainZoo.range(-90, 4, 46), DomainZoo.range(0, 4, 90)) }

  @Test func polesAndRepeatedColumnsShareNodes() throws {
    #expect(fourDegrees.vertexCount == 46 * 90)
    #expect(fourDegrees.nodeCount == 44 * 90 + 2)
    #expect(fourDegrees.hasNorthPole && fourDegrees.hasSouthPole && fourDegrees.wraps && !fourDegrees.hasRepeatedColumn)
    let repeated = try DomainZoo.grid(DomainZoo.range(90, -5, 37), DomainZoo.range(0, 5, 73))
    #expect(repeated.hasRepeatedColumn && repeated.nodeCount == 35 * 72 + 2)
    #expect(repeated.nodeOfVertex[73] == repeated.nodeOfVertex[73 + 72])
  }

  @Test func areasAreExactAndIndependentOfTheLayout() throws {
    let plain = try DomainZoo.grid(DomainZoo.range(-90, 5, 37), DomainZoo.range(0, 5, 72))
    let other = try DomainZoo.grid(DomainZoo.range(90, -5, 37), DomainZoo.range(180, -5, 73))
    // The node at 45° N, 90° E in both.
    let a = plain.nodeAreas[Int(plain.node(27, 18))]
    let b = other.nodeAreas[Int(other.node(9, 18))]
    let exact = 5 * .pi / 180 * (sin(47.5 * .pi / 180) - sin(42.5 * .pi / 180))
    #expect(abs(a - exact) < 1e-15 && abs(b - exact) < 1e-15)
    #expect(abs(plain.nodeAreas[0] - 2 * .pi * (1 - cos(2.5 * .pi / 180))) < 1e-15)
  }

  @Test func gaussianGridsUseGaussianWeights() throws {
    let rounded = DomainZoo.gaussianLatitudes.map { ($0 * 1000).rounded() / 1000 }
    let grid = try DomainZoo.grid(rounded, DomainZoo.range(0, 5.625, 64))
    #expect(grid.isGaussian)
    let weights = GaussLegendre(count: 32).weights
    for row in 0..<32 {
      let band = grid.areaWeights[row * 64..<(row + 1) * 64].reduce(0, +)
      #expect(abs(band - 2 * .pi * weights[row]) < 1e-13)
    }
    #expect(!fourDegrees.isGaussian)
    let centred = try DomainZoo.grid(DomainZoo.range(-89.75, 0.5, 360), DomainZoo.range(0, 1, 360))
    #expect(!centred.isGaussian)
  }

  @Test(arguments: [
    ([-90.0, -86, -82], [0.0, 4, 8], "3×3 latitude–longitude grid, 4°, 90° S to 82° S, 0° to 8° E"),
    ([50.0, 49.5], [359.0, 0, 1], "2×3 latitude–longitude grid, 0.5°×1°, 49.5° N to 50° N, 1° W to 1° E"),
    (
      [10.0, 20, 25], [0.0, 120, 240],
      "3×3 latitude–longitude grid, uneven, up to 10°×120°, 10° N to 25° N, all longitudes"
    ),
  ])
  func summariesSayWhatThereIs(_ latitudes: [Double], _ longitudes: [Double], _ summary: String) throws {
    #expect(try DomainZoo.grid(latitudes, longitudes).summary == summary)
  }

  @Test func globalSummary() {
    #expect(fourDegrees.summary == "46×90 latitude–longitude grid, 4°, global, poles included")
  }

  @Test func fingerprintsIgnoreSinglePrecisionAndTheRangeOfLongitudes() throws {
    let (latitudes, longitudes) = (DomainZoo.range(40, 0.1, 50), DomainZoo.range(-10, 1.0 / 12, 100))
    let double = try DomainZoo.grid(latitudes, longitudes)
    let single = try DomainZoo.grid(latitudes.map { Double(Float($0)) }, longitudes.map { Double(Float($0)) })
    #expect(double.fingerprint == single.fingerprint)
    let shifted = try DomainZoo.grid(latitudes, longitudes.map { $0 < 0 ? $0 + 360 : $0 })
    #expect(shifted.fingerprint == double.fingerprint)
    let flipped = try DomainZoo.grid(latitudes.reversed(), longitudes)
    #expect(flipped.fingerprint != double.fingerprint)
  }

  @Test func interpolationIsPeriodicOverTheSeam() throws {
    let values = fourDegrees.positions.map(\.x)
    let places = [356, 358, -2, 359.999, 0, 0.001].map { GeographicPoint(latitude: 12, longitude: $0) }
    let result = try fourDegrees.interpolation(to: places).times(values)
    for (place, value) in zip(places, result) { #expect(abs(value - place.position.x) < 1.3e-3) }
    #expect(result[1] == result[2])
  }

  @Test func polesWithoutARowTakeTheRingMean() throws {
    let grid = try DomainZoo.grid(DomainZoo.range(-87.5, 5, 36), DomainZoo.range(2.5, 5, 72))
    let pole = GeographicPoint(latitude: 90, longitude: 17)
    let matrix = try grid.interpolation(to: [pole, GeographicPoint(latitude: 88.75, longitude: 2.5)])
    #expect(matrix.rowStarts[1] == 72)
    #expect(matrix.values[..<72].allSatisfy { abs($0 - 1.0 / 72) < 1e-15 })
    #expect(matrix.times(grid.positions.map(\.z)).allSatisfy { abs($0 - 1) < 1e-3 })
  }

  @Test(arguments: try DomainZoo.globalGrids().filter { !$0.name.contains("uneven") })
  func interpolationOfSmoothFieldsErrsByTheSquareOfTheSpacing(_ named: NamedDomain) throws {
    var random = RandomStream(seed: 8)
    let places = (0..<500).map { _ in
      GeographicPoint(
        latitude: asin(random.uniform(in: -1..<1)) * 180 / .pi, longitude: random.uniform(in: -180..<540))
    }
    let matrix = try #require(named.domain.geography).interpolation(to: places)
    let positions = named.domain.positions
    let spacing = 6.0 * .pi / 180
    for axis in 0..<3 {
      let result = matrix.times(positions.map { $0[axis] })
      // Bilinear interpolation of a unit harmonic errs by at most h²/8 in each direction; near a pole without a row the
      // distance to the pole stands for h.
      #expect(zip(result, places).allSatisfy { abs($0 - $1.position[axis]) < spacing * spacing / 2 })
    }
  }

  @Test func regionalGridsRefuseWhatTheyDoNotCover() throws {
    let grid = try DomainZoo.grid(DomainZoo.range(49, 0.5, 21), [354, 356, 358, 0, 2, 4, 6])
    let values = grid.positions.map { GeographicPoint($0).latitude }
    let inside = try grid.interpolation(to: [
      GeographicPoint(latitude: 59.25, longitude: -7), GeographicPoint(latitude: 48.75, longitude: 367),
      GeographicPoint(latitude: 51, longitude: -1),
    ])
    #expect(zip(inside.times(values), [59, 49, 51]).allSatisfy { abs($0 - $1) < 1e-9 })
    for (latitude, longitude) in [(59.3, 0), (48.7, 0), (52, 7.1), (52, 352.9), (52, 180), (Double.nan, 0), (91, 0)] {
      let place = GeographicPoint(latitude: latitude, longitude: longitude)
      #expect(throws: GeometryError.self) { try grid.interpolation(to: [place]) }
    }
  }

  @Test(arguments: [
    ([], [0.0, 1]), ([0.0, 1], []), ([0, 1, 1], [0, 1]), ([0, 1, 0.5], [0, 1]), ([0, .nan], [0, 1]),
    ([0, 91], [0, 1]), ([0, 1], [0, 0]), ([0, 1], [0, 2, 1]), ([0, 1], [0, .infinity]),
    ([0, 1], DomainZoo.range(0, 5, 80)), ([-999, 0], [0, 1]), ([0, 1], [10, 5, 0, 355, 2]),
  ])
  func badCoordinatesAreRefused(_ latitudes: [Double], _ longitudes: [Double]) {
    #expect(throws: GeometryError.self) { try LatitudeLongitudeGrid(latitudes: latitudes, longitudes: longitudes) }
  }

  @Test func theLaplacianHasHarmonicsAsEigenvectors() throws {
    let grids = [
      fourDegrees, try DomainZoo.grid(DomainZoo.range(-88, 4, 45), DomainZoo.range(0, 4, 90)),
      try DomainZoo.grid(GaussLegendre(count: 46).nodes.map { asin($0) * 180 / .pi }, DomainZoo.range(0, 4, 90)),
    ]
    for grid in grids {
      let areas = grid.nodeAreas
      let stiffness = grid.stiffness
      // Degrees 1, 2 and 3, unnormalised.
      let harmonics: [(Double, (SIMD3<Double>) -> Double)] = [
        (2, { $0.z }), (2, { $0.x }), (6, { 3 * $0.z * $0.z - 1 }), (6, { $0.x * $0.y }), (6, { $0.y * $0.z }),
        (12, { $0.x * ($0.x * $0.x - 3 * $0.y * $0.y) }),
      ]
      for (eigenvalue, harmonic) in harmonics {
        let f = grid.nodePositions.map(harmonic)
        let product = stiffness.times(f)
        let energy = zip(f, product).reduce(0) { $0 + $1.0 * $1.1 }
        let norm = zip(f, areas).reduce(0) { $0 + $1.0 * $1.0 * $1.1 }
        #expect(abs(energy / norm / eigenvalue - 1) < 0.01)
        let residual = f.indices.reduce(0.0) {
          let difference = product[$1] / areas[$1] - eigenvalue * f[$1]
          return $0 + difference * difference * areas[$1]
        }
        #expect((residual / norm).squareRoot() < 0.02 * eigenvalue)
      }
    }
  }
}
