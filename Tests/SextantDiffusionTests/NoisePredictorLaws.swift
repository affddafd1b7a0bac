// What holds for every noise predictor, and what holds for the exact ones.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantNetworks
import Testing

@testable import SextantDiffusion

@Suite struct NoisePredictorLaws {
  static let times = [1.0, 0.35, 0.04, 1e-3]

  private func member(_ name: String) throws -> (shape: [Int], predictor: any NoisePredictor<Double>) {
    let found = try #require(ExactPriors.predictors().first { $0.name == name })
    return (found.shape, found.predictor)
  }

  private func fields(_ count: Int, _ shape: [Int]) -> Tensor<Double> {
    var stream = ExactPriors.random.split("fields")
    return stream.normals([count] + shape)
  }

  @Test(arguments: ExactPriors.predictorNames)
  func gradientAgreesWithDifferences(_ name: String) throws {
    let (shape, predictor) = try member(name)
    let x = fields(4, shape)
    var stream = ExactPriors.random.split("seed")
    let seed: Tensor<Double> = stream.normals(x.shape)
    let tape = Tape<Double>()
    let leaf = tape.leaf(x)
    let gradient = try #require(
      tape.gradients(of: predictor.predictedNoise(in: leaf, at: Self.times), seed: seed)[leaf])
    let expected = differences(of: { predictor.predictedNoise(in: $0, at: Self.times).dot(seed) }, at: x)
    let scale = expected.scalars.reduce(1) { max($0, abs($1)) }
    #expect(largestDifference(gradient, expected) < 2e-7 * scale)
  }

  @Test(arguments: ExactPriors.predictorNames)
  func samplesDoNotSeeEachOther(_ name: String) throws {
    let (shape, predictor) = try member(name)
    let x = fields(4, shape)
    let together = predictor.predictedNoise(in: x, at: Self.times)
    for sample in 0..<4 {
      let alone = predictor.predictedNoise(in: x.rows(sample..<sample + 1), at: [Self.times[sample]])
      #expect(largestDifference(alone, together.rows(sample..<sample + 1)) < 1e-11)
    }
  }

  @Test(arguments: ["low-rank Gaussian", "dense Gaussian", "mixture"])
  func scoreIsTheSlopeOfTheLogDensity(_ name: String) throws {
    let (shape, predictor) = try member(name)
    let x = fields(4, shape)
    let density: (Tensor<Double>) -> [Double] = {
      (predictor as? GaussianNoisePredictor<Double>)?.logDensities(of: $0, at: Self.times)
        ?? (predictor as? MixtureNoisePredictor<Double>)?.logDensities(of: $0, at: Self.times) ?? []
    }
    let expected = differences(of: { density($0).reduce(0, +) }, at: x)
    let score = predictor.score(of: x, at: Self.times)
    #expect(score.shape == x.shape)
    #expect(largestDifference(score, expected) < 1e-5)
  }

  @Test func gaussiansAgreeWithDenseAlgebra() throws {
    let gaussian = try ExactPriors.lowRank()
    let modes = gaussian.basis.scalingRows(by: gaussian.variances.map { $0.squareRoot() })
    let covariance = gramMatrix(modes, transposeFirst: true) + Tensor.identity(6) * gaussian.residualVariance
    let x = fields(1, [3, 2])
    for time in Self.times {
      let (signal, noise) = (
        VariancePreservingSchedule.standard.signal(at: time), VariancePreservingSchedule.standard.noise(at: time)
      )
      let noisy = try CholeskyFactor(covariance * (signal * signal) + Tensor.identity(6) * (noise * noise))
      let deviation = (x.reshaped(to: [6]) - gaussian.mean * signal).reshaped(to: [6, 1])
      let solved = noisy.solve(deviation)
      // Tweedie's formula: the denoised field is the posterior mean.
      let posterior = gaussian.mean.reshaped(to: [6, 1]) + matrixProduct(covariance, solved) * signal
      let predictor = GaussianNoisePredictor(gaussian)
      #expect(largestDifference(predictor.denoised(x, at: [time]), posterior) < 1e-9)
      let logDensity = -0.5 * (deviation.dot(solved) + noisy.logDeterminant + 6 * log(2 * .pi))
      #expect(abs(predictor.logDensities(of: x, at: [time])[0] - logDensity) < 1e-9)
    }
    let clean = try CholeskyFactor(covariance)
    let deviation = (x.reshaped(to: [6]) - gaussian.mean).reshaped(to: [6, 1])
    let logDensity = -0.5 * (deviation.dot(clean.solve(deviation)) + clean.logDeterminant + 6 * log(2 * .pi))
    #expect(abs(gaussian.logDensities(of: x)[0] - logDensity) < 1e-9)
  }

  /// Tweedie's formula for a mixture: the mean of clean fields weighted by how well they explain the noisy one.
  @Test func mixtureDenoisesToThePosteriorMean() throws {
    let mixture = try ExactPriors.mixture()
    let time = 0.3
    let (signal, noise) = (mixture.schedule.signal(at: time), mixture.schedule.noise(at: time))
    let draws = mixture.samples(using: streams(0..<20_000, of: ExactPriors.random.split("draws"))).scalars
    let noisy = [0.2, -0.4]
    var (total, sums) = (0.0, [0.0, 0.0])
    for draw in stride(from: 0, to: draws.count, by: 2) {
      let distance = pow(noisy[0] - signal * draws[draw], 2) + pow(noisy[1] - signal * draws[draw + 1], 2)
      let weight = exp(-distance / (2 * noise * noise))
      total += weight
      sums[0] += weight * draws[draw]
      sums[1] += weight * draws[draw + 1]
    }
    let denoised = mixture.denoised(Tensor(noisy, shape: [1, 2, 1]), at: [time]).scalars
    #expect(abs(denoised[0] - sums[0] / total) < 0.02)
    #expect(abs(denoised[1] - sums[1] / total) < 0.02)
  }

  @Test func parametersOfANetworkGetTheirGradients() throws {
    let (network, parameters) = ExactPriors.network()
    let base = try GaussianNoisePredictor(ExactPriors.lowRank())
    let predictor = NetworkNoisePredictor(network, parameters: parameters, correcting: base)
    let x = fields(4, [3, 2])
    let tape = Tape<Double>()
    let pass = NetworkPass(parameters, tape: tape, isTraining: true, wantsGradients: true)
    let output = predictor.predictedNoise(in: tape.constant(x), at: Self.times, pass: pass)
    let gradients = pass.parameterGradients(tape.gradients(of: (output * output).sum()))
    for index in parameters.tensors.indices {
      let expected = differences(
        of: { tensor in
          var changed = predictor
          changed.parameters.tensors[index] = tensor
          return changed.predictedNoise(in: x, at: Self.times).sampleSquaredNorms().reduce(0, +)
        }, at: parameters.tensors[index])
      let scale = expected.scalars.reduce(1) { max($0, abs($1)) }
      #expect(try largestDifference(#require(gradients[index]).tensor, expected) < 1e-7 * scale)
    }
  }

  @Test func aNetworkOfZerosIsTheGaussianThatItCorrects() throws {
    let (network, parameters) = ExactPriors.network()
    let base = try GaussianNoisePredictor(ExactPriors.lowRank())
    var untrained = NetworkNoisePredictor(network, parameters: parameters, correcting: base)
    untrained.parameters.tensors[2] = untrained.parameters.tensors[2] * 0
    let x = fields(4, [3, 2])
    #expect(untrained.predictedNoise(in: x, at: Self.times) == base.predictedNoise(in: x, at: Self.times))
  }

  @Test func unusableDistributionsAreRefused() throws {
    #expect(throws: DiffusionError.unusableWeights(count: 1, components: 2)) {
      try MixtureNoisePredictor([ExactPriors.dense(), ExactPriors.dense()], weights: [1])
    }
    #expect(throws: DiffusionError.unusableVariance(-1)) {
      try SpectralGaussian(
        mean: Tensor<Double>.zeros([2, 1]), basis: Tensor.identity(2), variances: [1, -1], residualVariance: 0)
    }
  }
}
