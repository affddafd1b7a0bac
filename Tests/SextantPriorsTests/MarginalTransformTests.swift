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
    let rain = (0..<4000).map { _ in max(0, exp(random.normal()) - 0.9) }
    let unbounded = NormalScore(scores: [-0.5, 1, 3], values: [0.1, 3, 9], minimum: 0)
    return [
      .none, .log(minimum: 0, floor: 0.01), .log(minimum: -3, floor: 0.5), .logit(minimum: 0, maximum: 1), .logit(minimum: -20, maximum: 35),
      .normalScore(NormalScore(scores: [-2, 1, 3], values: [-3, 3, 7])),
    ]
      + [
        CensoredScore(unbounded, lowest: (0, -0.5)), CensoredScore(sample: rain, minimum: 0),
        CensoredScore(sample: clearSky, minimum: 0, maximum: 1), CensoredScore(sample: skewed, minimum: 0),
      ].compactMap { $0.map(MarginalTransform.censored) }
      + [
        NormalScore(sample: skewed), NormalScore(sample: skewed, minimum: 0),
        NormalScore(sample: clearSky, minimum: 0, maximum: 1),
      ].compactMap { $0.map(MarginalTransform.normalScore) }
  }()

  /// Whether values about w can be told apart: beyond many equal values on a bound lies next to nothing.
  static func isSteep(_ transform: MarginalTransform, at w: Double) -> Bool {
    if case .censored(let score) = transform {
      // Beyond a threshold all values are on the bound.
      return transform.slope(at: w) > 0.02 * (score.score.slopes.min() ?? 0)
    }
    guard case .normalScore(let score) = transform else { return true }
    return transform.slope(at: w) > 0.02 * (score.slopes.min() ?? 0)
  }

  static func hasThreshold(_ transform: MarginalTransform, near w: Double, within h: Double) -> Bool {
    guard case .censored(let score) = transform else { return false }
    return [score.lowest, score.highest].compactMap { $0 }.contains { abs($0 - w) < 2 * h }
  }

  @Test func allAreThere() {
    #expect(Self.transforms.count == 13)
    for transform in Self.transforms { #expect(transform.isValid) }
  }

  @Test(arguments: transforms)
  func itComesBack(transform: MarginalTransform) {
    for step in -30...30 {
      let w = 0.1 * Double(step) + 0.013
      guard Self.isSteep(transform, at: w), transform.floor.map({ w > $0 }) ?? true else { continue }
      #expect(abs(transform.transformed(transform.value(at: w)) - w) < 1e-8, "w = \(w)")
    }
  }

  @Test(arguments: transforms)
  func derivativesAreThoseOfDifferences(transform: MarginalTransform) {
    let h = 1e-5
    for step in -40...40 {
      let w = 0.1 * Double(step) + 0.0137
      // No difference across a threshold, at which a censored variable may jump.
      guard !Self.hasThreshold(transform, near: w, within: h) else { continue }
      let difference = (transform.value(at: w + h) - transform.value(at: w - h)) / (2 * h)
      #expect(abs(transform.slope(at: w) - difference) < 1e-5 * (1 + abs(difference)), "w = \(w)")
      if transform.kind != .log { #expect(transform.slope(at: w) <= 1.02 * transform.greatestSlope) }
      guard abs(w) < 3, Self.isSteep(transform, at: w), transform.floor.map({ w > $0 + 0.01 }) ?? true else { continue }
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
      case .log(let minimum, _): (minimum, .infinity)
      case .censored(let score): (score.minimum ?? score.score.minimum ?? -.infinity, score.maximum ?? .infinity)
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

  static let censored: [CensoredScore] = transforms.compactMap {
    guard case .censored(let score) = $0 else { return nil }
    return score
  }

  /// Moments of many normal distributions of w, against sums over a fine grid.
  @Test(arguments: censored, [(-1.5, 0.2), (-0.4, 0.9), (0.3, 0.1), (0.8, 1.5), (2.5, 0.5), (5, 0.3)])
  func censoredMomentsAreThoseOfSums(score: CensoredScore, of normal: (mean: Double, deviation: Double)) {
    var (total, first, second) = (0.0, 0.0, 0.0)
    for step in -16_000...16_000 {
      let z = Double(step) / 2000 + 1e-5
      let x = score.value(at: normal.mean + normal.deviation * z)
      let weight = exp(-0.5 * z * z)
      total += weight
      first += weight * x
      second += weight * x * x
    }
    let mean = first / total
    let deviation = max(0, second / total - mean * mean).squareRoot()
    let moments = score.momentsOfNormal(mean: normal.mean, standardDeviation: normal.deviation)
    #expect(abs(moments.mean - mean) < 2e-3 * (deviation + 1e-6), "\(moments.mean), should be \(mean)")
    #expect(abs(moments.standardDeviation - deviation) < 4e-3 * deviation + 1e-6)
  }

  /// A normal variable beyond a threshold, against sums over a fine grid, from the middle to the far tail.
  @Test(arguments: [-12.0, -8.5, -7.9, -3, -0.5, 0, 1, 4])
  func momentsBeyondAThresholdAreThoseOfSums(threshold: Double) {
    // Below the threshold the density falls over a length of about 1/|threshold|.
    let length = 60 / max(4, -threshold)
    var (total, first, second) = (0.0, 0.0, 0.0)
    for step in 0..<400_000 {
      let z = threshold - length * (Double(step) + 0.5) / 400_000
      let weight = exp(-0.5 * (z * z - threshold * threshold))
      total += weight
      first += weight * (z - threshold)
      second += weight * (z - threshold) * (z - threshold)
    }
    let (mean, variance) = (first / total, second / total - first * first / total / total)
    let below = CensoredScore.moments(in: -.infinity...(2 + 3 * threshold), mean: 2, variance: 9)
    let above = CensoredScore.moments(in: (2 - 3 * threshold)...(.infinity), mean: 2, variance: 9)
    #expect(abs((below.mean - 2) / 3 - threshold - mean) < 1e-3 * abs(mean))
    #expect(abs(below.variance / 9 - variance) < 0.02 * variance)
    #expect(abs((below.mean - 2) + (above.mean - 2)) < 1e-9 && abs(below.variance - above.variance) < 1e-9)
  }

  /// The share of exact bounds among normal w is that of the sample, and so are the values between.
  @Test func censoredScoresGiveTheSharesOfTheSample() throws {
    var random = RandomStream(seed: 4)
    let sample = (0..<20_000).map { _ in min(1, max(0, 0.4 + 0.6 * random.normal())) }
    let score = try #require(CensoredScore(sample: sample, minimum: 0, maximum: 1))
    let draws = (0..<20_000).map { _ in score.value(at: random.normal()) }
    for level in [0.0, 0.1, 0.4, 0.7, 0.999] {
      let shares = [sample, draws].map { Double($0.count { $0 <= level }) / 20_000 }
      #expect(abs(shares[0] - shares[1]) < 0.015, "\(shares) at \(level)")
    }
    #expect(draws.count { $0 == 1 } > 2000 && draws.count { $0 == 0 } > 3000)
    #expect(CensoredScore(sample: [0, 0, 0, 2, 2], minimum: 0) == nil)
    #expect(CensoredScore(sample: [], minimum: 0) == nil)
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
    #expect(!MarginalTransform.log(minimum: 0, floor: 0).isValid)
    let good = NormalScore(scores: [0, 1], values: [1, 2], minimum: 0)
    #expect(MarginalTransform.censored(CensoredScore(good, lowest: (0, -0.1))).isValid)
    #expect(!MarginalTransform.censored(CensoredScore(good, lowest: (0, 0.1))).isValid)
    #expect(!MarginalTransform.censored(CensoredScore(good, lowest: (1.5, -0.1))).isValid)
  }
}

extension MarginalTransform {
  /// The w below which values are moved to the least one; nil for none.
  fileprivate var floor: Double? {
    guard case .log(_, let floor) = self else { return nil }
    return Foundation.log(floor)
  }
}
