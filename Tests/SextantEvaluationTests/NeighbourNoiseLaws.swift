// Neighbours' noise on every kind of domain: independent noise is not taken for correlated, its sampling error is of the right size, and
// noise that was smoothed over neighbours is found with its correlation, whatever else the prediction got wrong.

import SextantArrays
import SextantGeometry
import Testing

@testable import SextantEvaluation

@Suite struct NeighbourNoiseLaws {
  /// A domain with a name for reports.
  struct Named: CustomStringConvertible, Sendable {
    let description: String
    let domain: any Domain
  }

  static let domains: [Named] = {
    var random = RandomStream(seed: 2)
    let places = (0..<300).map { _ in
      GeographicPoint(latitude: random.uniform(in: -80..<80), longitude: random.uniform(in: -180..<180))
    }
    return [
      (
        "grid",
        try? LatitudeLongitudeGrid(
          latitudes: (0..<18).map { 85 - 10 * Double($0) }, longitudes: (0..<24).map { 15 * Double($0) })
      ),
      ("grid with poles", try? SphereGrids.withPoles()), ("image", try? ImageGrid(rows: 16, columns: 20)),
      ("mesh", try? SphereMesh.icosphere(subdivisions: 3)), ("points", try? ScatteredPoints(places)),
    ].compactMap { (name: String, domain: (any Domain)?) in domain.map { Named(description: name, domain: $0) } }
  }()

  private enum SphereGrids {
    static func withPoles() throws -> LatitudeLongitudeGrid {
      try LatitudeLongitudeGrid(
        latitudes: (0...18).map { 90 - 10 * Double($0) }, longitudes: (0..<24).map { 15 * Double($0) })
    }
  }

  /// Independent numbers at the nodes, or their sums with those of neighbours, and the correlation of two neighbours.
  private static func noise(on domain: any Domain, smoothed: Bool, using random: inout RandomStream) -> [Double] {
    let white = (0..<domain.nodeCount).map { _ in random.normal() }
    guard smoothed else { return white }
    var (sums, counts) = (white, [Double](repeating: 1, count: white.count))
    for (a, b) in domain.neighbourPairs {
      sums[a] += white[b]
      sums[b] += white[a]
      counts[a] += 1
      counts[b] += 1
    }
    return zip(sums, counts).map { $0 / $1.squareRoot() }
  }

  /// What is found in some fields whose prediction has an error of its own at each node.
  private static func found(
    on domain: any Domain, fields: Int, smoothed: Bool, stated: Double = 1, own: (_ node: Int) -> Double = { _ in 0 },
    seed: UInt64
  ) -> NeighbourNoise {
    var result = NeighbourNoise()
    let pairs = domain.neighbourPairs
    for field in 0..<fields {
      var random = RandomStream(seed: seed).split(field)
      let errors = noise(on: domain, smoothed: smoothed, using: &random).enumerated().map { $1 + own($0) }
      result.add(
        pairs.map { a, b in
          NeighbourNoise.Pair(
            places: (a, b),
            values: (
              .init(error: errors[a], variance: stated * stated), .init(error: errors[b], variance: stated * stated)
            ))
        })
    }
    return result
  }

  @Test func thereIsEveryDomain() { #expect(Self.domains.count == 5) }

  /// The values lie about 0 as far as the sampling errors say, and none is significant.
  @Test(arguments: domains) func independentNoiseIsNotTakenForCorrelated(on named: Named) throws {
    var squares = 0.0
    let count = 60
    for seed in 0..<count {
      // From one field, whose error is that of the theory, to many, whose scatter is looked at.
      let found = Self.found(on: named.domain, fields: [1, 4, 20][seed % 3], smoothed: false, seed: UInt64(seed))
      let correlation = try #require(found.correlation)
      #expect(!correlation.isSignificant, "\(correlation)")
      squares += (correlation.value / correlation.samplingError) * (correlation.value / correlation.samplingError)
    }
    // The larger of two estimates of the error is taken, so that the mean is somewhat below 1.
    #expect((0.4...1.5).contains(squares / Double(count)), "\(squares / Double(count))")
  }

  /// Errors of the prediction, smooth or rough, only add.
  @Test(arguments: domains) func errorsOfThePredictionAreNotTakenForNoise(on named: Named) throws {
    let positions = named.domain.nodePositions
    for own in [{ 3 * positions[$0].x }, { $0 % 2 == 0 ? 1 : -1 }] as [(Int) -> Double] {
      let found = Self.found(on: named.domain, fields: 12, smoothed: false, own: own, seed: 3)
      #expect(try #require(found.correlation).value < 0.05)
    }
  }

  /// Noise that was smoothed over neighbours has their correlation.
  @Test(arguments: domains) func smoothedNoiseIsFound(on named: Named) throws {
    let correlation = try #require(Self.found(on: named.domain, fields: 12, smoothed: true, seed: 4).correlation)
    #expect(correlation.isSignificant, "\(correlation)")
    // The mean over pairs of the common summands over the root of both numbers.
    var neighbours = [Set<Int>](repeating: [], count: named.domain.nodeCount)
    let pairs = named.domain.neighbourPairs
    for (a, b) in pairs {
      neighbours[a].formUnion([a, b])
      neighbours[b].formUnion([a, b])
    }
    let expected =
      pairs.reduce(0.0) { sum, pair in
        let (a, b) = (neighbours[pair.first], neighbours[pair.second])
        return sum + Double(a.intersection(b).count) / Double(a.count * b.count).squareRoot()
      } / Double(pairs.count)
    #expect(abs(correlation.value - expected) < 4 * correlation.samplingError, "\(correlation), should be \(expected)")
  }

  /// Neither exact values nor a handful of pairs say anything.
  @Test func tooLittleSaysNothing() {
    let image = Self.domains[2].domain
    #expect(Self.found(on: image, fields: 3, smoothed: true, stated: 0, seed: 5).correlation == nil)
    #expect(Self.found(on: image, fields: 0, smoothed: true, seed: 5).correlation == nil)
  }
}
