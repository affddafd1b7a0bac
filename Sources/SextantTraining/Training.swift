// From an archive to a model in a folder: what `sextant train` runs.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantPriors
import SextantSignals
import SextantSolvers
import SextantStorage

/// What is to be learned, from what.
public struct Training: Sendable {
  /// The name of the run.
  public var name: String
  /// The archive.
  public var archive: DatasetSelection
  /// What tells land from sea, if anything; the synthetic climate brings its own.
  public var landMask: LandMask?
  /// How the prior is made.
  public var prior: GaussianPriorConfiguration
  /// Where the covariance's parameters come from.
  public var parameters: ParameterPolicy
  /// The ranges of variables, by name.
  public var bounds: [String: ValueBounds]
  /// The transforms of variables, by name.
  public var transforms: [String: MarginalTransformKind]
  /// Where everything random comes from.
  public var seed: UInt64
  /// The mixture of image patches that is learned beside the Gaussian prior; nil for none.
  public var patches: PatchSettings?
  /// Whether an archive with many gaps is learned from all the same.
  public var acceptsGaps = false
  /// The formats that the files of the archive may have.
  public var formats: [any SignalFormat] = .standard

  /// When the parameters of a covariance are chosen.
  public enum ParameterPolicy: Sendable, Equatable, Codable {
    /// By each field's own observations.
    case perField
    /// Once, by simulated observations of archive fields that are held out for it: this share missing, this noise, of
    /// which per cents are of the variables' peaks.
    case perArchive(missingShare: Double, noise: NoiseSpecification, peaks: [String: Double] = [:])
  }

  public init(
    name: String, archive: DatasetSelection, landMask: LandMask? = nil, prior: GaussianPriorConfiguration,
    parameters: ParameterPolicy = .perField, bounds: [String: ValueBounds] = [:],
    transforms: [String: MarginalTransformKind] = [:], seed: UInt64 = 0
  ) {
    self.name = name
    self.archive = archive
    self.landMask = landMask
    self.prior = prior
    self.parameters = parameters
    self.bounds = bounds
    self.transforms = transforms
    self.seed = seed
  }

  /// Learns the model and writes it to `folder`.
  ///
  /// Throws what reading, learning and writing throw; `InterruptionError` if asked to stop. What was there is
  /// replaced only once the new model is whole.
  public func run(
    folder: String, overwrite: Bool, progress: any ProgressObserver = SilentProgress(),
    interruption: Interruption = Interruption()
  ) throws -> Model {
    try WholeFile.checkIsFree(
      URL(fileURLWithPath: folder).appendingPathComponent(Model.fileName).path, overwrite: overwrite)
    _ = try archive.signalDomain(of: archive.preview(seed: seed, formats: formats), formats: formats).requiredStored()
    // What is learned is of the files as they are now.
    let digests = try fileDigests(interruption)
    let stateFile = MeasuredGaussianStateFile(
      path: folder + "/" + MeasuredGaussianStateFile.fileName,
      identity: [try identity, try digests.canonicalText()].joined(separator: "\n"))
    if overwrite, !stateFile.isOwn { try stateFile.remove() }
    let model: Model
    do {
      model = try learn(stateFile: stateFile, digests: digests, progress: progress, interruption: interruption)
    } catch let error as InterruptionError {
      guard stateFile.isOwn else { throw error }
      throw InterruptionError(next: "What was learned so far is kept: run the same command to go on.")
    }
    try model.write(toFolder: folder, overwrite: overwrite)
    try stateFile.remove()
    return model
  }

  /// The SHA-256 of each file that is learned from, by its path: archive, land mask, what the designs of the archive read,
  /// and the file on the domain of its signals.
  private func fileDigests(_ interruption: Interruption) throws -> [String: String] {
    let designs = [archive.measured?.operation, archive.corrupted?.design].compactMap(\.self)
    let files = try FilePatterns.files(matching: archive.sources + (landMask.map { [$0.file] } ?? []))
    let signals = [archive.measured?.signals].compactMap(\.self)
    return try LearnedFiles.digests(of: files + designs.flatMap(\.files) + signals) { try interruption.check() }
  }

  /// The files of the archive that are not as they were when a model was learned from them; none of a model that does not say.
  package func changedFiles(
    since model: Model, interruption: Interruption = Interruption()
  ) throws -> [String] {
    guard let known = model.provenance.fileDigests else { return [] }
    let found = try fileDigests(interruption)
    return Set(known.keys).union(found.keys).filter { known[$0] != found[$0] }.sorted()
  }

  /// The measured fields of the archive.
  func openArchive() throws -> TrainingArchive {
    let (source, indices) = try archive.open(seed: seed, formats: formats)
    try archive.measured?.noise.checkNames(among: source.variables, setting: "archive.measured.noise")
    return TrainingArchive(
      source, indices: indices, measured: try archive.measured.map { try MeasuredNoise($0.noise, of: source) })
  }

  /// Learns the model without writing it.
  ///
  /// - Parameters:
  ///   - kept: which of the archive's fields to learn from, by position; nil for all.
  ///   - known: the covariance's parameters where they are known already.
  ///   - progress: is told of the stages.
  ///   - interruption: is checked between them.
  public func learn(
    only kept: [Int]? = nil, parameters known: ParameterFitting? = nil,
    progress: any ProgressObserver = SilentProgress(), interruption: Interruption = Interruption()
  ) throws -> Model {
    try learn(only: kept, parameters: known, stateFile: nil, progress: progress, interruption: interruption)
  }

  /// - Parameters:
  ///   - stateFile: where a Gaussian training from measurements writes down what it has learned so far; nil for nowhere.
  ///   - digests: the SHA-256 of the files, which the model states.
  private func learn(
    only kept: [Int]? = nil, parameters known: ParameterFitting? = nil, stateFile: MeasuredGaussianStateFile?,
    digests: [String: String] = [:], progress: any ProgressObserver, interruption: Interruption
  ) throws -> Model {
    let whole = try openArchive()
    let learnedFrom = kept.map(whole.part) ?? whole
    let (source, indices) = (learnedFrom.source, learnedFrom.indices)
    for (section, names) in [("bounds", Array(bounds.keys)), ("variables", Array(transforms.keys))] {
      for name in names where !source.variables.contains(where: { $0.name == name }) {
        throw RunError.invalid(
          "\(section): there is no variable '\(name)'. Those of the archive: \(source.variables.map(\.name).joined(separator: ", "))."
        )
      }
    }
    // Everything that can be wrong is checked before the long work of learning.
    if patches != nil, let name = transforms.filter({ $0.value != MarginalTransformKind.none }).keys.sorted().first {
      throw RunError.invalid(
        "patches: '\(name)' is transformed (variables.\(name).transform), and patches are learned in the variables' own units. Leave out one of the two."
      )
    }
    let domain = try archive.signalDomain(of: source, formats: formats)
    let matrix = try archive.measured.flatMap { try operation(of: $0, source: source, on: domain) }
    let isInPlace = matrix?.isInPlace ?? true
    if patches != nil, !isInPlace {
      throw RunError.invalid(
        "patches: they are cut out of the archive's images, and its values are on \(source.domain.summaryWithArticle), elsewhere than the signals (archive.measured.operator). Leave out one of the two."
      )
    }
    let noise = try parameterNoise(of: source.variables, vertexCount: domain.vertexCount)
    try archive.checkLevels(source, indices: indices)
    let ranges = try source.variables.map { try bounds[$0.name]?.converted(to: $0) }
    let land = try landShare(on: domain)
    if land != nil, archive.symmetries != nil {
      throw RunError.invalid(
        "archive.symmetries: the land does not move with the fields (\(landMask == nil ? "the synthetic climate has its own" : "land_mask")), so that moved fields are no fields of this planet. Leave out one of the two.")
    }
    let stages = StageProgress(progress, interruption: interruption, count: indices.count)
    defer { stages.finish() }
    let valueNoise = try archive.measured.map { try MeasuredNoise($0.noise, of: source) }
    // The ranges are those of the signals, of which values elsewhere may be any sums.
    let census = try ArchiveCensus(
      of: source, indices: indices, ranges: ranges.map { isInPlace ? $0 : nil }, noise: valueNoise
    ) {
      try stages.advance(.coverage, by: $0)
    }
    let isInside = matrix?.entriesSeen(byValues: census.isInside) ?? census.isInside
    try census.bounds.checkArchive()
    if archive.measured != nil {
      try census.checkVariables(source.variables, fieldCount: indices.count / learnedFrom.copyCount)
    }
    var remarks = ArchiveOrder.remarks(on: source, indices: indices) + Self.valueRemarks(on: source)
    if learnedFrom.copyCount > 1 {
      remarks.append(
        Remark(
          .note, "symmetries",
          "archive.symmetries: each of the \(indices.count / learnedFrom.copyCount) fields stands for \(learnedFrom.copyCount) copies, itself counted, which are taken to be as likely as the field."))
    }
    remarks += sizeRemarks(isInside.count { $0 })
    let measured = try measuredNoise(valueNoise, of: source, indices: indices, census: census)
    if measured == nil { remarks += try census.checkGaps(for: self.prior.kind, accepts: acceptsGaps) }
    if archive.measured != nil {
      remarks.append(measured == nil ? Self.completeRemark : census.measuredRemark)
      remarks += measured?.remarks ?? []
    }
    let learned = try learnTransforms(from: source, indices: indices, ranges: ranges, interruption: interruption)
    let seen = TransformedSource(source, transforms: learned)
    let prior: GaussianPrior
    let choice: ParameterFitting
    var estimatedNoise: [String: Double]?
    if let noise = measured, let settings = archive.measured {
      try MeasuredGaussianTraining.check(self.prior.kind, measured: settings, transforms: learned, variables: source.variables)
      let result = try MeasuredGaussianTraining(
        configuration: self.prior, measured: settings, source: seen, indices: indices, copyCount: learnedFrom.copyCount,
        noise: noise, operation: matrix, landShare: land, seed: seed, stateFile: stateFile
      ).run(isInside: isInside, valueCount: census.valueCount, stages: stages)
      prior =
        settings.fill == .all
        ? try result.prior.extended(
          on: domain, landShare: land, labels: indices.map { source.labels[$0] },
          valuesPerState: Double(census.valueCount) / Double(result.prior.space.count), random: RandomStream(seed: seed))
        : result.prior
      estimatedNoise = result.estimatedNoise
      remarks += result.remarks
      if known == nil, parameters != .perField, result.parameters == nil, self.prior.kind.isTwoScale {
        remarks.append(
          Remark(
            .warning, "measured-parameters",
            "prior.parameters: the field has too many states for the rounds of completion, which find the parameters that serve all fields. Those of each field are found from its own observations instead."))
      }
      choice = known ?? (parameters == .perField ? .perField : result.parameters.map { .fixed($0) } ?? .perField)
      stages.finish()
    } else {
      prior = try GaussianPrior.train(
        self.prior, on: seen, indices: indices, isInside: census.isInside, landShare: land,
        random: RandomStream(seed: seed)
      ) { try stages.advance($0, by: $1) }
      stages.finish()
      choice =
        try known
        ?? chooseParameters(
          prior, noise: noise, source: seen, indices: indices, land: land, domain: domain, interruption: interruption)
    }
    let space = try FieldSpace(
      domain: domain, variables: source.variables, isInside: prior.space.layout.stateOfEntry.map { $0 >= 0 },
      landShare: land, hasOwnLand: landMask == nil && land != nil, transforms: learned,
      bounds: ranges)
    if let settings = archive.measured {
      remarks += ArchiveCensus.neverMeasuredRemarks(
        isInside, on: domain, variables: source.variables, isFilled: measured != nil && settings.fill == .all)
    }
    let support = ArchiveSupport(of: indices.map { source.labels[$0] }).with(gapShare: census.gapShare)
    return try Model(
      space,
      provenance: Model.Provenance(
        name: name, program: ProgramVersion.current, archiveFiles: archive.sources,
        fieldCount: indices.count / learnedFrom.copyCount,
        seed: seed, training: kept == nil ? try identity : nil, fileDigests: digests.isEmpty ? nil : digests, support: support, estimatedNoise: estimatedNoise,
        remarks: remarks),
      gaussian: LearnedGaussian(
        prior, parameters: choice,
        membership: try self.prior.components?.membership(
          labels: indices.map { source.labels[$0] }, prior: prior,
          random: RandomStream(seed: seed).split("clusters"))),
      patches: patches.map {
        try $0.learn(
          from: source, indices: indices, using: RandomStream(seed: seed).split("patches"), progress: progress,
          interruption: interruption)
      })
  }

  /// What the values of measured fields are of the fields, as a matrix; nil for their own values.
  ///
  /// - Parameter domain: where the fields lie.
  private func operation(
    of settings: MeasuredFields, source: any SignalSource, on domain: any Domain
  ) throws -> MeasuredOperator? {
    let matrix = try settings.matrix(
      on: domain, values: source.domain, channels: source.variables.count, formats: formats)
    if let moved = source as? SymmetricSource, let matrix, let design = settings.operation {
      try moved.check(matrix, name: "\(design)")
    }
    return matrix
  }

  /// The noise of the archive's values where they are learned from as measurements; nil where they are not, or are complete and exact.
  ///
  /// - Throws: ``RunError/invalid(_:)`` where nothing can be learned from the measurements.
  private func measuredNoise(
    _ noise: MeasuredNoise?, of source: any SignalSource, indices: [Int], census: ArchiveCensus
  ) throws -> MeasuredNoise? {
    guard let settings = archive.measured, let noise else { return nil }
    let isUnknown = !settings.noise.automatic(among: source.variables).isEmpty
    if !isUnknown { try noise.checkRepetitions(in: source, indices: indices) }
    let inside = census.isInside
    // Where places are asked for that no field has measured, they are gaps.
    let reached = ArchiveCensus.reaches(inside, on: source.domain, channels: source.variables.count)
    let isWhole = census.gapShare == 0 && (settings.fill != .all || !reached.contains(false))
    var isExact = isWhole && !isUnknown && settings.operation == nil
    if isExact {
      isExact = try indices.allSatisfy { index in
        let levels = try noise(index, isValid: inside)
        return inside.indices.allSatisfy { !inside[$0] || levels[$0] == 0 }
      }
    }
    try census.checkMeasurements(of: source.variables, total: indices.count, allowsConstants: isExact)
    if !isExact, !isUnknown {
      // Noise that is a number is that of every field: where it is not 0, no value is exact, and the archive is not read again.
      let first = settings.noise.isOfNumbers ? try noise(indices[0], isValid: inside) : nil
      let mayBeExact = first.map { levels in inside.indices.contains { inside[$0] && levels[$0] == 0 } } ?? true
      if mayBeExact { try noise.checkSharedPlaces(in: source, indices: indices) }
    }
    return isExact ? nil : noise
  }

  private static let completeRemark = Remark(
    .note, "archive-complete",
    "archive.measured: no value is missing and the noise is 0, so the archive is complete after all and was learned from as it is.")

  /// How parameters are chosen, as far as it determines what is learned: from measurements with noise, the rounds of completion find them,
  /// and nothing is simulated.
  private var ownParameters: ParameterPolicy {
    guard case .perArchive = parameters, let measured = archive.measured, !measured.noise.isZero else { return parameters }
    return .perArchive(missingShare: 0, noise: measured.noise)
  }

  /// The settings that determine what is learned, as text: models of other settings have another.
  var identity: String {
    get throws {
      struct Identity: Encodable {
        var archive: DatasetSelection
        var landMask: LandMask?
        var prior: GaussianPriorConfiguration
        var parameters: ParameterPolicy
        var bounds: [String: ValueBounds]
        var transforms: [String: MarginalTransformKind]
        var seed: UInt64
        var patches: PatchSettings?
      }
      return try Identity(
        archive: archive, landMask: landMask, prior: prior, parameters: ownParameters, bounds: bounds,
        transforms: transforms, seed: seed, patches: patches
      ).canonicalText()
    }
  }

  /// What the methods of the prior's kind cannot do with a model of so many states.
  private func sizeRemarks(_ count: Int) -> [Remark] {
    guard count > TwoScaleSolver.stateLimit, prior.kind != .modes else { return [] }
    return [
      Remark(
        .warning, "too-large",
        "The model has \(count) states, and a prior of kind \(prior.kind.rawValue) fills fields of at most \(TwoScaleSolver.stateLimit). Fill with --method eof, whose prior is the modes alone, or without a model by --method sparse-matern; or train on a coarser grid, a region or fewer variables.")
    ]
  }

  /// What is odd about the values of an archive, as far as its first file shows it, and about learning them as numbers.
  private static func valueRemarks(on source: any SignalSource) -> [Remark] {
    let topics = ["suspect-values", SuspectValue.impossibleTopic, "unused-quality"]
    let files = (source as? SymmetricSource)?.source ?? source
    let values = (files as? SignalSeries)?.documents.first?.remarks.filter { topics.contains($0.topic) } ?? []
    return values + source.variables.compactMap { variable in
      let what: String
      switch VariableNature(variable) {
      case .angle: what = "an angle"
      case .category: what = "labels"
      default: return nil
      }
      return Remark(
        .warning, "nature",
        "\(variable.name) looks like \(what), and a model learns numbers: its means will be wrong. Leave it out of the archive, and fill it without a model (--circular, --categories).")
    }
  }

  /// Whether a model was learned with these settings. Of a model whose file does not hold its settings, what the file holds is
  /// compared: prior, files, seed, ranges and transforms.
  package func hasLearned(_ model: Model) throws -> Bool {
    if let known = model.provenance.training { return known == (try identity) }
    guard let gaussian = model.gaussian else { return false }
    let space = model.space
    // The mean has as much of the daily cycle as the archive's hours determine.
    var wanted = prior
    let order = model.provenance.support.map { prior.climatology.limited(by: $0).dailyOrder } ?? 0
    let season = prior.climatology.season
    wanted.climatology = order > 0 ? .daily(order: order, season: season) : season
    return gaussian.prior.configuration == wanted && model.provenance.archiveFiles == archive.sources
      && model.provenance.seed == seed && space.bounds == space.variables.map { bounds[$0.name] }
      && space.transforms.map(\.kind) == space.variables.map { transforms[$0.name] ?? .none }
  }

  private func learnTransforms(
    from source: any SignalSource, indices: [Int], ranges: [ValueBounds?], interruption: Interruption
  ) throws -> [MarginalTransform] {
    try MarginalTransform.learn(
      source.variables.map { transforms[$0.name] ?? .none },
      bounds: ranges.map { ($0?.minimum.map(Double.init), $0?.maximum.map(Double.init)) }, from: source,
      indices: indices
    ) { _ in try interruption.check() }
  }

  package func landShare(on domain: any Domain) throws -> [Float]? {
    if let landMask { return try landMask.share(on: domain, formats: formats) }
    return archive.isSynthetic ? SyntheticClimate().landShare(on: domain) : nil
  }

  /// The noise of the simulated observations that choose parameters (V·C); empty where each field's own choose.
  private func parameterNoise(of variables: [Variable], vertexCount: Int) throws -> [Float] {
    guard case .perArchive(_, let noise, let peaks) = parameters else { return [] }
    if try noise.laws(among: variables).contains(where: { $0 != nil }) {
      throw RunError.invalid(
        "prior.parameters: per-archive simulates observations with the noise of evaluate.noise, which is \(noise) and depends on the values. Use prior.parameters: per-field.")
    }
    do {
      return try noise.deviations(vertexCount: vertexCount, variables: variables, peaks: peaks)
    } catch let error as MeasurementError {
      guard case .missingInput = error else { throw error }
      let names = variables.map(\.name).filter { peaks[$0] == nil }
      throw RunError.invalid(
        "prior.parameters: per-archive simulates observations with the noise of evaluate.noise, which is \(noise) and needs the peak of \(names.joined(separator: ", ")). State the peak of each variable in evaluate.scale, such as evaluate: {scale: {\(names.first ?? "t2m"): {peak: NUMBER}}}, or give evaluate.noise in the variable's units, such as 0.5K."
      )
    }
  }

  /// Parameters that serve all fields: the likeliest for simulated observations of fields that a second, smaller training left out.
  private func chooseParameters(
    _ prior: GaussianPrior, noise deviations: [Float], source: TransformedSource, indices: [Int], land: [Float]?,
    domain: any Domain,
    interruption: Interruption
  ) throws -> ParameterFitting {
    guard case .perArchive(let missingShare, _, _) = parameters else { return .perField }
    // Neighbours in time know each other: blocks are held out, not single fields.
    let heldOut = Set(indices.middles(ofParts: 8))
    let rest = indices.filter { !heldOut.contains($0) }
    let smaller = try GaussianPrior.train(
      self.prior, on: source, indices: rest.isEmpty ? indices : rest, landShare: land,
      random: RandomStream(seed: seed)
    ) { _, _ in try interruption.check() }
    let stream = RandomStream(seed: seed).split("parameters")
    let observations = try heldOut.sorted().map { index in
      try interruption.check()
      let field = try source.read([index])[0]
      var random = stream.split(index)
      let mask = try RandomMissing(share: missingShare...missingShare)
        .draw(in: MeasurementContext(domain: domain, isValid: field.isValid), using: &random)
      let noise = source.transformed(noise: deviations, about: field)
      return try smaller.space.observe(
        Simulation.measure(field, by: mask, noise: noise, using: &random).measurement)
    }
    try interruption.check()
    let model = smaller.covarianceModel(on: domain)
    return .fixed(model.chooseParameters(for: observations, maximumEvaluations: 40, random: stream).values)
  }
}
