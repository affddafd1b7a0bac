// What the file of a model says in words: all of a model but its numbers, as JSON in the metadata.

import SextantGeometry
import SextantPriors
import SextantSignals
import SextantSolvers

/// The description of a model as it is stored. Its keys and their meaning are part of the file's layout.
public struct ModelDescription: Sendable, Codable, Equatable {
  /// The version of the file's layout: 2 where there are transforms or groups, which programs that know neither must not take for
  /// a plain prior in the variables' units.
  public let formatVersion: Int
  /// The version of the program that made the model.
  public let program: String
  /// The name of the run.
  public let name: String
  /// The variables (C), with the model's units.
  public let variables: [Variable]
  /// The domain.
  public let grid: StoredDomain
  /// The hash of the domain's geometry.
  public let fingerprint: String
  /// How the prior was learned.
  public let prior: GaussianPriorConfiguration
  /// Where the covariance's parameters come from.
  public let parameters: ParameterFitting
  /// The range of each variable (C).
  public let bounds: [ValueBounds?]
  /// The files of the archive.
  public let archiveFiles: [String]
  /// The number of fields that were learned from.
  public let fieldCount: Int
  /// The seed of the run.
  public let seed: UInt64
  /// The transform of each variable (C); nil for none.
  public let transforms: [MarginalTransform]?
  /// The group of each field that was learned from (N), for a mixture; nil for any other prior.
  public let membership: [Int]?
  /// Whether the land is that of another planet than the Earth; nil in files that do not say.
  public let hasOwnLand: Bool?
  /// The settings that determine the model, as text; nil in files that do not say.
  public let training: String?
  /// The SHA-256 of each file that the prior was learned from, by its path; nil in files that do not say.
  public let fileDigests: [String: String]?
  /// The seasons, hours and levels of the archive, and its gaps; nil in files that do not say.
  public let support: ArchiveSupport?
  /// The noise that was estimated from the archive, by the names of variables; nil where it was given, and in files that do not say.
  public let estimatedNoise: [String: Double]?
  /// What was odd about the archive; nil for nothing.
  public let remarks: [Remark]?

  /// The description of a model with a Gaussian prior.
  ///
  /// Throws `MethodError` where it has none, and `GeometryError` where its domain cannot be stored.
  public init(_ model: Model) throws {
    let (space, provenance) = (model.space, model.provenance)
    let gaussian = try model.requireGaussian()
    let transforms = space.transforms.allSatisfy(\.isIdentity) ? nil : space.transforms
    formatVersion = transforms == nil && gaussian.membership == nil ? 1 : 2
    (program, name, training) = (provenance.program, provenance.name, provenance.training)
    fileDigests = provenance.fileDigests
    estimatedNoise = provenance.estimatedNoise
    (support, remarks) = (provenance.support, provenance.remarks.isEmpty ? nil : provenance.remarks)
    (archiveFiles, fieldCount, seed) = (provenance.archiveFiles, provenance.fieldCount, provenance.seed)
    (variables, bounds) = (space.variables, space.bounds)
    (grid, fingerprint) = (try space.domain.requiredStored(), space.domain.fingerprint)
    (prior, parameters, membership) = (gaussian.prior.configuration, gaussian.parameters, gaussian.membership)
    self.transforms = transforms
    hasOwnLand = space.landShare == nil ? nil : space.hasOwnLand
  }

  /// Whether the land is that of another planet. Files that do not say have it from the synthetic climate, which has no files.
  var describesOwnLand: Bool { hasOwnLand ?? archiveFiles.isEmpty }
}
