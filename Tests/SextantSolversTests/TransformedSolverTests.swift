// A prior in transformed units against sums over fine grids of states, against the plain solver where nothing or a
// straight line stands between them, and the bounds of its samples.

import Foundation
import SextantArrays
import SextantMeasurement
import SextantPriors
import SextantSignals
import Synchronization
import Testing

@testable import SextantSolvers

@Suite struct TransformedSolverTests {
  static let score = NormalScore(
    scores: [-2, -1, 0, 1, 2], values: [0.02, 0.05, 0.2, 0.6, 0.95], minimum: 0, maximum: 1)
  static let bounded: [MarginalTransform] = [.logit(minimum: 0, maximum: 1), .normalScore(score)]

  /// A prior of two states with correlation 0.6, transformed mean 0.3 and −0.4, standard deviations 1.1 and 0.9 times `scale`.
  static func prior(scale: Float = 1, shift: Float = 0) -> GaussianPrior {
    let layout = StateLayout(domain: Line(vertexCount: 2), channelCount: 1, isInside: [true, true])
    let space = StateSpace(
      layout: layout,
      climatology: Climatology(
        kind: .constant, coefficients: Tensor([0.3 * scale + shift, -0.4 * scale + shift], shape: [1, 2])),
      scales: [scale])
    return GaussianPrior(
      configuration: GaussianPriorConfiguration(), space: space,
      functions: EmpiricalOrthogonalFunctions(
        scaledModes: Tensor([1.1, 0.54, 0, 0.72], shape: [2, 2]), standardDeviations: [1, 1],
        residualVariance: [1e-6, 1e-6]),
      archiveCoefficients: .zeros([0, 2]), landShare: nil, channelCorrelation: .identity(1))
  }

  static let selection = SelectionOperator(inputCount: 2, indices: [0])
  static let both = SelectionOperator(inputCount: 2, indices: [0, 1])
  static let average = SparseOperator(
    SparseMatrix(rowCount: 1, columnCount: 2, entries: [(0, 0, 0.5), (0, 1, 0.5)]))

  /// The exact posterior by a sum over a grid of the two white coordinates.
  static func exact(
    _ measurement: FieldMeasurement, _ transform: MarginalTransform
  ) throws -> (means: [Double], standardDeviations: [Double], mode: [Double]) {
    let matrix = try measurement.operation.materialised(for: "the test")
    var (total, first, second) = (0.0, [0.0, 0.0], [0.0, 0.0])
    var (best, mode) = (-Double.infinity, [0.0, 0.0])
    for i in -300...300 {
      for j in -300...300 {
        let (a, b) = (0.02 * Double(i), 0.02 * Double(j))
        let w = [0.3 + 1.1 * a, -0.4 + 0.54 * a + 0.72 * b]
        let x = w.map(transform.value(at:))
        let seen = matrix.times(x)
        let log = seen.indices.reduce(-0.5 * (a * a + b * b)) { sum, row in
          let misfit = (Double(measurement.values[row]) - seen[row]) / Double(measurement.noise[row])
          return sum - 0.5 * misfit * misfit
        }
        if log > best { (best, mode) = (log, w) }
        let weight = exp(log)
        total += weight
        for s in 0..<2 {
          first[s] += weight * x[s]
          second[s] += weight * x[s] * x[s]
        }
      }
    }
    let means = first.map { $0 / total }
    return (means, zip(second, means).map { ($0 / total - $1 * $1).squareRoot() }, mode)
  }

  static func measurement(_ value: Float, noise: Float, _ operation: any LinearOperator) -> FieldMeasurement {
    FieldMeasurement(
      values: (0..<operation.outputCount).map { value - 0.2 * Float($0) },
      noise: [Float](repeating: noise, count: operation.outputCount), operation: operation)
  }

  @Test(arguments: bounded, [(Float(0.5), Float(0.1)), (0.02, 0.05), (-0.05, 0.05), (0.97, 0.2)])
  func itIsNearTheExactPosterior(transform: MarginalTransform, measured: (value: Float, noise: Float)) throws {
    let prior = Self.prior()
    let solver = TransformedSolver(
      EOFInterpolationSolver(prior), space: prior.space, transforms: [transform], maximumIterations: 20, tolerance: 1e-3
    )
    for operation in [Self.selection, Self.both] {
      let measurement = Self.measurement(measured.value, noise: measured.noise, operation)
      let exact = try Self.exact(measurement, transform)
      var random = RandomStream(seed: 2)
      let posterior = try solver.posterior(given: measurement, samples: 4000, using: &random)
      let samples = try #require(posterior.samples)
      for state in 0..<2 {
        // The transformed posterior is not normal: its best normal stand-in is off by a share of the spread, most where
        // a bound cuts the likelihood.
        let deviation = exact.standardDeviations[state]
        #expect(abs(Double(posterior.mean[state]) - exact.means[state]) < 0.12 * deviation + 0.002)
        #expect(abs(Double(posterior.spread?[state] ?? 0) - deviation) < 0.2 * deviation + 0.3 * Double(measured.noise))
        let mean = samples.columnMeans()[state]
        #expect(abs(mean - Double(posterior.mean[state])) < 5 * deviation / 4000.0.squareRoot() + 0.002)
      }
      #expect(samples.scalars.allSatisfy { $0 >= 0 && $0 <= 1 })
    }
  }

  @Test(arguments: bounded, [(Float(0.5), Float(0.1)), (0.1, 0.05), (0.9, 0.2)])
  func theTangentEndsAtTheMode(transform: MarginalTransform, measured: (value: Float, noise: Float)) throws {
    let prior = Self.prior()
    let solver = TransformedSolver(
      EOFInterpolationSolver(prior), space: prior.space, transforms: [transform], approximation: .mode,
      maximumIterations: 60, tolerance: 1e-6)
    for operation in [Self.selection, Self.both, Self.average] as [any LinearOperator] {
      let measurement = Self.measurement(measured.value, noise: measured.noise, operation)
      let mode = try Self.exact(measurement, transform).mode
      var random = RandomStream(seed: 2)
      let samples = try #require(
        try solver.posterior(given: measurement, samples: 4000, using: &random).samples)
      for state in 0..<2 {
        // Half of the samples lie on either side of what the mode becomes, since the map is monotone.
        let below = (0..<4000).count { Double(samples[$0, state]) < transform.value(at: mode[state]) }
        #expect(abs(Double(below) / 4000 - 0.5) < 0.06, "\(operation.outputCount) values")
      }
    }
  }

  @Test func withoutATransformItIsThePlainSolver() throws {
    let prior = Self.prior()
    let plain = EOFInterpolationSolver(prior)
    let solver = TransformedSolver(plain, space: prior.space, transforms: [.none])
    for operation in [Self.selection, Self.average] as [any LinearOperator] {
      let measurement = Self.measurement(0.7, noise: 0.2, operation)
      var (first, second) = (RandomStream(seed: 3), RandomStream(seed: 3))
      let a = try plain.posterior(given: measurement, samples: 5, using: &first)
      let b = try solver.posterior(given: measurement, samples: 5, using: &second)
      #expect(a.mean == b.mean && a.spread == b.spread && a.samples == b.samples)
    }
  }

  @Test(arguments: [LikelihoodApproximation.mode, .moments])
  func aStraightLineChangesNothing(approximation: LikelihoodApproximation) throws {
    // x = 2 + 3w: the prior of w in its units is that of x in the others.
    let line = MarginalTransform.normalScore(NormalScore(scores: [-1, 1], values: [-1, 5]))
    let plain = EOFInterpolationSolver(Self.prior(scale: 3, shift: 2))
    let prior = Self.prior()
    let solver = TransformedSolver(
      EOFInterpolationSolver(prior), space: prior.space, transforms: [line], approximation: approximation)
    for operation in [Self.selection, Self.both, Self.average] as [any LinearOperator] {
      let measurement = Self.measurement(3.7, noise: 0.8, operation)
      var (first, second) = (RandomStream(seed: 3), RandomStream(seed: 3))
      let a = try plain.posterior(given: measurement, samples: 5, using: &first)
      let b = try solver.posterior(given: measurement, samples: 5, using: &second)
      let pairs =
        Array(zip(a.mean, b.mean)) + Array(zip(a.spread ?? [], b.spread ?? []))
        + Array(zip(a.samples?.scalars ?? [], b.samples?.scalars ?? []))
      #expect(pairs.count == 14)
      for (x, y) in pairs { #expect(abs(x - y) < 2e-3, "\(operation.outputCount) values") }
    }
  }

  @Test func aMethodWithoutUncertaintyIsMappedBack() throws {
    let prior = Self.prior()
    let transform = Self.bounded[0]
    let solver = TransformedSolver(ClimatologySolver(prior), space: prior.space, transforms: [transform])
    var random = RandomStream(seed: 1)
    let posterior = try solver.posterior(
      given: Self.measurement(0.5, noise: 0.1, Self.selection), samples: 0, using: &random)
    #expect(abs(Double(posterior.mean[0]) - transform.value(at: 0.3)) < 1e-6)
    #expect(posterior.spread == nil && posterior.samples == nil)
  }

  /// Stand-ins have noise and, where values mix entries, an operator of their own: the solver within is prepared for these.
  @Test(arguments: [true, false])
  func theSolverWithinIsPreparedForTheStandIns(mixes: Bool) throws {
    let prior = Self.prior()
    let strict = StrictSolver(inner: EOFInterpolationSolver(prior))
    let operation: any LinearOperator = mixes ? Self.average : Self.both
    let measurement = Self.measurement(0.7, noise: 0.05, operation)
    for transform in Self.bounded + [.none] {
      let solver = TransformedSolver(strict, space: prior.space, transforms: [transform], maximumIterations: 3)
      var random = RandomStream(seed: 3)
      let answer = try solver.posterior(given: measurement, samples: 2, using: &random)
      #expect(answer.mean.allSatisfy { $0.isFinite })
    }
  }

  @Test func measurementsWithoutTransformedEntriesShareAPreparation() throws {
    let prior = Self.prior()
    let counter = StrictSolver(inner: EOFInterpolationSolver(prior))
    let prepared = try TransformedSolver(counter, space: prior.space, transforms: [.none])
      .prepare(for: Self.both, noise: [0.2, 0.2])
    for value in [Float(0.1), 0.5, 0.9] {
      var random = RandomStream(seed: 3)
      _ = try prepared.posterior(given: Self.measurement(value, noise: 0.2, Self.both), samples: 2, using: &random)
    }
    #expect(counter.preparations == 1)
  }
}

/// Solves nothing that it was not prepared for, and counts its preparations.
private final class StrictSolver: Solver {
  let name = "strict"
  private let inner: any Solver
  private let count = Mutex(0)
  var preparations: Int { count.withLock { $0 } }

  init(inner: any Solver) { self.inner = inner }

  func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    count.withLock { $0 += 1 }
    return Preparation(inner: try inner.prepare(for: operation, noise: noise))
  }

  private struct Preparation: PreparedSolver {
    let inner: any PreparedSolver
    var model: MeasurementModel { inner.model }

    func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior {
      try inner.posterior(given: measurement, samples: samples, using: &random)
    }
  }
}
