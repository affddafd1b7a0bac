// The bound and the flow's log-density against closed forms.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantTestSupport
import Testing

@testable import SextantDiffusion

@Suite struct LikelihoodTests {
  /// The Gaussian as it is when it carries the noise of t₀, in units of the clean fields.
  private func smoothed(_ gaussian: SpectralGaussian<Double>) throws -> SpectralGaussian<Double> {
    let least = VariancePreservingSchedule.standard.noiseToSignal(at: 1e-3)
    return try SpectralGaussian(
      mean: gaussian.mean.reshaped(to: gaussian.shape), basis: gaussian.basis, variances: gaussian.variances,
      residualVariance: gaussian.residualVariance + least * least)
  }

  @Test func boundOfAGaussianIsBelowByItsGap() throws {
    let gaussian = try ExactPriors.lowRank()
    let predictor = GaussianNoisePredictor(gaussian)
    let fields = gaussian.samples(using: streams(0..<40, of: RandomStream(seed: 7)))
    let exact = gaussian.logDensities(of: fields)
    let bounds = (0..<8).map { replicate in
      EvidenceLowerBound(predictor, timeCount: 250, batchSize: 250)
        .values(for: fields, using: RandomStream(seed: 8).split(replicate))
    }
    for bounds in bounds {
      for (bound, exact) in zip(bounds, exact) { #expect(bound.nats < exact + 4 * bound.standardError) }
    }
    // From replicates, because even spacing makes the error smaller than that of single draws.
    let gaps = bounds.map { bounds in zip(exact, bounds).reduce(0) { $0 + ($1.0 - $1.1.nats) / 40 } }
    let gap = gaps.reduce(0, +) / 8
    let error = (gaps.reduce(0) { $0 + pow($1 - gap, 2) } / (8 * 7)).squareRoot()
    // The mean gap: what N(0, I) misses at t = 1, and what the fixed width of p(x | x_t₀) misses at t₀.
    let schedule = predictor.schedule
    let (signal, least) = (schedule.signal(at: 1), pow(schedule.noiseToSignal(at: schedule.startTime), 2))
    let spectrum =
      gaussian.variances.map { $0 + gaussian.residualVariance } + Array(repeating: gaussian.residualVariance, count: 3)
    let end = spectrum.reduce(signal * signal * gaussian.mean.dot(gaussian.mean)) { sum, variance in
      let v = signal * signal * (variance - 1) + 1
      return sum + v - 1 - log(v)
    }
    let start = spectrum.reduce(0.0) { sum, variance in
      let ratio = variance / (variance + least)
      return sum + ratio - 1 - log(ratio)
    }
    #expect(abs(gap - 0.5 * (end + start)) < 5 * error)
    let estimated = (bounds[0].reduce(0) { $0 + $1.standardError * $1.standardError } / (40 * 40 * 8)).squareRoot()
    #expect(estimated < 2.5 * error && error < 2.5 * estimated)
    #expect(error < 0.1)
    #expect(abs(bounds[0][0].bitsPerDimension + bounds[0][0].nats / (6 * log(2))) < 1e-12)
  }

  @Test func boundsDoNotDependOnTheBatch() throws {
    let mixture = try ExactPriors.mixture()
    let fields = mixture.samples(using: streams(0..<3, of: RandomStream(seed: 9)))
    let random = RandomStream(seed: 10)
    let together = EvidenceLowerBound(mixture, timeCount: 20, batchSize: 20).values(for: fields, using: random)
    let alone = EvidenceLowerBound(mixture, timeCount: 20, batchSize: 1)
      .values(for: fields.rows(1..<2), using: random, first: 1)
    #expect(abs(alone[0].nats - together[1].nats) < 1e-9)
  }

  @Test func flowOfAGaussianHasItsDensity() throws {
    let random = RandomStream(seed: 11)
    let drawn = try ExactPriors.lowRank()
    // About zero, so that N(0, I) at t = 1 is right to 1e-4.
    let gaussian = try SpectralGaussian(
      mean: Tensor.zeros([3, 2]), basis: drawn.basis, variances: drawn.variances, residualVariance: drawn.residualVariance)
    let fields = gaussian.samples(using: streams(0..<5, of: random))
    let expected = try smoothed(gaussian).logDensities(of: fields)
    let predictor = GaussianNoisePredictor(gaussian)
    let tight = try ProbabilityFlowLikelihood(
      predictor, divergence: .exact, relativeTolerance: 1e-8, absoluteTolerance: 1e-8
    ).values(for: fields, using: random)
    let usual = try ProbabilityFlowLikelihood(predictor, divergence: .exact).values(for: fields, using: random)
    let probed = try ProbabilityFlowLikelihood(predictor, divergence: .probes(400)).values(for: fields, using: random)
    for i in 0..<5 {
      #expect(abs(tight[i] - expected[i]) < 1e-3)
      #expect(abs(usual[i] - expected[i]) < 0.02)
      #expect(abs(probed[i] - expected[i]) < 0.4)
    }
    let alone = try ProbabilityFlowLikelihood(predictor, divergence: .probes(400), batchSize: 1)
      .values(for: fields.rows(3..<4), using: random, first: 3)
    #expect(abs(alone[0] - probed[3]) < 1e-8)
    #expect(throws: TooManySteps(limit: 3, field: 0)) {
      try ProbabilityFlowLikelihood(predictor, divergence: .exact, stepLimit: 3).values(for: fields, using: random)
    }
  }

  @Test func flowOfAMixtureHasItsDensity() throws {
    let mixture = try ExactPriors.mixture()
    let fields = mixture.samples(using: streams(0..<12, of: RandomStream(seed: 12)))
    let least = mixture.schedule.noiseToSignal(at: mixture.schedule.startTime)
    let blurred = try MixtureNoisePredictor(
      mixture.components.map {
        try SpectralGaussian(
          mean: $0.mean.reshaped(to: $0.shape), basis: $0.basis, variances: $0.variances.map { $0 + least * least },
          residualVariance: 0)
      }, weights: mixture.weights)
    let expected = blurred.logDensities(of: fields)
    let found = try ProbabilityFlowLikelihood(
      mixture, divergence: .exact, relativeTolerance: 1e-5, absoluteTolerance: 1e-6
    ).values(for: fields, using: RandomStream(seed: 13))
    // What x₁ keeps of the signal, 0.7 %, is in the data's density and not in N(0, I).
    for i in 0..<12 { #expect(abs(found[i] - expected[i]) < 0.05) }
  }

  /// The gradient of the exact bound of a Gaussian, by quadrature over times, against the mean of what one time gives.
  @Test(arguments: [true, false])
  func distillationHasTheGradientOfTheBound(_ keepsEndTerms: Bool) throws {
    let gaussian = try ExactPriors.lowRank()
    let predictor = GaussianNoisePredictor(gaussian)
    let schedule = predictor.schedule
    var stream = RandomStream(seed: 14)
    let field: Tensor<Double> = stream.normals([1, 3, 2])
    let deviation = field.reshaped(to: [1, 6]) - gaussian.mean.reshaped(to: [1, 6])

    // ½E‖ε̂ − ε‖² has the gradient s²α²·M²·(x − μ) with M = (α²Σ + s²I)⁻¹.
    func slope(at time: Double) -> Tensor<Double> {
      let level = SpectralGaussian<Double>.Level(signal: schedule.signal(at: time), noise: schedule.noise(at: time))
      let twice = gaussian.solving(gaussian.solving(deviation, at: [level]), at: [level])
      return twice * (level.signal * level.signal * level.noise * level.noise)
    }
    var expected = Tensor<Double>.zeros([1, 6])
    let steps = 2000
    for step in 0..<steps {
      let weight = schedule.totalWeight * (Double(step) + 0.5) / Double(steps)
      expected.add(slope(at: schedule.time(atCumulativeWeight: weight)), scaledBy: schedule.totalWeight / Double(steps))
    }
    if keepsEndTerms {
      expected.add(slope(at: schedule.startTime))
      expected.add(field.reshaped(to: [1, 6]), scaledBy: pow(schedule.signal(at: 1), 2))
    }

    let prior = DistillationPrior(predictor, keepsEndTerms: keepsEndTerms)
    let (batch, batches) = (1000, 20)
    let tape = Tape<Double>()
    var means: [Tensor<Double>] = []
    for index in 0..<batches {
      let x = tape.leaf(field.repeated(batch))
      let loss = prior(x, using: RandomStream(seed: 15).split(index))
      let gradient = try #require(tape.gradients(of: loss)[x])
      means.append(Tensor(gradient.reshaped(to: [batch, 6]).columnMeans().map { $0 * Double(batch) }, shape: [1, 6]))
    }
    for i in 0..<6 {
      let values = means.map { $0[0, i] }
      let mean = values.reduce(0, +) / Double(batches)
      let error = (values.reduce(0) { $0 + pow($1 - mean, 2) } / Double(batches * (batches - 1))).squareRoot()
      #expect(abs(mean - expected[0, i]) < 5 * error)
      #expect(error < 0.2)
    }
  }

  @Test func distillationLossHasItsOwnGradientAndValue() throws {
    let mixture = try ExactPriors.mixture(6)
    var stream = RandomStream(seed: 16)
    let x: Tensor<Double> = stream.normals([3, 6, 1])
    for keepsEndTerms in [true, false] {
      let prior = DistillationPrior(mixture, keepsEndTerms: keepsEndTerms)
      let tape = Tape<Double>()
      let leaf = tape.leaf(x)
      let gradient = try #require(tape.gradients(of: prior(leaf, using: RandomStream(seed: 17)))[leaf])
      let expected = differences(
        of: { prior(Tape<Double>().constant($0), using: RandomStream(seed: 17)).value.scalars[0] }, at: x)
      #expect(largestDifference(gradient, expected) < 1e-6 * expected.scalars.reduce(1) { max($0, abs($1)) })
    }
    // Its mean is the bound with the sign turned.
    let field = x.rows(0..<1)
    let bound = EvidenceLowerBound(mixture, timeCount: 10_000, batchSize: 2000)
      .values(for: field, using: RandomStream(seed: 18))[0]
    let loss = DistillationPrior(mixture)(
      Tape<Double>().constant(field.repeated(10_000)), using: RandomStream(seed: 19)
    ).value.scalars[0]
    // Its draws are not spread evenly, so its error is that of 10,000 costs of some tens of nats.
    #expect(abs(loss + bound.nats) < 1)
  }

  @Test func theReportRanksThePredictors() throws {
    let mixture = try ExactPriors.mixture()
    let fields = mixture.samples(using: streams(0..<200, of: RandomStream(seed: 21)))
    let mean = Tensor(fields.reshaped(to: [200, 2]).columnMeans(), shape: [2, 1])
    let centred =
      fields.reshaped(to: [200, 2])
      - matrixProduct(
        Tensor<Double>(repeating: 1, shape: [200, 1]), mean.reshaped(to: [1, 2]))
    let covariance = gramMatrix(centred, transposeFirst: true) * (1.0 / 200)
    let gaussian = try GaussianNoisePredictor(SpectralGaussian(mean: mean, covariance: covariance))
    let report = DenoisingReport(
      [("Gaussian", gaussian), ("mixture", mixture)], on: fields, noiseLevels: [0.1, 0.5, 1],
      using: RandomStream(seed: 22))
    #expect(report.rows.map(\.name) == ["Gaussian", "mixture"] && report.fieldCount == 200)
    let (first, second) = (report.rows[0], report.rows[1])
    #expect(first.levels.allSatisfy { $0.differenceFromFirst == 0 && $0.noiseError > 0 && $0.noiseError < 1.2 })
    #expect(second.levels[1].differenceFromFirst < -2 * second.levels[1].differenceStandardError)
    let bound = try #require(second.bound)
    #expect(bound.gain > 2 * bound.gainStandardError)
    // The denoising error of a Gaussian in closed form: Σ λσ²/(λ + σ²).
    let level = first.levels[2]
    let expected = gaussian.distribution.variances.reduce(0) { $0 + $1 / ($1 + 1) } / 2
    #expect(abs(pow(level.rootMeanSquareError, 2) - expected) < 5 * level.noiseErrorStandardError)
  }
}
