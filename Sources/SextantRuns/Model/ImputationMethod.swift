// The methods that a table compares and that `--method` names, and how each is made from a model.

import SextantArrays
import SextantGeometry
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

  /// Whether the method learns from an archive; the others can be used on a single file.
  public var needsArchive: Bool {
    switch self {
    case .climatology, .iteratedModes, .modes, .twoScale: true
    case .nearest, .inverseDistance, .harmonic, .kriging, .sparseField: false
    }
  }

  /// Whether the method gives samples.
  public var drawsSamples: Bool {
    switch self {
    case .kriging, .modes, .twoScale, .sparseField: true
    case .climatology, .nearest, .inverseDistance, .harmonic, .iteratedModes: false
    }
  }

  /// Whether answers come from the model's states, which exist inside its domain only.
  private var drawsFromStates: Bool {
    switch self {
    case .climatology, .iteratedModes, .modes, .twoScale, .kriging, .sparseField: true
    case .nearest, .inverseDistance, .harmonic: false
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

  /// The method that a model's prior stands for.
  public init(of prior: GaussianPriorKind) {
    switch prior {
    case .modes: self = .modes
    case .twoScale: self = .twoScale
    case .trend: self = .kriging
    }
  }

  /// The solver for fields of a model, with the ranges of its variables honoured.
  ///
  /// - Throws: ``PriorError/tooLarge(_:)`` where the method does not serve the size of the grid.
  public func solver(for model: TrainedModel) throws -> any Solver {
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
      case .iteratedModes: IteratedModeSolver(model.prior)
      case .modes: OptimalInterpolationSolver(model.prior)
      case .twoScale: try Self.twoScaleSolver(for: model)
      }
    if !drawsFromStates, model.isInside.contains(false) {
      solver = ConfinedSolver(solver, isInside: model.isInside)
    }
    let bounds = model.description.bounds
    return bounds.contains { $0 != nil } ? BoundedSolver(solver, bounds: bounds) : solver
  }
}
