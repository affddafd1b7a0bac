// The inputs from which a method's solver is made: a model, and the settings of all methods.

import SextantArrays
import SextantDiffusion
import SextantPriors

/// The model and the settings that a method's solver is made from.
public struct MethodContext: Sendable {
  /// The method.
  public let method: Method
  /// The model.
  public let model: Model
  /// The settings of all methods.
  public let settings: SolverSettings

  /// The domain and the variables of the fields.
  public var space: FieldSpace { model.space }

  /// Throws ``MethodError/missingPart(_:model:)`` if the model lacks a part that the method needs.
  func check() throws(MethodError) {
    var needs = method.needs
    if needs.contains(.diffusion), settings.prior == .gaussian {
      needs.remove(.diffusion)
      needs.insert(.gaussian)
    }
    for part: Model.Parts in [.gaussian, .mixture, .diffusion, .flow, .patches]
    where needs.contains(part) && !model.parts.contains(part) {
      throw .missingPart(part, model: model.provenance.name)
    }
  }

  /// The method's own settings. It is a programming error if they are not of type `Settings`.
  public func ownSettings<Settings: MethodSettings>(as type: Settings.Type = Settings.self) -> Settings {
    guard let own = (settings[method] ?? method.settings) as? Settings else {
      preconditionFailure("\(method.name) has no settings of type \(type)")
    }
    return own
  }

  /// The Gaussian prior. Throws ``MethodError/missingPart(_:model:)``.
  public func gaussian() throws -> LearnedGaussian { try model.requireGaussian() }

  /// The prior that diffusion solvers sample: the learned one or, if the settings request it, the Gaussian of the modes.
  ///
  /// Throws ``MethodError/missingPart(_:model:)``, `DiffusionError`.
  public func diffusionPrior() throws -> DiffusionPrior {
    let prior = try gaussian().prior
    var result: DiffusionPrior
    switch settings.prior {
    case .gaussian:
      result = DiffusionPrior(try prior.noisePredictor(), space: prior.space, transforms: space.transforms)
    case .diffusion:
      guard let diffusion = model.diffusion else {
        throw MethodError.missingPart(.diffusion, model: model.provenance.name)
      }
      result = DiffusionPrior(
        diffusion.predictor, space: prior.space, transforms: space.transforms, gaussian: diffusion.gaussian,
        masked: diffusion.masked)
    }
    result.checkInterruption = settings.checkInterruption
    return result
  }
}

extension GaussianPrior {
  /// The exact noise predictor over standardised states (B×d×1) for the prior's modes and independent residual (kind
  /// `eof`). Its denoised field is the posterior mean under white noise.
  ///
  /// Throws `DiffusionError`.
  public func noisePredictor(
    schedule: VariancePreservingSchedule = .standard
  ) throws -> FactorNoisePredictor<Float> {
    try FactorNoisePredictor(
      factor: functions.scaledModes, residualVariances: functions.residualVariance.map(Double.init), schedule: schedule)
  }
}
