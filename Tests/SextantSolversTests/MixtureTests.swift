// Mixtures against sums over a fine grid of states, against the plain Gaussian where there is one component, and their
// samples against the mean and covariance that they should have. The groups of an archive.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantPriors
import SextantSignals
import SextantTestSupport
import Testing

@testable import SextantSolvers

@Suite struct MixtureTests {
  /// Three components over two states: means and covariances.
  static let means: [[Double]] = [[-1, 0.5], [1.2, 1], [0.2, -1.5]]
  static let covariances: [Tensor<Double>] = [
    Tensor([0.5, 0.2, 0.2, 0.3], shape: [2, 2]), Tensor([0.2, -0.1, -0.1, 0.4], shape: [2, 2]),
    Tensor([0.8, 0.5, 0.5, 0.6], shape: [2, 2]),
  ]
  static let shares = [0.5, 0.3, 0.2]

  static func observation(_ operation: any LinearOperator, _ values: [Float]) throws -> StateObservation {
    let layout = StateLayout(domain: Line(vertexCount: 2), channelCount: 1, isInside: [true, true])
    let space = StateSpace(
      layout: layout, climatology: Climatology(kind: .constant, coefficients: .zeros([1, 2])), scales: [1])
    return try space.observe(
      FieldMeasurement(values: values, noise: values.map { _ in 0.5 }, operation: operation))
  }

  static let operators: [any LinearOperator] = [
    SelectionOperator(inputCount: 2, indices: [0]), SelectionOperator(inputCount: 2, indices: [0, 1]),
    SparseOperator(SparseMatrix(rowCount: 1, columnCount: 2, entries: [(0, 0, 0.5), (0, 1, 0.5)])),
  ]

  static func posterior(_ operation: any LinearOperator, components: Range<Int> = 0..<3) throws
    -> GaussianMixturePosterior
  {
    let observation = try observation(operation, operation.outputCount == 2 ? [0.4, 0.3] : [0.4])
    return GaussianMixturePosterior(
      try components.map { index in
        let covariance = covariances[index]
        return GaussianMixturePosterior.Component(
          logWeight: log(shares[index]), shift: means[index],
          posterior: try DenseGaussianPosterior(
            observation.subtracting(means[index].map { Float($0) }),
            priorVariances: [covariance[0, 0], covariance[1, 1]]
          ) { covariance.gatheringRows($0) })
      })
  }

  /// log of the mixture's density at a state.
  static func density(_ state: [Double], component: Int) -> Double {
    let c = covariances[component]
    let (a, b) = (state[0] - means[component][0], state[1] - means[component][1])
    let determinant = c[0, 0] * c[1, 1] - c[0, 1] * c[0, 1]
    let form = (c[1, 1] * a * a - 2 * c[0, 1] * a * b + c[0, 0] * b * b) / determinant
    return exp(-0.5 * form) / (2 * Double.pi * determinant.squareRoot())
  }

  @Test(arguments: operators.indices)
  func itIsExact(index: Int) throws {
    let operation = Self.operators[index]
    let observation = try Self.observation(operation, operation.outputCount == 2 ? [0.4, 0.3] : [0.4])
    let posterior = try Self.posterior(operation)
    // Weights, mean, covariance and evidence by a sum over a grid.
    var (weights, first, second) = ([0.0, 0, 0], [0.0, 0], [0.0, 0, 0])
    let step = 0.025
    for i in -280...280 {
      for j in -280...280 {
        let state = [step * Double(i), step * Double(j)]
        let seen = observation.apply(Tensor(state, shape: [1, 2])).scalars
        let likelihood = seen.indices.reduce(1.0) { product, row in
          let misfit = seen[row] - observation.anomalies[row]
          let variance = observation.noiseVariance[row]
          return product * exp(-0.5 * misfit * misfit / variance) / (2 * Double.pi * variance).squareRoot()
        }
        for component in 0..<3 {
          let mass = Self.shares[component] * Self.density(state, component: component) * likelihood * step * step
          weights[component] += mass
          for s in 0..<2 { first[s] += mass * state[s] }
          second[0] += mass * state[0] * state[0]
          second[1] += mass * state[1] * state[1]
          second[2] += mass * state[0] * state[1]
        }
      }
    }
    let total = weights.reduce(0, +)
    let mean = first.map { $0 / total }
    let moments = posterior.moments
    #expect(abs(posterior.logEvidence - log(total)) < 1e-4)
    for component in 0..<3 { #expect(abs(posterior.weights[component] - weights[component] / total) < 1e-5) }
    for s in 0..<2 {
      #expect(abs(moments.mean[s] - mean[s]) < 1e-5)
      #expect(abs(moments.spread[s] - (second[s] / total - mean[s] * mean[s]).squareRoot()) < 1e-5)
    }
    // Samples, and the density at a place, against the same.
    var random = RandomStream(seed: 4)
    let count = 40_000
    let factors = try Self.covariances.map { try CholeskyFactor($0) }
    let samples = posterior.samples(count, using: &random) { factors[$0] }
    let centres = samples.columnMeans()
    for s in 0..<2 { #expect(abs(centres[s] - mean[s]) < 5 * moments.spread[s] / Double(count).squareRoot()) }
    let product = (0..<count).reduce(0.0) { $0 + (samples[$1, 0] - mean[0]) * (samples[$1, 1] - mean[1]) }
    #expect(abs(product / Double(count) - (second[2] / total - mean[0] * mean[1])) < 0.02)
    let place = [0.3, 0.1]
    let seen = observation.apply(Tensor(place, shape: [1, 2])).scalars
    var expected = -log(total)
    for row in seen.indices {
      let misfit = seen[row] - observation.anomalies[row]
      expected -=
        0.5 * (misfit * misfit / observation.noiseVariance[row] + log(2 * Double.pi * observation.noiseVariance[row]))
    }
    expected += log((0..<3).reduce(0.0) { $0 + Self.shares[$1] * Self.density(place, component: $1) })
    #expect(abs(posterior.logDensity(of: place) { factors[$0] } - expected) < 1e-4)
  }

  @Test func oneComponentIsTheGaussian() throws {
    let mixture = try Self.posterior(Self.operators[1], components: 0..<1)
    let plain = mixture.components[0].posterior
    #expect(mixture.weights == [1])
    #expect(abs(mixture.logEvidence - log(Self.shares[0]) - plain.logEvidence) < 1e-12)
    for s in 0..<2 {
      #expect(abs(mixture.mean[s] - plain.mean[s] - Self.means[0][s]) < 1e-12)
      #expect(abs(mixture.moments.spread[s] - plain.spread[s]) < 1e-12)
    }
  }

  @Test(arguments: [0.1, 0.5])
  func aPowerOfTheEvidenceLetsComponentsShare(power: Double) throws {
    let exact = try Self.posterior(Self.operators[1])
    let shared = GaussianMixturePosterior(exact.components, evidencePower: power)
    let raised = exact.weights.map { pow($0, power) }
    for (weight, raised) in zip(shared.weights, raised.map { $0 / raised.reduce(0, +) }) {
      #expect(abs(weight - raised) < 1e-12)
    }
    #expect(abs(shared.logEvidence - exact.logEvidence) < 1e-12)
  }

  // MARK: Priors of archives

  /// A prior of 40 fields on a grid, in two groups whose means differ.
  static func archive() throws -> (prior: GaussianPrior, fields: SignalSet) {
    let fields = SyntheticClimate().fields(count: 73, on: try SmallClimate.grid(step: 30))
    let temperature = SignalSet(
      domain: fields.domain, variables: [fields.variables[0]],
      values: Tensor(
        fields.values.scalars.indices.filter { $0 % 2 == 0 }.map { fields.values.scalars[$0] },
        shape: [fields.count, fields.vertexCount, 1]),
      isValid: [Bool](repeating: true, count: fields.count * fields.vertexCount), labels: fields.labels)
    let prior = try GaussianPrior.train(
      GaussianPriorConfiguration(modeCount: 12), on: temperature, indices: Array(0..<70), random: RandomStream(seed: 1))
    return (prior, temperature)
  }

  static func measurement(_ fields: SignalSet) -> FieldMeasurement {
    let size = fields.vertexCount
    let observed = (0..<size).filter { $0 % 3 == 0 }
    return FieldMeasurement(
      values: observed.map { fields.values.scalars[71 * size + $0] }, noise: observed.map { _ in 2 },
      operation: SelectionOperator(inputCount: size, indices: observed), label: fields.labels[71])
  }

  @Test func oneGroupIsTheTwoScaleGaussian() throws {
    let (prior, fields) = try Self.archive()
    let theta = prior.covarianceModel(on: fields.domain).start(noise: 0.2)
    let domain = try SmallClimate.grid(step: 30)
    let mixture = try GaussianMixturePrior(prior, membership: [Int](repeating: 0, count: 70))
    var (first, second) = (RandomStream(seed: 1), RandomStream(seed: 1))
    let a = try TwoScaleSolver(prior, domain: domain, parameters: .fixed(theta))
      .posterior(given: Self.measurement(fields), samples: 0, using: &first)
    let b = try MixtureSolver(mixture, domain: domain, parameters: .fixed(theta))
      .posterior(given: Self.measurement(fields), samples: 0, using: &second)
    for (x, y) in zip(a.mean, b.mean) { #expect(abs(x - y) < 0.01) }
    for (x, y) in zip(a.spread ?? [], b.spread ?? []) { #expect(abs(x - y) < 0.01) }
  }

  @Test func groupsAreProperAndAnswersDoNotDependOnOthers() throws {
    let (prior, fields) = try Self.archive()
    let domain = try SmallClimate.grid(step: 30)
    let theta = prior.covarianceModel(on: fields.domain).start(noise: 0.2)
    // The last group has one field.
    let membership = (0..<70).map { $0 == 69 ? 2 : $0 / 40 }
    let mixture = try GaussianMixturePrior(prior, membership: membership)
    let shares: [Double] = [40, 29, 1]
    for (component, share) in zip(mixture.components, shares) { #expect(abs(component.weight - share / 70) < 1e-12) }
    let solver = try MixtureSolver(mixture, domain: domain, parameters: .fixed(theta))
    let stream = RandomStream(seed: 5)
    let answers = try (0..<2).map { _ in
      var random = stream.split("field")
      return try solver.posterior(given: Self.measurement(fields), samples: 3, using: &random)
    }
    #expect(answers[0].mean == answers[1].mean && answers[0].samples == answers[1].samples)
    #expect(answers[0].mean.allSatisfy { (150..<350).contains($0) })
    #expect(answers[0].spread?.allSatisfy { $0 > 0 && $0 < 20 } == true)
  }

  @Test func fieldsAreToldApart() throws {
    let (prior, _) = try Self.archive()
    let labels = (0..<70).map { FieldLabel(month: $0 % 3 + 1, coordinates: ["source": $0 < 40 ? "a" : "b"]) }
    let random = RandomStream(seed: 1)
    func groups(_ text: String) throws -> [Int] {
      try #require(MixtureGrouping(text)).membership(labels: labels, prior: prior, random: random)
    }
    #expect(try Set(groups("source")) == [0, 1] && groups("source")[39] != groups("source")[40])
    #expect(try Set(groups("month")).count == 3 && Set(groups("source-month")).count == 6)
    let clusters = try groups("clusters:4")
    #expect(Set(clusters) == Set(0..<Set(clusters).count) && Set(clusters).count > 1)
    #expect(throws: PriorError.self) {
      try MixtureGrouping.source.membership(
        labels: [FieldLabel](repeating: FieldLabel(), count: 70), prior: prior, random: random)
    }
    #expect(throws: PriorError.self) { try GaussianMixturePrior(prior, membership: [0, 1]) }
    #expect(throws: PriorError.self) {
      try GaussianMixturePrior(prior, membership: [2] + [Int](repeating: 0, count: 69))
    }
    for text in ["", "clusters:", "clusters:0", "weeks"] { #expect(MixtureGrouping(text) == nil) }
  }
}
