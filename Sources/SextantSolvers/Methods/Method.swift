// A method of recovering fields, as a value in a table: its names, its requirements and traits, and the function that
// makes its solver. Each method is declared next to its solver; `[Method].standard` lists the built-in ones, and a
// program may add its own.

import SextantConfiguration
import SextantGeometry
import SextantMeasurement
import SextantPriors

/// A method of recovering fields from measurements. Two methods are equal if their names are.
public struct Method: Sendable, Identifiable {
  /// The name on the command line, in settings, in tables of numbers and in documents, such as "dps".
  public let name: String
  /// The name for people, in tables and help, such as "diffusion posterior sampling (DPS)".
  public let title: String
  /// The traits of the method.
  public let traits: Traits
  /// The parts of a model that the method requires.
  public let needs: Model.Parts
  /// The forms of operators that the method supports.
  public let handles: Set<OperatorForm.Kind>
  /// The default settings of the section `solvers.NAME`; nil for a method that has none.
  public let settings: (any MethodSettings)?
  /// Makes the bare solver, which ``solver(for:settings:)`` then adapts to the model.
  public let make: @Sendable (MethodContext) throws -> any Solver
  /// Makes the bare solver of a series; nil for a method that takes one field at a time.
  public let makeSeries: (@Sendable (MethodContext) throws -> any SeriesSolver)?

  public var id: String { name }

  /// The traits of a method. The defaults are those of a posterior sampler.
  public struct Traits: Sendable, Hashable {
    /// Whether the method draws samples.
    public var drawsSamples: Bool
    /// Whether the answer depends on the noise of the measurements.
    public var usesNoise: Bool
    /// Whether its posteriors come from the states of a prior, which exist only inside the domain.
    public var answersInStates: Bool
    /// Whether the method recovers entries that were not measured.
    public var fillsGaps: Bool
    /// Whether its prior contains the transforms of the variables, so that measurements must not be transformed for it.
    public var transformsItself: Bool
    /// Whether mean and spread are those of one exact Gaussian posterior, so that leaving an observation out has a closed form.
    public var hasGaussianPosterior: Bool
    /// Whether it uses a land mask that comes without a model.
    public var usesLand: Bool
    /// Whether it needs the neighbours of vertices, so that without a model it works on grids and meshes only, and not
    /// between places.
    public var usesNeighbours: Bool
    /// Whether a model of images answers images of any size.
    public var answersAnySize: Bool
    /// Whether its spread is that of the model's Gaussian prior, so that a prior about a mean that is not known makes it wider.
    public var followsPrior: Bool
    /// Whether a method that knows time fills the times of a file together only if that is asked for, because it takes several times
    /// the work.
    public var joinsTimesOnlyIfAsked: Bool
    /// Whether the method has a likelihood of its own for values that were cut off.
    public var knowsSaturation: Bool

    public init(
      drawsSamples: Bool = true, usesNoise: Bool = true, answersInStates: Bool = true, fillsGaps: Bool = true,
      transformsItself: Bool = false, hasGaussianPosterior: Bool = false, usesLand: Bool = false,
      usesNeighbours: Bool = false, followsPrior: Bool = false, answersAnySize: Bool = false,
      joinsTimesOnlyIfAsked: Bool = false, knowsSaturation: Bool = false
    ) {
      (self.answersAnySize, self.joinsTimesOnlyIfAsked) = (answersAnySize, joinsTimesOnlyIfAsked)
      self.knowsSaturation = knowsSaturation
      (self.usesNeighbours, self.followsPrior) = (usesNeighbours, followsPrior)
      (self.hasGaussianPosterior, self.usesLand) = (hasGaussianPosterior, usesLand)
      (self.drawsSamples, self.usesNoise, self.answersInStates) = (drawsSamples, usesNoise, answersInStates)
      (self.fillsGaps, self.transformsItself) = (fillsGaps, transformsItself)
    }
  }

  /// Declares a method.
  ///
  /// - Parameters:
  ///   - name: the name on the command line: letters, digits and hyphens, unique in a table.
  ///   - title: the name for people.
  ///   - traits: the traits of the method.
  ///   - needs: the parts of a model that the method requires.
  ///   - handles: the forms of operators that the method supports.
  ///   - settings: the default settings, if the method has any.
  ///   - series: makes the solver of a series; nil for a method that takes one field at a time.
  ///   - make: makes the solver for a model, which has all parts in `needs`, and settings.
  public init(
    name: String, title: String, traits: Traits = Traits(), needs: Model.Parts = [],
    handles: Set<OperatorForm.Kind> = .all,
    settings: (any MethodSettings)? = nil,
    series: (@Sendable (MethodContext) throws -> any SeriesSolver)? = nil,
    make: @escaping @Sendable (MethodContext) throws -> any Solver
  ) {
    (self.name, self.title, self.traits) = (name, title, traits)
    (self.needs, self.handles, self.settings, self.make) = (needs, handles, settings, make)
    makeSeries = series
  }

  /// Whether the method can take the steps of a series together; all others answer each field by itself.
  public var knowsTime: Bool { makeSeries != nil }

  /// Whether a file of several times is filled together where nothing else is asked for.
  public var joinsTimes: Bool { knowsTime && !traits.joinsTimesOnlyIfAsked }

  /// Whether the method needs a model that was learned from an archive; all others work on a single file.
  public var learnsFromArchive: Bool { !needs.isEmpty }

  /// Whether the method has a number of steps that a sweep can vary.
  public var hasSteps: Bool { settings?.hasSteps ?? false }

  /// Whether the method has a step size.
  public var hasStepSize: Bool { settings?.hasStepSize ?? false }

  /// Whether the method can use what values say that were cut off at a level.
  public var takesSaturation: Bool { traits.knowsSaturation || traits.hasGaussianPosterior }

  /// The method whose answers settle noise that depends on the signal: the method itself or, where an answer takes a network, that
  /// of the model's Gaussian prior.
  public func pilot(for model: Model) -> Method {
    needs.isDisjoint(with: [.diffusion, .flow]) ? self : model.gaussian?.kind.method ?? .kriging
  }

  /// A measurement as the method takes it: values whose noise has a law, and values that were cut off, have Gaussian noise of known size that
  /// stands for theirs. A method that has a likelihood of its own for values that were cut off gets them as they are.
  ///
  /// - Parameters:
  ///   - measurement: the measurement, as it was read.
  ///   - pilot: the solver of ``pilot(for:)``.
  /// - Throws: ``SolverError/saturated(method:)``, and the errors of the pilot.
  public func settled(_ measurement: FieldMeasurement, by pilot: any Solver) throws -> FieldMeasurement {
    let isCut = measurement.isSaturated.contains(true)
    guard isCut else { return try pilot.settled(measurement) }
    guard takesSaturation else { throw SolverError.saturated(method: name) }
    guard traits.knowsSaturation else { return try pilot.settled(measurement) }
    var result = measurement
    if !measurement.laws.isEmpty {
      let settled = try pilot.settled(measurement)
      for row in result.noise.indices where !measurement.isSaturated[row] { result.noise[row] = settled.noise[row] }
      result.laws = []
    }
    return result
  }

  /// Whether the method samples a diffusion prior.
  public var samplesDiffusion: Bool { needs.contains(.diffusion) }
}

extension Method: Hashable, Encodable, CustomStringConvertible {
  public static func == (a: Method, b: Method) -> Bool { a.name == b.name }
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
  public var description: String { name }

  /// Encodes the name.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }
}

extension Method {
  /// The solver for the fields of a model. Its posteriors are restricted to the domain, in the variables' units and
  /// within the variables' ranges.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - settings: the settings of all methods, of which the method uses its own.
  /// - Throws: ``MethodError`` if the model lacks a part that the method needs, `PriorError.tooLarge` if the domain is
  ///   too large for the method, ``SolverError``.
  public func solver(for model: Model, settings: SolverSettings = SolverSettings()) throws -> any Solver {
    let context = MethodContext(method: self, model: model, settings: settings)
    try context.check()
    if model.space.encodings.contains(where: { $0 != .number }) {
      guard !learnsFromArchive else { throw MethodError.noEncodings(method: name) }
      let provenance = model.provenance
      return EncodedSolver(name: title, space: model.space) { space in
        try solver(for: Model(space, provenance: provenance), settings: settings)
      }
    }
    return try decorated(make(context), for: model)
  }

  /// Adapts a solver to the model: the domain, the transforms and the ranges of the variables, as far as its traits
  /// require.
  private func decorated(_ solver: any Solver, for model: Model) throws -> any Solver {
    let space = model.space
    var solver = solver
    if restricts(to: space) { solver = solver.restricted(to: space.isInside) }
    var bounds = space.bounds
    if space.ownTransforms.contains(where: { $0 != .none }) {
      guard !learnsFromArchive, traits.usesNoise else { throw MethodError.noOwnTransforms(method: name) }
      return OwnTransformSolver(solver, space: space)
    }
    if learnsFromArchive, space.transforms.contains(where: { !$0.isIdentity }) {
      if !traits.transformsItself {
        solver = TransformedSolver(
          solver, space: try model.requireGaussian().prior.space, transforms: space.transforms)
      }
      // Values that are mapped back from a transform lie within its bounds already.
      for (channel, transform) in space.transforms.enumerated() where !transform.isIdentity { bounds[channel] = nil }
    }
    return bounds.contains { $0 != nil } ? solver.clamped(to: bounds) : solver
  }

  private func restricts(to space: FieldSpace) -> Bool { !traits.answersInStates && space.isInside.contains(false) }

  /// The changes of every posterior that the domain and the ranges of the variables ask for, for variables without
  /// transforms.
  func adjustments(for model: Model) -> [@Sendable (inout Posterior) -> Void] {
    let space = model.space
    var changes: [@Sendable (inout Posterior) -> Void] = []
    if restricts(to: space) { changes.append { $0.restrict(to: space.isInside) } }
    if space.bounds.contains(where: { $0 != nil }) { changes.append { $0.clamp(to: space.bounds) } }
    return changes
  }
}

/// A method that cannot be used with a model; the text states what is missing and what to do.
public enum MethodError: Error, Equatable, CustomStringConvertible {
  /// The model lacks a part that the method needs.
  case missingPart(Model.Parts, model: String)
  /// The method cannot fit transforms to a field's own observations.
  case noOwnTransforms(method: String)
  /// The method learns from an archive of numbers, and cannot fill angles or labels.
  case noEncodings(method: String)
  /// A variable has more different values than labels have.
  case tooManyLabels(variable: String, found: Int, most: Int)
  /// A method of images on a domain without rows and columns.
  case noRaster(method: String, domain: String)
  /// The covariance has the wrong number of parameters, or invalid ones.
  case wrongParameters(model: String, found: Int, expected: Int)

  public var description: String {
    switch self {
    case .missingPart(.diffusion, let model):
      "The model '\(model)' has no diffusion prior. Add a section `diffusion` to its configuration and train it again, or set solvers.prior=gaussian to sample the Gaussian of its modes."
    case .missingPart(.flow, let model):
      "The model '\(model)' has no flow. Add a section `flow` to its configuration and train it again."
    case .missingPart(.patches, let model):
      "The model '\(model)' has no mixture of patches. Add a section `patches` to its configuration and train it again."
    case .missingPart(.mixture, let model):
      "The model '\(model)' has no groups to mix. Train it with prior: {kind: mixture}."
    case .missingPart(_, let model):
      "The model '\(model)' has no Gaussian prior. Learn one from an archive with `sextant train`, or use a method that needs no archive, such as kriging or harmonic."
    case .noOwnTransforms(let method):
      "The method '\(method)' cannot transform a variable by the field's own observations. Use kriging or sparse-matern, or train a model with a section `variables` that names the transform."
    case .noEncodings(let method):
      "The method '\(method)' learns from an archive of numbers and cannot fill angles or labels. Use a method without an archive, such as kriging or nearest."
    case .tooManyLabels(let variable, let found, let most):
      "'\(variable)' has \(found) different observed values, but at most \(most) labels are supported. If its values are numbers, leave out --categories."
    case .noRaster(let method, let domain):
      "The method '\(method)' works on the rows and columns of images, and the fields are on \(domain.withArticle). Use two-scale, eof or kriging."
    case .wrongParameters(let model, let found, let expected):
      "The model '\(model)' has \(found) covariance parameters, but it needs \(expected), all between -50 and 50. Train it again."
    }
  }
}
