// DPS without a step size: in Gaussian worlds, at any noise level, its error is about that of the best of a set of step
// sizes, which differ by a factor of a hundred from one noise level to another. ΠGDM comes near the exact mean of a strongly correlated
// Gaussian with few steps as with many.

import Foundation
import SextantArrays
import SextantDiffusion
import SextantMeasurement
import SextantPriors
import SextantSignals
import SextantTestSupport
import Testing

@testable import SextantSolvers

@Suite struct DiffusionStepSizeLaws {
  /// κ times the number of steps.
  static let products = [3.0, 10, 30, 100, 300]

  /// Fields of the problems' own Gaussian, each with 25 of its 42 values measured.
  private struct World {
    let prior: DiffusionPrior
    let truths: [[Float]]
    let measurements: [FieldMeasurement]

    init(noise: Float, fields: Int, random: inout RandomStream) throws {
      let problems = try MeshProblems.load()
      prior = try problems.prior(scale: 1, offset: 0)
      let factor = try CholeskyFactor(problems.square(problems.covariance)).lower
      let mean = prior.space.climatology.overallMean
      var (truths, measurements): ([[Float]], [FieldMeasurement]) = ([], [])
      for _ in 0..<fields {
        let white = (0..<problems.count).map { _ in random.normal() }
        let truth = (0..<problems.count).map { i in
          mean[i] + Float((0...i).reduce(0.0) { $0 + factor[i, $1] * white[$1] })
        }
        let order = (0..<problems.count).map { ($0, random.uniform()) }.sorted { $0.1 < $1.1 }.map(\.0)
        let seen = order.prefix(25).sorted()
        truths.append(truth)
        measurements.append(
          FieldMeasurement(
            values: seen.map { truth[$0] + noise * Float(random.normal()) }, noise: seen.map { _ in noise },
            operation: SelectionOperator(inputCount: problems.count, indices: seen)))
      }
      (self.truths, self.measurements) = (truths, measurements)
    }

    /// The root mean square error of the mean.
    func error(steps: Int, stepSize: Double?) throws -> Double {
      let solver = try DPSSolver(
        prior, settings: .init(sampling: SamplingSettings(steps: steps, batchSize: 32), stepSize: stepSize))
      let squares = try zip(truths, measurements).map { truth, measurement in
        var random = RandomStream(seed: 7)
        let mean = try solver.posterior(given: measurement, samples: 32, using: &random).mean
        return zip(mean, truth).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) } / Double(truth.count)
      }
      return (squares.reduce(0, +) / Double(squares.count)).squareRoot()
    }
  }

  @Test(arguments: [Float(0.02), 0.1, 0.5]) func theStepScalesByItself(noise: Float) throws {
    var random = RandomStream(seed: 11)
    let world = try World(noise: noise, fields: isOptimized ? 12 : 5, random: &random)
    let steps = 100
    let own = try world.error(steps: steps, stepSize: nil)
    let others = try Self.products.map { try world.error(steps: steps, stepSize: $0 / Double(steps)) }
    let best = try #require(others.min())
    #expect(own < 1.1 * best, "\(own), and with κ·steps of \(Self.products): \(others)")
    // A wrong step size costs much.
    #expect(try #require(others.max()) > 1.2 * best, "\(others)")
  }

  /// Modes of a variance far above 1 made it diverge with few steps, although there are no gaps.
  @Test(arguments: [10, 20, 100, 400]) func anyNumberOfStepsOfPiGDMIsNearTheExactMean(steps: Int) throws {
    let fields = try SmallClimate.fields().selecting(["tas"])
    let prior = try #require(SmallClimate.model(of: fields, kind: .modes, fixesParameters: false).gaussian).prior
    let field = try SmallClimate.unseen(1).selecting(["tas"])[0]
    var random = RandomStream(seed: 5)
    let size = field.values.count
    let measurement = FieldMeasurement(
      values: field.values.scalars.map { $0 + 2 * Float(random.normal()) }, noise: [Float](repeating: 2, count: size),
      operation: SelectionOperator(inputCount: size, indices: Array(0..<size)), label: field.label)
    let exact = try EOFInterpolationSolver(prior).posterior(given: measurement, samples: 0, using: &random)
    let sampler = try PiGDMSolver(
      DiffusionPrior(prior.noisePredictor(), space: prior.space),
      settings: .init(sampling: SamplingSettings(steps: steps, spacing: .logSignalToNoise)))
    let answer = try sampler.posterior(given: measurement, samples: 32, using: &random)
    let spread = try #require(exact.spread)
    var (error, variance) = (0.0, 0.0)
    for vertex in 0..<size {
      let difference = Double(answer.mean[vertex]) - Double(exact.mean[vertex])
      error += difference * difference
      variance += pow(Double(spread[vertex]), 2)
    }
    let share: Double = (error / variance).squareRoot()
    #expect(share < 1, "\(share) of the spread")
  }

  /// Few steps do not make it diverge.
  @Test(arguments: [1, 3, 10, 20], [Float(0.003), 0.02, 1]) func fewStepsRemainFinite(steps: Int, noise: Float) throws {
    var random = RandomStream(seed: 12)
    let world = try World(noise: noise, fields: 2, random: &random)
    #expect(try world.error(steps: steps, stepSize: nil) < 2)
  }
}
