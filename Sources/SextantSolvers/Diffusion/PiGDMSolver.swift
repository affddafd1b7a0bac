// ΠGDM (Song et al., "Pseudoinverse-guided diffusion models for inverse problems", 2023): x₀ given x_t is taken for
// N(x̂₀, r²I) with r = s, which is right for states of unit variance without correlations. Then ∇ log p(y | x_t) is
// (∂x̂₀/∂x)ᵀ·Aᵀ(r²AAᵀ + σ²I)⁻¹(y − A·x̂₀), in closed form but for the product with the predictor's derivative.
//
// Two weights of it: the score's own, which makes each implicit step that of the guided score and is exact where the
// Gaussian above is, as steps become many; and the published one, which adds α·r²·∇ log p(y | x_t) to every step however
// short it is, so that with many steps the answers agree with y too well. Figures in docs/diffusion-solvers.md.

import SextantArrays
import SextantConfiguration
import SextantDiffusion
import SextantMeasurement
import SextantPriors

/// How ΠGDM weighs its guidance.
public enum PiGDMWeight: String, Sendable, Codable, CaseIterable {
  /// As the score of p(y | x_t) in an implicit step.
  case score
  /// α·r² at every step (Algorithm 1 of the paper).
  case published
}

/// The settings of a ``PiGDMSolver``.
public struct PiGDMSettings: Sendable, Equatable, Codable {
  /// Steps, batches; 1000 steps by default: with fewer, guidance by the score overshoots where states are much correlated.
  public var sampling: SamplingSettings
  /// How the guidance is weighed.
  public var weight: PiGDMWeight
  /// What the guidance is multiplied by: 1 is the rule itself.
  public var stepSize: Double
  /// The share of new noise in a step: 0 for none, 1 for that of the forward step given the clean field.
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
  /// What is sampled.
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
      let gains = spectrum.deviations.map { Float(noise * noise / (noise * noise + $0 * $0)) }
      var result = Tensor<Float>.zeros(denoised.shape)
      spectrum.add(spectrum.innovations(of: spectrum.coordinates(of: denoised), times: gains), to: &result)
      return result
    }

    func moved(
      _ x: Tensor<Float>, by step: ReverseStep, calls: inout CountedPredictor, using streams: [RandomStream]
    ) -> Tensor<Float> {
      let (noise, denoised, pulled) = calls.guided(x, at: step.time) { correction($0, noise: step.noise) }
      var result = step.implicit(denoised: denoised, noise: noise, eta: settings.eta, using: streams)
      let weight: Double
      switch settings.weight {
      case .published: weight = step.signal
      case .score:
        // x̂₀ moves by g/α, and ε̂ with it by −g/s.
        let kept = step.implicitStandardDeviations(eta: settings.eta).kept
        weight = step.nextSignal / step.signal - kept / step.noise
      }
      result.add(pulled, scaledBy: Float(settings.stepSize * weight))
      return result
    }

    func finished(_ x: Tensor<Float>, at time: Double, calls: inout CountedPredictor) -> Tensor<Float> {
      let schedule = calls.predictor.schedule
      let (_, denoised, pulled) = calls.guided(x, at: time) { correction($0, noise: schedule.noise(at: time)) }
      let signal = schedule.signal(at: time)
      var result = denoised
      result.add(
        pulled, scaledBy: Float(settings.stepSize * (settings.weight == .score ? 1 / signal : signal)))
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
