// The flow's density as a term of a loss: against closed forms, against the adaptive integration, and against its own
// differences.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantDiffusion
import SextantTestSupport
import Testing

@Suite struct ProbabilityFlowPriorTests {
  /// Of one Gaussian about zero: the densities that its flow has, carrying the noise of t₀.
  @Test func valueAndGradientAreThoseOfAGaussian() throws {
    let drawn = try ExactPriors.lowRank()
    let least = VariancePreservingSchedule.standard.noiseToSignal(at: 1e-3)
    let gaussian = try SpectralGaussian(
      mean: Tensor<Double>.zeros([3, 2]), basis: drawn.basis, variances: drawn.variances,
      residualVariance: drawn.residualVariance)
    let smoothed = try SpectralGaussian(
      mean: Tensor<Double>.zeros([3, 2]), basis: drawn.basis, variances: drawn.variances,
      residualVariance: drawn.residualVariance + least * least)
    let fields = gaussian.samples(using: streams(0..<5, of: RandomStream(seed: 61)))
    let expected = smoothed.logDensities(of: fields)
    // An affine prediction has the same divergence everywhere, so fields by themselves, with the same probe, have the same
    // error of it: what differs between them is exact.
    let prior = ProbabilityFlowPrior(GaussianNoisePredictor(gaussian), stepCount: 40)
    let values = (0..<5).map { field in
      prior(Tape<Double>().constant(fields.rows(field..<field + 1)), using: RandomStream(seed: 62)).value.scalars[0]
    }
    for field in 1..<5 {
      #expect(abs(values[field] - values[0] + expected[field] - expected[0]) < 2e-3 * abs(expected[field]))
    }
    let tape = Tape<Double>()
    let leaf = tape.leaf(fields)
    let gradient = try #require(tape.gradients(of: prior(leaf, using: RandomStream(seed: 62)))[leaf])
    let slope = differences(of: { -smoothed.logDensities(of: $0).reduce(0, +) / 5 }, at: fields)
    // Steps of a quarter in log(s/α), of order four.
    #expect(largestDifference(gradient, slope) < 2e-3 * slope.scalars.reduce(1) { max($0, abs($1)) })
  }

  @Test func stepsAreOfOrderFour() throws {
    let gaussian = try ExactPriors.lowRank()
    let predictor = GaussianNoisePredictor(gaussian)
    let field = gaussian.samples(using: streams(0..<1, of: RandomStream(seed: 63)))
    func value(_ steps: Int) -> Double {
      ProbabilityFlowPrior(predictor, stepCount: steps)(
        Tape<Double>().constant(field), using: RandomStream(seed: 64)
      ).value.scalars[0]
    }
    let limit = value(320)
    let (coarse, fine) = (abs(value(20) - limit), abs(value(40) - limit))
    #expect(coarse < 0.1 && fine < coarse / 10)
  }

  @Test func itAgreesWithTheAdaptiveIntegration() throws {
    let mixture = try ExactPriors.mixture()
    let fields = mixture.samples(using: streams(0..<2, of: RandomStream(seed: 65)))
    let exact = try ProbabilityFlowLikelihood(mixture, divergence: .exact, relativeTolerance: 1e-6)
      .values(for: fields, using: RandomStream(seed: 66))
    for (field, exact) in exact.enumerated() {
      // Every probe is a copy of the field, so that the mean over copies has an error that can be told.
      let prior = ProbabilityFlowPrior(mixture, stepCount: 60, probeCount: 1)
      let values = (0..<100).map { copy in
        prior(Tape<Double>().constant(fields.rows(field..<field + 1)), using: RandomStream(seed: 67).split(copy))
          .value.scalars[0]
      }
      let mean = values.reduce(0, +) / 100
      let error = (values.reduce(0) { $0 + pow($1 - mean, 2) } / (100 * 99)).squareRoot()
      #expect(abs(mean + exact) < 4 * error + 0.03, "\(mean) \(exact) \(error)")
    }
  }

  @Test func theGradientIsItsOwn() throws {
    let mixture = try ExactPriors.mixture(6)
    var stream = RandomStream(seed: 68)
    let x: Tensor<Double> = stream.normals([3, 6, 1])
    let prior = ProbabilityFlowPrior(mixture, stepCount: 10, probeCount: 2)
    let tape = Tape<Double>()
    let leaf = tape.leaf(x)
    let gradient = try #require(tape.gradients(of: prior(leaf, using: RandomStream(seed: 69)))[leaf])
    let expected = differences(
      of: { prior(Tape<Double>().constant($0), using: RandomStream(seed: 69)).value.scalars[0] }, at: x)
    #expect(largestDifference(gradient, expected) < 1e-6 * expected.scalars.reduce(1) { max($0, abs($1)) })
  }

  @Test func evaluationsAreCounted() throws {
    let counter = CountingPredictor(try ExactPriors.mixture())
    for prior: any PriorTerm<Double> in [
      ProbabilityFlowPrior(counter, stepCount: 3, probeCount: 2), DistillationPrior(counter),
    ] {
      counter.reset()
      let tape = Tape<Double>()
      let leaf = tape.leaf(Tensor<Double>.zeros([4, 2, 1]))
      _ = tape.gradients(of: prior(leaf, using: RandomStream(seed: 70)))
      #expect(counter.evaluations == 4 * prior.evaluationsPerField)
      #expect(counter.gradients == 4 * prior.gradientsPerField)
    }
  }
}
