// The posterior of censored and of logarithmic variables, against importance sampling from the prior in one to three
// dimensions; and transforms that are fitted to a field's own observations.

import Foundation
import SextantArrays
import SextantMeasurement
import SextantPriors
import SextantSignals
import Testing

@testable import SextantSolvers

@Suite struct CensoredPosteriorTests {
  /// Rain: at or below 0.2 of the latent variable it is dry.
  static let rain = CensoredScore(
    NormalScore(scores: [0.2, 1, 2, 3], values: [0.05, 1, 3, 8], minimum: 0), lowest: (0, 0.2))
  /// Ice: open water up to −0.5, closed from 0.7 on.
  static let ice = CensoredScore(
    NormalScore(scores: [-0.5, 0.1, 0.7], values: [0.02, 0.5, 0.98], minimum: 0, maximum: 1), lowest: (0, -0.5),
    highest: (1, 0.7))
  static let transforms: [MarginalTransform] = [.censored(rain), .censored(ice), .log(minimum: 0, floor: 0.02)]

  /// The modes of a prior of up to three states, and its mean.
  static let modes = [[1.0, 0.7, 0.4], [0, 0.7, 0.5], [0, 0, 0.8]]
  static let mean = [0.2, 0.1, -0.3]

  static func prior(dimensions d: Int) -> GaussianPrior {
    let layout = StateLayout(
      domain: Line(vertexCount: d), channelCount: 1, isInside: [Bool](repeating: true, count: d))
    let space = StateSpace(
      layout: layout,
      climatology: Climatology(
        kind: .constant, coefficients: Tensor(mean.prefix(d).map { Float($0) }, shape: [1, d])), scales: [1])
    return GaussianPrior(
      configuration: GaussianPriorConfiguration(), space: space,
      functions: EmpiricalOrthogonalFunctions(
        scaledModes: Tensor(modes.prefix(d).flatMap { $0.prefix(d).map { Float($0) } }, shape: [d, d]),
        standardDeviations: [Float](repeating: 1, count: d), residualVariance: [Float](repeating: 1e-6, count: d)),
      archiveCoefficients: .zeros([0, d]), landShare: nil, channelCorrelation: .identity(1))
  }

  /// The log likelihood of a value at the latent w.
  static func logLikelihood(_ value: Double, noise: Double, at w: Double, _ transform: MarginalTransform) -> Double {
    if case .censored(let score) = transform {
      if let hidden = score.hidden(at: value) { return hidden.contains(w) ? 0 : -.infinity }
      guard score.visible.contains(w) else { return -.infinity }
    }
    let residual = (value - transform.value(at: w)) / noise
    return -0.5 * residual * residual
  }

  struct Exact {
    var means: [Double]
    var deviations: [Double]
    /// The probability that a state is on its lower bound.
    var shares: [Double]
  }

  static func exact(
    _ measurement: FieldMeasurement, dimensions d: Int, _ transform: MarginalTransform
  ) throws -> Exact {
    var random = RandomStream(seed: 6)
    let entries = try #require(measurement.operation.selectedEntries)
    var (total, first, second, low) = (0.0, [Double](repeating: 0, count: d), [Double](repeating: 0, count: d), [Double](repeating: 0, count: d))
    for _ in 0..<100_000 {
      let z = (0..<d).map { _ in random.normal() }
      let w = (0..<d).map { state in (0..<d).reduce(mean[state]) { $0 + modes[$1][state] * z[$1] } }
      var log = 0.0
      for (row, entry) in entries.enumerated() where log > -.infinity {
        log += logLikelihood(
          Double(measurement.values[row]), noise: Double(measurement.noise[row]), at: w[entry], transform)
      }
      guard log > -12 else { continue }
      let weight = exp(log)
      total += weight
      for state in 0..<d {
        let x = transform.value(at: w[state])
        first[state] += weight * x
        second[state] += weight * x * x
        low[state] += x <= 0 ? weight : 0
      }
    }
    let means = first.map { $0 / total }
    return Exact(
      means: means, deviations: zip(second, means).map { max(0, $0 / total - $1 * $1).squareRoot() },
      shares: low.map { $0 / total })
  }

  @Test(arguments: transforms, [1, 2, 3])
  func itIsNearTheExactPosterior(transform: MarginalTransform, dimensions d: Int) throws {
    let prior = Self.prior(dimensions: d)
    let solver = TransformedSolver(
      EOFInterpolationSolver(prior), space: prior.space, transforms: [transform], maximumIterations: 20, tolerance: 1e-3
    )
    // One observed state, then all of them; dry or full, and between.
    for observed in Set([1, d]) {
      for values: [Float] in [[0, 0.6, 0], [0.6, 0, 0.3], [0, 0, 0], [1, 1, 0.9]] {
        if transform.kind == .log, values.contains(0) { continue }
        let measurement = FieldMeasurement(
          values: Array(values.prefix(observed)), noise: [Float](repeating: 0.25, count: observed),
          operation: SelectionOperator(inputCount: d, indices: Array(0..<observed)))
        let exact = try Self.exact(measurement, dimensions: d, transform)
        var random = RandomStream(seed: 2)
        let posterior = try solver.posterior(given: measurement, samples: 4000, using: &random)
        let samples = try #require(posterior.samples)
        for state in 0..<d {
          let deviation = exact.deviations[state]
          let what = "\(transform.kind), \(values.prefix(observed)), state \(state) of \(d)"
          let mean = Double(posterior.mean[state])
          #expect(abs(mean - exact.means[state]) < 0.12 * deviation + 0.03, "\(what): \(mean), should be \(exact.means[state])")
          let spread = Double(posterior.spread?[state] ?? 0)
          #expect(abs(spread - deviation) < 0.2 * deviation + 0.06, "\(what): \(spread), should be \(deviation)")
          let zeros = Double((0..<4000).count { samples[$0, state] == 0 }) / 4000
          #expect(abs(zeros - exact.shares[state]) < 0.06, "\(what): \(zeros) zeros, should be \(exact.shares[state])")
        }
        #expect(samples.scalars.allSatisfy { $0 >= 0 })
      }
    }
  }

  /// Values that mix entries have no interval, which is said.
  @Test func valuesThatMixEntriesAreRefused() throws {
    let prior = Self.prior(dimensions: 2)
    let solver = TransformedSolver(
      EOFInterpolationSolver(prior), space: prior.space, transforms: [.censored(Self.rain)])
    let average = SparseOperator(
      SparseMatrix(rowCount: 1, columnCount: 2, entries: [(0, 0, 0.5), (0, 1, 0.5)]))
    #expect(throws: MeasurementError.self) { _ = try solver.prepare(for: average, noise: [0.1]) }
  }

  /// A dry field has no transform to fit; it is filled as it is, within its bounds.
  @Test(arguments: [MarginalTransformKind.censored, .log, .normalScore])
  func aFieldWithoutTwoValuesIsFilledAsItIs(kind: MarginalTransformKind) throws {
    let d = 12
    let space = try FieldSpace(
      domain: Line(vertexCount: d), variables: [Variable(name: "pr")], bounds: [ValueBounds(minimum: 0)],
      ownTransforms: [kind])
    let solver = try Method.kriging.solver(for: Model(space))
    var random = RandomStream(seed: 2)
    let answer = try solver.posterior(
      given: FieldMeasurement(
        values: [Float](repeating: 0, count: 6), noise: [Float](repeating: 0.1, count: 6),
        operation: SelectionOperator(inputCount: d, indices: Array(stride(from: 0, to: d, by: 2)))),
      samples: 5, using: &random)
    #expect(answer.mean.allSatisfy { $0 >= 0 && $0 < 0.5 })
    #expect(try #require(answer.samples).scalars.allSatisfy { $0 >= 0 })
  }

  /// Only methods that use the noise and need no archive fit transforms to a field's own values; others say so.
  @Test(arguments: [Method].standard) func methodsThatFitNoTransformsSaySo(method: Method) throws {
    let space = try FieldSpace(
      domain: Line(vertexCount: 5), variables: [Variable(name: "pr")], ownTransforms: [.censored])
    let fits = method.traits.usesNoise && !method.learnsFromArchive
    #expect(fits == (method == .kriging || method == .sparseMatern), "\(method)")
    guard !fits, !method.learnsFromArchive else { return }
    #expect(throws: MethodError.noOwnTransforms(method: method.name)) { _ = try method.solver(for: Model(space)) }
  }
}
