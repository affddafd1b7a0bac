// A model: a space of fields and what was learned about it. Each learned part is optional, and a model never changes: `with`
// gives another one. How models are stored is the business of the layer above.

import SextantArrays
import SextantPriors
import SextantSignals

/// A space of fields with the priors and the posterior networks that were learned for it.
public struct Model: Sendable {
  /// Where a model comes from: for people, logs and files.
  public struct Provenance: Sendable, Equatable {
    /// The name of the run that learned the model, or of the file that it was made for.
    public var name: String
    /// The version of the program that learned it.
    public var program: String
    /// The files of the archive; empty for a synthetic archive and for models that learned nothing.
    public var archiveFiles: [String]
    /// The number of fields that it learned from.
    public var fieldCount: Int
    /// The seed of all random numbers of its training.
    public var seed: UInt64
    /// The settings that determine the Gaussian prior, as text; nil where they are unknown.
    public var training: String?

    public init(
      name: String = "model", program: String = "", archiveFiles: [String] = [], fieldCount: Int = 0, seed: UInt64 = 0,
      training: String? = nil
    ) {
      (self.name, self.program, self.archiveFiles) = (name, program, archiveFiles)
      (self.fieldCount, self.seed, self.training) = (fieldCount, seed, training)
    }
  }

  /// The parts that a model may have and a method may need.
  public struct Parts: OptionSet, Sendable, Hashable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
    /// A Gaussian prior.
    public static let gaussian = Parts(rawValue: 1)
    /// A Gaussian prior whose archive is split into groups.
    public static let mixture = Parts(rawValue: 2)
    /// A diffusion prior.
    public static let diffusion = Parts(rawValue: 4)
    /// A learned posterior.
    public static let flow = Parts(rawValue: 8)
  }

  /// Where the fields live.
  public let space: FieldSpace
  /// Where the model comes from.
  public let provenance: Provenance
  /// The Gaussian prior, if one was learned.
  public let gaussian: LearnedGaussian?
  /// The diffusion prior, if one was learned and opened.
  public let diffusion: LearnedDiffusion?
  /// The learned posterior, if one was trained.
  public let flow: LearnedFlow?

  /// - Throws: ``ModelPartError`` where the Gaussian prior describes other states than those of `space`.
  public init(
    _ space: FieldSpace, provenance: Provenance = Provenance(), gaussian: LearnedGaussian? = nil,
    diffusion: LearnedDiffusion? = nil, flow: LearnedFlow? = nil
  ) throws(ModelPartError) {
    if let gaussian, gaussian.prior.space.layout != space.layout {
      throw .otherStates(expected: space.layout.count, found: gaussian.prior.space.count)
    }
    (self.space, self.provenance) = (space, provenance)
    (self.gaussian, self.diffusion, self.flow) = (gaussian, diffusion, flow)
  }

  private init(_ model: Model, gaussian: LearnedGaussian?, diffusion: LearnedDiffusion?, flow: LearnedFlow?) {
    (space, provenance) = (model.space, model.provenance)
    (self.gaussian, self.diffusion, self.flow) = (gaussian, diffusion, flow)
  }

  /// The same model with another diffusion prior.
  public func with(diffusion: LearnedDiffusion?) -> Model {
    Model(self, gaussian: gaussian, diffusion: diffusion, flow: flow)
  }

  /// The same model with another learned posterior.
  public func with(flow: LearnedFlow?) -> Model {
    Model(self, gaussian: gaussian, diffusion: diffusion, flow: flow)
  }

  /// The same model with another Gaussian prior over the same states. Throws ``ModelPartError``.
  public func with(gaussian: LearnedGaussian?) throws(ModelPartError) -> Model {
    try Model(space, provenance: provenance, gaussian: gaussian, diffusion: diffusion, flow: flow)
  }

  /// The parts that the model has.
  public var parts: Parts {
    var parts: Parts = []
    if let gaussian { parts.formUnion(gaussian.membership == nil ? .gaussian : [.gaussian, .mixture]) }
    if diffusion != nil { parts.insert(.diffusion) }
    if flow != nil { parts.insert(.flow) }
    return parts
  }

  /// The same model for anomalies: its climatology is zero, so that files which hold differences from a mean can be filled. Its
  /// flow is left out, because it learned from fields with their climatology.
  ///
  /// Meant for models without transforms: a difference has none.
  public var forAnomalies: Model {
    Model(self, gaussian: gaussian?.withoutClimatology, diffusion: diffusion, flow: nil)
  }

  /// The Gaussian prior. Throws ``MethodError/missingPart(_:model:)`` where there is none.
  public func requireGaussian() throws(MethodError) -> LearnedGaussian {
    guard let gaussian else { throw .missingPart(.gaussian, model: provenance.name) }
    return gaussian
  }
}

/// A Gaussian prior with what it takes to condition it.
public struct LearnedGaussian: Sendable {
  /// Climatology, modes and what they leave.
  public let prior: GaussianPrior
  /// Where the parameters of its covariance come from.
  public let parameters: ParameterFitting
  /// The group of each field that was learned from (N), for a mixture; nil for any other prior.
  public let membership: [Int]?

  public init(_ prior: GaussianPrior, parameters: ParameterFitting = .perField, membership: [Int]? = nil) {
    (self.prior, self.parameters, self.membership) = (prior, parameters, membership)
  }

  /// What the prior is made of.
  public var kind: GaussianPriorKind { prior.configuration.kind }

  /// The same prior about a climatology of zero.
  var withoutClimatology: LearnedGaussian {
    let climatology = prior.space.climatology
    let zero = Climatology(kind: climatology.kind, coefficients: .zeros(climatology.coefficients.shape))
    return LearnedGaussian(prior.replacing(climatology: zero), parameters: parameters, membership: membership)
  }

  /// The standard deviation of a channel's anomalies, in the variable's units; of a transformed variable about its mean.
  public func typicalDeviation(ofChannel channel: Int, transform: MarginalTransform) -> Double {
    let scale = Double(prior.space.scales[channel])
    guard !transform.isIdentity else { return scale }
    let states = prior.space.layout.states(ofChannel: channel)
    let mean = prior.space.climatology.overallMean
    let centre = states.reduce(0.0) { $0 + Double(mean[$1]) } / Double(max(1, states.count))
    return transform.momentsOfNormal(mean: centre, deviation: scale).deviation
  }
}

/// A learned part that does not fit the space of its model.
public enum ModelPartError: Error, Equatable, CustomStringConvertible {
  /// The prior describes other states than those of the space.
  case otherStates(expected: Int, found: Int)

  public var description: String {
    switch self {
    case .otherStates(let expected, let found):
      "The Gaussian prior describes \(found) states, and the model's space has \(expected), or orders them otherwise. Use a prior that was learned on this domain with these variables."
    }
  }
}
