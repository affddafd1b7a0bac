// A model: a space of fields and the parts that were learned for it, each of which is optional. A model is immutable;
// the functions `with` return changed copies. SextantRuns stores models.

import SextantArrays
import SextantGeometry
import SextantPriors
import SextantSignals

/// A space of fields with the priors and the posterior network that were learned for it.
public struct Model: Sendable {
  /// The origin of a model, for people, logs and files.
  public struct Provenance: Sendable, Equatable {
    /// The name of the run that learned the model, or of the file for which it was made.
    public var name: String
    /// The version of the program that learned it.
    public var program: String
    /// The files of the archive; empty for a synthetic archive and for a model without learned parts.
    public var archiveFiles: [String]
    /// The number of fields from which the model was learned.
    public var fieldCount: Int
    /// The seed of all random numbers of its training.
    public var seed: UInt64
    /// The settings that determine the Gaussian prior, as text; nil if they are unknown.
    public var training: String?
    /// The SHA-256 of each file that the Gaussian prior was learned from, by its path; nil if they are unknown.
    public var fileDigests: [String: String]?
    /// The seasons, hours and levels of the archive, and its gaps; nil if they are unknown.
    public var support: ArchiveSupport?
    /// The noise that was estimated from the archive, by the names of variables, in their units; nil where it was given or there is none.
    public var estimatedNoise: [String: Double]?
    /// What was odd about the archive.
    public var remarks: [Remark]

    public init(
      name: String = "model", program: String = "", archiveFiles: [String] = [], fieldCount: Int = 0, seed: UInt64 = 0,
      training: String? = nil, fileDigests: [String: String]? = nil, support: ArchiveSupport? = nil,
      estimatedNoise: [String: Double]? = nil, remarks: [Remark] = []
    ) {
      (self.name, self.program, self.archiveFiles) = (name, program, archiveFiles)
      (self.fieldCount, self.seed, self.training, self.fileDigests) = (fieldCount, seed, training, fileDigests)
      (self.support, self.estimatedNoise, self.remarks) = (support, estimatedNoise, remarks)
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
    /// A mixture of Gaussians of image patches.
    public static let patches = Parts(rawValue: 16)
  }

  /// The domain and the variables of the fields.
  public private(set) var space: FieldSpace
  /// The origin of the model.
  public private(set) var provenance: Provenance
  /// The Gaussian prior, if one was learned.
  public private(set) var gaussian: LearnedGaussian?
  /// The diffusion prior, if one was learned and opened.
  public private(set) var diffusion: LearnedDiffusion?
  /// The learned posterior, if one was trained.
  public private(set) var flow: LearnedFlow?
  /// The mixture of image patches, if one was learned.
  public private(set) var patches: PatchMixture?

  /// Makes a model from its parts. Throws ``ModelPartError`` if the states of the Gaussian prior are not those of
  /// `space`.
  public init(
    _ space: FieldSpace, provenance: Provenance = Provenance(), gaussian: LearnedGaussian? = nil,
    diffusion: LearnedDiffusion? = nil, flow: LearnedFlow? = nil, patches: PatchMixture? = nil
  ) throws(ModelPartError) {
    if let gaussian, gaussian.prior.space.layout != space.layout {
      throw .otherStates(expected: space.layout.count, found: gaussian.prior.space.count)
    }
    (self.space, self.provenance) = (space, provenance)
    (self.gaussian, self.diffusion, self.flow, self.patches) = (gaussian, diffusion, flow, patches)
  }

  /// The same model with another diffusion prior.
  public func with(diffusion: LearnedDiffusion?) -> Model {
    var result = self
    result.diffusion = diffusion
    return result
  }

  /// The same model with another learned posterior.
  public func with(flow: LearnedFlow?) -> Model {
    var result = self
    result.flow = flow
    return result
  }

  /// The same model with another mixture of patches.
  public func with(patches: PatchMixture?) -> Model {
    var result = self
    result.patches = patches
    return result
  }

  /// The patches of the model on an image of another size: all that it knows there. Throws ``FieldSpaceError``.
  public func movingPatches(to domain: any Domain) throws(FieldSpaceError) -> Model {
    var result = self
    (result.gaussian, result.diffusion, result.flow) = (nil, nil, nil)
    result.space = try FieldSpace(
      domain: domain, variables: space.variables, transforms: space.transforms, bounds: space.bounds)
    return result
  }

  /// The same model with another Gaussian prior over the same states. Throws ``ModelPartError``.
  public func with(gaussian: LearnedGaussian?) throws(ModelPartError) -> Model {
    try Model(
      space, provenance: provenance, gaussian: gaussian, diffusion: diffusion, flow: flow, patches: patches)
  }

  /// What is to be said of the archive, and of the trainings on top of it.
  public var remarks: [Remark] { provenance.remarks + (flow?.remarks ?? []) }

  /// The parts that the model has.
  public var parts: Parts {
    var parts: Parts = []
    if let gaussian { parts.formUnion(gaussian.membership == nil ? .gaussian : [.gaussian, .mixture]) }
    if diffusion != nil { parts.insert(.diffusion) }
    if flow != nil { parts.insert(.flow) }
    if patches != nil { parts.insert(.patches) }
    return parts
  }

  /// The same model for anomalies: its climatology is zero, so that files with differences from a mean can be filled.
  /// It has no flow, because flows are learned from fields with their climatology.
  ///
  /// It is meant for models without transforms, which do not apply to differences.
  public var forAnomalies: Model {
    var result = self
    (result.gaussian, result.flow, result.patches) = (gaussian?.withoutClimatology, nil, nil)
    result.provenance.support = provenance.support?.ofAnomalies
    return result
  }

  /// The Gaussian prior. Throws ``MethodError/missingPart(_:model:)`` if there is none.
  public func requireGaussian() throws(MethodError) -> LearnedGaussian {
    guard let gaussian else { throw .missingPart(.gaussian, model: provenance.name) }
    return gaussian
  }
}

/// A Gaussian prior, with the parameters of its covariance and the groups of its archive.
public struct LearnedGaussian: Sendable {
  /// The climatology, the modes and the residual variance.
  public let prior: GaussianPrior
  /// The origin of the parameters of its covariance.
  public let parameters: ParameterFitting
  /// The group of each field of the archive (N), for a mixture; nil for any other prior.
  public let membership: [Int]?

  public init(_ prior: GaussianPrior, parameters: ParameterFitting = .perField, membership: [Int]? = nil) {
    (self.prior, self.parameters, self.membership) = (prior, parameters, membership)
  }

  /// The kind of the prior.
  public var kind: GaussianPriorKind { prior.configuration.kind }

  /// The same prior with a climatology of zero.
  var withoutClimatology: LearnedGaussian {
    let climatology = prior.space.climatology
    let zero = Climatology(kind: climatology.kind, coefficients: .zeros(climatology.coefficients.shape))
    return LearnedGaussian(prior.replacing(climatology: zero), parameters: parameters, membership: membership)
  }

  /// The standard deviation of a channel's anomalies, in the variable's units; for a transformed variable, that at its
  /// mean.
  public func typicalStandardDeviation(ofChannel channel: Int, transform: MarginalTransform) -> Double {
    let scale = Double(prior.space.scales[channel])
    guard !transform.isIdentity else { return scale }
    let states = prior.space.layout.states(ofChannel: channel)
    let mean = prior.space.climatology.overallMean
    let centre = states.reduce(0.0) { $0 + Double(mean[$1]) } / Double(max(1, states.count))
    return transform.momentsOfNormal(mean: centre, standardDeviation: scale).standardDeviation
  }
}

/// A learned part that does not match the space of its model.
public enum ModelPartError: Error, Equatable, CustomStringConvertible {
  /// The states of the prior are not those of the space.
  case otherStates(expected: Int, found: Int)

  public var description: String {
    switch self {
    case .otherStates(let expected, let found):
      "The Gaussian prior has \(found) states, but the model's space has \(expected), or has them in another order. Use a prior that was learned on this domain with these variables."
    }
  }
}
