// DDNM⁺ (Wang et al., "Zero-shot image restoration using denoising diffusion null-space model", 2023), the form for noisy
// measurements and any operator: in each measured coordinate x̂₀ is replaced by the measurement as far as the noise of the
// time allows, and what the measurement's noise contributes is taken off the noise that is added, so that the sum has the
// variance of the time. The rest is an implicit step. No derivative of the predictor is needed.
//
// With a measured coordinate z = c + N(0, σ²), and α and s of the time that a step ends at:
//   s ≥ α·σ:  ĉ₀ becomes z,                        with noise of variance s² − α²σ²;
//   s < α·σ:  ĉ₀ moves to z by √(1 − η²)·s/(α·σ),  with noise of variance η²s².

import SextantArrays
import SextantConfiguration
import SextantDiffusion
import SextantMeasurement
import SextantPriors

/// The settings of a ``DDNMSolver``.
public struct DDNMSettings: Sendable, Equatable, Codable {
  /// Steps, batches; 100 steps by default.
  public var sampling: SamplingSettings
  /// The share of new noise in what is not measured: the paper's 0.85.
  public var eta: Double

  public init(sampling: SamplingSettings = SamplingSettings(steps: 100), eta: Double = 0.85) {
    (self.sampling, self.eta) = (sampling, eta)
  }
}

/// The denoising diffusion null-space model for noisy measurements.
public struct DDNMSolver: Solver {
  public let name = "DDNM+"
  /// What is sampled.
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
      _ x: Tensor<Float>, by step: ReverseStep, calls: inout CountedPredictor, using streams: [RandomStream]
    ) -> Tensor<Float> {
      let (signal, deviation) = (step.nextSignal, step.nextNoise)
      let predicted = calls.noise(in: x, at: step.time)
      let denoised = calls.denoised(x, noise: predicted, at: step.time)
      let fresh = Tensor<Float>.normals(streams, shape: [x.columnCount])
      let (added, kept) = (eta * deviation, (1 - eta * eta).squareRoot() * deviation)
      var result = denoised * Float(signal)
      result.add(fresh, scaledBy: Float(added))
      result.add(predicted, scaledBy: Float(kept))
      // In the measured coordinates: other noise, nothing of ε̂, and x̂₀ moved towards z.
      var (moves, noises): ([Float], [Float]) = ([], [])
      for sigma in spectrum.deviations {
        let reaches = deviation >= signal * sigma
        moves.append(Float(reaches ? signal : kept / sigma))
        let own = reaches ? (deviation * deviation - signal * signal * sigma * sigma).squareRoot() : added
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
  /// The denoising diffusion null-space model.
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
