// The splits of measured values, for every law and share: both values have the clean one as their mean, they are independent, and each has
// the law that is stated of it. By Monte Carlo, with the sampling errors as tolerances.

import Foundation
import SextantArrays
import SextantMeasurement
import Testing

@Suite struct RecorruptionLaws {
  /// A law, a share and a clean value.
  struct Member: CustomStringConvertible, Sendable {
    var law: NoiseLaw
    var share: Double
    var clean: Double
    var description: String { "\(law), share \(share), of \(clean)" }
  }

  static let members =
    [(NoiseLaw.normal(deviation: 0.7), 1.3), (.normal(deviation: 5), -2)].flatMap { law, clean in
      shares.map { Member(law: law, share: $0, clean: clean) }
    }
    + [
      // A few counts, hundreds, and counts behind an offset.
      (.poisson(gain: 1), 0.8), (.poisson(gain: 2), 700), (.poisson(gain: 2.1, offset: 100), 115),
      (.gamma(looks: 1), 3), (.gamma(looks: 4.5), 0.2), (.binomial(trials: 2), 0.4), (.binomial(trials: 40), 0.1),
      (.binomial(trials: 3), 0.9),
    ].flatMap { law, clean in shares.map { Member(law: law, share: $0, clean: clean) } }
  static let shares = [0.1, 0.5, 0.8]

  private static let count = 40_000

  private static func mean(_ x: [Double]) -> Double { x.reduce(0, +) / Double(x.count) }
  /// The mean of the squares about `centre`, and its sampling error.
  private static func variance(_ x: [Double], about centre: Double) -> (value: Double, error: Double) {
    let squares = x.map { ($0 - centre) * ($0 - centre) }
    let value = mean(squares)
    return (value, (mean(squares.map { ($0 - value) * ($0 - value) }) / Double(x.count)).squareRoot())
  }

  @Test(arguments: members) func bothValuesAreIndependentMeasurementsOfTheTruth(_ member: Member) throws {
    let split = try Recorruption(of: member.law, share: member.share)
    var random = RandomStream(seed: 7)
    let pairs = try (0..<Self.count).map { _ in
      try split.pair(of: member.law.measured(member.clean, using: &random), using: &random)
    }
    let parts = [(pairs.map(\.first), split.first, 1 - split.share), (pairs.map(\.second), split.second, split.share)]
    for (values, law, share) in parts {
      // The mean is the clean value, and the variance that of the stated law: v over the share.
      let (found, error) = Self.variance(values, about: member.clean)
      let expected = law.variance(at: member.clean)
      #expect(abs(expected * share / member.law.variance(at: member.clean) - 1) < 1e-9)
      #expect(abs(Self.mean(values) - member.clean) < 4.5 * (expected / Double(Self.count)).squareRoot())
      #expect(abs(found - expected) < 4.5 * error, "\(found) ± \(error), should be \(expected)")
      // The whole distribution is that of draws of the law (Kolmogorov and Smirnov).
      let draws = (0..<Self.count).map { _ in law.measured(member.clean, using: &random) }
      #expect(Self.distance(values, draws) < 2.2 * (2 / Double(Self.count)).squareRoot())
    }
    // Independent: no correlation of the values, nor of their squares, and the mean of the second whatever the first.
    let (first, second) = (pairs.map { $0.first - member.clean }, pairs.map { $0.second - member.clean })
    for power in [1.0, 2] {
      let (a, b) = (first.map { pow($0, power) }, second.map { pow($0, power) })
      let (ma, mb) = (Self.mean(a), Self.mean(b))
      let products = zip(a, b).map { ($0 - ma) * ($1 - mb) }
      let spread = (Self.variance(products, about: Self.mean(products)).value / Double(Self.count)).squareRoot()
      #expect(abs(Self.mean(products)) < 4.5 * spread, "\(Self.mean(products)) ± \(spread)")
    }
    let low = first.sorted()[Self.count / 4]
    for part in [zip(first, second).filter { $0.0 <= low }, zip(first, second).filter { $0.0 > low }]
    where part.count > 100 {
      let own = part.map(\.1)
      let (square, _) = Self.variance(own, about: 0)
      #expect(abs(Self.mean(own)) < 4.5 * (square / Double(own.count)).squareRoot())
    }
  }

  /// The largest difference of the shares of numbers up to each value.
  private static func distance(_ a: [Double], _ b: [Double]) -> Double {
    // Numbers that differ by rounding alone are the same.
    func rounded(_ x: [Double]) -> [Double] { x.map { ($0 * 1e9).rounded() }.sorted() }
    let (a, b) = (rounded(a), rounded(b))
    var (i, j, largest) = (0, 0, 0.0)
    while i < a.count, j < b.count {
      let value = min(a[i], b[j])
      while i < a.count, a[i] == value { i += 1 }
      while j < b.count, b[j] == value { j += 1 }
      largest = max(largest, abs(Double(i) / Double(a.count) - Double(j) / Double(b.count)))
    }
    return largest
  }

  /// The value is the mean of both by their shares, so that nothing of it is lost.
  @Test(arguments: members) func theValueIsTheMeanOfBoth(_ member: Member) throws {
    let split = try Recorruption(of: member.law, share: member.share)
    var random = RandomStream(seed: 8)
    for _ in 0..<200 {
      let value = member.law.measured(member.clean, using: &random)
      let (first, second) = try split.pair(of: value, using: &random)
      #expect(abs((1 - split.share) * first + split.share * second - value) < 1e-9 * max(1, abs(value)))
    }
  }

  @Test(arguments: [
    (NoiseLaw.poisson(gain: 2), -2.0, "0, 1, 2 or more times 2"), (.poisson(gain: 2.1, offset: 100), 103.3, "100 plus"),
    (.poisson(gain: 1), 0.5, "0, 1, 2"), (.gamma(looks: 4), 0, "above 0"), (.gamma(looks: 4), -0.1, "above 0"),
    (.binomial(trials: 10), 0.55, "10 trials"), (.binomial(trials: 10), 1.1, "10 trials"),
    (.binomial(trials: 10), -0.1, "10 trials"),
    (.normal(deviation: 1), Double.nan, "finite"), (.poisson(gain: 1), .infinity, "finite"),
  ]) func valuesThatTheLawDoesNotGiveAreRefused(law: NoiseLaw, value: Double, words: String) throws {
    let split = try Recorruption(of: law, share: 0.2)
    var random = RandomStream(seed: 1)
    let error = #expect(throws: MeasurementError.self) { try split.pair(of: value, using: &random) }
    #expect(
      error?.description.contains(words) == true && error?.description.contains(law.description) == true,
      "\(String(describing: error))")
  }

  /// What single precision leaves of a value is not held against it.
  @Test func singlePrecisionIsEnough() throws {
    let law = NoiseLaw.poisson(gain: 0.37, offset: 1000)
    for count in stride(from: 0, to: 200_000, by: 777) {
      #expect(law.objection(to: Double(Float(1000 + 0.37 * Double(count)))) == nil, "\(count)")
    }
  }

  @Test(arguments: [
    (NoiseLaw.binomial(trials: 1), 0.5, "two trials"), (.poisson(gain: 1), 0.0, "share"),
    (.gamma(looks: 1), 1.0, "share"), (.poisson(gain: 1, read: 2), 0.5, "without read noise"),
  ])
  func splitsThatCannotBeAreRefused(law: NoiseLaw, share: Double, words: String) {
    let error = #expect(throws: MeasurementError.self) { try Recorruption(of: law, share: share) }
    #expect(error?.description.contains(words) == true)
  }

  // MARK: Random numbers

  /// Gamma, beta, binomial and hypergeometric numbers have their means and variances.
  @Test func theNumbersHaveTheirMoments() {
    var random = RandomStream(seed: 3)
    func check(_ name: String, mean: Double, variance: Double, _ draw: (inout RandomStream) -> Double) {
      let values = (0..<Self.count).map { _ in draw(&random) }
      let (found, error) = Self.variance(values, about: mean)
      #expect(abs(Self.mean(values) - mean) < 4.5 * (variance / Double(Self.count)).squareRoot() + 1e-12, "\(name)")
      #expect(abs(found - variance) < 4.5 * error + 1e-12, "\(name): \(found) ± \(error), should be \(variance)")
    }
    for shape in [0.05, 0.7, 1, 3.2, 50] {
      check("gamma \(shape)", mean: shape, variance: shape) { $0.gamma(shape: shape) }
    }
    for (a, b) in [(0.3, 0.9), (2.0, 5.0), (400, 30)] {
      let s = a + b
      check("beta \(a) \(b)", mean: a / s, variance: a * b / (s * s * (s + 1))) { $0.beta(a, b) }
    }
    for (n, p) in [(0, 0.5), (7, 0.2), (31, 0.9), (32, 0.5), (1000, 0.03), (100_000, 0.2), (50, 0), (50, 1)] {
      check("binomial \(n) \(p)", mean: Double(n) * p, variance: Double(n) * p * (1 - p)) {
        Double($0.binomial(trials: n, probability: p))
      }
    }
    for (draws, marked, count) in [(0, 3, 8), (5, 3, 8), (8, 3, 8), (20, 30, 100), (90, 10, 100)] {
      let (n, k, of) = (Double(draws), Double(marked), Double(count))
      check(
        "hypergeometric \(draws) \(marked) \(count)", mean: n * k / of,
        variance: n * k / of * (1 - k / of) * (of - n) / (of - 1)
      ) {
        Double($0.hypergeometric(draws: draws, marked: marked, of: count))
      }
    }
  }
}
