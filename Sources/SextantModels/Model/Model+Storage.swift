// Models on disk: one safetensors file, its description in the metadata, its arrays by name.
// Reading checks every shape against the description, so that a wrong or tampered file is refused with a reason.

import Foundation
import SextantArrays
import SextantGeometry
import SextantPriors
import SextantSolvers
import SextantStorage

/// A file that is not a model of this program, or whose parts do not fit together.
public enum ModelError: Error, Equatable, CustomStringConvertible {
  /// The folder holds no model.
  case noModel(folder: String)
  /// A safetensors file, but not a model of this program.
  case anotherKind(path: String, found: String)
  /// Made by a later version.
  case newerFormat(path: String, found: Int, known: Int)
  /// Its parts do not fit together.
  case inconsistent(path: String, reason: String)
  /// A network that was trained on top of another model than the one beside it.
  case anotherPrior(path: String, model: String)

  public var description: String {
    switch self {
    case .noModel(let folder):
      "\(folder): no model.safetensors there. Give the output folder of `sextant train`, or the file itself."
    case .anotherKind(let path, let found):
      "\(path): not a Sextant model, but \(found). Give the output folder of `sextant train`."
    case .newerFormat(let path, let found, let known):
      "\(path): the model's layout is version \(found), and this program knows versions up to \(known). Update Sextant."
    case .inconsistent(let path, let reason):
      "\(path): the model does not fit together: \(reason). Train it again."
    case .anotherPrior(let path, let model):
      "\(path): it was trained on top of another model than \(model), so that the two do not belong together. Put the files of one run into one folder, or run `sextant train` again with --overwrite, which trains both."
    }
  }
}

extension Model {
  /// The name of the model's file in a run's folder.
  public static let fileName = "model.safetensors"
  private static let metadataKey = "sextant_model"
  /// The latest layout that is understood: 2 has transforms of variables and mixtures.
  private static let knownVersion = 2

  /// Writes space and Gaussian prior to `folder`, whole or not at all; a mixture of patches goes to a file
  /// beside it, and a diffusion prior and a flow have files of their own.
  ///
  /// Throws ``MethodError`` where there is no Gaussian prior, `RunError` where the domain cannot be stored, `FileError`.
  public func write(toFolder folder: String, overwrite: Bool) throws {
    let prior = try requireGaussian().prior
    if let patches {
      try patches.write(toFolder: folder, overwrite: overwrite)
    } else {
      // Those of an earlier model do not belong to this one.
      try WholeFile.remove(folder + "/" + PatchMixture.fileName)
    }
    var writer = SafetensorsWriter(metadata: [Self.metadataKey: try ModelDescription(self).canonicalText()])
    writer.add("inside", booleans: space.isInside)
    writer.add("climatology", prior.space.climatology.coefficients)
    writer.add("scales", Tensor(prior.space.scales))
    writer.add("modes", prior.functions.scaledModes)
    writer.add("mode_deviations", Tensor(prior.functions.standardDeviations))
    writer.add("residual_variance", Tensor(prior.functions.residualVariance))
    writer.add("archive_coefficients", prior.archiveCoefficients)
    writer.add("channel_correlation", prior.channelCorrelation)
    if let landShare = space.landShare { writer.add("land_share", Tensor(landShare)) }
    try writer.write(to: URL(fileURLWithPath: folder).appendingPathComponent(Self.fileName).path, overwrite: overwrite)
  }

  /// Opens a model with its flow, if it has one: a run's folder, or the file itself. A diffusion prior is opened where a method
  /// needs it, see `init(contentsOf:for:solvers:)`.
  ///
  /// - Parameters:
  ///   - place: The folder of a run, or the file itself.
  ///   - domains: The kinds of domain that a model may have.
  /// - Throws: `ModelError`, `SafetensorsError`, `FileError`, `GeometryError`.
  public init(contentsOf place: String, domains: [StoredDomainKind] = .standard) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: place, isDirectory: &isFolder) else {
      throw FileError.missing(path: place)
    }
    let path = isFolder.boolValue ? URL(fileURLWithPath: place).appendingPathComponent(Self.fileName).path : place
    guard FileManager.default.fileExists(atPath: path) else { throw ModelError.noModel(folder: place) }
    let file = try SafetensorsFile(path: path)
    let description = try Self.description(in: file, domains: domains)
    func check(_ condition: Bool, _ reason: @autoclosure () -> String) throws {
      if !condition { throw ModelError.inconsistent(path: path, reason: reason()) }
    }
    let channels = description.variables.count
    let isInside = try file.booleans("inside")
    // Before the grid is made: its size must be backed by as many bytes in the file.
    let vertices = description.grid.claimedVertexCount
    try check(
      channels > 0 && vertices.map { $0.multipliedReportingOverflow(by: channels) == (isInside.count, false) } ?? false,
      "\(isInside.count) flags for \(vertices.map(String.init) ?? "uncountable") vertices and \(channels) variables")
    try check(description.bounds.count == channels, "\(description.bounds.count) ranges for \(channels) variables")
    try check(
      description.transforms.map { $0.count == channels && $0.allSatisfy(\.isValid) } ?? true,
      "its transforms are not one increasing map for each of \(channels) variables")
    try check(
      description.membership.map { $0.count == description.fieldCount && $0.allSatisfy { $0 >= 0 } } ?? true,
      "its groups are not one for each of \(description.fieldCount) fields")
    try check(description.prior.climatology.isValid, "a climatology that is \(description.prior.climatology)")
    let domain = try description.grid.makeDomain()
    try check(
      domain.fingerprint == description.fingerprint,
      "its grid has another fingerprint than the one it was trained on")
    let landShare =
      try file.contains("land_share")
      ? file.floats("land_share", shape: [domain.vertexCount]).scalars : nil
    let space = try FieldSpace(
      domain: domain, variables: description.variables, isInside: isInside, landShare: landShare,
      hasOwnLand: description.describesOwnLand, transforms: description.transforms, bounds: description.bounds)
    let layout = space.layout
    let d = layout.count
    let climatology = Climatology(
      kind: description.prior.climatology,
      coefficients: try file.floats("climatology", shape: [description.prior.climatology.termCount, d]))
    let scales = try file.floats("scales", shape: [channels]).scalars
    try check(scales.allSatisfy { $0 > 0 && $0.isFinite }, "a scale is not a positive number")
    let standardDeviations = try file.floats("mode_deviations").scalars
    let functions = EmpiricalOrthogonalFunctions(
      scaledModes: try file.floats("modes", shape: [standardDeviations.count, d]),
      standardDeviations: standardDeviations,
      residualVariance: try file.floats("residual_variance", shape: [d]).scalars)
    let coefficients = try file.floats("archive_coefficients")
    try check(
      coefficients.shape.count == 2 && coefficients.columnCount == standardDeviations.count,
      "coefficients of shape \(coefficients.shape) for \(standardDeviations.count) modes")
    let correlation = try file.floats("channel_correlation", shape: [channels, channels])
    try check(
      [climatology.coefficients, functions.scaledModes, correlation, coefficients].allSatisfy(\.isFinite)
        && [standardDeviations, functions.residualVariance, landShare ?? []].allSatisfy { $0.allSatisfy(\.isFinite) },
      "a number in it is not finite")
    let prior = GaussianPrior(
      configuration: description.prior, space: StateSpace(layout: layout, climatology: climatology, scales: scales),
      functions: functions, archiveCoefficients: coefficients,
      landShare: landShare.map { layout.landOfStates($0, domain: domain) },
      channelCorrelation: correlation)
    try self.init(
      space,
      provenance: Provenance(
        name: description.name, program: description.program, archiveFiles: description.archiveFiles,
        fieldCount: description.fieldCount, seed: description.seed, training: description.training,
        fileDigests: description.fileDigests,
        support: description.support, estimatedNoise: description.estimatedNoise, remarks: description.remarks ?? []),
      gaussian: LearnedGaussian(prior, parameters: description.parameters, membership: description.membership),
      flow: LearnedFlow(folder: Self.folder(of: path), prior: prior, domain: domain),
      patches: PatchMixture(folder: Self.folder(of: path), channelCount: channels))
  }

  /// Opens a model with all that a method needs: for those that sample a diffusion prior, the one beside it.
  ///
  /// Throws `RunError` where there is no diffusion prior or the training of a network was not finished, and what `init(contentsOf:)` and
  /// ``LearnedDiffusion/init(folder:for:)`` throw.
  public init(
    contentsOf place: String, for method: Method, solvers: SolverSettings, domains: [StoredDomainKind] = .standard
  ) throws {
    let model = try Model(contentsOf: place, domains: domains)
    if method.needs.contains(.flow), let training = UnfinishedTraining("flow", in: Self.folder(of: place)) {
      throw training.error(for: method)
    }
    guard method.samplesDiffusion, solvers.prior == .diffusion else {
      self = model
      return
    }
    let folder = Self.folder(of: place)
    if let training = UnfinishedTraining("diffusion", in: folder) { throw training.error(for: method) }
    guard FileManager.default.fileExists(atPath: folder + "/" + LearnedDiffusion.fileName) else {
      throw RunError.invalid(
        "\(folder): '\(method.name)' samples a diffusion prior, and there is no \(LearnedDiffusion.fileName). Add a section `diffusion` to the configuration and train it again, or give --set solvers.prior=gaussian to sample the Gaussian of the model's modes."
      )
    }
    self = model.with(diffusion: try LearnedDiffusion(folder: folder, for: model))
  }

  /// The folder of a model: a run's, or that of the file.
  package static func folder(of place: String) -> String {
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: place, isDirectory: &isFolder)
    return isFolder.boolValue ? place : URL(fileURLWithPath: place).deletingLastPathComponent().path
  }

  private static func description(in file: SafetensorsFile, domains: [StoredDomainKind]) throws -> ModelDescription {
    guard let text = file.metadata[metadataKey] else {
      throw ModelError.anotherKind(
        path: file.path, found: "a safetensors file with tensors \(file.names.prefix(5).joined(separator: ", "))")
    }
    struct Version: Decodable { var formatVersion: Int }
    let decoder = JSONDecoder(domains: domains)
    let data = Data(text.utf8)
    guard let version = try? decoder.decode(Version.self, from: data) else {
      throw ModelError.anotherKind(path: file.path, found: "a file whose description cannot be read")
    }
    guard (1...knownVersion).contains(version.formatVersion) else {
      throw ModelError.newerFormat(path: file.path, found: version.formatVersion, known: knownVersion)
    }
    do {
      return try decoder.decode(ModelDescription.self, from: data)
    } catch {
      throw ModelError.inconsistent(path: file.path, reason: "its description cannot be read (\(error))")
    }
  }
}
