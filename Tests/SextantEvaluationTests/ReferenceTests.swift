// Every score against an independent computation in NumPy; see Tests/References/scores.py, which also checks itself
// against scikit-image and properscoring.

import Foundation
import SextantArrays
import SextantEvaluation
import SextantGeometry
import Testing

/// What the reference script wrote: its inputs and its scores.
struct ReferenceScores: Decodable {
  struct OfVariable: Decodable {
    let values: [String: Double]
    let rankHistograms: [String: [Int]]
    let latitudeBands: [LatitudeBandScores]
  }

  let rows, columns, channels, sampleCount: Int
  let peaks, origins: [Double]
  let units, names: [String]
  let latitudes, areas: [Double]
  let truth, mean, spread, samples: [Float]
  let isValid, isObserved: [Bool]
  let scores: [OfVariable]

  static func load() throws -> ReferenceScores {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/scores.json")
    return try JSONDecoder().decode(ReferenceScores.self, from: Data(contentsOf: path))
  }

  /// The variables that the reference has scores of.
  static func variables() throws -> Range<Int> { try load().scores.indices }

  var scorer: Scorer {
    Scorer(
      variables: (0..<channels).map { channel in
        ScoredVariable(
          name: names[channel], units: units[channel], channels: [channel], peak: peaks[channel],
          origin: origins[channel])
      }, channelCount: channels, areaWeights: areas, latitudes: latitudes,
      raster: Raster(rows: rows, columns: columns, wraps: true))
  }

  func computed(breakingTiesWith random: RandomStream = RandomStream(seed: 1)) throws -> [FieldScores] {
    try scorer.scores(
      of: ScoredEstimate(
        mean: mean, spread: spread, samples: Tensor(samples, shape: [sampleCount, truth.count])),
      against: ScoredTruth(values: truth, isValid: isValid, isObserved: isObserved),
      label: ScoreLabel(method: "reference", field: "0", group: "random"), breakingTiesWith: random)
  }
}

@Suite("Scores against the NumPy reference")
struct ReferenceTests {
  @Test("every number, under every name", arguments: try ReferenceScores.variables())
  func values(variable: Int) throws {
    let reference = try ReferenceScores.load()
    let computed = try reference.computed()[variable]
    let expected = reference.scores[variable].values
    #expect(Set(computed.values.keys.map(\.description)) == Set(expected.keys))
    for (name, value) in expected {
      let key = try #require(ScoreKey(name))
      let found = try #require(computed.values[key])
      // Single precision in the samples' statistics, double elsewhere.
      #expect(abs(found - value) <= 2e-6 * max(1, abs(value)), "\(name): \(found) against \(value)")
    }
  }

  @Test("ranks", arguments: try ReferenceScores.variables())
  func ranks(variable: Int) throws {
    let reference = try ReferenceScores.load()
    let computed = try reference.computed()[variable]
    for (name, counts) in reference.scores[variable].rankHistograms {
      let region = try #require(Region(rawValue: name))
      #expect(computed.rankHistograms[region]?.counts == counts)
    }
  }

  @Test("latitude bands", arguments: try ReferenceScores.variables())
  func bands(variable: Int) throws {
    let reference = try ReferenceScores.load()
    let computed = try reference.computed()[variable].latitudeBands
    let expected = reference.scores[variable].latitudeBands
    try #require(computed.count == expected.count)
    for (found, band) in zip(computed, expected) {
      #expect(found.from == band.from && found.to == band.to && found.count == band.count)
      #expect(abs(found.meanSquareError - band.meanSquareError) < 1e-9 * band.meanSquareError)
      #expect(abs(found.bias - band.bias) < 1e-9)
      #expect(abs(try #require(found.crps) - #require(band.crps)) < 1e-6)
    }
  }
}
