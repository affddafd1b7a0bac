// Moment-matching posterior sampling (F. Rozet, G. Andry, F. Lanusse and G. Louppe, "Learning Diffusion Priors from Observations
// by Expectation Maximization", NeurIPS, 2024): x₀ given x_t is approximated by N(x̂₀, V) with Tweedie's covariance V = s²/α·∂x̂₀/∂x,
// which is exact for a Gaussian prior. Then x̂₀ given x_t and y is
//
//   x̂₀ + V·Hᵀ·(H·V·Hᵀ + R)⁻¹·(y − H·x̂₀).
//
// The system is solved by conjugate gradients, each of whose products with V is one pullback through the predictor. Where the
// derivative of a learned predictor is not positive along a direction, a sample's iteration stops at the last good step.
//
// The factor s²/α² in V enlarges the errors of a network's derivative without bound as noise grows, while V itself tends to the prior's
// covariance. Where noise is larger than the fields' own deviation, V is therefore that of a Gaussian with the prior's covariance, if
// one is known: the mean of V over x_t is never larger than this (the error of the best linear estimate bounds that of the best one).
//
// Steps with new noise (eta above 0) are those of the paper. Their answers have too little spread, by a share of about 5/steps.
// Without new noise the steps are of second order, and 25 of them leave an error of one per cent.

import SextantArrays
import SextantConfiguration
import SextantDiffusion
import SextantMeasurement
import SextantPriors

/// The settings of an ``MMPSSolver``.
public struct MMPSSettings: Sendable, Equatable, Codable {
  /// The number of steps, the batch size and the other settings that samplers share.
  public var sampling: SamplingSettings
  /// The largest number of iterations of conjugate gradients in a step, each of which evaluates and differentiates the predictor.
  public var iterations: Int
  /// The residual norm, as a share of the first, below which a sample's iteration ends.
  public var tolerance: Double
  /// The share of new noise in a step, from 0 for none to 1 for that of the forward step given the clean field. Steps without new noise
  /// are of second order.
  public var eta: Double

  public init(
    sampling: SamplingSettings = SamplingSettings(steps: 100, spacing: .logSignalToNoise), iterations: Int = 5,
    tolerance: Double = 1e-3, eta: Double = 1
  ) {
    (self.sampling, self.iterations, self.tolerance, self.eta) = (sampling, iterations, tolerance, eta)
  }
}

/// Moment-matching posterior sampling.
public struct MMPSSolver: Solver {
  public let name = "MMPS"
  /// The prior that is sampled.
  public let prior: DiffusionPrior
  public let settings: MMPSSettings

  /// Throws ``SolverError/invalidSetting(method:name:found:expected:)``.
  public init(_ prior: DiffusionPrior, settings: MMPSSettings = .init()) throws(SolverError) {
    try settings.sampling.validate(method: name)
    guard settings.iterations >= 1 else {
      throw .invalidSetting(
        method: name, name: "iterations", found: "\(settings.iterations)", expected: "1 or more")
    }
    try SolverError.requirePositive(settings.tolerance, "tolerance", method: name)
    try SolverError.requireShare(settings.eta, "eta", method: name)
    (self.prior, self.settings) = (prior, settings)
  }

  public func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    let model = try MeasurementModel(operation: operation, noise: noise)
    let observed = try prior.observationOperator(model, method: name)
    return GuidedSampling(method: name, prior: prior, settings: settings.sampling, model: model) {
      [prior, settings] measurement in
      Rule(
        settings: settings, fidelity: LinearFidelity(prior.space.observe(measurement, by: observed)), gaussian: prior.gaussian)
    }
  }

  private struct Rule: GuidanceRule {
    let settings: MMPSSettings
    let fidelity: LinearFidelity
    let gaussian: (any NoisePredictor<Float>)?
    /// The step before, and its mean.
    private var previous: (denoised: Tensor<Float>, step: ReverseStep)?
    /// s/α in units of the states' standard deviation, above which the derivative is that of the Gaussian.
    private static let largestRatio = 1.0
    /// Iterations with the Gaussian, which needs no network.
    private static let gaussianIterations = 20
    /// The share of the least curvature below which it is no rounding any more.
    private static let roundingAllowance = 0.999

    init(settings: MMPSSettings, fidelity: LinearFidelity, gaussian: (any NoisePredictor<Float>)?) {
      (self.settings, self.fidelity, self.gaussian) = (settings, fidelity, gaussian)
    }

    /// The mean of x₀ given x (B×d) and y, and of the noise in x.
    private func posteriorMean(
      _ x: Tensor<Float>, at time: Double, predictor: inout CountedPredictor
    ) -> (noise: Tensor<Float>, denoised: Tensor<Float>) {
      let schedule = predictor.schedule
      let (signal, noise) = (schedule.signal(at: time), schedule.noise(at: time))
      let predicted = predictor.noise(in: x, at: time)
      var denoised = predictor.denoised(x, noise: predicted, at: time)
      let scale = Float(noise * noise / signal)
      let simple = schedule.noiseToSignal(at: time) > Self.largestRatio ? gaussian.map(CountedPredictor.init) : nil
      var derivative = simple ?? predictor
      // In units of the noise: (I + H·V·Hᵀ)·u = r.
      var r = fidelity.residuals(of: denoised)
      var direction = r
      var squares = r.sampleSquaredNorms()
      let goal = squares.map { $0 * settings.tolerance * settings.tolerance }
      // V·Hᵀ·u, gathered along with u.
      var shift = Tensor<Float>.zeros(x.shape)
      for _ in 0..<(simple == nil ? settings.iterations : max(settings.iterations, Self.gaussianIterations)) {
        guard zip(squares, goal).contains(where: { $0 > $1 }) else { break }
        let back = fidelity.pullback(direction, at: denoised)
        let moved = derivative.guided(x, at: time) { _ in back }.pullback * scale
        let image = fidelity.measured(moved) + direction
        let curvatures = direction.sampleProducts(with: image)
        // H·V·Hᵀ has no negative directions, so the curvature is at least that of the noise alone. Where a network's derivative
        // says otherwise, a step would have no bound.
        let least = direction.sampleSquaredNorms().map { $0 * Self.roundingAllowance }
        let steps = squares.indices.map {
          squares[$0] > goal[$0] && curvatures[$0] > 0 && curvatures[$0] >= least[$0] ? squares[$0] / curvatures[$0] : 0
        }
        shift.add(moved.scalingSamples(by: steps))
        r.add(image.scalingSamples(by: steps.map { -$0 }))
        let next = r.sampleSquaredNorms()
        let shares = next.indices.map { steps[$0] > 0 && squares[$0] > 0 ? next[$0] / squares[$0] : 0 }
        // A sample whose iteration ended keeps a direction of zero.
        direction = direction.scalingSamples(by: shares)
        direction.add(r.scalingSamples(by: steps.map { $0 > 0 ? 1 : 0 }))
        squares = next.indices.map { steps[$0] > 0 ? next[$0] : 0 }
      }
      if simple == nil { predictor = derivative }
      denoised.add(shift)
      // The noise that belongs to this mean: ε = (x − α·x̂₀)/s.
      var implied = x * Float(1 / noise)
      implied.add(denoised, scaledBy: Float(-signal / noise))
      return (implied, denoised)
    }

    mutating func moved(
      _ x: Tensor<Float>, by step: ReverseStep, predictor: inout CountedPredictor, using streams: [RandomStream]
    ) -> Tensor<Float> {
      let (noise, denoised) = posteriorMean(x, at: step.time, predictor: &predictor)
      if settings.eta == 0 {
        defer { previous = (denoised, step) }
        return step.secondOrder(x, denoised: denoised, after: previous)
      }
      return step.implicit(denoised: denoised, noise: noise, eta: settings.eta, using: streams)
    }

    func finished(_ x: Tensor<Float>, at time: Double, predictor: inout CountedPredictor) -> Tensor<Float> {
      posteriorMean(x, at: time, predictor: &predictor).denoised
    }
  }
}

extension Method {
  /// Moment-matching posterior sampling.
  public static let mmps = Method(
    name: "mmps", title: "moment-matching posterior sampling (MMPS)", traits: .ofDiffusion,
    needs: [.gaussian, .diffusion], settings: MMPSSettings()
  ) { context in
    try MMPSSolver(context.diffusionPrior(), settings: context.ownSettings())
  }
}

extension MMPSSettings: MethodSettings {
  public static var swept: SweptSettings<MMPSSettings>? { SweptSettings(steps: \.sampling.steps) }

  public func reading(_ section: ConfigurationReader) throws -> MMPSSettings {
    MMPSSettings(
      sampling: try sampling.reading(section),
      iterations: try section.value("iterations", default: iterations, in: 1...10_000),
      tolerance: try section.positive("tolerance", default: tolerance),
      eta: try section.value("eta", default: eta, in: 0...1))
  }
}
