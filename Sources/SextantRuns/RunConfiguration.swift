// The settings of a run as data: what `run.yaml` may say, with its defaults. One struct a section; a field is a declaration
// and the line in `init` that reads it. What the settings do is decided in Pipelines.

import SextantConfiguration
import SextantGeometry
import SextantModels
import SextantPriors
import SextantSolvers
import SextantTraining

/// Everything that a run is told.
public struct RunConfiguration: Sendable, Equatable, Encodable {
  /// What the run is called, in reports and models.
  public var name: String
  /// The seed of all random numbers.
  public var seed: UInt64
  /// The folder that results go to.
  public var output: String
  /// The fields to learn from.
  public var archive: DatasetSelection
  /// What is done about an archive with many gaps.
  public var archiveGaps: ArchiveGaps
  /// What tells land from sea.
  public var landMask: LandMask?
  /// How the mean depends on the season.
  public var climatology: ClimatologyKind
  /// What is known before measuring.
  public var prior: PriorSettings
  /// The ranges of variables that have any, by name.
  public var bounds: [String: ValueBounds]
  /// The transforms of variables that have any, by name.
  public var transforms: [String: MarginalTransformKind]
  /// The mixture of image patches that is learned beside the Gaussian prior, if any.
  public var patches: PatchSettings?
  /// The diffusion prior that is learned beside the Gaussian one, if any.
  public var diffusion: DiffusionSettings?
  /// What a network learns on top of the prior, if anything.
  public var flow: FlowSettings?
  /// How networks learn from an archive of measurements; nil where the archive's fields are known.
  public var learning: MeasuredLearning?
  /// What the methods that ask a diffusion prior are set to.
  public var solvers: SolverSettings
  /// What is compared.
  public var evaluate: EvaluationSettings
  /// What is tried with many numbers of steps and step sizes, if anything.
  public var sweep: SweepSettings?

  /// Reads all sections. Throws `ConfigurationError`.
  ///
  /// - Parameters:
  ///   - reader: The settings, with the place of each in its file.
  ///   - catalogue: The methods and measurement designs that are known.
  public init(_ reader: ConfigurationReader, catalogue: Catalogue = .standard) throws {
    let methods = catalogue.methods
    name = try reader.value("name", default: "run")
    seed = try reader.value("seed", default: 1)
    output = try reader.value("output", default: "RUN")
    let (archive, gaps) = try reader.requiredSection("archive") { section in
      var selection = try DatasetSelection(section, defaultYears: 8, designs: catalogue.designs)
      selection.corrupted = try section.optionalSection("corrupted") {
        try CorruptedFields($0, kinds: catalogue.designs)
      }
      let symmetries: [DomainSymmetry] = try section.parsedList("symmetries") { try DomainSymmetry($0) }
      selection.symmetries = symmetries.isEmpty ? nil : symmetries
      return (selection, try section.value("gaps", default: ArchiveGaps.refuse))
    }
    (self.archive, archiveGaps) = (archive, gaps)
    landMask = try reader.optionalSection("land_mask", LandMask.init)
    climatology = try reader.requiredSection("climatology", ClimatologyKind.init)
    prior = try reader.requiredSection("prior", PriorSettings.init)
    let bounds = try reader.namedSections("bounds", ValueBounds.init)
    self.bounds = bounds
    transforms = try reader.namedSections("variables") { try MarginalTransformKind($0, bounds: bounds) }
    let evaluate = try reader.requiredSection("evaluate") {
      try EvaluationSettings($0, archive: archive, catalogue: catalogue)
    }
    self.evaluate = evaluate
    patches = try reader.optionalSection("patches") { try PatchSettings($0, measured: archive.measured?.noise) }
    let asked = try reader.optionalSection("learning") { try MeasuredLearning($0, designs: catalogue.designs) }
    if asked != nil, archive.measured == nil {
      throw reader.wrong(
        "learning", expected: "archive.measured beside it, because it says how networks learn from measurements",
        found: "an archive of known fields")
    }
    learning = archive.measured == nil ? nil : asked ?? MeasuredLearning()
    let joint = asked?.joint
    let diffusion = try reader.optionalSection("diffusion") {
      try DiffusionSettings($0, usualRate: joint?.preset?.priorRate, standsAlone: joint?.preset != nil)
    }
    self.diffusion = diffusion
    flow = try reader.optionalSection("flow") {
      try FlowSettings(
        $0, noise: evaluate.noise, hasDiffusion: diffusion != nil, isMeasured: archive.measured != nil, learning: asked,
        designs: catalogue.designs)
    }
    if archive.measured != nil {
      if gaps == .accept {
        throw reader.wrong("archive", expected: "either measured or gaps: accept", found: "both")
      }
      if !prior.kind.isTwoScale && prior.kind != .modes {
        throw reader.wrong(
          "prior", expected: "kind: two-scale, mixture or eof beside archive.measured, which are learned from measurements",
          found: "kind: \(prior.kind.rawValue)")
      }
      var parts: Model.Parts = diffusion == nil ? [] : .diffusion
      if flow != nil { parts.insert(.flow) }
      if let measured = archive.measured, let wrong = learning?.objection(
        learning: parts, from: measured, hasWeights: diffusion?.weights != nil)
      {
        throw reader.wrong(wrong.key, expected: wrong.expected, found: wrong.found)
      }
      if !parts.isEmpty, let name = transforms.filter({ $0.value != MarginalTransformKind.none }).keys.sorted().first {
        throw reader.wrong(
          flow != nil ? "flow" : "diffusion", expected: "variables without transforms beside archive.measured, because noise is not Gaussian any more after one",
          found: "variables.\(name).transform")
      }
      if let patches, patches.noise.description == "0", archive.measured?.noise.isZero == false {
        throw reader.wrong(
          "patches", expected: "the noise of the images (patches.noise: LEVEL) beside archive.measured", found: "none")
      }
    }
    // Their defaults are worth a word only where one of them is asked.
    sweep = try reader.optionalSection("sweep") { try SweepSettings($0, evaluate: evaluate, methods: methods) }
    let asks = sweep != nil || evaluate.methods.contains(where: \.samplesDiffusion)
    func read(_ section: ConfigurationReader) throws -> SolverSettings { try SolverSettings(section, methods: methods) }
    solvers =
      asks
      ? try reader.requiredSection("solvers", read)
      : try reader.optionalSection("solvers", read) ?? SolverSettings(methods: methods)
    try reader.finish()
  }
}

/// What is done about an archive of which more values are missing than modes can be learned around.
public enum ArchiveGaps: String, ConfigurationChoice {
  /// Nothing is learned.
  case refuse
  /// Each gap is taken for the climatology.
  case accept
}

extension RunConfiguration {
  /// A configuration with the list of its settings and their origins.
  public typealias Resolved = (configuration: RunConfiguration, settings: ResolvedSettings)
}
