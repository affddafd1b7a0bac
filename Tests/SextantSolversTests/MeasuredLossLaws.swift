// The losses of measured values: in a Gaussian world the minimum of each is the exact posterior, mean and spread, although no truth is in
// it; gradients are those of the two parts; and the estimates of the risk are what they say, for every linear mean.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantDiffusion
import Testing

@testable import SextantSolvers

@Suite struct MeasuredLossLaws {
  /// Every estimate that knows the noise.
  static let estimates: [RiskEstimate] = [.recorrupted, .sure()]

  /// Truths of variance 1 measured with noise, in two views each, on a base whose mean is 0 and whose spread is 1.
  private struct World {
    let inputs: Tensor<Float>
    let targets: Tensor<Float>
    let noise: TargetNoise
    let truth: [Float]
    let estimate: RiskEstimate
    var weights: Tensor<Float> { Tensor(repeating: 1, shape: targets.shape) }

    init(count: Int, noise level: Float, estimate: RiskEstimate) {
      var random = RandomStream(seed: 4)
      let (truth, error): (Tensor<Float>, Tensor<Float>) = (random.normals([count]), random.normals([count]))
      let signs = (0..<count).map { _ -> Float in random.next() & 1 == 0 ? 1 : -1 }
      let values = zip(truth.scalars, error.scalars).map { $0 + level * $1 }
      let shape = [2, count, 1]
      inputs = Tensor(
        estimate.steps.flatMap { step in zip(values, signs).map { $0 + Float(step) * level * $1 } }, shape: shape)
      targets = Tensor(values + values, shape: shape)
      self.noise = TargetNoise(
        variances: Tensor(repeating: level * level, shape: shape), signs: Tensor(signs + signs, shape: shape))
      (self.truth, self.estimate) = (truth.scalars, estimate)
    }

    /// The output of a network that shrinks the input and has one spread.
    func output(factor: Double, logScale: Double) -> Tensor<Float> {
      // The network's raw output is bounded to 2·tanh(raw/2).
      let raw = Float(2 * atanh(logScale / 2))
      return Tensor(inputs.scalars.flatMap { [Float(factor) * $0, raw] }, shape: [2, inputs.shape[1], 2])
    }

    func loss(_ output: Tensor<Float>) -> Float {
      MeasuredLoss(.likelihood, estimate: estimate)(
        Tape<Float>().constant(output), target: targets, weights: weights, noise: noise
      ).value.scalars[0]
    }
  }

  @Test(arguments: [Float(0.3), 0.8, 2], estimates) func theExactPosteriorIsTheBestForecast(level: Float, estimate: RiskEstimate) {
    let world = World(count: 100_000, noise: level, estimate: estimate)
    // The noise of the inputs, that of the views with it.
    let variance = Double(level * level) * estimate.viewVariance
    let (factor, logScale) = (1 / (1 + variance), 0.5 * log(variance / (1 + variance)))
    let best = world.loss(world.output(factor: factor, logScale: logScale))
    for (g, s) in [(0.06, 0.0), (-0.06, 0), (0, 0.15), (0, -0.15)] {
      let other = world.loss(world.output(factor: factor + g, logScale: logScale + s))
      #expect(other > best, "\(g), \(s): \(other) against \(best)")
    }
    // And the errors at the truth are as large as was estimated and forecast without it.
    let output = world.output(factor: factor, logScale: logScale)
    let found = MeasuredLoss(.likelihood, estimate: estimate).risk(
      output, target: world.targets, weights: world.weights, noise: world.noise)
    let count = world.truth.count
    let squares = (0..<2 * count).reduce(0.0) {
      $0 + estimate.shares[$1 / count] * pow(Double(output[$1 / count, $1 % count, 0] - world.truth[$1 % count]), 2)
    }
    let actual = squares / Double(level * level)
    #expect(abs(found.estimated / actual - 1) < 0.05 && abs(found.forecast / actual - 1) < 0.02, "\(found), \(actual)")
  }

  /// The shift has the gradient of the estimated risk, and the log-scale that of the likelihood of what the mean implies; values that are
  /// not in the input have those of the plain score.
  @Test(arguments: estimates) func theLossHasItsGradients(estimate: RiskEstimate) {
    var random = RandomStream(seed: 6)
    let shape = [4, 3, 2]
    let count = 24
    // Views that answer nearly the same, as those of a smooth mean do.
    let distance = Float(estimate.steps[0] - estimate.steps[1])
    let (common, own): (Tensor<Float>, Tensor<Float>) = (random.normals([2, 3, 4]), random.normals([4, 3, 4]))
    let output = Tensor(
      (0..<own.count).map { common.scalars[$0 / 24 * 12 + $0 % 12] + distance * own.scalars[$0] }, shape: own.shape)
    let target: Tensor<Float> = random.normals(shape)
    let variances = Tensor((0..<count).map { Float($0 % 6 % 3 + 1) * 0.3 }, shape: shape)
    // The last value of each field is not in the input.
    let signs = Tensor((0..<count).map { [Float(1), -1, 1, 1, -1, 0][$0 % 6] }, shape: shape)
    let weights = Tensor((0..<count).map { Float($0 % 6 == 1 ? 0 : 1) }, shape: shape)
    let noise = TargetNoise(variances: variances, signs: signs)
    let loss = MeasuredLoss(.likelihood, estimate: estimate)
    func value(_ output: Tensor<Float>) -> Double {
      Double(loss(Tape<Float>().constant(output), target: target, weights: weights, noise: noise).value.scalars[0])
    }
    func risk(_ output: Tensor<Float>) -> Double {
      loss.risk(output, target: target, weights: weights, noise: noise).estimated / 20
    }
    /// By the implied variances of the means at hand, which do not move with the log-scales.
    func likelihood(_ moved: Tensor<Float>) -> Double {
      var sum = 0.0
      for first in 0..<count where first / 6 % 2 == 0 && weights.scalars[first] > 0 && signs.scalars[first] != 0 {
        let pair = [first, first + 6]
        let variance = Double(variances.scalars[first])
        let means = pair.map { Double(output.scalars[$0 / 2 * 4 + $0 % 2] - target.scalars[$0]) }
        let slope = Double(signs.scalars[first]) * (means[0] - means[1]) / (Double(distance) * variance.squareRoot())
        for entry in pair {
          let scale = exp(2 * LogScaleBound.bounded(Double(moved.scalars[entry / 2 * 4 + 2 + entry % 2])))
          sum += 0.5 * (log(scale + variance) + variance * (1 + estimate.viewVariance * slope) / (scale + variance))
        }
      }
      return sum / 20
    }
    let tape = Tape<Float>()
    let leaf = tape.leaf(output)
    let gradient = tape.gradients(of: loss(leaf, target: target, weights: weights, noise: noise))[leaf]?.scalars ?? []
    for i in 0..<output.count {
      let (entry, isShift) = (i / 4 * 2 + i % 2, i % 4 < 2)
      let measure = signs.scalars[entry] == 0 ? value : isShift ? risk : likelihood
      var (up, down) = (output, output)
      up.withUnsafeMutableScalars { $0[i] += 1e-2 }
      down.withUnsafeMutableScalars { $0[i] -= 1e-2 }
      let expected = (measure(up) - measure(down)) / 2e-2
      #expect(abs(Double(gradient[i]) - expected) < 2e-3 * max(1, abs(expected)), "output \(i): \(gradient[i]), should be \(expected)")
    }
  }

  /// Where the size of the noise is found by a multiplier, the mean has the gradient of the estimate with it, the spread none at values of
  /// the input, and the others are forecast with the noise that was found so far.
  @Test func unknownNoiseTeachesTheMean() {
    var random = RandomStream(seed: 12)
    let (shape, count, multiplier) = ([2, 3, 2], 12, 2.5)
    let (output, target): (Tensor<Float>, Tensor<Float>) = (random.normals([2, 3, 4]), random.normals(shape))
    let variances = Tensor((0..<count).map { Float($0 % 3 + 1) * 0.3 }, shape: shape)
    // The last value of the field is not in the input.
    let signs = Tensor((0..<count).map { [Float(1), -1, 1, 1, -1, 0][$0 % 6] }, shape: shape)
    let weights = Tensor<Float>(repeating: 1, shape: shape)
    let estimate = RiskEstimate.unsure(multiplier: multiplier)
    let loss = MeasuredLoss(.likelihood, estimate: estimate, knowsNoise: false)
    func noise(_ factor: Float = 1) -> TargetNoise { TargetNoise(variances: variances * factor, signs: signs) }
    func gradient(_ loss: (DifferentiableTensor<Float>) -> DifferentiableTensor<Float>) -> [Float] {
      let tape = Tape<Float>()
      let leaf = tape.leaf(output)
      return tape.gradients(of: loss(leaf))[leaf]?.scalars ?? []
    }
    let found = gradient { loss($0, target: target, weights: weights, noise: noise()) }
    let plain = gradient {
      MarginalLoss.likelihood($0, target: target, weights: weights, variances: variances * Float(multiplier))
    }
    let known = gradient { MeasuredLoss(.likelihood, estimate: estimate)($0, target: target, weights: weights, noise: noise()) }
    for i in 0..<output.count {
      let (entry, isShift) = (i / 4 * 2 + i % 2, i % 4 < 2)
      let expected = signs.scalars[entry] == 0 ? plain[i] : isShift ? known[i] : 0
      #expect(abs(found[i] - expected) < 1e-5 * max(1, abs(expected)), "output \(i): \(found[i]), should be \(expected)")
    }
    // D of a value is its sign times the difference of the views over their distance.
    let divergence = (0..<5).reduce(0.0) { sum, place in
      let entries = (place / 2 * 4 + place % 2, 12 + place / 2 * 4 + place % 2)
      let step = Double(estimate.steps[0] - estimate.steps[1]) * Double(variances.scalars[place]).squareRoot()
      // The views have targets of their own here, so that the residuals are compared.
      let means = (
        Double(output.scalars[entries.0] - target.scalars[place]), Double(output.scalars[entries.1] - target.scalars[6 + place])
      )
      return sum + Double(signs.scalars[place]) * (means.0 - means.1) / step / 5
    }
    let own = loss.divergence(output, target: target, weights: weights, noise: noise())
    #expect(abs(own - divergence) < 1e-4 * abs(divergence), "\(own), should be \(divergence)")
  }

  // MARK: Linear means of correlated fields

  /// Fields of six numbers with a known covariance, their noise and signs.
  private struct Fields {
    let truth, noise, signs: Tensor<Double>
    let covariance: Tensor<Double>
    static let level = 0.7
    static let count = 20_000

    init() throws {
      var random = RandomStream(seed: 9)
      let factor: Tensor<Double> = random.normals([6, 2])
      covariance = gramMatrix(factor) + Tensor.identity(6) * 0.05
      let white: Tensor<Double> = random.normals([6, Self.count])
      truth = try CholeskyFactor(covariance).multiplyLower(white).transposed()
      noise = random.normals([Self.count, 6])
      signs = .signs([Self.count, 6], using: &random)
    }

    /// The gain of the posterior mean for noise of a variance.
    func gain(_ variance: Double) throws -> Tensor<Double> {
      matrixProduct(covariance, try CholeskyFactor(covariance + Tensor.identity(6) * variance).inverse())
    }

    /// The estimated risk of the mean G·y of each field, and its actual error at the truth.
    func risks(_ gain: Tensor<Double>, _ estimate: RiskEstimate) -> (estimated: [Double], actual: [Double]) {
      let values = truth + noise * Self.level
      let means = estimate.steps.map { matrixProduct(values + signs * ($0 * Self.level), gain, transposingSecond: true) }
      var (estimated, actual) = ([Double](repeating: 0, count: Self.count), [Double](repeating: 0, count: Self.count))
      // Each as an array once: a tensor copies its scalars whenever it is asked for them.
      let (y, x, s, views) = (values.scalars, truth.scalars, signs.scalars, means.map(\.scalars))
      for place in x.indices {
        estimated[place / 6] += estimate(
          residuals: (y[place] - views[0][place], y[place] - views[1][place]), variance: Self.level * Self.level, sign: s[place]
        ).risk
        for (share, mean) in zip(estimate.shares, views) { actual[place / 6] += share * pow(mean[place] - x[place], 2) }
      }
      return (estimated, actual)
    }
  }

  /// Without the truth, the estimate is the error of every linear mean, and among them least at the exact posterior mean.
  @Test(arguments: estimates) func theEstimateIsTheErrorOfEveryLinearMean(estimate: RiskEstimate) throws {
    let fields = try Fields()
    // Of the views, whose noise is a little larger where both have a share.
    let variance = Fields.level * Fields.level * estimate.viewVariance
    let exact = try fields.gain(variance)
    var random = RandomStream(seed: 10)
    let elsewhere: Tensor<Double> = random.normals([6, 6])
    var means: [Double] = []
    for gain in [exact, exact + elsewhere * 0.1, exact - elsewhere * 0.1, try fields.gain(4 * variance), .zeros([6, 6])] {
      let (estimated, actual) = fields.risks(gain, estimate)
      let differences = zip(estimated, actual).map { $0 - $1 }
      let count = Double(Fields.count)
      let mean = differences.reduce(0, +) / count
      let error = (differences.reduce(0) { $0 + pow($1 - mean, 2) }).squareRoot() / count
      #expect(abs(mean) < 4 * error && error < 0.2, "\(mean) ± \(error)")
      means.append(estimated.reduce(0, +) / count)
    }
    #expect(means.dropFirst().allSatisfy { $0 > means[0] }, "\(means)")
  }

  /// UNSURE where the noise is stated half as large as it is: the multiplier finds the variance that the theory says, the number of values
  /// over the trace of the inverse covariance of what is measured, and the mean is that of the posterior with this noise.
  @Test func theMultiplierFindsTheNoise() throws {
    let (signal, level, stated) = ([4.0, 2, 1, 0.5, 0, 0, 0, 0, 0, 0], 0.6, 0.3)
    let count = 4000
    var random = RandomStream(seed: 11)
    let deviations = signal.map { ($0 + level * level).squareRoot() }
    let values = (random.normals([count, 10]) as Tensor<Double>).scalingColumns(by: deviations)
    let signs = Tensor<Double>.signs([count, 10], using: &random)
    let squares = values.columnSquaredNorms().map { $0 / Double(count) }
    let (measured, chosen) = (values.scalars, signs.scalars)
    var (gains, multiplier) = ([Double](repeating: 0.5, count: 10), NoiseMultiplier(1, rate: 0.1))
    for _ in 0..<400 {
      let estimate = RiskEstimate.unsure(multiplier: multiplier.value)
      var (slopes, reaction) = ([Double](repeating: 0, count: 10), 0.0)
      for place in measured.indices {
        let (y, s, i) = (measured[place], chosen[place], place % 10)
        let inputs = estimate.steps.map { y + $0 * stated * s }
        let found = estimate(
          residuals: (y - gains[i] * inputs[0], y - gains[i] * inputs[1]), variance: stated * stated, sign: s)
        slopes[i] += (found.slopes.first * inputs[0] + found.slopes.second * inputs[1]) / Double(count)
        reaction += found.reaction / (stated * stated) / Double(measured.count)
      }
      for i in 0..<10 { gains[i] -= 0.5 * slopes[i] / (2 * squares[i]) }
      multiplier.ascend(divergence: reaction)
    }
    let found = multiplier.value * stated * stated
    let expected = 10 / squares.reduce(0) { $0 + 1 / $1 }
    #expect(abs(found / expected - 1) < 0.01, "\(found), should be \(expected)")
    // Not below the variance of the noise but for the sampling of the values, and near it: six of ten values are noise alone.
    #expect(found > 0.97 * level * level && found < 1.6 * level * level, "\(found)")
    for i in 0..<10 { #expect(abs(gains[i] - (1 - expected / squares[i])) < 0.01, "gain \(i): \(gains[i])") }
    #expect(abs(gains.reduce(0, +)) < 0.05)
    // The estimate that believes the stated noise leaves most of the noise in.
    #expect(gains[9] < 0.1 && 1 - stated * stated / squares[9] > 0.7)
  }
}
