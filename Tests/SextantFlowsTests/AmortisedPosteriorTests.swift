// Amortised posterior sampling where the posterior is known: a Gaussian prior with its exact score, half of the entries
// measured. A flow trained on measurements alone comes near the closed form for measurements that it has not seen.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantDiffusion
import SextantFlows
import SextantNetworks
import Testing

@Suite struct AmortisedPosteriorTests {
  private static let random = RandomStream(seed: 40)
  private static let dimension = 8

  /// Fields of 8 numbers, of which every other is measured with noise.
  private struct Problem {
    let prior: SpectralGaussian<Double>
    let covariance: Tensor<Double>
    let deviation = 0.3
    /// Diagonal of AᵀA/σ².
    let precisions: [Double]

    init() throws {
      // A smooth field about zero: neighbours are correlated, so what is not measured can be told from what is.
      let d = dimension
      let correlation = (0..<d * d).map { exp(-pow(Double($0 / d - $0 % d) / 2, 2)) + ($0 / d == $0 % d ? 0.1 : 0) }
      covariance = Tensor(correlation, shape: [d, d])
      prior = try SpectralGaussian(mean: Tensor<Double>.zeros([d, 1]), covariance: covariance)
      precisions = (0..<d).map { $0 % 2 == 0 ? 1 / 0.09 : 0 }
    }

    /// Measurements (N×8×1), 0 where nothing was measured.
    func measurements(_ count: Int, _ random: RandomStream) -> Tensor<Double> {
      var result = prior.samples(using: (0..<count).map { random.split($0) })
      var noise = random.split("noise")
      result.add(noise.normals(result.shape), scaledBy: deviation)
      return (result.reshaped(to: [count, dimension]).scalingColumns(by: precisions.map { $0 > 0 ? 1 : 0 }))
        .reshaped(to: result.shape)
    }

    /// The posterior of one measurement (8×1).
    func posterior(_ y: Tensor<Double>) throws -> SpectralGaussian<Double> {
      let d = dimension
      var precision = try CholeskyFactor(covariance).inverse()
      for i in 0..<d { precision[i, i] += precisions[i] }
      let covariance = try CholeskyFactor(precision).inverse()
      let weighted = y.reshaped(to: [1, d]).scalingColumns(by: precisions)
      return try SpectralGaussian(
        mean: matrixProduct(weighted, covariance).reshaped(to: [d, 1]), covariance: covariance)
    }
  }

  private struct Amortised {
    let flow: ConditionalRealNVP<Double>
    let parameters: ParameterSet<Double>

    init() throws {
      var builder = ParameterBuilder<Double>(random: random.split("flow"))
      var configuration = CouplingFlowConfiguration.gaussianBase
      configuration.minimumWidth = 32
      flow = try ConditionalRealNVP(
        &builder, dimension: dimension, conditionWidth: dimension, configuration: configuration)
      parameters = builder.parameters
    }

    /// KL(q ‖ posterior) in nats, mean over measurements (N×8×1).
    func divergence(_ parameters: ParameterSet<Double>, _ problem: Problem, _ y: Tensor<Double>) throws -> Double {
      let draws = 500
      var stream = RandomStream(seed: 41)
      var total = 0.0
      for index in 0..<y.shape[0] {
        let pass = NetworkPass(parameters, isTraining: false, wantsGradients: false)
        let z = pass.tape.constant(stream.normals([draws, dimension], as: Double.self))
        let points = flow.sample(
          z, given: pass.tape.constant(y.rows(index..<index + 1).reshaped(to: [1, dimension])), in: pass)
        let base = standardNormalLogDensity(z).value.scalars
        let exact = try problem.posterior(y.rows(index..<index + 1).reshaped(to: [dimension, 1]))
          .logDensities(of: points.values.value.reshaped(to: [draws, dimension, 1]))
        for (draw, logDeterminant) in points.logDeterminant.value.scalars.enumerated() {
          total += base[draw] - logDeterminant - exact[draw]
        }
      }
      return total / Double(draws * y.shape[0])
    }
  }

  @Test func theFlowComesNearTheClosedForm() throws {
    let problem = try Problem()
    let amortised = try Amortised()
    let measurements = problem.measurements(2048, Self.random.split("measurements"))
    let fidelity = EntryFidelity(
      values: measurements,
      precisions: Tensor((0..<2048).flatMap { _ in problem.precisions }, shape: measurements.shape))
    let steps = 1000
    let flow = amortised.flow
    let conditions = measurements.reshaped(to: [2048, Self.dimension])
    let loss = AmortisedPosteriorLoss<Double>(
      measurementCount: 2048, batchSize: 64, drawsPerMeasurement: 2,
      prior: DistillationPrior(GaussianNoisePredictor(problem.prior, schedule: .scorePrior)),
      annealing: .scaled(toSteps: steps, share: 0.1), random: Self.random.split("loss")
    ) { streams, indices, pass in
      let z = pass.tape.constant(Tensor<Double>.normals(streams, shape: [Self.dimension]))
      let points = flow.sample(z, given: pass.tape.constant(conditions.gatheringRows(indices)), in: pass)
      return PosteriorDraws(
        fields: points.values.reshaped(to: [z.shape[0], z.shape[1], 1]), logDensity: points.logDeterminant * -1)
    } fidelity: {
      fidelity($0, $1)
    }
    let unseen = problem.measurements(8, Self.random.split("unseen"))
    var training = NetworkTraining(
      amortised.parameters, settings: AdamSettings(rate: 2e-3, warmUpSteps: 100, largestNorm: 20), averageDecay: 0.99,
      random: Self.random)
    var divergences = [try amortised.divergence(training.parameters, problem, unseen)]
    for step in 1...steps {
      training.optimiser.settings.rate = 2e-3 * min(1, 2 * (1.02 - Double(step) / Double(steps)))
      try training.advance(on: loss)
      if step % 250 == 0 {
        divergences.append(try amortised.divergence(training.average.parameters, problem, unseen))
      }
    }
    // From 44 nats, over 0.1 after half of the steps, to less than a hundredth of a nat for each of the 8 numbers.
    #expect(divergences[0] > 10)
    #expect(divergences[2] < 0.5 && divergences[2] < 0.1 * divergences[0], "\(divergences)")
    #expect(divergences[4] < 0.08 && divergences[4] < divergences[2], "\(divergences)")
  }

  /// A flow that starts as the exact posterior: what the distillation does to it is noise of the training alone.
  @Test func theGaussianBaseStaysAtTheClosedForm() throws {
    let problem = try Problem()
    let d = Self.dimension
    let y = problem.measurements(1, Self.random.split("one"))
    let posterior = try problem.posterior(y.reshaped(to: [d, 1]))
    // The prior's own coordinates are the coefficients: an orthonormal basis of everything, times standard deviations.
    let precision = try CholeskyFactor(
      gramMatrix(
        posterior.basis.scalingRows(by: posterior.variances.map { 1 / $0.squareRoot() }), transposeFirst: true))
    let coefficients = GaussianCoefficients<Double>(
      mean: posterior.mean.reshaped(to: [d]), precisionFactor: precision)
    var builder = ParameterBuilder<Double>(random: Self.random.split("base flow"))
    let flow = try GaussianBaseFlow<Double>(&builder, coefficientCount: d, featureCount: 0)
    let none = Tensor<Double>.zeros([1, 0])
    let fidelity = EntryFidelity(values: y, precisions: Tensor(problem.precisions, shape: [1, d, 1]))
    let loss = AmortisedPosteriorLoss<Double>(
      measurementCount: 1, batchSize: 1, drawsPerMeasurement: 128,
      prior: DistillationPrior(GaussianNoisePredictor(problem.prior, schedule: .scorePrior)), annealing: nil,
      random: Self.random.split("base loss")
    ) { streams, _, pass in
      let z = pass.tape.constant(Tensor<Double>.normals(streams, shape: [d]))
      let draws = flow.sample(z, features: pass.tape.constant(none), from: [coefficients], in: pass)
      return PosteriorDraws(
        fields: draws.coefficients.reshaped(to: [z.shape[0], d, 1]), logDensity: draws.logDensity)
    } fidelity: {
      fidelity($0, $1)
    }
    func divergence(_ parameters: ParameterSet<Double>) -> Double {
      var stream = RandomStream(seed: 42)
      let pass = NetworkPass(parameters, isTraining: false, wantsGradients: false)
      let z = pass.tape.constant(stream.normals([2000, d], as: Double.self))
      let draws = flow.sample(z, features: pass.tape.constant(none), from: [coefficients], in: pass)
      let exact = posterior.logDensities(of: draws.coefficients.value.reshaped(to: [2000, d, 1]))
      return zip(draws.logDensity.value.scalars, exact).reduce(0) { $0 + ($1.0 - $1.1) / 2000 }
    }
    var training = NetworkTraining(
      builder.parameters, settings: AdamSettings(rate: 2e-4, largestNorm: 1), averageDecay: 0.99, random: Self.random)
    #expect(abs(divergence(training.parameters)) < 1e-9)
    for _ in 0..<200 { try training.advance(on: loss) }
    #expect(abs(divergence(training.average.parameters)) < 0.02)
  }
}
