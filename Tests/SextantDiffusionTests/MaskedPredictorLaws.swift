// Priors that look at a part of the noisy values: what they expect in a Gaussian world is known, what is hidden has no influence, and
// ambient diffusion's loss has its least value there, although no field is complete and no value is clean.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantDiffusion
import SextantNetworks
import Testing

@Suite struct MaskedPredictorLaws {
  /// A Gaussian over six numbers with two modes.
  private static func gaussian() throws -> FactorNoisePredictor<Double> {
    var stream = RandomStream(seed: 50)
    return try FactorNoisePredictor(factor: stream.normals([2, 6]), residualVariances: [0.1, 0.2, 0.3, 0.1, 0.5, 0.2])
  }

  private static let mask = Tensor<Double>([1, 0, 1, 1, 0, 1, 0, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1], shape: [3, 6])
  private static let times = [0.02, 0.3, 0.9]
  private static let names = ["Gaussian", "network", "preconditioned network", "corrected Gaussian", "above a noise"]

  private static func predictor(_ name: String) throws -> any MaskedPredictor<Double> {
    let exact = MaskedGaussianPredictor(try gaussian())
    guard name != "Gaussian" else { return exact }
    let (corrects, schedule) = (name == "corrected Gaussian", VariancePreservingSchedule.standard)
    var builder = ParameterBuilder<Double>(random: RandomStream(seed: 51))
    let body = StencilUNet(
      StencilUNetConfiguration(
        inputChannels: MaskedStateNetwork<Double>.inputCount(correctsGaussian: corrects), outputChannels: 1, widths: [4, 4],
        usesTime: true), hierarchy: .line(count: 6, levelCount: 2), in: &builder)
    var (parameters, stream) = (builder.parameters, RandomStream(seed: 52))
    for index in parameters.tensors.indices where parameters.names[index].hasPrefix("last") {
      parameters.tensors[index] = stream.normals(parameters.tensors[index].shape) * 0.3
    }
    let network = MaskedStateNetwork(
      .stencil(body),
      arrangement: StateArrangement(
        stateOfEntry: (0..<6).map { $0 }, channelCount: 1, stateCount: 6, order: (0..<6).map { $0 }),
      correcting: corrects ? exact : nil, preconditioning: name == "preconditioned network" ? schedule : nil)
    return MaskedNetworkPredictor(
      network, parameters: parameters, gaussian: exact,
      smallestNoise: name == "above a noise" ? schedule.noiseToSignal(at: 0.2) : 0, schedule: schedule)
  }

  private func expectation(_ predictor: any MaskedPredictor<Double>, _ x: Tensor<Double>) -> Tensor<Double> {
    predictor.expectation(of: Tape().constant(x), seeing: Self.mask, at: Self.times).value
  }

  private static func noisy() -> Tensor<Double> {
    var stream = RandomStream(seed: 53)
    return stream.normals([3, 6, 1])
  }

  /// E[x | what is seen], by the covariances of all values: the noise of what is seen is (x_t − α·x)/s.
  @Test func theGaussianIsOptimalInterpolation() throws {
    let (gaussian, x, schedule) = (try Self.gaussian(), Self.noisy(), VariancePreservingSchedule.standard)
    let found = expectation(MaskedGaussianPredictor(gaussian), x)
    let covariance = gramMatrix(gaussian.factor, transposeFirst: true)
    for (row, time) in Self.times.enumerated() {
      let (signal, noise) = (schedule.signal(at: time), schedule.noise(at: time))
      let seen = (0..<6).filter { Self.mask[row, $0] == 1 }
      func prior(_ i: Int, _ j: Int) -> Double { covariance[i, j] + (i == j ? gaussian.residualVariances[i] : 0) }
      let system = Tensor(
        seen.flatMap { i in seen.map { j in signal * signal * prior(i, j) + (i == j ? noise * noise : 0) } },
        shape: [seen.count, seen.count])
      let values = Tensor(seen.map { x[row, $0, 0] }, shape: [seen.count, 1])
      let solved = matrixProduct(try CholeskyFactor(system).inverse(), values).scalars
      for i in 0..<6 {
        let mean = zip(seen, solved).reduce(0.0) { $0 + signal * prior(i, $1.0) * $1.1 }
        let expected = seen.contains(i) ? (x[row, i, 0] - signal * mean) / noise : mean
        #expect(abs(found[row, i, 0] - expected) < 1e-8, "time \(time), value \(i)")
      }
    }
    // Everything seen, it is the noise predictor of complete fields.
    let complete = MaskedNoisePredictor(MaskedGaussianPredictor(gaussian), seeing: [1, 1, 1, 1, 1, 1])
    #expect(
      largestDifference(complete.predictedNoise(in: x, at: Self.times), gaussian.predictedNoise(in: x, at: Self.times)) < 1e-12)
  }

  @Test(arguments: names) func whatIsHiddenHasNoInfluence(_ name: String) throws {
    let (predictor, x) = (try Self.predictor(name), Self.noisy())
    var other = x
    other.withUnsafeMutableScalars { values in
      for place in values.indices where Self.mask.scalars[place] == 0 { values[place] = 1000 }
    }
    #expect(expectation(predictor, x) == expectation(predictor, other))
  }

  /// Of what a masked predictor expects, and of the noise under one mask.
  @Test(arguments: names) func predictionsHaveTheirGradients(_ name: String) throws {
    let (predictor, x) = (try Self.predictor(name), Self.noisy())
    var stream = RandomStream(seed: 54)
    let weights: Tensor<Double> = stream.normals(x.shape)
    let noise = MaskedNoisePredictor(predictor, seeing: [1, 0, 1, 1, 0, 1])
    let functions: [(DifferentiableTensor<Double>) -> DifferentiableTensor<Double>] = [
      { predictor.expectation(of: $0, seeing: Self.mask, at: Self.times) }, { noise.predictedNoise(in: $0, at: Self.times) },
    ]
    for function in functions {
      let tape = Tape<Double>()
      let leaf = tape.leaf(x)
      let gradient = try #require(tape.gradients(of: function(leaf), seed: weights)[leaf])
      let expected = differences(of: { function(Tape().constant($0)).value.dot(weights) }, at: x)
      let scale = expected.scalars.reduce(1) { max($0, abs($1)) }
      #expect(largestDifference(gradient, expected) < 1e-6 * scale)
    }
  }

  /// The denoised field under a mask is the value expected where nothing is seen.
  @Test(arguments: names) func theNoiseUnderAMaskIsThatOfWhatIsExpected(_ name: String) throws {
    let (predictor, x) = (try Self.predictor(name), Self.noisy())
    let mask = [1.0, 0, 1, 1, 0, 1]
    let denoised = MaskedNoisePredictor(predictor, seeing: mask).denoised(x, at: Self.times)
    let expected = predictor.expectation(
      of: Tape().constant(x), seeing: Tensor(mask + mask + mask, shape: [3, 6]), at: Self.times
    ).value
    for row in 0..<3 { for i in [1, 4] { #expect(abs(denoised[row, i, 0] - expected[row, i, 0]) < 1e-9) } }
  }

  /// Below the noise that a network has learned the Gaussian takes its place.
  @Test func theGaussianStandsBelowTheNoiseOfTheArchive() throws {
    let (x, exact) = (Self.noisy(), MaskedGaussianPredictor(try Self.gaussian()))
    let found = expectation(try Self.predictor("above a noise"), x)
    let (ofGaussian, ofNetwork) = (expectation(exact, x), expectation(try Self.predictor("network"), x))
    #expect(largestDifference(found.rows(0..<1), ofGaussian.rows(0..<1)) < 1e-12)
    #expect(largestDifference(found.rows(1..<3), ofNetwork.rows(1..<3)) < 1e-12)
    #expect(largestDifference(ofNetwork, ofGaussian) > 0.1)
  }

  // MARK: The loss

  /// Fields of the Gaussian of which four values in ten are missing and the others have noise, some of them more than others.
  private static func measured(_ count: Int, noise: Double) throws -> MaskedStates<Double> {
    let gaussian = try gaussian()
    var stream = RandomStream(seed: 55)
    let fields = gaussian.samples(using: (0..<count).map { stream.split($0) })
    let isMeasured = Tensor(fields.scalars.map { _ in stream.uniform() < 0.6 ? 1.0 : 0 }, shape: fields.shape)
    let levels = (0..<fields.count).map { noise * ($0 % 6 < 4 ? 1 : 1.5) }
    let white: Tensor<Double> = stream.normals(fields.shape)
    let values = zip(zip(fields.scalars, isMeasured.scalars), zip(levels, white.scalars)).map { $0.1 * ($0.0 + $1.0 * $1.1) }
    return MaskedStates(
      values: Tensor(values, shape: fields.shape),
      variances: Tensor(zip(levels, isMeasured.scalars).map { $0 * $0 * $1 }, shape: fields.shape), isMeasured: isMeasured)
  }

  /// The error of the loss's target has nothing to do with what is seen, if and only if what is expected of the field is answered: for
  /// the exact Gaussian the mean of its products with functions of what is seen vanishes, within its sampling error. The functions are the
  /// differences of its answer from those of two Gaussians that are wrong.
  @Test(arguments: [TimeDistribution.uniform, .logNormal], [0, 0.3]) func theLossIsLeastAtTheExactPosterior(
    times: TimeDistribution, noise: Double
  ) throws {
    let gaussian = try Self.gaussian()
    let loss = AmbientDiffusionLoss(
      try Self.measured(4000, noise: noise), batchSize: 400, times: times, schedule: .standard, random: RandomStream(seed: 56)
    ) { _, stream in
      var stream = stream
      return (0..<6).map { _ in stream.uniform() < 0.7 }
    }
    // Gaussians that know the world, its variance less a half, and no correlations.
    let wrong = try FactorNoisePredictor(factor: gaussian.factor * 0.5.squareRoot(), residualVariances: gaussian.residualVariances.map { 0.5 * $0 })
    let apart = try FactorNoisePredictor(
      factor: gaussian.factor * 0,
      residualVariances: zip(gaussian.factor.columnSquaredNorms(), gaussian.residualVariances).map { $0 + $1 })
    let predictors = [gaussian, wrong, apart].map(MaskedGaussianPredictor.init)
    var losses = [Double](repeating: 0, count: 3)
    // The sums over a field of error times each difference, for each predictor.
    var products = [[[Double]]](repeating: [[], []], count: 3)
    for step in 0..<10 {
      let batch = try loss.batch(atStep: step)
      let answers = predictors.map {
        $0.expectation(of: Tape().constant(batch.noisy), seeing: batch.mask, at: batch.times)
      }
      for (number, answer) in answers.enumerated() {
        losses[number] += batch.loss(of: answer).value.scalars[0] / 10
        let error = ((batch.target - answer.value) * batch.weights).sampleRows
        for other in [1, 2] {
          let difference = (answers[0].value - answers[other].value).sampleRows
          products[number][other - 1] += error.sampleProducts(with: difference)
        }
      }
    }
    /// The mean in its standard errors.
    func mean(_ values: [Double]) -> Double {
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + pow($1 - mean, 2) } / Double(values.count)
      return mean / (variance / Double(values.count)).squareRoot()
    }
    for other in [1, 2] {
      let (exact, wrong) = (mean(products[0][other - 1]), mean(products[other][other - 1]))
      #expect(abs(exact) < 4 && wrong > 6, "\(exact) and \(wrong) standard errors")
    }
    #expect(losses[0] < losses[1] && losses[0] < losses[2], "\(losses)")
  }

  /// No time lies below the noise of the values, and a value with too much noise is a target alone.
  @Test func valuesAreShownAboveTheirOwnNoise() throws {
    let fields = try Self.measured(100, noise: 0.4)
    let loss = AmbientDiffusionLoss(fields, batchSize: 50, schedule: .standard, random: RandomStream(seed: 58)) { _, _ in
      [Bool](repeating: true, count: 6)
    }
    var shown = [0, 0]
    for step in 0..<4 {
      let batch = try loss.batch(atStep: step)
      for (row, time) in batch.times.enumerated() {
        let ratio = loss.schedule.noiseToSignal(at: time)
        #expect(ratio * ratio * 0.8 >= 0.4 * 0.4 - 1e-9)
        for state in 0..<6 where batch.mask[row, state] == 1 {
          shown[state / 4] += 1
          #expect(state < 4 || ratio * ratio * 0.8 >= 0.36 - 1e-5)
        }
      }
    }
    // Four states have the smaller noise, and two the larger.
    #expect(Double(shown[0]) / 4 > 1.03 * Double(shown[1]) / 2 && shown[1] > 0, "\(shown)")
  }
}
