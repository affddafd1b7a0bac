// What must hold of ensemble scores whatever the numbers, and what must hold on average for a perfect ensemble.

import Foundation
import SextantArrays
import Testing

@testable import SextantEvaluation

@Suite("Ensemble statistics")
struct EnsembleProperties {
  /// Samples and a truth drawn from one normal distribution: a perfect ensemble (N×entries).
  static func perfect(sampleCount: Int, entries: Int, seed: UInt64 = 1) -> EnsembleStatistics {
    var random = RandomStream(seed: seed)
    let truth: Tensor<Float> = random.normals([entries])
    return EnsembleStatistics(samples: random.normals([sampleCount, entries]), truth: truth.scalars)
  }

  @Test("the network sorts any number of values", arguments: [1, 2, 3, 5, 16, 17, 31, 64, 100, 128])
  func networkSorts(count: Int) {
    var random = RandomStream(seed: UInt64(count))
    let values: Tensor<Float> = random.normals([count, 16])
    var rows = (0..<count).map { i in SIMD16((0..<16).map { lane in values[i, lane] }) }
    rows.withUnsafeMutableBufferPointer { buffer in
      if let base = buffer.baseAddress { SortingNetwork(count: count).sort(base) }
    }
    for lane in 0..<16 {
      #expect(rows.map { $0[lane] } == (0..<count).map { values[$0, lane] }.sorted())
    }
  }

  @Test("the CRPS of one sample is its absolute error, and it has no spread")
  func oneSample() {
    let truth: [Float] = [1, -2, 0.5]
    let statistics = EnsembleStatistics(samples: Tensor([3, -2, 0.25], shape: [1, 3]), truth: truth)
    #expect(statistics.crps == [2, 0, 0.25])
    #expect(statistics.variance == [0, 0, 0])
  }

  @Test("the fair CRPS equals the double sum over pairs", arguments: [2, 3, 10, 33])
  func equalsDirectSum(sampleCount: Int) {
    var random = RandomStream(seed: 4)
    let truth: Tensor<Float> = random.normals([37])
    let samples: Tensor<Float> = random.normals([sampleCount, 37])
    let statistics = EnsembleStatistics(samples: samples, truth: truth.scalars)
    for entry in 0..<37 {
      let values = (0..<sampleCount).map { Double(samples[$0, entry]) }
      let error = values.reduce(0) { $0 + abs($1 - Double(truth[entry])) } / Double(sampleCount)
      let pairs = values.reduce(0) { sum, a in values.reduce(sum) { $0 + abs(a - $1) } }
      let expected = error - pairs / Double(2 * sampleCount * (sampleCount - 1))
      #expect(abs(Double(statistics.crps[entry]) - expected) < 1e-6)
    }
  }

  @Test("the fair CRPS does not depend on how many samples there are, on average", arguments: [2, 4, 16, 64])
  func fairCRPSIsUnbiased(sampleCount: Int) {
    let entries = 8000
    let statistics = Self.perfect(sampleCount: sampleCount, entries: entries, seed: 8)
    let mean = statistics.crps.reduce(0) { $0 + Double($1) } / Double(entries)
    let squares = statistics.crps.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    let standardError = (squares / Double(entries)).squareRoot() / Double(entries).squareRoot()
    // E of the score of N(0, 1) for its own draws is 1/√π.
    #expect(abs(mean - 1 / Double.pi.squareRoot()) < 4 * standardError)
  }

  @Test("intervals of a perfect ensemble cover what they say", arguments: [39, 64])
  func coverageIsNominal(sampleCount: Int) {
    let entries = 8000
    let statistics = Self.perfect(sampleCount: sampleCount, entries: entries)
    for level in CoverageLevel.allCases where level.isReached(by: sampleCount) {
      let share = Double((0..<entries).count { statistics.isCovered($0, at: level) }) / Double(entries)
      let standardError = (level.nominal * (1 - level.nominal) / Double(entries)).squareRoot()
      #expect(abs(share - level.nominal) < 4 * standardError, "\(level): \(share)")
    }
  }

  /// Normal samples and truths that are moved to a bound: none, half, most or nearly all of them lie on it.
  @Test("intervals cover what they say where samples lie on a bound", arguments: [Float(-9), 0, 1, 2.5])
  func coverageCountsTies(bound: Float) {
    let entries = 8000
    var random = RandomStream(seed: 31)
    func draw() -> Float { max(bound, Float(random.normal())) }
    let truth = (0..<entries).map { _ in draw() }
    let samples = Tensor((0..<39 * entries).map { _ in draw() }, shape: [39, entries])
    let statistics = EnsembleStatistics(samples: samples, truth: truth)
    for level in CoverageLevel.allCases where level.isReached(by: 39) {
      let share =
        Double((0..<entries).count { statistics.isCovered($0, at: level, using: RandomStream(seed: 2)) })
        / Double(entries)
      let standardError = (level.nominal * (1 - level.nominal) / Double(entries)).squareRoot()
      #expect(abs(share - level.nominal) < 4 * standardError, "\(level): \(share)")
    }
  }

  @Test("intervals that N samples cannot reach are not reported")
  func unreachableIntervals() {
    #expect(!CoverageLevel.ninetyFive.isReached(by: 38) && CoverageLevel.ninetyFive.isReached(by: 39))
    #expect(!CoverageLevel.ninety.isReached(by: 18) && CoverageLevel.ninety.isReached(by: 19))
    #expect(!CoverageLevel.fifty.isReached(by: 2) && CoverageLevel.fifty.isReached(by: 3))
  }

  @Test(
    "the central ranks of a perfect ensemble hold their share, also where a bound holds most values",
    arguments: [-9, 0.5])
  func centralRanksHoldTheirShare(bound: Float) {
    let (sampleCount, entries) = (64, 8000)
    var random = RandomStream(seed: 3)
    func clipped(_ shape: [Int]) -> Tensor<Float> {
      let values: Tensor<Float> = random.normals(shape)
      return Tensor(values.scalars.map { max(bound, $0) }, shape: shape)
    }
    let truth = clipped([entries])
    let statistics = EnsembleStatistics(samples: clipped([sampleCount, entries]), truth: truth.scalars)
    var histogram = RankHistogram(sampleCount: sampleCount)
    for entry in 0..<entries { histogram.count(statistics.rank(entry, using: RandomStream(seed: 1))) }
    for level in [0.5, 0.9, 1] {
      let standardError = (level * (1 - level) / Double(entries)).squareRoot()
      #expect(abs(histogram.share(withinCentral: level) - level) <= 4 * standardError + 1e-12)
    }
    // Intervals that end on the bound hold more.
    let covered = Double((0..<entries).count { statistics.isCovered($0, at: .ninety) }) / Double(entries)
    #expect((covered > 0.94) == (bound == 0.5))
  }

  @Test("ranks of a perfect ensemble are uniform")
  func ranksAreUniform() {
    let (sampleCount, entries) = (19, 8000)
    let statistics = Self.perfect(sampleCount: sampleCount, entries: entries)
    var histogram = RankHistogram(sampleCount: sampleCount)
    for entry in 0..<entries { histogram.count(statistics.rank(entry, using: RandomStream(seed: 1))) }
    let expected = Double(entries) / 20
    let chiSquare = histogram.counts.reduce(0) { $0 + pow(Double($1) - expected, 2) / expected }
    // The 99.9 % point of χ² with 19 degrees of freedom.
    #expect(chiSquare < 43.8)
  }

  @Test("ties are broken evenly, the same way for the same seed")
  func tiesAreBroken() {
    let entries = 4000
    let statistics = EnsembleStatistics(
      samples: Tensor(repeating: 7, shape: [4, entries]), truth: [Float](repeating: 7, count: entries))
    var histogram = RankHistogram(sampleCount: 4)
    for entry in 0..<entries { histogram.count(statistics.rank(entry, using: RandomStream(seed: 3))) }
    #expect(histogram.counts.allSatisfy { (700...900).contains($0) }, "\(histogram.counts)")
    #expect(statistics.rank(5, using: RandomStream(seed: 3)) == statistics.rank(5, using: RandomStream(seed: 3)))
  }

  @Test("the spread of a perfect ensemble equals its skill, for any N", arguments: [2, 8, 64])
  func spreadEqualsSkill(sampleCount: Int) {
    let entries = 8000
    let statistics = Self.perfect(sampleCount: sampleCount, entries: entries, seed: 12)
    let variance = statistics.variance.reduce(0) { $0 + Double($1) } / Double(entries)
    let error = statistics.meanError.reduce(0) { $0 + Double($1 * $1) } / Double(entries)
    #expect(abs(variance * Double(sampleCount + 1) / Double(sampleCount) / error - 1) < 0.09)
  }

  @Test("a large offset costs no precision")
  func offsetsDoNotMatter() {
    var random = RandomStream(seed: 2)
    // Multiples of 1/64 stay exact at 300.
    let truth = (0..<50).map { _ in Float(Int(random.uniform() * 64)) / 64 }
    let samples: Tensor<Float> = random.normals([20, 50]).map { ($0 * 64).rounded() / 64 }
    let near = EnsembleStatistics(samples: samples, truth: truth)
    let far = EnsembleStatistics(samples: samples.map { $0 + 300 }, truth: truth.map { $0 + 300 })
    #expect(near.crps == far.crps && near.variance == far.variance && near.coverage == far.coverage)
  }

  @Test("the closed form of the Gaussian CRPS is the limit of many samples")
  func gaussianIsTheLimit() {
    let count = 2000
    let samples: [Float] = (0..<count).map { i in
      // Quantiles of N(0, 1) by bisection of the error function.
      var (low, high) = (-9.0, 9.0)
      for _ in 0..<60 {
        let middle = (low + high) / 2
        if (1 + erf(middle / 2.0.squareRoot())) / 2 < (Double(i) + 0.5) / Double(count) {
          low = middle
        } else {
          high = middle
        }
      }
      return Float(low)
    }
    for truth in [-2.0, 0, 0.7, 5] {
      let statistics = EnsembleStatistics(samples: Tensor(samples, shape: [count, 1]), truth: [Float(truth)])
      let closed = GaussianDistribution.crps(error: -truth, spread: 1)
      #expect(abs(Double(statistics.crps[0]) - closed) < 1e-3)
    }
    #expect(GaussianDistribution.crps(error: -3, spread: 0) == 3)
  }
}
