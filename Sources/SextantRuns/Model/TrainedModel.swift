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
    public var grid: GridDescription
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

    public init(
      program: String, name: String, variables: [Variable], grid: GridDescription, fingerprint: String,
      prior: GaussianPriorConfiguration, parameters: ParameterChoice, bounds: [ValueBounds?],
      archiveFiles: [String], fieldCount: Int, seed: UInt64
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
  public var forAnomalies: TrainedModel {
    let climatology = prior.space.climatology
    let zero = Climatology(kind: climatology.kind, coefficients: .zeros(climatology.coefficients.shape))
    return TrainedModel(
      description: description, domain: domain, isInside: isInside, landShare: landShare,
      prior: prior.replacing(climatology: zero))
  }

  /// The number of channels C.
  public var channelCount: Int { description.variables.count }
}
