// The methods that a table compares and that `--method` names, and how each is made from a model.

import SextantArrays
import SextantGeometry
import SextantNetworks
import SextantPriors
import SextantSolvers

/// A method of filling gaps, by the name that users write.
public enum ImputationMethod: String, Sendable, Codable, CaseIterable {
  /// The archive's climatology.
  case climatology
  /// The value of the nearest observation.
  case nearest
  /// Inverse distance weighting.
  case inverseDistance = "inverse-distance"
  /// Harmonic (Laplace) interpolation.
  case harmonic
  /// Matérn kriging.
  case kriging
  /// The sparse Matérn field, for grids of any size.
  case sparseField = "sparse-matern"
  /// Iterated EOF filling.
  case iteratedModes = "dineof"
  /// EOF optimal interpolation.
  case modes = "eof"
  /// The two-scale Gaussian.
  case twoScale = "two-scale"
  /// The mixture of two-scale Gaussians, for a model of kind: mixture.
  case mixture
  /// What a network learned on top of the two-scale Gaussian.
  case flow
  /// Diffusion posterior sampling.
  case posteriorSampling = "dps"
  /// Manifold-constrained gradients.
  case manifoldConstrained = "mcg"
  /// Pseudoinverse-guided diffusion.
  case pseudoinverseGuidance = "pigdm"
  /// The denoising diffusion null-space model.
  case nullSpace = "ddnm"
  /// Regularisation by a denoiser.
  case denoisingRegularisation = "red-diff"
  /// Tweedie's formula, for measurements of every entry.
  case noiseToScore = "noise2score"
  /// A flow for each measurement, trained against the diffusion prior.
  case scorePrior = "score-prior"

  /// Whether the method learns from an archive; the others can be used on a single file.
  public var needsArchive: Bool {
    switch self {
    case .nearest, .inverseDistance, .harmonic, .kriging, .sparseField: false
    default: true
    }
  }

  /// Whether the method gives samples.
  public var drawsSamples: Bool {
    switch self {
    case .climatology, .nearest, .inverseDistance, .harmonic, .iteratedModes, .noiseToScore: false
    default: true
    }
  }

  /// Whether the answer depends on how noisy the measurements are.
  public var usesNoise: Bool {
    switch self {
    case .climatology, .nearest, .inverseDistance, .harmonic, .iteratedModes: false
    default: true
    }
  }

  /// Whether answers come from the model's states, which exist inside its domain only.
  private var drawsFromStates: Bool {
    switch self {
    case .nearest, .inverseDistance, .harmonic: false
    default: true
    }
  }

  private static func twoScaleSolver(for model: TrainedModel) throws -> TwoScaleSolver {
    let solver = try TwoScaleSolver(model.prior, domain: model.domain, parameters: model.description.parameters)
    if case .fixed(let values) = model.description.parameters {
      let names = solver.parameterNames
      guard values.count == names.count, values.allSatisfy({ $0.isFinite && abs($0) < 50 }) else {
        throw RunError.invalid(
          "The model '\(model.description.name)' has \(values.count) parameters of its covariance, and \(names.count) sensible ones are needed. Train it again."
        )
      }
    }
    return solver
  }

  private static func mixtureSolver(for model: TrainedModel) throws -> MixtureSolver {
    guard let membership = model.description.membership else {
      throw RunError.invalid(
        "The model '\(model.description.name)' has no groups to mix. Train it with prior: {kind: mixture}.")
    }
    // Its parameters are those of a two-scale prior, and checked as such.
    _ = try twoScaleSolver(for: model)
    return try MixtureSolver(
      GaussianMixturePrior(model.prior, membership: membership), domain: model.domain,
      parameters: model.description.parameters)
  }

  /// The Gaussian posterior that a flow starts from, in transformed units: the model's own prior.
  static func flowBase(for model: TrainedModel) throws -> TransformedSolver {
    // Two turns come within sampling error of six; the network learns on top of what these two give.
    let inner: any Solver =
      switch model.description.prior.kind {
      case .modes: EOFInterpolationSolver(model.prior)
      case .mixture: try mixtureSolver(for: model)
      case .twoScale, .trend: try twoScaleSolver(for: model)
      }
    return TransformedSolver(
      inner, space: model.prior.space,
      transforms: model.transforms, turnLimit: 2)
  }

  private static func flowSolver(for model: TrainedModel) throws -> any Solver {
    let missing = RunError.invalid(
      "The model '\(model.description.name)' has no flow. Add a section `flow` to its configuration and train it again."
    )
    guard let flow = model.flow else { throw missing }
    // The parameters' places; what stands in them comes from the file.
    var builder = ParameterBuilder<Float>.layout
    switch flow.network {
    case .vector(let configuration):
      return VectorFlowSolver(
        flow: try TrainedFlow.vectorFlow(configuration, over: model.prior.space, in: &builder),
        parameters: flow.parameters, space: model.prior.space, transforms: model.transforms)
    case .neighbourhoods(let configuration):
      guard let network = try TrainedFlow.stencilNetwork(configuration, on: model.domain, in: &builder) else {
        throw missing
      }
      return try flowSolver(for: model, network: network, parameters: flow.parameters)
    }
  }

  private static func flowSolver(
    for model: TrainedModel, network: StencilUNet<Float>, parameters: ParameterSet<Float>
  ) throws -> GaussianBaseFlowSolver {
    let base = try flowBase(for: model)
    return GaussianBaseFlowSolver(
      base: base,
      features: PosteriorFeatures(
        model.prior, transforms: base.transforms, domain: model.domain, landShare: model.landShare),
      network: network, parameters: parameters)
  }

  /// The method that a model's prior stands for.
  public init(of prior: GaussianPriorKind) {
    switch prior {
    case .modes: self = .modes
    case .twoScale: self = .twoScale
    case .mixture: self = .mixture
    case .trend: self = .kriging
    }
  }

  /// The solver for fields of a model, with the ranges of its variables honoured.
  ///
  /// - Parameter settings: what the methods that ask a diffusion prior are set to.
  /// - Throws: ``PriorError/tooLarge(_:)`` where the method does not serve the size of the grid; ``RunError`` where the
  ///   model lacks what the method needs; ``SolverError``.
  public func solver(for model: TrainedModel, settings: SolverSettings = SolverSettings()) throws -> any Solver {
    func diffusion() throws -> DiffusionPrior { try model.diffusionPrior(settings.prior) }
    var solver: any Solver =
      switch self {
      case .climatology: ClimatologySolver(model.prior)
      case .nearest: NearestNeighbourSolver(domain: model.domain, channelCount: model.channelCount)
      case .inverseDistance: InverseDistanceSolver(domain: model.domain, channelCount: model.channelCount)
      case .harmonic: HarmonicSolver(domain: model.domain, channelCount: model.channelCount)
      case .kriging:
        try KrigingSolver(domain: model.domain, channelCount: model.channelCount, isInside: model.isInside)
      case .sparseField:
        try SparseFieldSolver(
          domain: model.domain, layout: model.prior.space.layout, landShare: model.landShare,
          seed: RandomStream(seed: model.description.seed))
      case .iteratedModes: DINEOFSolver(model.prior)
      case .modes: EOFInterpolationSolver(model.prior)
      case .twoScale: try Self.twoScaleSolver(for: model)
      case .mixture: try Self.mixtureSolver(for: model)
      case .flow: try Self.flowSolver(for: model)
      case .posteriorSampling: try DPSSolver(diffusion(), settings: settings.dps)
      case .manifoldConstrained: try MCGSolver(diffusion(), settings: settings.mcg)
      case .pseudoinverseGuidance: try PiGDMSolver(diffusion(), settings: settings.pigdm)
      case .nullSpace: try DDNMSolver(diffusion(), settings: settings.ddnm)
      case .denoisingRegularisation: try REDDiffSolver(diffusion(), settings: settings.redDiff)
      case .noiseToScore: Noise2ScoreSolver(try diffusion())
      case .scorePrior: try ScorePriorSolver(diffusion(), settings: settings.scorePrior)
      }
    if !drawsFromStates, model.isInside.contains(false) {
      solver = ConfinedSolver(solver, isInside: model.isInside)
    }
    var bounds = model.description.bounds
    if needsArchive, let transforms = model.description.transforms {
      // Flows and diffusion priors bring their own.
      if self != .flow, !asksDiffusion {
        solver = TransformedSolver(solver, space: model.prior.space, transforms: transforms)
      }
      // What is mapped back from a transform lies within its bounds already.
      for (channel, transform) in transforms.enumerated() where !transform.isIdentity { bounds[channel] = nil }
    }
    return bounds.contains { $0 != nil } ? BoundedSolver(solver, bounds: bounds) : solver
  }
}
