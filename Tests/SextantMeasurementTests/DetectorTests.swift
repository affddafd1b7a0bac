// An instrument that counts and saturates: Poisson numbers, the texts of its noise, and what it does to a field.

import Foundation
import SextantArrays
import SextantGeometry
import SextantSignals
import Testing

@testable import SextantMeasurement

@Suite struct DetectorTests {
  /// Mean and variance are the parameter, on both sides of the change of algorithm; the share of zeros is that of the law.
  @Test(arguments: [0.3, 4, 9.99, 10, 35, 2000]) func poissonNumbersHaveTheirMoments(mean: Double) {
    let count = 40_000
    var random = RandomStream(seed: 3)
    let draws = (0..<count).map { _ in random.poisson(mean: mean) }
    let average = draws.reduce(0, +) / Double(count)
    let variance = draws.reduce(0) { $0 + ($1 - average) * ($1 - average) } / Double(count)
    let error = (mean / Double(count)).squareRoot()
    #expect(abs(average - mean) < 4 * error)
    // The variance of a variance has the fourth cumulant in it.
    #expect(abs(variance - mean) < 4 * ((2 * mean * mean + mean) / Double(count)).squareRoot())
    #expect(draws.allSatisfy { $0 >= 0 && $0 == $0.rounded() })
    let mode = mean.rounded(.down)
    let probability = exp(mode * log(mean) - mean - lgamma(mode + 1))
    let share = Double(draws.count { $0 == mode }) / Double(count)
    #expect(abs(share - probability) < 4 * (probability / Double(count)).squareRoot())
  }

  @Test func theTailsOfTheNormalLawAreRight() {
    // scipy.stats.norm.logcdf, and exp(logpdf - logcdf).
    for (z, log, ratio) in [
      (-40.0, -804.6084420137539, 40.024968847210886), (-26.0, -342.17850892992794, 26.0383485794989),
      (-24.0, -292.09872100320786, 24.04152323073787), (-3, -6.60772622151035, 3.28309865493044),
      (0, -0.6931471805599453, 0.7978845608028654), (2, -0.023012909328963476, 0.05524786267898995),
    ] {
      #expect(abs(StandardNormal.logCumulative(z) - log) < 1e-9 * max(1, abs(log)))
      #expect(abs(StandardNormal.inverseMillsRatio(z) - ratio) < 1e-8 * max(1, ratio))
    }
  }

  @Test(arguments: [
    ("poisson:2", NoiseLaw.poisson(gain: 2)), ("poisson:2.5+3", .poisson(gain: 2.5, read: 3)),
    ("poisson:1e+1+0.5@100", .poisson(gain: 10, read: 0.5, offset: 100)), ("poisson: 2 + 3 @ -1", .poisson(gain: 2, read: 3, offset: -1)),
    ("gamma:4", .gamma(looks: 4)), (" gamma: 1.5 ", .gamma(looks: 1.5)), ("binomial:20", .binomial(trials: 20)), ("binomial: 1", .binomial(trials: 1)),
  ])
  func textsRead(text: String, law: NoiseLaw) throws {
    #expect(try NoiseLevel(text) == .law(law))
    #expect(try NoiseLevel("\(NoiseLevel.law(law))") == .law(law))
  }

  @Test(arguments: ["poisson:", "poisson:0", "poisson:-1", "poisson:2+", "poisson:2+x", "poisson:2@", "poisson:2%", "poisson:nan", "poisson:2+-1"])
  func textsThatAreNoNoiseAreRefused(text: String) {
    let error = #expect(throws: MeasurementError.self) { try NoiseLevel(text) }
    #expect(error?.description.contains("poisson:GAIN+READ@OFFSET") == true)
  }

  @Test(arguments: [
    ("gamma:", "LOOKS"), ("gamma:0", "LOOKS"), ("gamma:-4", "LOOKS"), ("gamma:inf", "LOOKS"), ("gamma:4@1", "LOOKS"), ("gamma:x", "gamma:4"),
    ("binomial:", "TRIALS"), ("binomial:0", "TRIALS"), ("binomial:-2", "TRIALS"), ("binomial:2.5", "TRIALS"), ("binomial:1e3", "binomial:20"),
    // Every law is named where a text is none of them.
    ("speckle:4", "poisson:GAIN+READ, gamma:LOOKS, binomial:TRIALS"),
  ])
  func textsThatAreNoLawAreRefused(text: String, words: String) {
    let error = #expect(throws: MeasurementError.self) { try NoiseLevel(text) }
    #expect(error?.description.contains(words) == true && error?.description.contains(text) == true, "\(String(describing: error))")
  }

  /// The Gaussian that stands for a law has its variance, and is above 0 even where the law has no noise.
  @Test(arguments: [
    (NoiseLaw.poisson(gain: 2, read: 1, offset: 10), 60.0, 10.0, 3.0), (.gamma(looks: 4), 30, 0, 0),
    // 0.025·0.975/20, that of half a success or half a failure.
    (.binomial(trials: 20), 0.3, 0, 0.00121875), (.binomial(trials: 20), 0.3, 1, 0.00121875),
  ])
  func theDeviationIsThatOfTheLaw(law: NoiseLaw, value: Double, edge: Double, least: Double) {
    #expect(abs(law.deviation(at: value) - law.variance(at: value).squareRoot()) < 1e-12)
    let atEdge = law.deviation(at: edge)
    #expect(atEdge > 0 && abs(atEdge * atEdge - least) < 1e-9, "\(atEdge)")
    #expect(law.deviation(at: edge - 5) > 0)
  }

  /// Measured fields have the mean and the variance of the law, and clean values that it cannot be about are counted and named.
  @Test(arguments: [
    (NoiseLaw.gamma(looks: 4), Float(3), Float(-0.5), "0 or more"), (.binomial(trials: 20), 0.3, 1.25, "from 0 to 1"),
    (.binomial(trials: 20), 0.3, -0.5, "from 0 to 1"),
  ])
  func fieldsHaveTheMomentsOfTheLaw(law: NoiseLaw, level: Float, wrong: Float, words: String) throws {
    let domain = try ImageGrid(rows: 60, columns: 70)
    let count = domain.vertexCount
    func measured(_ clean: [Float]) throws -> FieldMeasurement {
      let field = Signal(
        domain: domain, variables: [Variable(name: "a")], values: Tensor(clean, shape: [count, 1]),
        isValid: [Bool](repeating: true, count: count))
      var random = RandomStream(seed: 4)
      return try Simulation.measure(
        field, by: SelectionOperator(observed: [Bool](repeating: true, count: count)), noise: [Float](repeating: 0, count: count),
        detector: Detector(laws: [law]), using: &random
      ).measurement
    }
    let measurement = try measured([Float](repeating: level, count: count))
    #expect(measurement.laws.allSatisfy { $0 == law })
    #expect(measurement.values.allSatisfy { law.objection(to: Double($0)) == nil })
    let values = measurement.values.map(Double.init)
    let variance = law.variance(at: Double(level))
    let mean = values.reduce(0, +) / Double(count)
    #expect(abs(mean - Double(level)) < 4.5 * (variance / Double(count)).squareRoot())
    let squares = values.map { ($0 - Double(level)) * ($0 - Double(level)) }
    let found = squares.reduce(0, +) / Double(count)
    let error = (squares.reduce(0) { $0 + ($1 - found) * ($1 - found) }).squareRoot() / Double(count)
    #expect(abs(found - variance) < 4.5 * error, "\(found) ± \(error), should be \(variance)")
    // The first guess of the noise is that at the mean.
    #expect(measurement.noise.allSatisfy { abs(Double($0) - law.deviation(at: mean)) < 1e-4 * law.deviation(at: mean) })

    var clean = [Float](repeating: level, count: count)
    (clean[7], clean[100]) = (wrong, wrong)
    let refusal = #expect(throws: MeasurementError.self) { try measured(clean) }
    for word in ["\(law)", words, "2 others", "'a' at vertex 8", "\(wrong)"] {
      #expect(refusal?.description.contains(word) == true, "\(String(describing: refusal))")
    }
  }

  /// Numbers without units are the same in all units in which the law holds.
  @Test func lawsInOtherUnits() {
    func converted(_ law: NoiseLaw, factor: Double, offset: Double) -> NoiseLaw? {
      law.converted(value: { factor * $0 + offset }, difference: { abs(factor) * $0 })
    }
    #expect(converted(.poisson(gain: 2, read: 3, offset: 1), factor: 10, offset: 5) == .poisson(gain: 20, read: 30, offset: 15))
    #expect(converted(.gamma(looks: 4), factor: 10, offset: 0) == .gamma(looks: 4))
    #expect(converted(.gamma(looks: 4), factor: 1, offset: 273) == nil)
    #expect(converted(.binomial(trials: 9), factor: 1, offset: 0) == .binomial(trials: 9))
    #expect(converted(.binomial(trials: 9), factor: 100, offset: 0) == nil)
  }

  @Test func aFieldIsCountedAndCutOff() throws {
    let domain = try ImageGrid(rows: 40, columns: 50)
    let count = domain.vertexCount
    let variables = [Variable(name: "a"), Variable(name: "b")]
    let clean = (0..<2 * count).map { $0 % 2 == 0 ? Float(120) : 7 }
    let field = Signal(
      domain: domain, variables: variables, values: Tensor(clean, shape: [count, 2]),
      isValid: [Bool](repeating: true, count: 2 * count))
    let law = NoiseLaw.poisson(gain: 0.5, read: 2, offset: 100)
    let detector = Detector(laws: [law, nil], saturation: [121, nil])
    var random = RandomStream(seed: 8)
    let noise: [Float] = (0..<2 * count).map { $0 % 2 == 0 ? 1 : 0.1 }
    let measured = try Simulation.measure(
      field, by: SelectionOperator(observed: [Bool](repeating: true, count: 2 * count)), noise: noise, detector: detector,
      using: &random
    ).measurement
    #expect(measured.laws[0] == law && measured.laws[1] == nil)
    let first = stride(from: 0, to: 2 * count, by: 2).map { $0 }
    #expect(first.allSatisfy { measured.values[$0] <= 121 && measured.isSaturated[$0] == (measured.values[$0] == 121) })
    // 20 above the offset are 40 counts of a half: a variance of 10 and 4 of the reading.
    let sure = law.deviation(at: 120)
    #expect(abs(sure - 14.0.squareRoot()) < 1e-9)
    let cut = Double(first.count { measured.isSaturated[$0] }) / Double(count)
    #expect(abs(cut - 0.39) < 0.04)
    // Below the level nothing has changed: the share below 120 − σ is that of a nearly normal law.
    let low = Double(first.count { Double(measured.values[$0]) < 120 - sure }) / Double(count)
    #expect(abs(low - 0.16) < 0.03)
    #expect(stride(from: 1, to: 2 * count, by: 2).allSatisfy { !measured.isSaturated[$0] && measured.noise[$0] == 0.1 })
    // What is taken out keeps what is known of it.
    let part = measured.rows([3, 4])
    #expect(part.laws == [nil, law] && part.isSaturated == [false, measured.isSaturated[4]])
  }
}
