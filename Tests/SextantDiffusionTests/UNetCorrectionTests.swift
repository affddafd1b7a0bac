// A U-Net as the correction of a Gaussian prior in single precision and with two channels: the form that is used.

import SextantArrays
import SextantAutodiff
import SextantNetworks
import SextantTestSupport
import Testing

@testable import SextantDiffusion

@Suite struct UNetCorrectionTests {
  private static let shape = [48, 2]

  /// A smooth Gaussian with few modes over 48 vertices and 2 channels.
  private static func gaussian() throws -> SpectralGaussian<Double> {
    var stream = RandomStream(seed: 50)
    return try SpectralGaussian(
      mean: stream.normals(shape), factor: stream.normals([10, 96]) * 0.3, residualVariance: 0.01)
  }

  private static func single(_ gaussian: SpectralGaussian<Double>) throws -> SpectralGaussian<Float> {
    try SpectralGaussian(
      mean: gaussian.mean.converted(to: Float.self).reshaped(to: shape),
      basis: gaussian.basis.converted(to: Float.self), variances: gaussian.variances,
      residualVariance: gaussian.residualVariance)
  }

  @Test(arguments: [1.0, 0.3, 0.03, 1e-3])
  func singlePrecisionIsEnough(_ time: Double) throws {
    let gaussian = try Self.gaussian()
    var stream = RandomStream(seed: 51)
    let x: Tensor<Double> = stream.normals([3] + Self.shape)
    let times = Array(repeating: time, count: 3)
    let exact = GaussianNoisePredictor(gaussian).predictedNoise(in: x, at: times)
    let found = try GaussianNoisePredictor(Self.single(gaussian))
      .predictedNoise(in: x.converted(to: Float.self), at: times)
    let scale = exact.scalars.reduce(1) { max($0, abs($1)) }
    #expect(largestDifference(found.converted(to: Double.self), exact) < 1e-4 * scale)
  }

  @Test func aUNetStartsAsTheGaussianAndTrains() throws {
    let gaussian = try Self.single(Self.gaussian())
    let base = GaussianNoisePredictor(gaussian)
    var builder = ParameterBuilder<Float>(random: RandomStream(seed: 52))
    let network = UNet1D<Float>(UNet1DSettings(channels: 2, width: 8), in: &builder)
    var parameters = builder.parameters
    parameters.setToZero(prefix: "last.")
    var predictor = NetworkNoisePredictor(network, parameters: parameters, correcting: base)
    let fields = gaussian.samples(using: streams(0..<32, of: RandomStream(seed: 53)))
    #expect(
      predictor.predictedNoise(in: fields.rows(0..<2), at: [0.2, 0.7])
        == base.predictedNoise(in: fields.rows(0..<2), at: [0.2, 0.7]))
    let loss = NoisePredictionLoss(predictor, fields: fields, batchSize: 8, random: RandomStream(seed: 54))
    var training = NetworkTraining(
      parameters, settings: AdamSettings(rate: 1e-3, largestNorm: 1), averageDecay: 0.9, random: RandomStream(seed: 55))
    for _ in 0..<5 { #expect(try training.advance(on: loss).loss < 1.5) }
    #expect(training.average.parameters.tensors != parameters.tensors)
    predictor.parameters = training.average.parameters
    // Everything that a prior is asked for goes through the network.
    let samples = DiffusionSampler(predictor, stepCount: 4).samples(
      0..<2, shape: Self.shape, using: RandomStream(seed: 56))
    #expect(samples.isFinite && samples.shape == [2] + Self.shape)
    let bound = EvidenceLowerBound(predictor, timeCount: 8).values(
      for: fields.rows(0..<2), using: RandomStream(seed: 57))
    let density = try ProbabilityFlowLikelihood(
      predictor, divergence: .probes(1), relativeTolerance: 0.05, absoluteTolerance: 0.01
    ).values(for: fields.rows(0..<2), using: RandomStream(seed: 58))
    #expect(bound.allSatisfy { $0.nats.isFinite && $0.dimension == 96 } && density.allSatisfy(\.isFinite))
    let tape = Tape<Float>()
    let leaf = tape.leaf(fields.rows(0..<2))
    let gradient = tape.gradients(of: DistillationPrior(predictor)(leaf, using: RandomStream(seed: 59)))[leaf]
    #expect(try #require(gradient).isFinite)
  }
}
