// Modes with a rest of their own at each value: the same as the Gaussian of that covariance, forwards, backwards and in
// its samples; and arrangements in which some values stand twice, some entries are nothing, and the order is another.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantNetworks
import Testing

@testable import SextantDiffusion

@Suite struct FactorPredictorTests {
  static func predictor() throws -> (factor: FactorNoisePredictor<Double>, dense: GaussianNoisePredictor<Double>) {
    var stream = RandomStream(seed: 71)
    let factor: Tensor<Double> = stream.normals([3, 6])
    let rest = [0.0, 0.1, 0.5, 0.02, 1, 0.3]
    var covariance = gramMatrix(factor, transposeFirst: true)
    for i in 0..<6 { covariance[i, i] += rest[i] }
    let mean = Tensor<Double>(repeating: 0, shape: [6, 1])
    return try (
      FactorNoisePredictor(factor: factor, residualVariances: rest),
      GaussianNoisePredictor(SpectralGaussian(mean: mean, covariance: covariance + Tensor.identity(6) * 1e-9))
    )
  }

  @Test(arguments: [[1e-3, 0.2, 0.7, 1], [0.5, 0.5, 0.5, 0.1]])
  func isTheGaussianOfItsCovariance(_ times: [Double]) throws {
    let (factor, dense) = try Self.predictor()
    var stream = RandomStream(seed: 72)
    let x: Tensor<Double> = stream.normals([4, 6, 1])
    let seed: Tensor<Double> = stream.normals([4, 6, 1])
    func answers(_ predictor: some NoisePredictor<Double>) throws -> (Tensor<Double>, Tensor<Double>) {
      let tape = Tape<Double>()
      let leaf = tape.leaf(x)
      let prediction = predictor.predictedNoise(in: leaf, at: times)
      return (prediction.value, try #require(tape.gradients(of: prediction, seed: seed)[leaf]))
    }
    let (found, expected) = (try answers(factor), try answers(dense))
    let scale = (expected.0.scalars + expected.1.scalars).reduce(1) { max($0, abs($1)) }
    #expect(largestDifference(found.0, expected.0) < 1e-4 * scale)
    #expect(largestDifference(found.1, expected.1) < 1e-4 * scale)
  }

  @Test func samplesHaveTheCovariance() throws {
    let (factor, _) = try Self.predictor()
    let samples = factor.samples(using: streams(0..<5000, of: RandomStream(seed: 73)))
    let found = gramMatrix(samples, transposeFirst: true) * (1 / 5000.0)
    var expected = gramMatrix(factor.factor, transposeFirst: true)
    for i in 0..<6 { expected[i, i] += factor.residualVariances[i] }
    let largest = expected.scalars.reduce(0) { max($0, abs($1)) }
    #expect(largestDifference(found, expected) < 0.08 * largest)
  }

  @Test func unusableNumbersAreRefused() {
    let modes = Tensor<Double>(repeating: 1, shape: [2, 3])
    #expect(throws: DiffusionError.self) { try FactorNoisePredictor(factor: modes, residualVariances: [1, 1]) }
    #expect(throws: DiffusionError.unusableVariance(-1)) {
      try FactorNoisePredictor(factor: modes, residualVariances: [1, 1, -1])
    }
  }

  /// Three vertices and two channels: the first two vertices are one place, the third has one channel only.
  static let arrangement = StateArrangement(
    stateOfEntry: [0, 2, 0, 2, 1, -1], channelCount: 2, stateCount: 3, order: [2, 0, 1])

  @Test func arrangementsGoThereAndBack() throws {
    let tape = Tape<Double>()
    let states = tape.leaf(Tensor([1.0, 2, 3, 4, 5, 6], shape: [2, 3, 1]))
    let arrays = Self.arrangement.arrays(from: states)
    #expect(arrays.value.scalars == [2, 0, 1, 3, 1, 3, 5, 0, 4, 6, 4, 6])
    let back = Self.arrangement.states(from: arrays)
    #expect(back.value == states.value)
    // There and back is the identity, and so is its transpose.
    let seed = Tensor([1.0, -2, 3, 0.5, 7, 1], shape: [2, 3, 1])
    #expect(tape.gradients(of: back, seed: seed)[states]?.scalars == seed.scalars)
  }

  /// Of white data with variance 1 the mean of the noise given x is s·x: what an untrained preconditioned network predicts.
  @Test func anUntrainedPreconditionedNetworkIsThatOfWhiteData() throws {
    var builder = ParameterBuilder<Double>(random: RandomStream(seed: 74))
    let body = StencilUNet(
      StencilUNetConfiguration(inputChannels: 2, outputChannels: 2, widths: [4, 4], usesTime: true),
      hierarchy: .line(count: 3, levelCount: 2), in: &builder)
    let schedule = VariancePreservingSchedule.standard
    let network = StateNoiseNetwork(.stencil(body), arrangement: Self.arrangement, preconditioning: schedule)
    let predictor = NetworkNoisePredictor(network, parameters: builder.parameters, schedule: schedule)
    var stream = RandomStream(seed: 76)
    let x: Tensor<Double> = stream.normals([2, 3, 1])
    let times = [0.05, 0.6]
    let noise = predictor.predictedNoise(in: x, at: times).scalars
    for (place, value) in x.scalars.enumerated() {
      #expect(abs(noise[place] - schedule.noise(at: times[place / 3]) * value) < 1e-12)
    }
  }

  /// The times of the distribution have the stated quantiles, and the weight is the inverse of the signal's variance.
  @Test func logNormalTimesAreThoseOfTheNoise() {
    let schedule = VariancePreservingSchedule.standard
    for (place, z) in [(0.5, 0.0), (0.841344746, 1), (0.158655254, -1)] {
      let time = TimeDistribution.logNormal.time(at: place, of: schedule)
      #expect(abs(log(schedule.noiseToSignal(at: time)) - (-1.2 + 1.2 * z)) < 1e-6)
      let signal = schedule.signal(at: time)
      #expect(abs(TimeDistribution.logNormal.weight(at: time, of: schedule) * signal * signal - 1) < 1e-12)
    }
    #expect(TimeDistribution.logNormal.time(at: 0, of: schedule) == schedule.startTime)
  }

  @Test(arguments: [false, true], [false, true])
  func aNetworkOfStatesHasItsGradient(startsFromGaussian: Bool, isPreconditioned: Bool) throws {
    var builder = ParameterBuilder<Double>(random: RandomStream(seed: 74))
    let configuration = StencilUNetConfiguration(
      inputChannels: startsFromGaussian ? 4 : 2, outputChannels: 2, widths: [4, 4], usesTime: true)
    let body = StencilUNet(configuration, hierarchy: .line(count: 3, levelCount: 2), in: &builder)
    var parameters = builder.parameters
    var stream = RandomStream(seed: 75)
    for index in parameters.tensors.indices where parameters.names[index].hasPrefix("last") {
      parameters.tensors[index] = stream.normals(parameters.tensors[index].shape) * 0.3
    }
    let factor: Tensor<Double> = stream.normals([2, 3])
    let base = try FactorNoisePredictor(factor: factor, residualVariances: [0.1, 0.2, 0.3])
    let network = StateNoiseNetwork(
      .stencil(body), arrangement: Self.arrangement, correcting: startsFromGaussian ? base : nil,
      preconditioning: isPreconditioned ? .standard : nil)
    let predictor = NetworkNoisePredictor(network, parameters: parameters)
    let x: Tensor<Double> = stream.normals([2, 3, 1])
    let weights: Tensor<Double> = stream.normals([2, 3, 1])
    let times = [0.3, 0.8]
    let tape = Tape<Double>()
    let leaf = tape.leaf(x)
    let gradient = try #require(
      tape.gradients(of: predictor.predictedNoise(in: leaf, at: times), seed: weights)[leaf])
    let expected = differences(
      of: { x in
        zip(predictor.predictedNoise(in: x, at: times).scalars, weights.scalars).reduce(0) { $0 + $1.0 * $1.1 }
      }, at: x)
    #expect(largestDifference(gradient, expected) < 1e-6)
  }
}
