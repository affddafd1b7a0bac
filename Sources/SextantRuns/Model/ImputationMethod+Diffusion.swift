// The methods that sample a diffusion prior: which prior they are given, and how each is made from its settings.

import Foundation
import SextantDiffusion
import SextantGeometry
import SextantNetworks
import SextantPriors
import SextantSolvers

extension ImputationMethod {
  /// Whether the method asks a diffusion prior, which a run trains only where it is told to.
  public var asksDiffusion: Bool {
    switch self {
    case .posteriorSampling, .manifoldConstrained, .pseudoinverseGuidance, .nullSpace, .denoisingRegularisation,
      .noiseToScore, .scorePrior:
      true
    default: false
    }
  }

  /// Whether the method has a step size, which has to suit the number of steps.
  var hasStepSize: Bool { asksDiffusion && self != .nullSpace && self != .noiseToScore }
}

extension SolverSettings {
  /// The same with another number of steps of one method, and another step size if the method has one.
  func changing(_ method: ImputationMethod, steps: Int, stepSize: Double?) -> SolverSettings {
    var result = self
    func set(_ path: WritableKeyPath<SolverSettings, Int>, _ size: WritableKeyPath<SolverSettings, Double>?) {
      result[keyPath: path] = steps
      if let size, let stepSize { result[keyPath: size] = stepSize }
    }
    switch method {
    case .posteriorSampling: set(\.dps.sampling.steps, \.dps.stepSize)
    case .manifoldConstrained: set(\.mcg.sampling.steps, \.mcg.stepSize)
    case .pseudoinverseGuidance: set(\.pigdm.sampling.steps, \.pigdm.stepSize)
    case .nullSpace: set(\.ddnm.sampling.steps, nil)
    case .denoisingRegularisation: set(\.redDiff.sampling.steps, \.redDiff.optimiser.rate)
    case .scorePrior: set(\.scorePrior.steps, \.scorePrior.stepSize)
    default: break
    }
    return result
  }
}

extension TrainedModel {
  /// The prior that solvers sample, over the model's states.
  ///
  /// Throws ``RunError`` where there is no trained one, ``DiffusionError``.
  func diffusionPrior(_ choice: SolverSettings.Prior) throws -> DiffusionPrior {
    let predictor: any NoisePredictor<Float>
    switch choice {
    case .gaussian: predictor = try prior.noisePredictor()
    case .diffusion:
      guard let diffusion else {
        throw RunError.invalid(
          "The model '\(description.name)' has no diffusion prior. Add a section `diffusion` to its configuration and train it again, or set solvers.prior=gaussian to sample the Gaussian of its modes."
        )
      }
      predictor = try diffusion.predictor(for: self)
    }
    return DiffusionPrior(predictor, space: prior.space, transforms: transforms)
  }

  /// Opens a model with all that a method needs: for those that ask a diffusion prior, the one beside it.
  ///
  /// Throws ``RunError`` where there is no diffusion prior, and what ``init(contentsOf:domains:)`` and
  /// ``TrainedDiffusion/init(folder:model:)`` throw.
  public init(
    contentsOf place: String, for method: ImputationMethod, solvers: SolverSettings,
    domains: [StoredDomainKind] = .standard
  ) throws {
    try self.init(contentsOf: place, domains: domains)
    guard method.asksDiffusion, solvers.prior == .diffusion else { return }
    let folder = Self.folder(of: place)
    guard FileManager.default.fileExists(atPath: folder + "/" + TrainedDiffusion.fileName) else {
      throw RunError.invalid(
        "\(folder): '\(method.rawValue)' samples a diffusion prior, and there is no \(TrainedDiffusion.fileName). Add a section `diffusion` to the configuration and train it again, or give --set solvers.prior=gaussian to sample the Gaussian of the model's modes."
      )
    }
    diffusion = try TrainedDiffusion(folder: folder, model: self)
  }
}
