// Variables that are transformed: measurements of them are no linear functions of the states. Methods that follow gradients
// go through the transform; linear ones say that they cannot.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantDiffusion
import SextantMeasurement
import SextantPriors
import Testing

@testable import SextantSolvers

/// For tests that never ask it.
struct NoPredictor: NoisePredictor {
  var schedule: VariancePreservingSchedule { .standard }
  func predictedNoise(in x: DifferentiableTensor<Float>, at times: [Double]) -> DifferentiableTensor<Float> { x * 0 }
}

@Suite struct TransformedDiffusionTests {
  private static let transform = MarginalTransform.logit(minimum: 0, maximum: 1)

  /// Two states of correlation 0.6, as in TransformedSolverTests.
  private func prior() throws -> DiffusionPrior {
    let prior = TransformedSolverTests.prior()
    let covariance = Tensor([1.21, 0.594, 0.594, 0.81], shape: [2, 2])
    return DiffusionPrior(
      try GaussianNoisePredictor<Float>(
        SpectralGaussian(mean: Tensor<Float>.zeros([2, 1]), covariance: covariance)),
      space: prior.space, transforms: [Self.transform])
  }

  @Test(
    arguments: DiffusionFamily.names.filter {
      !$0.hasPrefix("score-prior") && !["dps", "ambient-dps", "red-diff"].contains($0)
    })
  func linearMethodsRefuse(_ name: String) throws {
    let solver = try DiffusionFamily.solver(name, prior(), steps: 2)
    var random = RandomStream(seed: 70)
    let error = try #require(throws: SolverError.self) {
      try solver.posterior(
        given: TransformedSolverTests.measurement(0.5, noise: 0.1, TransformedSolverTests.both), samples: 1,
        using: &random)
    }
    guard case .notLinear(_, 0) = error else {
      Issue.record("\(error)")
      return
    }
    #expect("\(error)".contains("variable number 1 is transformed"))
  }

  /// Near the exact posterior as far as these methods are: both entries are measured, and well.
  @Test(arguments: DiffusionFamily.differentiable, [true, false])
  func differentiableMethodsGoThroughTheTransform(_ name: String, mixes: Bool) throws {
    let operation: any LinearOperator = mixes ? TransformedSolverTests.average : TransformedSolverTests.both
    let measurement = TransformedSolverTests.measurement(0.7, noise: 0.05, operation)
    let exact = try TransformedSolverTests.exact(measurement, Self.transform)
    let solver = try DiffusionFamily.solver(
      name, prior(), steps: name == "score-prior" ? 1500 : 400, batchSize: 100,
      stepSize: ["dps": 0.3, "red-diff": 0.05, "score-prior": 5e-3][name])
    var random = RandomStream(seed: 71)
    let posterior = try solver.posterior(given: measurement, samples: 400, using: &random)
    let samples = try #require(posterior.samples)
    #expect(samples.scalars.allSatisfy { $0 > 0 && $0 < 1 })
    let tolerance = name == "score-prior" ? 0.01 : 0.05
    for i in 0..<2 { #expect(abs(Double(posterior.mean[i]) - exact.means[i]) < tolerance) }
    guard name == "score-prior" else { return }
    let deviations = (0..<2).map { i in
      (samples.gatheringColumns([i]).scalars.reduce(0.0) { $0 + pow(Double($1 - posterior.mean[i]), 2) } / 399)
        .squareRoot()
    }
    for (found, exact) in zip(deviations, exact.standardDeviations) { #expect(abs(found / exact - 1) < 0.15) }
  }
}
