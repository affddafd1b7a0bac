// A method of recovering fields, as one value of a table: its names, what it needs and does, and how its solver is made. Every
// method is declared beside its solver; `[Method].standard` lists those that ship, and a program may add its own.

import SextantConfiguration
import SextantMeasurement
import SextantPriors

/// A method of recovering fields from measurements. Two methods are equal if their names are.
public struct Method: Sendable, Identifiable {
  /// The name on the command line, in settings, in tables of numbers and in documents, such as "dps".
  public let name: String
  /// The name for people, in tables and help, such as "diffusion posterior sampling (DPS)".
  public let title: String
  /// What the method does and does not do.
  public let traits: Traits
  /// The parts of a model that it cannot do without.
  public let needs: Model.Parts
  /// The forms of operators that it can invert.
  public let handles: Set<OperatorForm.Kind>
  /// The default settings of the section `solvers.NAME`; nil for a method that has none.
  public let settings: (any MethodSettings)?
  /// Makes the solver, without what ``solver(for:settings:)`` puts around it.
  public let make: @Sendable (MethodContext) throws -> any Solver

  public var id: String { name }

  /// What a method does and does not do. The defaults are those of a posterior sampler.
  public struct Traits: Sendable, Hashable {
    /// Whether it gives samples.
    public var drawsSamples: Bool
    /// Whether the answer depends on the noise of the measurements.
    public var usesNoise: Bool
    /// Whether answers come from the states of a prior, which exist inside the domain only.
    public var answersInStates: Bool
    /// Whether it recovers entries that were not measured.
    public var fillsGaps: Bool
    /// Whether its prior brings the transforms of the variables, so that it must not be given transformed measurements.
    public var transformsItself: Bool

    public init(
      drawsSamples: Bool = true, usesNoise: Bool = true, answersInStates: Bool = true, fillsGaps: Bool = true,
      transformsItself: Bool = false
    ) {
      (self.drawsSamples, self.usesNoise, self.answersInStates) = (drawsSamples, usesNoise, answersInStates)
      (self.fillsGaps, self.transformsItself) = (fillsGaps, transformsItself)
    }
  }

  /// - Parameters:
  ///   - name: letters, digits and hyphens; unique in a table.
  ///   - settings: the defaults of its settings, if it has any.
  ///   - make: the solver for a model and settings; the model has all that `needs` names.
  public init(
    name: String, title: String, traits: Traits = Traits(), needs: Model.Parts = [],
    handles: Set<OperatorForm.Kind> = .all,
    settings: (any MethodSettings)? = nil, make: @escaping @Sendable (MethodContext) throws -> any Solver
  ) {
    (self.name, self.title, self.traits) = (name, title, traits)
    (self.needs, self.handles, self.settings, self.make) = (needs, handles, settings, make)
  }

  /// Whether the method learns from an archive; the others can be used on a single file.
  public var learnsFromArchive: Bool { !needs.isEmpty }

  /// Whether the method has a number of steps, which a sweep can vary.
  public var hasSteps: Bool { settings?.hasSteps ?? false }

  /// Whether the method has a step size.
  public var hasStepSize: Bool { settings?.hasStepSize ?? false }

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
  /// The solver for fields of a model: confined to the domain, in the variables' units, within their ranges.
  ///
  /// - Parameter settings: the settings of all methods; the method takes its own.
  /// - Throws: ``MethodError`` where the model lacks what the method needs, ``PriorError/tooLarge(_:)`` where the method does
  ///   not serve the size of the domain, ``SolverError``.
  public func solver(for model: Model, settings: SolverSettings = SolverSettings()) throws -> any Solver {
    let context = MethodContext(method: self, model: model, settings: settings)
    try context.check()
    return try decorated(make(context), for: model)
  }

  /// Puts around a solver what its traits leave to do.
  private func decorated(_ solver: any Solver, for model: Model) throws -> any Solver {
    let space = model.space
    var solver = solver
    if !traits.answersInStates, space.isInside.contains(false) {
      solver = solver.restricted(to: space.isInside)
    }
    var bounds = space.bounds
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
}

/// A method that cannot be used as asked; the text says what is missing and what to do.
public enum MethodError: Error, Equatable, CustomStringConvertible {
  /// A model without a part that the method needs.
  case missingPart(Model.Parts, model: String)
  /// A covariance with parameters that it cannot have.
  case wrongParameters(model: String, found: Int, expected: Int)

  public var description: String {
    switch self {
    case .missingPart(.diffusion, let model):
      "The model '\(model)' has no diffusion prior. Add a section `diffusion` to its configuration and train it again, or set solvers.prior=gaussian to sample the Gaussian of its modes."
    case .missingPart(.flow, let model):
      "The model '\(model)' has no flow. Add a section `flow` to its configuration and train it again."
    case .missingPart(.mixture, let model):
      "The model '\(model)' has no groups to mix. Train it with prior: {kind: mixture}."
    case .missingPart(_, let model):
      "The model '\(model)' has no Gaussian prior. Learn one from an archive with `sextant train`, or use a method that needs no archive, such as kriging or harmonic."
    case .wrongParameters(let model, let found, let expected):
      "The model '\(model)' has \(found) parameters of its covariance, but \(expected) finite ones between -50 and 50 are needed. Train it again."
    }
  }
}
