// The Gaussian-base flow: untrained it is the exact posterior, trained it stays a density, and so does its mixture form.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantFlows
import SextantNetworks
import Testing

@Suite struct GaussianBaseTests {
  let k = 4

  /// A posterior with its covariance (P⁻¹) and precision in plain numbers.
  struct Posterior {
    let mean: Tensor<Double>
    let precision: Tensor<Double>
    let covariance: Tensor<Double>
    let coefficients: GaussianCoefficients<Double>

    init(_ k: Int, seed: UInt64) throws {
      mean = FlowCase.normals([k], seed: seed)
      var precision: Tensor<Double> = gramMatrix(FlowCase.normals([k, k + 2], seed: seed + 1000))
      for i in 0..<k { precision[i, i] += 1 }
      self.precision = precision
      let factor = try CholeskyFactor(precision)
      covariance = factor.inverse()
      coefficients = GaussianCoefficients(mean: mean, precisionFactor: factor)
    }

    /// log N(w; m, P⁻¹) by its definition.
    func logDensity(_ w: Tensor<Double>) -> Double {
      let k = mean.count
      let difference = w.scalars.indices.map { w.scalars[$0] - mean[$0] }
      var square = 0.0
      for i in 0..<k { for j in 0..<k { square += difference[i] * precision[i, j] * difference[j] } }
      let rows = (0..<k).map { precision.row($0).scalars }
      return 0.5 * (logAbsoluteDeterminant(rows) - square - Double(k) * log(2 * .pi))
    }
  }

  /// A flow, untrained or moved.
  func build(features: Int = 2, movedBy deviation: Double = 0) throws -> (
    flow: GaussianBaseFlow<Double>, pass: NetworkPass<Double>
  ) {
    var builder = ParameterBuilder<Double>(random: RandomStream(seed: 1))
    let flow = try GaussianBaseFlow(&builder, coefficientCount: k, featureCount: features)
    var parameters = builder.parameters
    if deviation > 0 {
      for (i, name) in parameters.names.enumerated() {
        var stream = RandomStream(seed: 2).split(name)
        parameters.tensors[i].add(stream.normals(parameters.tensors[i].shape), scaledBy: deviation)
      }
    }
    return (flow, NetworkPass(parameters, isTraining: true, wantsGradients: false))
  }

  @Test func untrainedItIsTheExactPosterior() throws {
    let (flow, pass) = try build()
    let posteriors = try [Posterior(k, seed: 3), Posterior(k, seed: 4)]
    let z = pass.tape.constant(FlowCase.normals([6, k], seed: 5) as Tensor<Double>)
    let features = pass.tape.constant(FlowCase.normals([2, 2], seed: 6) as Tensor<Double>)
    let draws = flow.sample(z, features: features, from: posteriors.map(\.coefficients), in: pass)
    for row in 0..<6 {
      // Three consecutive rows for each posterior.
      let exact = posteriors[row / 3].logDensity(draws.coefficients.value.row(row))
      #expect(abs(draws.logDensity.value[row] - exact) < 1e-10)
    }
  }

  @Test func untrainedItHasThePosteriorsMoments() throws {
    let (flow, pass) = try build(features: 0)
    let posterior = try Posterior(k, seed: 7)
    let count = 40_000
    let z = pass.tape.constant(FlowCase.normals([count, k], seed: 8) as Tensor<Double>)
    let features = pass.tape.constant(Tensor<Double>.zeros([1, 0]))
    let draws = flow.sample(z, features: features, from: [posterior.coefficients], in: pass).coefficients.value
    let means = draws.columnMeans()
    let squares = gramMatrix(draws, transposeFirst: true)
    for i in 0..<k {
      let error = (posterior.covariance[i, i] / Double(count)).squareRoot()
      #expect(abs(means[i] - posterior.mean[i]) < 4 * error)
      for j in 0..<k {
        let covariance = squares[i, j] / Double(count) - means[i] * means[j]
        let scale = (posterior.covariance[i, i] * posterior.covariance[j, j]).squareRoot()
        #expect(abs(covariance - posterior.covariance[i, j]) < 0.03 * scale)
      }
    }
  }

  @Test func drawnAndInvertedDensitiesAgree() throws {
    let (flow, pass) = try build(movedBy: 0.2)
    let posteriors = try [Posterior(k, seed: 9), Posterior(k, seed: 10)].map(\.coefficients)
    let z: Tensor<Double> = FlowCase.normals([4, k], seed: 11)
    let features = pass.tape.constant(FlowCase.normals([4, 2], seed: 12) as Tensor<Double>)
    let draws = flow.sample(pass.tape.constant(z), features: features, from: posteriors, in: pass)
    let back = flow.invert(draws.coefficients, features: features, from: posteriors, in: pass)
    #expect(largestDifference(back.values.value, z) < 1e-10)
    let density = flow.logDensity(of: draws.coefficients, features: features, from: posteriors, in: pass)
    #expect(largestDifference(density.value, draws.logDensity.value) < 1e-9)
  }

  @Test func untrainedMixtureIsTheExactMixture() throws {
    let (flow, pass) = try build()
    let components = try (0..<3).map { try Posterior(k, seed: 20 + $0) }
    let evidences = [-700.0, -701.0, -699.5]
    let mixture = PosteriorMixture(components.map(\.coefficients), logEvidences: evidences)
    let weights = evidences.map { exp($0 + 700) }
    let total = weights.reduce(0, +)
    let w: Tensor<Double> = FlowCase.normals([5, k], seed: 24)
    let features = pass.tape.constant(FlowCase.normals([3, 2], seed: 25) as Tensor<Double>)
    let found = flow.logDensity(of: pass.tape.constant(w), features: features, from: mixture, in: pass)
    for row in 0..<5 {
      let exact = zip(weights, components).reduce(0.0) { $0 + $1.0 / total * exp($1.1.logDensity(w.row(row))) }
      #expect(abs(found.value[row] - log(exact)) < 1e-9)
    }
  }

  @Test func trainedMixtureDensityIntegratesToOne() throws {
    // The mean of q(w)/p(w) over draws w from p, for p close to q, is the integral of q.
    let (flow, pass) = try build(movedBy: 0.15)
    let components = try (0..<2).map { try Posterior(k, seed: 30 + $0) }
    let mixture = PosteriorMixture(components.map(\.coefficients), logEvidences: [0.3, -0.4])
    var random = RandomStream(seed: 33)
    let count = 20_000
    let chosen = mixture.choose(count, using: &random)
    let z: Tensor<Double> = random.normals([count, k])
    let features = pass.tape.constant(FlowCase.normals([2, 2], seed: 34) as Tensor<Double>)
    let (plain, plainPass) = try build()
    let wide = PosteriorMixture(
      try components.map {
        GaussianCoefficients<Double>(mean: $0.mean, precisionFactor: try CholeskyFactor($0.precision * 0.5))
      }, logEvidences: [0.3, -0.4])
    let w = plain.sample(
      plainPass.tape.constant(z), features: plainPass.tape.constant(features.value), from: wide, chosen: chosen,
      in: plainPass
    ).value
    let proposal = plain.logDensity(
      of: plainPass.tape.constant(w), features: plainPass.tape.constant(features.value), from: wide, in: plainPass)
    let density = flow.logDensity(of: pass.tape.constant(w), features: features, from: mixture, in: pass)
    let ratios = zip(density.value.scalars, proposal.value.scalars).map { exp($0 - $1) }
    let mean = ratios.reduce(0, +) / Double(count)
    let error = (ratios.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count * count)).squareRoot()
    #expect(abs(mean - 1) < 4 * error)
    #expect(error < 0.03)
  }

  @Test func gradientsThroughThePosteriorAreThoseOfFiniteDifferences() throws {
    let (flow, made) = try build(movedBy: 0.2)
    let posteriors = try [Posterior(k, seed: 40), Posterior(k, seed: 41)].map(\.coefficients)
    let mixture = PosteriorMixture(posteriors, logEvidences: [0, 0.5])
    let features = FlowCase.normals([2, 2], seed: 42) as Tensor<Double>
    func loss(_ z: Tensor<Double>) -> (tape: Tape<Double>, loss: DifferentiableTensor<Double>, z: DifferentiableTensor<Double>) {
      let pass = made
      let leaf = pass.tape.leaf(z)
      let features = pass.tape.constant(features)
      let draws = flow.sample(leaf, features: features, from: posteriors, in: pass)
      let density = flow.logDensity(of: draws.coefficients, features: features, from: mixture, in: pass)
      return (pass.tape, (density - draws.logDensity + draws.coefficients.squared().rowSums()).sum(), leaf)
    }
    let z: Tensor<Double> = FlowCase.normals([4, k], seed: 43)
    let direction: Tensor<Double> = FlowCase.normals([4, k], seed: 44)
    let errors = [1e-6, 1e-7].map { step in
      let (up, down) = (loss(z + direction * step), loss(z - direction * step))
      return (up.loss.value.scalars[0] - down.loss.value.scalars[0]) / (2 * step)
    }
    let here = loss(z)
    let expected = try #require(here.tape.gradients(of: here.loss)[here.z]).dot(direction)
    #expect((errors.map { abs($0 - expected) }.min() ?? .infinity) < 1e-5 * max(1, abs(expected)))
  }

  @Test func componentsAreChosenByWeight() throws {
    let components = try (0..<3).map { try Posterior(2, seed: 50 + $0).coefficients }
    let mixture = PosteriorMixture(components, logEvidences: [log(0.2), -.infinity, log(0.8)])
    var random = RandomStream(seed: 51)
    let chosen = mixture.choose(10_000, using: &random)
    #expect(!chosen.contains(1))
    #expect(abs(Double(chosen.count { $0 == 0 }) / 10_000 - 0.2) < 0.02)
  }
}
