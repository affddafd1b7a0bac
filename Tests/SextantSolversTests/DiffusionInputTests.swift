// What single methods refuse, and how they come to terms with what they do not.

import Foundation
import SextantArrays
import SextantDiffusion
import SextantMeasurement
import SextantNetworks
import SextantPriors
import Testing

@testable import SextantSolvers

@Suite struct DiffusionInputTests {
  @Test func stepsThatAreTooLongAreToldAsSuch() throws {
    let problems = try MeshProblems.load()
    let solver = try DPSSolver(
      problems.prior(), settings: .init(sampling: SamplingSettings(steps: 100), stepSize: 60, norm: .noiseScale))
    var random = RandomStream(seed: 50)
    let error = try #require(throws: SolverError.self) {
      try solver.posterior(given: problems.measurement("mask"), samples: 2, using: &random)
    }
    guard case .diverged("DPS", let step) = error else {
      Issue.record("\(error)")
      return
    }
    #expect((1...100).contains(step) && "\(error)".contains("smaller step size"))
  }

  @Test func tweediesFormulaTakesNothingButNoiseAway() throws {
    let problems = try MeshProblems.load()
    let solver = Noise2ScoreSolver(try problems.prior())
    let mask = try problems.measurement("mask")
    #expect(
      throws: SolverError.notDenoising(method: "Noise2Score", reason: "17 of 42 values were not measured")
    ) { try solver.prepare(for: mask.operation, noise: mask.noise) }
    let averages = try problems.measurement("averages")
    let error = try #require(throws: MeasurementError.self) {
      try solver.prepare(for: averages.operation, noise: averages.noise)
    }
    guard case .operatorNotSupported("Noise2Score", .sparse, _, _) = error else {
      Issue.record("\(error)")
      return
    }
    var loud = try problems.measurement("everywhere")
    loud.noise = loud.noise.map { $0 * 1e4 }
    var random = RandomStream(seed: 51)
    #expect(throws: SolverError.self) { try solver.posterior(given: loud, samples: 0, using: &random) }
  }

  /// Values that were measured better than others get noise: the answer is exact for the measurement that they then are.
  @Test func tweediesFormulaLevelsTheNoise() throws {
    let problems = try MeshProblems.load()
    let space = try problems.space(scale: 1, offset: 0)
    let solver = Noise2ScoreSolver(DiffusionPrior(try problems.predictor(), space: space))
    var measurement = try problems.measurement("everywhere", scale: 1, offset: 0)
    for i in 0..<21 { measurement.noise[i] = 0.1 }
    var sums = [Double](repeating: 0, count: 42)
    var random = RandomStream(seed: 52)
    for _ in 0..<400 {
      let posterior = try solver.posterior(given: measurement, samples: 0, using: &random)
      #expect(posterior.diagnostics["values-given-noise"] == 21)
      for i in sums.indices { sums[i] += Double(posterior.mean[i]) / 400 }
    }
    // The added noise has mean 0 and the formula is linear here: on average the answer is that without it.
    let exact = try problems.moments(ofExact: "everywhere").mean
    let mean = space.climatology.overallMean
    for i in sums.indices { #expect(abs(sums[i] - Double(mean[i]) - exact[i]) < 0.05) }
    // Noise below what the diffusion knows is raised to it.
    measurement.noise = measurement.noise.map { _ in 1e-4 }
    let clear = try solver.posterior(given: measurement, samples: 0, using: &random)
    #expect(clear.diagnostics["values-given-noise"] == 42)
    for i in sums.indices { #expect(abs(clear.mean[i] - measurement.values[i]) < 0.06) }
  }

  @Test func settingsOutsideTheirRangesAreRefused() throws {
    let prior = try MeshProblems.load().prior()
    for eta in [-0.1, 1.1, .nan] {
      #expect(throws: SolverError.self) { try DDNMSolver(prior, settings: .init(eta: eta)) }
      #expect(throws: SolverError.self) { try PiGDMSolver(prior, settings: .init(eta: eta)) }
    }
    var settings = REDDiffSettings()
    settings.optimiser.largestNorm = 1
    #expect(throws: SolverError.self) { try REDDiffSolver(prior, settings: settings) }
    #expect(throws: SolverError.self) { try REDDiffSolver(prior, settings: .init(weight: 0)) }
    #expect(throws: SolverError.self) {
      try ScorePriorSolver(prior, settings: .init(density: .probabilityFlow(steps: 0)))
    }
    #expect(throws: SolverError.self) { try ScorePriorSolver(prior, settings: .init(averageDecay: 1)) }
    #expect(throws: SolverError.self) {
      var drawless = SamplingSettings(steps: 5)
      drawless.drawsForMean = 0
      _ = try DDNMSolver(prior, settings: .init(sampling: drawless))
    }
  }

  @Test func publishedStepSizesAreConverted() {
    // ζ = κ·σ·√m.
    #expect(abs(LikelihoodGuidanceSettings.stepSize(published: 0.5, measuredCount: 100, noise: 0.1) - 0.5) < 1e-12)
  }

  @Test func operatorsBeyondTheLimitAreRefused() throws {
    let count = WhitenedSVD.limit + 1
    let layout = StateLayout(
      domain: Line(vertexCount: count), channelCount: 1, isInside: [Bool](repeating: true, count: count))
    let space = StateSpace(
      layout: layout, climatology: Climatology(kind: .constant, coefficients: .zeros([1, count])), scales: [1])
    let identity = SparseMatrix(
      rowCount: count, columnCount: count, rowStarts: Array(0...count), columns: (0..<Int32(count)).map { $0 },
      values: [Double](repeating: 1, count: count))
    let observation = try space.observe(
      FieldMeasurement(
        values: [Float](repeating: 0, count: count), noise: [Float](repeating: 1, count: count),
        operation: SparseOperator(identity)))
    let error = try #require(throws: MeasurementError.self) {
      try WhitenedSVD(observation.operation, method: "ΠGDM")
    }
    guard case .operatorNotSupported("ΠGDM", .sparse, let reason, _) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(reason.contains("\(count)") && reason.contains("\(count - 1)"))
  }
}
