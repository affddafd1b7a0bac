// ΠGDM (J. Song, A. Vahdat, M. Mardani and J. Kautz, "Pseudoinverse-Guided Diffusion Models for Inverse Problems",
// ICLR, 2023): x₀ given x_t is approximated by N(x̂₀, r²I) with r = s, which is correct for uncorrelated states of unit
// variance. Then ∇ log p(y | x_t) is (∂x̂₀/∂x)ᵀ·Aᵀ(r²AAᵀ + σ²I)⁻¹(y − A·x̂₀), in closed form except for the product
// with the predictor's derivative.
//
// This guidance can have two weights. The weight of the score makes each implicit step that of the guided score; in the
// limit of many steps it is exact where the Gaussian approximation is. The published weight (Algorithm 1) adds α·r²·∇
// log p(y | x_t) to every step, however short, so that with many steps the samples fit y too closely;
// docs/diffusion-solvers.md has figures.
//
// A step with the weight w of the score changes x̂₀ by w·J·Jᵀ·g with J = ∂x̂₀/∂x, where g is the correction that is wanted. Along modes of
// a variance λ above 1, J² comes up to λ/4, so that long steps would overshoot and the walk diverge. Such a step is shortened until
// w·‖Jᵀ·g‖² is ‖g‖², so that it takes away what is wanted and no more. Walks of many short steps have none of these.

import SextantArrays
import SextantConfiguration
import SextantDiffusion
import SextantMeasurement
import SextantPriors

/// The weight of the guidance of ΠGDM.
public enum PiGDMWeight: String, Sendable, Codable, CaseIterable {
  /// The weight of the score of p(y | x_t) in an implicit step.
  case score
  /// α·r² at every step (Algorithm 1 of the paper).
  case published
}

/// The settings of a ``PiGDMSolver``.
public struct PiGDMSettings: Sendable, Equatable, Codable {
  /// The number of steps, the batch size and the other settings that samplers share.
  public var sampling: SamplingSettings
  /// The weight of the guidance.
  public var weight: PiGDMWeight
  /// A factor of the guidance; 1 for the rule as it is.
  public var stepSize: Double
  /// The share of new noise in a step, from 0 for none to 1 for that of the forward step given the clean field.
  public var eta: Double

  public init(
    sampling: SamplingSettings = SamplingSettings(steps: 1000, spacing: .logSignalToNoise),
    weight: PiGDMWeight = .score,
    stepSize: Double = 1, eta: Double = 1
  ) {
    (self.sampling, self.weight, self.stepSize, self.eta) = (sampling, weight, stepSize, eta)
  }
}

/// Pseudoinverse-guided diffusion.
public struct PiGDMSolver: Solver {
  public let name = "ΠGDM"
  /// The prior that is sampled.
  public let prior: DiffusionPrior
  public let settings: PiGDMSettings

  /// Throws ``SolverError/invalidSetting(method:name:found:expected:)``.
  public init(_ prior: DiffusionPrior, settings: PiGDMSettings = .init()) throws(SolverError) {
    try settings.sampling.validate(method: name)
    try SolverError.requirePositive(settings.stepSize, "stepSize", method: name)
    try SolverError.requireShare(settings.eta, "eta", method: name)
    (self.prior, self.settings) = (prior, settings)
  }

  public func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    try GuidedSampling(
      method: name, prior: prior, settings: settings.sampling, operation: operation, noise: noise
    ) { [settings] _, spectrum in
      Rule(settings: settings, spectrum: spectrum)
    }
  }

  private struct Rule: GuidanceRule {
    let settings: PiGDMSettings
    let spectrum: WhitenedObservation

    /// r²·Aᵀ(r²AAᵀ + σ²I)⁻¹(y − A·x̂₀) with r = s: B×d.
    private func correction(_ denoised: Tensor<Float>, noise: Double) -> Tensor<Float> {
      let gains = spectrum.standardDeviations.map { Float(noise * noise / (noise * noise + $0 * $0)) }
      var result = Tensor<Float>.zeros(denoised.shape)
      spectrum.add(spectrum.innovations(of: spectrum.coordinates(of: denoised), times: gains), to: &result)
      return result
    }

    func moved(
      _ x: Tensor<Float>, by step: ReverseStep, predictor: inout CountedPredictor, using streams: [RandomStream]
    ) -> Tensor<Float> {
      var wanted = Tensor<Float>.zeros([0, 0])
      let (noise, denoised, pullback) = predictor.guided(x, at: step.time) { denoised in
        wanted = correction(denoised, noise: step.noise)
        return wanted
      }
      var result = step.implicit(denoised: denoised, noise: noise, eta: settings.eta, using: streams)
      let weight: Double
      switch settings.weight {
      case .published: weight = step.signal
      case .score:
        // x̂₀ moves by g/α, and ε̂ with it by −g/s.
        let kept = step.implicitStandardDeviations(eta: settings.eta).kept
        weight = step.nextSignal / step.signal - kept / step.noise
      }
      let factor = settings.stepSize * weight
      result.add(settings.weight == .score ? Self.limited(pullback, of: wanted, factor: factor) : pullback, scaledBy: Float(factor))
      return result
    }

    /// Jᵀ·g (B×d), shortened for each sample where the step by `factor` times it would take away more than g (B×d), the correction of x̂₀
    /// that is wanted.
    private static func limited(_ pullback: Tensor<Float>, of wanted: Tensor<Float>, factor: Double) -> Tensor<Float> {
      let shares = zip(wanted.sampleSquaredNorms(), pullback.sampleSquaredNorms()).map { whole, moved in
        factor * moved > whole ? whole / (factor * moved) : 1
      }
      return shares.allSatisfy { $0 == 1 } ? pullback : pullback.scalingSamples(by: shares)
    }

    func finished(_ x: Tensor<Float>, at time: Double, predictor: inout CountedPredictor) -> Tensor<Float> {
      let schedule = predictor.schedule
      let (_, denoised, pullback) = predictor.guided(x, at: time) { correction($0, noise: schedule.noise(at: time)) }
      let signal = schedule.signal(at: time)
      var result = denoised
      result.add(
        pullback, scaledBy: Float(settings.stepSize * (settings.weight == .score ? 1 / signal : signal)))
      return result
    }
  }
}

extension Method {
  /// Pseudoinverse-guided diffusion.
  public static let pigdm = Method(
    name: "pigdm", title: "pseudoinverse-guided diffusion (ΠGDM)", traits: .ofDiffusion,
    needs: [.gaussian, .diffusion], settings: PiGDMSettings()
  ) { context in
    try PiGDMSolver(context.diffusionPrior(), settings: context.ownSettings())
  }
}

extension PiGDMSettings: MethodSettings {
  public static var swept: SweptSettings<PiGDMSettings>? {
    SweptSettings(steps: \.sampling.steps, stepSize: \PiGDMSettings.stepSize)
  }

  public func reading(_ section: ConfigurationReader) throws -> PiGDMSettings {
    var result = self
    result.sampling = try sampling.reading(section)
    result.stepSize = try section.positive("step_size", default: stepSize)
    result.weight = try section.value("weight", default: weight)
    result.eta = try section.value("eta", default: eta, in: 0...1)
    return result
  }
}

extension PiGDMWeight: ConfigurationChoice {}
