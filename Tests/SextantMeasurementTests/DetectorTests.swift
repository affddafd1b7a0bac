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
    ("poisson:2", CountingNoise(gain: 2)), ("poisson:2.5+3", CountingNoise(gain: 2.5, read: 3)),
    ("poisson:1e+1+0.5@100", CountingNoise(gain: 10, read: 0.5, offset: 100)), ("poisson: 2 + 3 @ -1", CountingNoise(gain: 2, read: 3, offset: -1)),
  ])
  func textsRead(text: String, noise: CountingNoise) throws {
    #expect(try NoiseLevel(text) == .counting(noise))
    #expect(try NoiseLevel("\(NoiseLevel.counting(noise))") == .counting(noise))
  }

  @Test(arguments: ["poisson:", "poisson:0", "poisson:-1", "poisson:2+", "poisson:2+x", "poisson:2@", "poisson:2%", "poisson:nan", "poisson:2+-1"])
  func textsThatAreNoNoiseAreRefused(text: String) {
    let error = #expect(throws: MeasurementError.self) { try NoiseLevel(text) }
    #expect(error?.description.contains("poisson:GAIN+READ@OFFSET") == true)
  }

  @Test func aFieldIsCountedAndCutOff() throws {
    let domain = try ImageGrid(rows: 40, columns: 50)
    let count = domain.vertexCount
    let variables = [Variable(name: "a"), Variable(name: "b")]
    let clean = (0..<2 * count).map { $0 % 2 == 0 ? Float(120) : 7 }
    let field = Signal(
      domain: domain, variables: variables, values: Tensor(clean, shape: [count, 2]),
      isValid: [Bool](repeating: true, count: 2 * count))
    let counting = CountingNoise(gain: 0.5, read: 2, offset: 100)
    let detector = Detector(counting: [counting, nil], saturation: [121, nil])
    var random = RandomStream(seed: 8)
    let noise: [Float] = (0..<2 * count).map { $0 % 2 == 0 ? 1 : 0.1 }
    let measured = try Simulation.measure(
      field, by: SelectionOperator(observed: [Bool](repeating: true, count: 2 * count)), noise: noise, detector: detector,
      using: &random
    ).measurement
    #expect(measured.counting[0] == counting && measured.counting[1] == nil)
    let first = stride(from: 0, to: 2 * count, by: 2).map { $0 }
    #expect(first.allSatisfy { measured.values[$0] <= 121 && measured.isSaturated[$0] == (measured.values[$0] == 121) })
    // 20 above the offset are 40 counts of a half: a variance of 10 and 4 of the reading.
    let sure = counting.deviation(at: 120)
    #expect(abs(sure - 14.0.squareRoot()) < 1e-9)
    let cut = Double(first.count { measured.isSaturated[$0] }) / Double(count)
    #expect(abs(cut - 0.39) < 0.04)
    // Below the level nothing has changed: the share below 120 − σ is that of a nearly normal law.
    let low = Double(first.count { Double(measured.values[$0]) < 120 - sure }) / Double(count)
    #expect(abs(low - 0.16) < 0.03)
    #expect(stride(from: 1, to: 2 * count, by: 2).allSatisfy { !measured.isSaturated[$0] && measured.noise[$0] == 0.1 })
    // What is taken out keeps what is known of it.
    let part = measured.rows([3, 4])
    #expect(part.counting == [nil, counting] && part.isSaturated == [false, measured.isSaturated[4]])
  }
}
