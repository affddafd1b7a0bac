// DDNM⁺ (Y. Wang, J. Yu and J. Zhang, "Zero-Shot Image Restoration Using Denoising Diffusion Null-Space Model", ICLR,
// 2023, section 3.3), the form for noisy measurements and any operator. In each measured coordinate x̂₀ is replaced by
// the measurement as far as the current noise level allows, and the added noise is reduced by the noise that the
// measurement contributes, so that their sum has the variance of the time. All other coordinates take an implicit step.
// The predictor is not differentiated.
//
// For a measured coordinate z = c + N(0, σ²), with α and s at the end of the step:
//   s ≥ α·σ:  ĉ₀ becomes z,                        with noise of variance s² − α²σ²;
//   s < α·σ:  ĉ₀ moves to z by √(1 − η²)·s/(α·σ),  with noise of variance η²s².

import SextantArrays
import SextantConfiguration
import SextantDiffusion
import SextantMeasurement
import SextantPriors

/// The settings of a ``DDNMSolver``.
public struct DDNMSettings: Sendable, Equatable, Codable {
  /// The number of steps, the batch size and the other settings that samplers share; 100 steps by default.
  public var sampling: SamplingSettings
  /// The share of new noise in the coordinates that are not measured; 0.85 in the paper.
  public var eta: Double

  public init(sampling: SamplingSettings = SamplingSettings(steps: 100), eta: Double = 0.85) {
    (self.sampling, self.eta) = (sampling, eta)
  }
}

/// The denoising diffusion null-space model for noisy measurements.
public struct DDNMSolver: Solver {
  public let name = "DDNM+"
  /// The prior that is sampled.
  public let prior: DiffusionPrior
  public let settings: DDNMSettings

  /// Throws ``SolverError/invalidSetting(method:name:found:expected:)``.
  public init(_ prior: DiffusionPrior, settings: DDNMSettings = .init()) throws(SolverError) {
    try settings.sampling.validate(method: name)
    try SolverError.requireShare(settings.eta, "eta", method: name)
    (self.prior, self.settings) = (prior, settings)
  }

  public func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    try GuidedSampling(
      method: name, prior: prior, settings: settings.sampling, operation: operation, noise: noise
    ) { [settings] _, spectrum in
      Rule(eta: settings.eta, spectrum: spectrum)
    }
  }

  private struct Rule: GuidanceRule {
    let eta: Double
    let spectrum: WhitenedObservation

    func moved(
      _ x: Tensor<Float>, by step: ReverseStep, predictor: inout CountedPredictor, using streams: [RandomStream]
    ) -> Tensor<Float> {
      let (signal, noise) = (step.nextSignal, step.nextNoise)
      let predicted = predictor.noise(in: x, at: step.time)
      let denoised = predictor.denoised(x, noise: predicted, at: step.time)
      let fresh = Tensor<Float>.normals(streams, shape: [x.columnCount])
      let (added, kept) = (eta * noise, (1 - eta * eta).squareRoot() * noise)
      var result = denoised * Float(signal)
      result.add(fresh, scaledBy: Float(added))
      result.add(predicted, scaledBy: Float(kept))
      // In the measured coordinates the noise differs, ε̂ does not contribute, and x̂₀ moves towards z.
      var (moves, noises): ([Float], [Float]) = ([], [])
      for sigma in spectrum.standardDeviations {
        let reaches = noise >= signal * sigma
        moves.append(Float(reaches ? signal : kept / sigma))
        let own = reaches ? (noise * noise - signal * signal * sigma * sigma).squareRoot() : added
        noises.append(Float(own - added))
      }
      var change = spectrum.innovations(of: spectrum.coordinates(of: denoised), times: moves)
      change.add(spectrum.coordinates(of: fresh).scalingColumns(by: noises))
      change.add(spectrum.coordinates(of: predicted), scaledBy: Float(-kept))
      spectrum.add(change, to: &result)
      return result
    }
  }
}

extension Method {
  /// The denoising diffusion null-space model for noisy measurements (DDNM⁺).
  public static let ddnm = Method(
    name: "ddnm", title: "denoising diffusion null-space model (DDNM+)", traits: .ofDiffusion,
    needs: [.gaussian, .diffusion], settings: DDNMSettings()
  ) { context in
    try DDNMSolver(context.diffusionPrior(), settings: context.ownSettings())
  }
}

extension DDNMSettings: MethodSettings {
  public static var swept: SweptSettings<DDNMSettings>? { SweptSettings(steps: \.sampling.steps) }

  public func reading(_ section: ConfigurationReader) throws -> DDNMSettings {
    DDNMSettings(
      sampling: try sampling.reading(section), eta: try section.value("eta", default: eta, in: 0...1))
  }
}
