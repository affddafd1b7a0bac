// The mixture of patches: exact where a patch is the whole image, learned from noisy patches as from clean ones, and an answer
// for images of any size.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantPriors
import SextantSignals
import Testing

@testable import SextantSolvers

@Suite struct PatchMixtureTests {
  /// Two Gaussians over patches of 3×3 pixels: smooth ones, and rough ones about another mean.
  private static func mixture() -> PatchMixture {
    let d = 9
    func covariance(_ length: Float, _ variance: Float) -> Tensor<Float> {
      Tensor(shape: [d, d]) { out in
        for i in 0..<d {
          for j in 0..<d {
            let (rows, columns) = (Float(i / 3 - j / 3), Float(i % 3 - j % 3))
            out[i * d + j] = variance * exp(-(rows * rows + columns * columns) / length) + (i == j ? 1e-3 : 0)
          }
        }
      }
    }
    return PatchMixture(
      side: 3, origins: [10], scales: [2], weights: [0.3, 0.7],
      means: Tensor([Float](repeating: 1, count: d) + [Float](repeating: -1, count: d), shape: [2, d]),
      covariances: [covariance(8, 1), covariance(0.5, 0.5)])
  }

  private func solve(
    _ mixture: PatchMixture, rows: Int, columns: Int, entries: [Int], noise: Float, samples: Int = 0, seed: UInt64 = 2
  ) throws -> (posterior: Posterior, measurement: FieldMeasurement) {
    let domain = try ImageGrid(rows: rows, columns: columns)
    var random = RandomStream(seed: seed)
    let measurement = FieldMeasurement(
      values: entries.map { _ in 10 + 2 * Float(random.normal()) },
      noise: [Float](repeating: noise, count: entries.count),
      operation: SelectionOperator(inputCount: rows * columns * mixture.channelCount, indices: entries))
    let solver = try Method.patches.solver(
      for: Model(FieldSpace(domain: domain, channelCount: mixture.channelCount), patches: mixture))
    return (try solver.posterior(given: measurement, samples: samples, using: &random), measurement)
  }

  /// An image that is one patch, of which some pixels were measured, against the formula on dense matrices in double precision.
  @Test(arguments: [Float(0.8), 2e-4])
  func onePatchHasItsExactPosterior(noise: Float) throws {
    let mixture = Self.mixture()
    let entries = [0, 2, 3, 7]
    let variance = Double(noise * noise) / 4
    let (posterior, measurement) = try solve(mixture, rows: 3, columns: 3, entries: entries, noise: noise)
    let d = 9
    var (logs, means, variances): ([Double], [[Double]], [[Double]]) = ([], [], [])
    for k in 0..<2 {
      let sigma = mixture.covariances[k].converted(to: Double.self)
      let mean = mixture.means.row(k).scalars.map(Double.init)
      let part = Tensor<Double>(shape: [4, 4]) { out in
        for (i, a) in entries.enumerated() {
          for (j, b) in entries.enumerated() { out[4 * i + j] = sigma[a, b] + (i == j ? variance : 0) }
        }
      }
      let factor = try CholeskyFactor(part)
      let residual = entries.enumerated().map { (Double(measurement.values[$0]) - 10) / 2 - mean[$1] }
      let weights = factor.solve(Tensor(residual, shape: [4, 1])).scalars
      logs.append(
        log(Double(mixture.weights[k])) - factor.logDeterminant / 2 - zip(residual, weights).reduce(0) {
          $0 + $1.0 * $1.1
        } / 2)
      means.append(
        (0..<d).map { i in mean[i] + entries.enumerated().reduce(0) { $0 + sigma[i, $1.element] * weights[$1.offset] } }
      )
      variances.append(
        (0..<d).map { i in
          let row = entries.map { sigma[i, $0] }
          let solved = factor.solve(Tensor(row, shape: [4, 1])).scalars
          return sigma[i, i] - zip(row, solved).reduce(0) { $0 + $1.0 * $1.1 }
        })
    }
    let total = logSumExp(logs)
    let weights = logs.map { exp($0 - total) }
    #expect(noise < 0.1 || weights.allSatisfy { $0 > 0.01 }, "both components have a part")
    let spread = try #require(posterior.spread)
    for i in 0..<d {
      let mean = (0..<2).reduce(0) { $0 + weights[$1] * means[$1][i] }
      let moment = (0..<2).reduce(0) {
        $0 + weights[$1] * (variances[$1][i] + (means[$1][i] - mean) * (means[$1][i] - mean))
      }
      #expect(abs(Double(posterior.mean[i]) - (10 + 2 * mean)) < 1e-4)
      #expect(abs(Double(spread[i]) / (2 * moment.squareRoot()) - 1) < 0.01)
    }
  }

  @Test func samplesHaveTheMeanAndTheSpread() throws {
    let entries = (0..<63).filter { $0 % 3 != 1 }
    let (posterior, _) = try solve(Self.mixture(), rows: 7, columns: 9, entries: entries, noise: 0.5, samples: 4000)
    let samples = try #require(posterior.samples)
    let spread = try #require(posterior.spread)
    let means = samples.columnMeans()
    let squares = samples.columnSquaredNorms()
    for entry in 0..<63 {
      let variance = squares[entry] / 4000 - means[entry] * means[entry]
      #expect(
        abs(means[entry] - Double(posterior.mean[entry])) < 5 * Double(spread[entry]) / 4000.0.squareRoot() + 1e-3)
      #expect(abs(variance.squareRoot() / Double(spread[entry]) - 1) < 0.08)
    }
  }

  @Test(arguments: [(1, 1), (1, 9), (2, 2), (3, 20)])
  func anySizeHasAnAnswer(rows: Int, columns: Int) throws {
    let (posterior, _) = try solve(Self.mixture(), rows: rows, columns: columns, entries: [0], noise: 0.5, samples: 2)
    #expect(posterior.mean.count == rows * columns && posterior.mean.allSatisfy(\.isFinite))
    #expect(posterior.samples?.scalars.allSatisfy(\.isFinite) == true)
    #expect(posterior.spread?.allSatisfy { $0 > 0 } == true)
  }

  /// Patches of two kinds, of which one has almost no variation: noise of a known size is told from it.
  @Test func noisyPatchesTeachWhatCleanOnesDo() throws {
    let d = 4
    var random = RandomStream(seed: 5)
    let clean = Tensor<Float>(shape: [6000, d]) { out in
      for row in 0..<6000 {
        let isRough = row % 3 == 0
        let common = Float(random.normal())
        for j in 0..<d { out[row * d + j] = (isRough ? -6 : 6) + common + (isRough ? 2 * Float(random.normal()) : 0) }
      }
    }
    let errors: Tensor<Float> = random.normals([6000, d])
    let training = PatchTraining(side: 2, components: 2)
    let learned = try [(clean, Float(0)), (clean + errors, Float(1))].map { patches, noise in
      try training.learn(from: patches, noise: [noise], using: RandomStream(seed: 1))
    }
    for mixture in learned {
      #expect(mixture.count == 2)
      let order = (0..<2).sorted { mixture.means[$0, 0] < mixture.means[$1, 0] }
      #expect(abs(mixture.weights[order[0]] - 1 / 3) < 0.02)
      for (k, variance) in zip(order, [Float(5), 1]) {
        let scale = mixture.scales[0] * mixture.scales[0]
        // 4 of its own and 1 in common; or 1 in common alone.
        #expect(abs(scale * mixture.covariances[k][0, 0] - variance) < 0.12 * variance + 0.05)
        #expect(abs(scale * mixture.covariances[k][0, 3] - 1) < 0.2)
      }
    }
    // Rounds from the first estimate are the rounds of the whole.
    let first = try PatchTraining(side: 2, components: 2, rounds: 0).learn(
      from: clean + errors, noise: [1], using: RandomStream(seed: 1))
    let improved = try training.improve(first, on: clean + errors, noise: [1])
    for (found, expected) in zip(improved.tensors, learned[1].tensors) {
      #expect(zip(found.scalars, expected.scalars).allSatisfy { abs($0 - $1) < 1e-4 })
    }
    // They change something, if only little: these components lie so far apart that the first estimate is nearly right.
    #expect(zip(first.tensors, improved.tensors).contains { $0.scalars != $1.scalars })
    #expect(throws: PriorError.tooFewPatches(found: 3, least: 4)) {
      try training.learn(from: clean.rows(0..<3), noise: [0], using: RandomStream(seed: 1))
    }
    #expect(throws: PriorError.constantPatches) {
      try training.learn(from: Tensor(repeating: 2, shape: [10, d]), noise: [0], using: RandomStream(seed: 1))
    }
  }

  /// A covariance of one direction has no factor: the answer is that of the one number which all pixels share.
  @Test func aCovarianceOfOneDirectionHasItsPosterior() throws {
    let d = 9
    let flat = PatchMixture(
      side: 3, origins: [10], scales: [2], weights: [1], means: Tensor.zeros([1, d]),
      covariances: [Tensor(repeating: 1, shape: [d, d])])
    #expect(throws: LinearAlgebraError.self) { try CholeskyFactor(flat.covariances[0]) }
    let entries = [0, 2, 3, 7]
    let (posterior, measurement) = try solve(
      flat, rows: 3, columns: 3, entries: entries, noise: 2, samples: 400)
    // Standardised noise of variance 1, and a number of variance 1 that was measured four times.
    let sum = measurement.values.reduce(0.0) { $0 + (Double($1) - 10) / 2 }
    let spread = try #require(posterior.spread)
    for i in 0..<d {
      #expect(abs(Double(posterior.mean[i]) - (10 + 2 * sum / 5)) < 1e-3)
      #expect(abs(Double(spread[i]) - 2 * (1 / 5.0).squareRoot()) < 1e-3)
    }
    let samples = try #require(posterior.samples)
    for row in 0..<400 { #expect(abs(samples[row, 0] - samples[row, 8]) < 0.05) }
  }

  /// Patches that have one number in common and vary by nothing but noise besides: most directions hold noise alone.
  @Test func patchesOfMoreNoiseThanSignalHaveAnAnswer() throws {
    let (side, count) = (6, 2000)
    let d = side * side
    var random = RandomStream(seed: 11)
    let noisy = Tensor<Float>(shape: [count, d]) { out in
      for row in 0..<count {
        let common = 5 * random.normal()
        for j in 0..<d { out[row * d + j] = Float(50 + common + random.normal()) }
      }
    }
    let mixture = try PatchTraining(side: side, components: 1).learn(
      from: noisy, noise: [1], using: RandomStream(seed: 1))
    // What noise hides is not positive definite in single precision, so that the test has something to test.
    #expect(throws: LinearAlgebraError.self) { try CholeskyFactor(mixture.covariances[0]) }
    let domain = try ImageGrid(rows: 10, columns: 11)
    let measurement = FieldMeasurement(
      values: (0..<110).map { _ in Float(53 + random.normal()) }, noise: [Float](repeating: 1, count: 110),
      operation: SelectionOperator(inputCount: 110, indices: Array(0..<110)))
    let posterior = try Method.patches.solver(for: Model(FieldSpace(domain: domain, channelCount: 1), patches: mixture))
      .posterior(given: measurement, samples: 3, using: &random)
    // The mean of 36 values of noise 1.
    #expect(posterior.mean.allSatisfy { abs($0 - 53) < 0.8 })
    #expect(posterior.spread?.allSatisfy { $0 > 0 && $0 < 0.6 } == true)
    #expect(posterior.samples?.isFinite == true)
  }
}
