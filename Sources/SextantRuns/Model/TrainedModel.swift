// A trained model: a prior with all that is needed to use it on a new file. What `sextant train` leaves behind
// and `sextant impute` opens. The numbers live in SextantPriors; here are their companions.

import SextantArrays
import SextantGeometry
import SextantPriors
import SextantSignals
import SextantSolvers

/// A prior together with its grid, variables and settings.
public struct TrainedModel: Sendable {
  /// What is known of a model beside its numbers; stored as JSON in its file.
  public struct Description: Sendable, Codable, Equatable {
    /// The version of the file's layout.
    public var formatVersion = 1
    /// The version of the program that made it.
    public var program: String
    /// The name of the run.
    public var name: String
    /// The variables (C), with the units in which the model thinks.
    public var variables: [Variable]
    /// The grid that it was trained on.
    public var grid: StoredDomain
    /// The hash of the grid's geometry.
    public var fingerprint: String
    /// How the prior was learned.
    public var prior: GaussianPriorConfiguration
    /// Where the covariance's parameters come from.
    public var parameters: ParameterChoice
    /// The range of each variable (C).
    public var bounds: [ValueBounds?]
    /// The files of the archive.
    public var archiveFiles: [String]
    /// The number of fields that were learned from.
    public var fieldCount: Int
    /// The seed of the run.
    public var seed: UInt64
    /// What was done to each variable (C) before the prior was learned; nil for nothing.
    public var transforms: [MarginalTransform]?
    /// The group of each field that was learned from (N), for a mixture; nil for any other prior.
    public var membership: [Int]?

    public init(
      program: String, name: String, variables: [Variable], grid: StoredDomain, fingerprint: String,
      prior: GaussianPriorConfiguration, parameters: ParameterChoice, bounds: [ValueBounds?],
      archiveFiles: [String], fieldCount: Int, seed: UInt64,
      transforms: [MarginalTransform]? = nil, membership: [Int]? = nil
    ) {
      self.program = program
      self.name = name
      self.variables = variables
      self.grid = grid
      self.fingerprint = fingerprint
      self.prior = prior
      self.parameters = parameters
      self.bounds = bounds
      self.archiveFiles = archiveFiles
      self.fieldCount = fieldCount
      self.seed = seed
      self.transforms = transforms
      self.membership = membership
      // Programs that know neither must not take the prior for a plain one in the variables' units.
      formatVersion = transforms == nil && membership == nil ? 1 : 2
    }
  }

  /// What it is.
  public let description: Description
  /// Where its fields live.
  public let domain: any Domain
  /// Whether each entry of the V×C array is inside the domain (V·C).
  public let isInside: [Bool]
  /// The share of land at each vertex (V), if a mask was given.
  public let landShare: [Float]?
  /// The prior.
  public let prior: GaussianPrior
  /// What a network learned on top of the prior, if one was trained.
  public var flow: TrainedFlow?
  /// The diffusion prior that was trained beside it, where it was opened: most methods need none.
  public var diffusion: TrainedDiffusion?

  public init(
    description: Description, domain: any Domain, isInside: [Bool], landShare: [Float]?, prior: GaussianPrior
  ) {
    self.description = description
    self.domain = domain
    self.isInside = isInside
    self.landShare = landShare
    self.prior = prior
  }

  /// The same model for anomalies: its climatology is taken off, so that files which hold differences from a mean can be filled.
  /// Meant for models without transforms: a difference has none.
  public var forAnomalies: TrainedModel {
    let climatology = prior.space.climatology
    let zero = Climatology(kind: climatology.kind, coefficients: .zeros(climatology.coefficients.shape))
    var model = TrainedModel(
      description: description, domain: domain, isInside: isInside, landShare: landShare,
      prior: prior.replacing(climatology: zero))
    // Its states are anomalies already.
    model.diffusion = diffusion
    return model
  }

  /// The number of channels C.
  public var channelCount: Int { description.variables.count }

  /// What was done to each variable (C) before the prior was learned.
  public var transforms: [MarginalTransform] {
    description.transforms ?? [MarginalTransform](repeating: .none, count: channelCount)
  }

  /// The land of a planet that is not the Earth, at each vertex (V): a model without files is of the synthetic climate.
  var ownLand: [Bool]? { description.archiveFiles.isEmpty ? landShare?.map { $0 > 0.5 } : nil }

  /// The standard deviation of a channel's anomalies, in the variable's units; of a transformed one about its mean.
  func typicalDeviation(ofChannel channel: Int) -> Double {
    let scale = Double(prior.space.scales[channel])
    let transform = transforms[channel]
    guard !transform.isIdentity else { return scale }
    let states = prior.space.layout.states(ofChannel: channel)
    let mean = prior.space.climatology.overallMean
    let centre = states.reduce(0.0) { $0 + Double(mean[$1]) } / Double(max(1, states.count))
    return transform.momentsOfNormal(mean: centre, deviation: scale).deviation
  }
}
