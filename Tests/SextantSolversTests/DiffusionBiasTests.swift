// Diffusion solvers against their own closed forms: where the prior is Gaussian every rule is affine, or was simulated, and
// mean and covariance of its answers are known whatever they are. How far these are from the exact posterior stands in
// docs/diffusion-solvers.md, which is held against the same numbers.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantDiffusion
import SextantMeasurement
import SextantNetworks
import SextantPriors
import Testing

@testable import SextantSolvers

@Suite struct DiffusionBiasTests {
  static let sampleCount = 2000
  static let names = [
    "dps", "dps-averages", "dps-norm", "ambient-dps", "ambient-dps-hidden", "mcg", "mcg-averages", "mcg-norm", "pigdm-score", "pigdm-score-averages",
    "pigdm-published", "pigdm-published-averages", "pigdm-uniform", "ddnm", "ddnm-averages", "red-diff",
    "red-diff-affine", "red-diff-affine-averages",
  ]

  /// The solver of a case of the fixture.
  private static func solver(_ name: String, _ settings: [String: Double], _ prior: DiffusionPrior) throws
    -> any Solver
  {
    func setting(_ key: String) throws -> Double { try #require(settings[key]) }
    let isUniform = !name.hasPrefix("pigdm") || name.hasSuffix("uniform")
    let sampling = SamplingSettings(
      steps: Int(try setting("steps")),
      spacing: name.hasPrefix("ambient") ? .seventhRoot : isUniform ? .uniform : .logSignalToNoise, batchSize: 1000)
    let norm: GuidanceNorm = name.hasSuffix("norm") ? .residualNorm : .noiseScale
    switch name.split(separator: "-")[0] {
    case "dps":
      return try DPSSolver(
        prior, settings: .init(sampling: sampling, stepSize: setting("stepSize"), norm: norm))
    case "ambient":
      return try AmbientDPSSolver(
        name.hasSuffix("hidden") ? hidingEveryThird(prior) : prior,
        settings: .init(sampling: sampling, stepSize: setting("stepSize"), norm: norm))
    case "mcg":
      return try MCGSolver(
        prior, settings: .init(sampling: sampling, stepSize: setting("stepSize"), norm: norm))
    case "pigdm":
      return try PiGDMSolver(
        prior,
        settings: .init(
          sampling: sampling, weight: name.contains("published") ? .published : .score, eta: setting("eta")))
    case "ddnm": return try DDNMSolver(prior, settings: .init(sampling: sampling, eta: setting("eta")))
    default:
      // With an epsilon that drowns Adam's division, a step is the mean gradient times rate/epsilon: affine.
      let epsilon = name.contains("affine") ? 1e6 : 1e-8
      let rate = try setting("stepSize") * (name.contains("affine") ? epsilon : 1)
      return try REDDiffSolver(
        prior,
        settings: .init(
          sampling: sampling, optimiser: AdamSettings(rate: rate, beta1: 0.9, beta2: 0.99, epsilon: epsilon),
          weight: setting("weight")))
    }
  }

  /// The same prior as one that was learned under one mask alone.
  private static func hidingEveryThird(_ prior: DiffusionPrior) throws -> DiffusionPrior {
    let problems = try MeshProblems.load()
    let count = problems.count
    // A tenth of the variance is each vertex's own.
    let (values, vectors) = try symmetricEigendecomposition(
      problems.square(problems.covariance) - Tensor.identity(count) * 0.1)
    let factor = vectors.scalingRows(by: values.map { max(0, $0).squareRoot() }).converted(to: Float.self)
    let exact = MaskedGaussianPredictor(
      try FactorNoisePredictor(factor: factor, residualVariances: [Double](repeating: 0.1, count: count)))
    return DiffusionPrior(
      prior.predictor, space: prior.space,
      masked: MaskedPrior(exact, masks: Tensor((0..<count).map { $0 % 3 == 2 ? 0 : 1 }, shape: [1, count])))
  }

  private static func answer(_ name: String, _ problems: MeshProblems) throws -> Moments {
    let known = try #require(problems.cases[name])
    let solver = try solver(name, known.settings, try problems.prior())
    var random = RandomStream(seed: 30)
    // The fields are small, and threads of OpenBLAS would wait for each other.
    let posterior = try OpenBLAS.withSingleThread {
      try solver.posterior(given: problems.measurement(known.problem), samples: sampleCount, using: &random)
    }
    let samples = try problems.states(#require(posterior.samples))
    let moments = problems.moments(of: samples)
    let mean = try problems.states(Tensor(posterior.mean, shape: [1, problems.count])).scalars
    for i in mean.indices { #expect(abs(mean[i] - moments.mean[i]) < 1e-4) }
    return moments
  }

  /// Means within five standard errors, covariances within six.
  @Test(arguments: names)
  func answersAreThoseOfTheClosedForm(_ name: String) throws {
    let problems = try MeshProblems.load()
    let known = try #require(problems.cases[name])
    let found = try Self.answer(name, problems)
    let covariance = problems.square(known.covariance)
    let count = Double(Self.sampleCount)
    var (worstMean, worstCovariance) = (0.0, 0.0)
    for i in 0..<problems.count {
      let error = (covariance[i, i] / count).squareRoot() + 2e-5
      worstMean = max(worstMean, abs(found.mean[i] - known.mean[i]) / error)
      for j in 0...i {
        let product = covariance[i, i] * covariance[j, j] + covariance[i, j] * covariance[i, j]
        let error = (product / count).squareRoot() + 1e-6
        worstCovariance = max(worstCovariance, abs(found.covariance[i, j] - covariance[i, j]) / error)
      }
    }
    #expect(worstMean < 5)
    #expect(worstCovariance < 6)
    // And the other side: the answer is not the posterior, by as much as is documented.
    let documented = try #require(Self.documentedTable()[name])
    #expect(abs(documented[0] - known.meanError) < 6e-4)
    let bias = try problems.bias(of: found, problem: known.problem)
    // The error of the mean has a part of its own from sampling, about 1/√N.
    #expect(abs(bias.meanError - documented[0]) < 0.03)
    #expect(bias.spreadRatios.count == documented.count - 1)
    for (ratio, (told, exact)) in zip(bias.spreadRatios, zip(documented.dropFirst(), known.spreadRatios)) {
      #expect(abs(told - exact) < 6e-4)
      #expect(abs(ratio - told) < 0.025 * max(1, told))
    }
  }

  /// The rows of the table in the documentation: the case's name, then numbers.
  private static func documentedTable() throws -> [String: [Double]] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(contentsOf: root.appendingPathComponent("docs/diffusion-solvers.md"), encoding: .utf8)
    var rows: [String: [Double]] = [:]
    for line in text.split(separator: "\n") where line.hasPrefix("| `") {
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      let name = cells[0].trimmingCharacters(in: CharacterSet(charactersIn: "`"))
      rows[name] = cells.dropFirst().compactMap(Double.init)
    }
    return rows
  }

  /// For a white prior the Gaussian of ΠGDM is the right one: what is left is the length of the steps, and known.
  @Test(arguments: [100, 400])
  func pseudoinverseGuidanceIsExactForAWhitePriorAsStepsBecomeMany(_ steps: Int) throws {
    let problems = try MeshProblems.load()
    let white = try GaussianNoisePredictor(
      SpectralGaussian(
        mean: Tensor<Float>.zeros([problems.count, 1]), basis: Tensor<Float>.zeros([0, problems.count]), variances: [],
        residualVariance: 1))
    let solver = try PiGDMSolver(
      DiffusionPrior(white, space: problems.space()),
      settings: .init(sampling: SamplingSettings(steps: steps, spacing: .logSignalToNoise, batchSize: 1000)))
    var random = RandomStream(seed: 31)
    let posterior = try OpenBLAS.withSingleThread {
      try solver.posterior(given: problems.measurement("mask"), samples: 2000, using: &random)
    }
    let found = try problems.moments(of: problems.states(#require(posterior.samples)))
    let problem = try #require(problems.problems["mask"])
    var (squares, missing) = (0.0, 0.0)
    let seen = problems.measuredStates("mask")
    for (row, state) in seen.enumerated() {
      let variance = 1 / (1 + 1 / pow(problem.noise[row], 2))
      let mean = variance * problem.values[row] / pow(problem.noise[row], 2)
      #expect(abs(found.mean[state] - mean) < 5 * (variance / 2000).squareRoot())
      squares += found.covariance[state, state] / variance / Double(seen.count)
    }
    for state in 0..<problems.count where !seen.contains(state) {
      #expect(abs(found.mean[state]) < 5 / 2000.0.squareRoot())
      missing += found.covariance[state, state] / Double(problems.count - seen.count)
    }
    let expected = try #require(problems.whiteRatios["\(steps)"])
    // From 5.1 % of too little spread after 100 steps to 1.7 % after 400, where measured; the samples' own error is 0.3 %.
    for (found, expected) in zip([squares.squareRoot(), missing.squareRoot()], expected) {
      #expect(abs(found - expected) < 0.012)
      #expect(abs(expected - 1) < 7 / Double(steps))
    }
  }

  /// With a Gaussian prior every step of moment matching is that of the posterior itself: what is left is the length of the steps,
  /// and the spread's error is proportional to it, as that of ΠGDM for a white prior.
  @Test(arguments: ["mask", "averages"]) func momentMatchingIsExactAsStepsBecomeMany(_ problem: String) throws {
    let problems = try MeshProblems.load()
    func bias(_ steps: Int) throws -> (meanError: Double, spreadRatios: [Double]) {
      let solver = try MMPSSolver(
        problems.prior(),
        settings: .init(
          sampling: SamplingSettings(steps: steps, spacing: .logSignalToNoise, batchSize: 400), iterations: 12,
          tolerance: 1e-3))
      var random = RandomStream(seed: 33)
      let posterior = try OpenBLAS.withSingleThread {
        try solver.posterior(given: problems.measurement(problem), samples: 400, using: &random)
      }
      return try problems.bias(of: problems.moments(of: problems.states(#require(posterior.samples))), problem: problem)
    }
    let (few, many) = (try bias(16), try bias(64))
    // The error of the mean from 400 samples alone is 0.05.
    #expect(many.meanError < 0.09, "\(many)")
    for (few, many) in zip(few.spreadRatios, many.spreadRatios) {
      #expect(abs(many - 1) < 7.0 / 64 && abs(few - 1) < 7.0 / 16, "\(few), \(many)")
      #expect(abs(many - 1) < 0.5 * abs(few - 1) + 0.02, "\(few), \(many)")
    }
  }

  /// Without new noise the steps are of second order: few of them have the spread for which the others need hundreds.
  @Test(arguments: ["mask", "averages"]) func momentMatchingOfSecondOrderNeedsFewSteps(_ problem: String) throws {
    let problems = try MeshProblems.load()
    let found = try Self.momentMatching(problems.prior(), problem, steps: 24)
    #expect(found.meanError < 0.12, "\(found)")
    // The error of a spread from 400 samples of correlated values is about 0.02.
    for ratio in found.spreadRatios { #expect(abs(ratio - 1) < 0.06, "\(found)") }
  }

  private static func momentMatching(
    _ prior: DiffusionPrior, _ problem: String, steps: Int, iterations: Int = 12
  ) throws -> (meanError: Double, spreadRatios: [Double]) {
    let problems = try MeshProblems.load()
    let solver = try MMPSSolver(
      prior,
      settings: .init(
        sampling: SamplingSettings(steps: steps, spacing: .logSignalToNoise, batchSize: 400), iterations: iterations,
        tolerance: 1e-3, eta: 0))
    var random = RandomStream(seed: 34)
    let posterior = try OpenBLAS.withSingleThread {
      try solver.posterior(given: problems.measurement(problem), samples: 400, using: &random)
    }
    return try problems.bias(of: problems.moments(of: problems.states(#require(posterior.samples))), problem: problem)
  }

  /// A Gaussian's prediction with errors of a few hundredths, whose derivative is not symmetric: what a network is that has learned a
  /// short time.
  private struct RoughPredictor: NoisePredictor {
    let exact: GaussianNoisePredictor<Float>
    /// d×d.
    let error: Tensor<Float>
    var schedule: VariancePreservingSchedule { exact.schedule }

    func predictedNoise(in x: DifferentiableTensor<Float>, at times: [Double]) -> DifferentiableTensor<Float> {
      let rows = x.value.reshaped(to: [x.value.shape[0], error.rowCount])
      let wrong = x.tape.record(
        matrixProduct(rows, error).reshaped(to: x.shape), operation: "error", from: [x]
      ) { gradient, cotangents in
        let own = gradient.reshaped(to: [gradient.shape[0], error.rowCount])
        cotangents.add(matrixProduct(own, error, transposingSecond: true).reshaped(to: gradient.shape), to: x)
      }
      return exact.predictedNoise(in: x, at: times) + wrong
    }
  }

  /// The errors of a network's derivative do not reach the answer where they are enlarged most, if the prior's covariance is known.
  @Test func momentMatchingBearsAnUntrainedDerivative() throws {
    let problems = try MeshProblems.load()
    var random = RandomStream(seed: 35)
    let d = problems.count
    let rough = RoughPredictor(
      exact: try problems.predictor(), error: random.normals([d, d]) * Float(0.03 / Double(d).squareRoot()))
    func found(_ gaussian: (any NoisePredictor<Float>)?) throws -> (meanError: Double, spreadRatios: [Double]) {
      try Self.momentMatching(
        DiffusionPrior(rough, space: problems.space(), gaussian: gaussian), "mask", steps: 48, iterations: 3)
    }
    let (with, without) = (try found(problems.predictor()), try found(nil))
    #expect(with.meanError < 1, "\(with), without \(without)")
    for ratio in with.spreadRatios { #expect((0.7...1.4).contains(ratio), "\(with), without \(without)") }
    #expect(without.meanError > 2 * with.meanError, "\(with), without \(without)")
  }

  @Test func tweediesFormulaIsTheExactMean() throws {
    let problems = try MeshProblems.load()
    var random = RandomStream(seed: 32)
    let solver = Noise2ScoreSolver(try problems.prior())
    let posterior = try solver.posterior(given: problems.measurement("everywhere"), samples: 8, using: &random)
    let mean = try problems.states(Tensor(posterior.mean, shape: [1, problems.count])).scalars
    let exact = try problems.moments(ofExact: "everywhere").mean
    for i in mean.indices { #expect(abs(mean[i] - exact[i]) < 1e-4) }
    #expect(posterior.samples == nil && posterior.spread == nil)
    #expect(posterior.cost == NetworkCost(evaluations: 1, evaluationsPerSample: 1))
    #expect(posterior.diagnostics["values-given-noise"] == 0)
  }
}
