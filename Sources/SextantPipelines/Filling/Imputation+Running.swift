// The steps of an imputation: open the source, prepare the sink, solve field by field, write.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantSignals
import SextantSolvers

extension Imputation {
  /// Fills every field of a file and writes the answers to `output`, in the format that its name chooses.
  ///
  /// - Parameters:
  ///   - input: The file of measurements, and what is read of it.
  ///   - model: What the method needs of an archive; nil for methods that need none.
  ///   - output: The path of the file of answers.
  ///   - overwrite: Whether an output that is there may be replaced.
  ///   - history: One line of provenance for the output.
  ///   - catalogue: The formats that are known.
  ///   - progress: Is told of each field.
  ///   - interruption: Is checked between fields, and between the steps of methods that sample by steps.
  /// - Returns: What was done.
  /// - Throws: `RunError`, `SignalFormatError`, ``GridMismatchError``, `UnitsError`, and what reading, solving and writing
  ///   throw.
  public func run(
    _ input: SignalInput, model: Model?, output: String, overwrite: Bool, history: String,
    catalogue: Catalogue = .standard, progress: any ProgressObserver = SilentProgress(),
    interruption: Interruption = Interruption()
  ) throws -> ImputationSummary {
    try run(
      [(input, output)], model: model, overwrite: overwrite, history: history, catalogue: catalogue, progress: progress,
      interruption: interruption)
  }

  /// Fills the fields of several files as one, such as the parts of a series, and writes the answers of each to its own
  /// output; see ``run(_:model:output:overwrite:history:catalogue:progress:interruption:)``.
  ///
  /// Throws also `ArchiveError` where the files cannot be joined.
  public func run(
    _ parts: [(input: SignalInput, output: String)], model: Model?, overwrite: Bool, history: String,
    catalogue: Catalogue = .standard, progress: any ProgressObserver = SilentProgress(),
    interruption: Interruption = Interruption()
  ) throws -> ImputationSummary {
    guard let first = parts.first else { throw ArchiveError.empty }
    try checkOptions(hasModel: model != nil)
    if model != nil, !transforms.isEmpty || !bounds.isEmpty || !encodings.isEmpty {
      throw RunError.invalid(
        "\(encodings.isEmpty ? "--transform and --bounds" : "--categories and --circular"): \(encodings.isEmpty ? "the model has transforms and ranges of its own. Leave the options out, or change the settings `variables` and `bounds` and train again." : "a model learns numbers, and knows nothing of angles and labels. Fill them without a model, such as by --method kriging.")"
      )
    }
    let opened = try parts.map {
      try $0.input.open(for: model?.space, keepsOffsets: parts.count > 1, formats: catalogue.formats)
    }
    let joined = try JoinedDocument(opened)
    let whole: any SignalDocument = opened.count == 1 ? opened[0] : joined
    let document: any SignalDocument = try times.map { try TimedSource(whole, times: $0) } ?? whole
    let target = try domains(for: document, hasModel: model != nil, formats: catalogue.formats)
    let placed = try operation.map { design -> PlacedOperator in
      do {
        return try PlacedOperator(
          design, on: document.domain, known: target.field ?? model?.domain(for: method), channelCount: document.variables.count,
          inputs: MeasurementInputs(on: document.domain, landShare: model?.space.landShare, formats: catalogue.formats),
          path: document.path)
      } catch MeasurementError.missingInput where method == .patches {
        // The size of the image that it asks for would not help.
        throw RunError.invalid(
          "--operator \(design): a mixture of patches sees only the values that were measured in each patch, and takes masks and noise, but no operators that mix values. Use kriging, eof or two-scale for this operator.")
      }
    }
    let place = target.field ?? placed?.field ?? document.domain
    let model = try model?.placed(on: place, for: method) ?? self.model(for: document, on: place, formats: catalogue.formats)
    let windows = try ModelWindows(self, document: document, model: model, places: target.places)
    if !usesWindows, placed == nil, method.learnsFromArchive, document.domain.fingerprint != model.space.domain.fingerprint,
      document.domain.windows(like: model.space.domain) != nil
    {
      throw RunError.invalid(
        "\(document.path): the fields are on a \(document.domain.summary), which is larger than those of the model, a \(model.space.domain.summary), and --windows none fills no windows. Leave --windows none out, or use a mixture of patches (--method patches), which answers images of any size.")
    }
    let space = windows?.space ?? model.space
    let regridding = try Regridding(
      input: document.domain, path: document.path, model: space, name: model.provenance.name,
      regrid: target.field == nil ? regrid : .model, places: target.places, placed: placed)
    try checkEncodings(of: model.space)
    let held = heldOut.map {
      HeldOutSource(document, by: $0, landShare: model.space.landShare, seed: seed, formats: catalogue.formats)
    }
    let fields: any SignalDocument = held ?? document
    let objections = try model.objections(to: fields, extrapolates: extrapolates, method: method)
    let frame = try FieldFrame(self, fields: fields, space: space, regridding: regridding)
    let memory = AnswerMemory(
      valueCount: max(space.isInside.count, regridding.answerDomain.vertexCount * space.channelCount),
      samples: method.traits.drawsSamples ? samples : 0)
    try memory.check()
    let (specification, noiseRemarks) = try estimatedNoise(in: frame, model: model)
    let noise =
      try specification != nil || method.traits.usesNoise ? NoiseLevels(specification, of: document) : nil
    let solver = try FieldSolver(
      self, frame: frame, noise: noise,
      inputRemarks: objections + noiseRemarks + regridding.remarks + (windows.map { [$0.remark] } ?? []), model: model,
      windows: windows, formats: catalogue.formats, interruption: interruption)
    if held != nil, !regridding.answersOnInput {
      throw RunError.invalid(
        "--mask: values of the input are held out, and the answer is not on the grid of the input (--regrid model, --grid or --at). Give --regrid input, or leave --mask out: the answer checks itself on the observations (--check).")
    }
    if held != nil, operation != nil, placed?.answerEntries != nil || placed?.field.fingerprint != document.domain.fingerprint {
      throw RunError.invalid(
        "--mask: values of the input are held out, and the operator's field is larger than the input. Leave --mask out: the answer checks itself on the observations (--check).")
    }
    if windows == nil { try solver.fillTogether(interruption: interruption) }
    let sinks = try parts.enumerated().map { number, part in
      try catalogue.formats.sink(
        OutputRequest(
          path: part.output, content: content(opened[number].count, solver: solver), domain: regridding.otherDomain,
          splitsMembers: splitsMembers, wantsAllMembers: writesAllMembers,
          otherInputs: target.files + document.inputPaths), like: parts.count == 1 ? fields : opened[number])
    }
    for sink in sinks { try sink.checkIsFree(overwrite: overwrite) }
    let key = try CacheKey.text(
      request: RequestKey(self, inputs: parts.map(\.input)), inputs: document.inputPaths + target.files, model: model)
    let cache = try AnswerCache(beside: first.output, key: key, isUsed: fields.count > 1)
    try cache.fill(
      fields.count, by: solver, activity: memory.activity, progress: progress, interruption: interruption)
    let ever = regridding.answersOnInput ? try cache.everObserved(of: fields.count) : nil
    var summary = try solver.summary(
      answers: fields.count, check: cache.check(of: fields.count), neverObserved: ever.map { $0.count { !$0 } })
    summary.remarks += sinks.flatMap(\.remarks)
    if let held { summary.hidden = try solver.errors(at: held, of: cache) }
    for (number, sink) in sinks.enumerated() {
      try write(
        cache, joined.range(ofDocument: number), solver: solver, model: model, remarks: summary.remarks,
        region: fill.isOfObservedPlaces(hasArchive: model.gaussian != nil) ? ever : nil, to: sink, overwrite: overwrite,
        history: history)
    }
    try solver.keepState(overwrite: true)
    cache.remove()
    return summary
  }

  /// Where the field is solved and the answer is given. Throws ``RunError`` for options that exclude each other, and for a method
  /// that needs neighbours where there are only places.
  private func domains(
    for document: any SignalDocument, hasModel: Bool, formats: [any SignalFormat]
  ) throws -> AnswerTarget.Domains {
    let domains = try target?.domains(for: document.domain, hasModel: hasModel, formats: formats) ?? AnswerTarget.Domains()
    if let target, let regrid {
      throw RunError.invalid(
        "--regrid \(regrid.rawValue) and \(target.places == nil ? "--grid" : "--at"): each says where the answer is given. Give one of them.")
    }
    if !hasModel, method.traits.usesNeighbours, (domains.field ?? document.domain).isScattered {
      throw RunError.invalid(
        "\(document.path): '\(method.name)' works on grids and meshes, and these are places without neighbours. Give a grid, such as --grid 1deg\(domains.places == nil ? "" : " beside --at"), or use kriging.")
    }
    return domains
  }

  /// A model that has learned nothing: where the fields of a document live.
  private func model(for document: any SignalDocument, on domain: any Domain, formats: [any SignalFormat]) throws -> Model {
    let land = try landMask?.share(on: domain, formats: formats)
    return try Model(
      FieldSpace(document, on: domain, landShare: land, transforms: transforms, bounds: bounds, encodings: encodings),
      provenance: Model.Provenance(name: document.path))
  }

  /// What the answers consist of as far as it is known before the first.
  private func content(_ count: Int, solver: FieldSolver) -> SignalContent {
    let draws = method.traits.drawsSamples && samples > 0
    return .estimates(
      count, memberCount: draws && (writesEnsemble || splitsMembers) ? samples : 0,
      quantileLevels: draws ? quantileLevels : [], hasSpread: method.traits.drawsSamples,
      hasObserved: solver.frame.knowsObserved)
  }

  private func write(
    _ cache: AnswerCache, _ range: Range<Int>, solver: FieldSolver, model: Model, remarks: [Remark], region: [Bool]?,
    to sink: any SignalSink, overwrite: Bool, history: String
  ) throws {
    let first = try cache.answer(at: range.lowerBound).record
    var content = content(range.count, solver: solver)
    content.hasSpread = first.spread != nil
    // An ensemble that some answers lack would be one of some times only.
    if solver.lacksSamples { (content.memberCount, content.quantileLevels) = (0, []) }
    let description = OutputDescription(
      history: history, attributes: try attributes(of: cache, range, solver: solver, model: model, remarks: remarks))
    try sink.write(content, description: description, overwrite: overwrite) { writer in
      for (place, index) in range.enumerated() {
        let answer = try cache.answer(at: index)
        var record = answer.record
        if content.hasObserved { record.isObserved = answer.isObserved }
        if let region { record.remove(outside: region) }
        if solver.lacksSamples { record.members = nil }
        record.quantiles = record.members?.ensembleQuantiles(content.quantileLevels) ?? []
        try writer.write(record, at: place)
      }
    }
  }

  /// What a file of answers says of how they were made.
  private func attributes(
    of cache: AnswerCache, _ range: Range<Int>, solver: FieldSolver, model: Model, remarks: [Remark]
  ) throws -> [String: String] {
    var attributes = [
      "sextant_version": ProgramVersion.current, "sextant_method": solver.methodName, "sextant_seed": "\(seed)",
      "sextant_domain": model.space.domain.fingerprint,
    ]
    if !model.parts.isEmpty {
      attributes["sextant_model"] = model.provenance.name
      attributes["sextant_model_fingerprint"] = CacheKey.fingerprint(of: model)
    }
    if !remarks.isEmpty { attributes["sextant_remarks"] = remarks.lines.joined(separator: " ") }
    if let operation { attributes["sextant_operator"] = "\(operation)" }
    attributes["sextant_time"] = solver.timeUse.rawValue
    var sums: [String: Double] = [:]
    for index in range {
      for (name, value) in try cache.notes(at: index).diagnostics { sums[name, default: 0] += value / Double(range.count) }
    }
    if !sums.isEmpty {
      attributes["sextant_parameters"] = sums.sorted { $0.key < $1.key }
        .map { "\($0.key)=\(String(format: "%.6g", $0.value))" }.joined(separator: ", ")
    }
    return attributes
  }
}

/// What the answers depend on.
private struct RequestKey: Encodable {
  let request: Imputation
  let inputs: [SignalInput]
  /// The form of the answers that are kept: those of an older program are not read.
  let form = 6

  init(_ request: Imputation, inputs: [SignalInput]) { (self.request, self.inputs) = (request, inputs) }
}
