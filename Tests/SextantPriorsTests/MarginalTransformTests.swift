// Laws of every transform: it comes back, its derivatives are those of finite differences, it increases and keeps to its
// bounds; and the normal score of a sample is normal.

import Foundation
import SextantArrays
import SextantSignals
import SextantTestSupport
import Testing

@testable import SextantPriors

@Suite struct MarginalTransformTests {
  static let transforms: [MarginalTransform] = {
    var random = RandomStream(seed: 5)
    let skewed = (0..<4000).map { _ in exp(0.8 * random.normal()) }
    let clearSky = (0..<4000).map { _ in max(0, min(1, 0.3 + 0.5 * random.normal())) }
    return [
      .none, .logit(minimum: 0, maximum: 1), .logit(minimum: -20, maximum: 35),
      .normalScore(NormalScore(scores: [-2, 1, 3], values: [-3, 3, 7])),
    ]
      + [
        NormalScore(sample: skewed), NormalScore(sample: skewed, minimum: 0),
        NormalScore(sample: clearSky, minimum: 0, maximum: 1),
      ].compactMap { $0.map(MarginalTransform.normalScore) }
  }()

  /// Whether values about w can be told apart: beyond many equal values on a bound lies next to nothing.
  static func isSteep(_ transform: MarginalTransform, at w: Double) -> Bool {
    guard case .normalScore(let score) = transform else { return true }
    return transform.slope(at: w) > 0.02 * (score.slopes.min() ?? 0)
  }

  @Test func allAreThere() {
    #expect(Self.transforms.count == 7)
    for transform in Self.transforms { #expect(transform.isValid) }
  }

  @Test(arguments: transforms)
  func itComesBack(transform: MarginalTransform) {
    for step in -30...30 {
      let w = 0.1 * Double(step) + 0.013
      guard Self.isSteep(transform, at: w) else { continue }
      #expect(abs(transform.transformed(transform.value(at: w)) - w) < 1e-8, "w = \(w)")
    }
  }

  @Test(arguments: transforms)
  func derivativesAreThoseOfDifferences(transform: MarginalTransform) {
    let h = 1e-5
    for step in -40...40 {
      let w = 0.1 * Double(step) + 0.0137
      let difference = (transform.value(at: w + h) - transform.value(at: w - h)) / (2 * h)
      #expect(abs(transform.slope(at: w) - difference) < 1e-5 * (1 + abs(difference)), "w = \(w)")
      #expect(transform.slope(at: w) <= 1.02 * transform.greatestSlope)
      guard abs(w) < 3, Self.isSteep(transform, at: w) else { continue }
      let x = transform.value(at: w)
      let e = 1e-6 * transform.slope(at: w)
      let inverse = (transform.transformed(x + e) - transform.transformed(x - e)) / (2 * e)
      #expect(abs(transform.derivative(at: x) - inverse) < 1e-3 * abs(inverse), "x = \(x)")
    }
  }

  @Test(arguments: transforms)
  func itIncreasesWithinItsBounds(transform: MarginalTransform) throws {
    let (low, high): (Double, Double) =
      switch transform {
      case .none: (-.infinity, .infinity)
      case .logit(let minimum, let maximum): (minimum, maximum)
      case .normalScore(let score): (score.minimum ?? -.infinity, score.maximum ?? .infinity)
      }
    var last = -Double.infinity
    for step in -400...400 {
      let x = transform.value(at: 0.1 * Double(step))
      #expect(x >= last && x >= low && x <= high)
      if abs(step) < 50, Self.isSteep(transform, at: 0.1 * Double(step)) { #expect(x > last) }
      last = x
    }
    for x in [low, high, low - 1, high + 1] where x.isFinite { #expect(transform.transformed(x).isFinite) }
    #expect(try JSONDecoder().decode(MarginalTransform.self, from: JSONEncoder().encode(transform)) == transform)
  }

  @Test(arguments: transforms)
  func momentsAreThoseOfManyDraws(transform: MarginalTransform) {
    var random = RandomStream(seed: 8)
    let draws = (0..<100_000).map { _ in transform.value(at: 0.4 + 0.7 * random.normal()) }
    let mean = draws.reduce(0, +) / 1e5
    let deviation = (draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 1e5).squareRoot()
    let moments = transform.momentsOfNormal(mean: 0.4, standardDeviation: 0.7)
    #expect(abs(moments.mean - mean) < 5 * deviation / 1e5.squareRoot())
    #expect(abs(moments.standardDeviation - deviation) < 0.02 * deviation)
    #expect(transform.momentsOfNormal(mean: 0.4, standardDeviation: 0).mean == transform.value(at: 0.4))
  }

  @Test func theScoresOfASampleAreNormal() throws {
    var random = RandomStream(seed: 9)
    let sample = (0..<20_000).map { _ in pow(random.uniform(), 3) }
    let score = try #require(NormalScore(sample: sample, minimum: 0, maximum: 1))
    let scores = sample.map(MarginalTransform.normalScore(score).transformed)
    for (level, expected) in [(-1.0, 0.1587), (0, 0.5), (0.5, 0.6915), (2, 0.9772)] {
      #expect(abs(Double(scores.count { $0 < level }) / 20_000 - expected) < 0.01)
    }
  }

  @Test func whatNeverVariesHasNoScore() {
    #expect(NormalScore(sample: [3, 3, 3]) == nil)
    #expect(NormalScore(sample: []) == nil)
  }

  @Test func knotsThatDoNotIncreaseAreNotValid() throws {
    let text = #"{"scores":[0,1],"values":[2,2],"slopes":[1,1]}"#
    let score = try JSONDecoder().decode(NormalScore.self, from: Data(text.utf8))
    #expect(!MarginalTransform.normalScore(score).isValid)
    #expect(!MarginalTransform.logit(minimum: 1, maximum: 1).isValid)
  }
}
