// Samplers draw from the distribution whose noise they are told, and each sample is its own.

import Foundation
import SextantArrays
import SextantDiffusion
import Testing

@Suite struct SamplerTests {
  static let methods: [SamplingMethod] = [.ancestral, .implicit(eta: 0), .implicit(eta: 1), .probabilityFlow]

  /// Means (D) and covariance (D×D) of samples.
  private func moments(_ samples: Tensor<Double>) -> (mean: [Double], covariance: Tensor<Double>) {
    let (count, dimension) = (samples.shape[0], samples.count / samples.shape[0])
    let rows = samples.reshaped(to: [count, dimension])
    let mean = rows.columnMeans()
    let ones = Tensor<Double>(repeating: 1, shape: [count, 1])
    let centred = rows - matrixProduct(ones, Tensor(mean, shape: [1, dimension]))
    return (mean, gramMatrix(centred, transposeFirst: true) * (1 / Double(count)))
  }

  /// As many as the method needs for its bias to stay within what the tests allow: the implicit steps are of first
  /// order.
  private func steps(_ method: SamplingMethod) -> Int { method == .implicit(eta: 0) ? 400 : 150 }

  /// The closed-form moments of a mixture.
  private func expectedMoments(
    of mixture: MixtureNoisePredictor<Double>
  ) -> (mean: [Double], covariance: Tensor<Double>) {
    let dimension = mixture.components[0].dimension
    var mean = Tensor<Double>.zeros([1, dimension])
    var second = Tensor<Double>.zeros([dimension, dimension])
    for (component, weight) in zip(mixture.components, mixture.weights) {
      let centre = component.mean.reshaped(to: [1, dimension])
      let scaled = component.basis.scalingRows(by: component.variances.map { $0.squareRoot() })
      mean.add(centre, scaledBy: weight)
      second.add(gramMatrix(scaled, transposeFirst: true), scaledBy: weight)
      second.add(gramMatrix(centre, transposeFirst: true), scaledBy: weight)
    }
    return (mean.scalars, second - gramMatrix(mean, transposeFirst: true))
  }

  @Test(arguments: methods)
  func gaussiansAreReproduced(_ method: SamplingMethod) throws {
    let gaussian = try ExactPriors.dense(4, label: "sampled")
    let sampler = DiffusionSampler(
      GaussianNoisePredictor(gaussian), method: method, stepCount: steps(method), batchSize: 1000)
    let count = 4000
    let found = moments(sampler.samples(0..<count, shape: [4, 1], using: RandomStream(seed: 3)))
    let scaled = gaussian.basis.scalingRows(by: gaussian.variances.map { $0.squareRoot() })
    let expected = gramMatrix(scaled, transposeFirst: true)
    for i in 0..<4 {
      // Four standard errors of a mean; for covariances those of products of normal numbers, and 2 % for the steps.
      #expect(abs(found.mean[i] - gaussian.mean.scalars[i]) < 4 * (expected[i, i] / Double(count)).squareRoot())
      for j in 0..<4 {
        let product = expected[i, i] * expected[j, j]
        let error = ((product + expected[i, j] * expected[i, j]) / Double(count)).squareRoot()
        #expect(abs(found.covariance[i, j] - expected[i, j]) < 4 * error + 0.02 * product.squareRoot())
      }
    }
  }

  private struct Stop: Error {}

  /// A look before each step of each batch, after which no step is made where it throws.
  @Test(arguments: methods)
  func samplingEndsBetweenSteps(_ method: SamplingMethod) throws {
    let sampler = DiffusionSampler(try ExactPriors.mixture(), method: method, stepCount: 5, batchSize: 2)
    var looks = 0
    let samples = sampler.samples(0..<4, shape: [2, 1], using: RandomStream(seed: 5)) { looks += 1 }
    #expect(looks == 10)
    #expect(samples == sampler.samples(0..<4, shape: [2, 1], using: RandomStream(seed: 5)))
    looks = 0
    #expect(throws: Stop.self) {
      _ = try sampler.samples(0..<4, shape: [2, 1], using: RandomStream(seed: 5)) {
        looks += 1
        if looks == 3 { throw Stop() }
      }
    }
    #expect(looks == 3)
  }

  @Test(arguments: methods)
  func mixturesAreReproduced(_ method: SamplingMethod) throws {
    let mixture = try ExactPriors.mixture()
    let sampler = DiffusionSampler(mixture, method: method, stepCount: steps(method), batchSize: 1000)
    let count = 3000
    let samples = sampler.samples(0..<count, shape: [2, 1], using: RandomStream(seed: 4))
    let found = moments(samples)
    let expected = expectedMoments(of: mixture)
    for i in 0..<2 {
      #expect(abs(found.mean[i] - expected.mean[i]) < 4 * (expected.covariance[i, i] / Double(count)).squareRoot())
      for j in 0..<2 { #expect(abs(found.covariance[i, j] - expected.covariance[i, j]) < 0.08) }
    }
    // The share of each component, which no second moment tells.
    let scalars = samples.scalars
    let below = Double((0..<count).count { scalars[2 * $0] + scalars[2 * $0 + 1] < 0 })
    #expect(abs(below / Double(count) - 0.35) < 0.04)
  }

  @Test(arguments: methods)
  func samplesDoNotDependOnTheBatch(_ method: SamplingMethod) throws {
    let mixture = try ExactPriors.mixture(6)
    let random = RandomStream(seed: 6)
    let together = DiffusionSampler(mixture, method: method, stepCount: 20, batchSize: 8)
      .samples(0..<8, shape: [6, 1], using: random)
    let alone = DiffusionSampler(mixture, method: method, stepCount: 20, batchSize: 1)
    for index in 0..<8 {
      let sample = alone.samples(index..<index + 1, shape: [6, 1], using: random)
      #expect(largestDifference(sample, together.rows(index..<index + 1)) < 1e-9)
    }
    #expect(alone.samples(0..<2, shape: [6, 1], using: random) == alone.samples(0..<2, shape: [6, 1], using: random))
  }
}
