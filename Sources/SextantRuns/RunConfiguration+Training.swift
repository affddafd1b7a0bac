// The whole of `sextant train`: the prior, then what is learned on top of it. A run that was stopped goes on where it was.

import Foundation
import SextantGeometry
import SextantModels
import SextantNetworks
import SextantSignals
import SextantSolvers
import SextantStorage
import SextantTraining

extension RunConfiguration {
  /// Trains everything that the configuration describes into the run's folder.
  ///
  /// Where the folder holds the beginnings of the same training, it is finished; otherwise what is there is kept unless
  /// `overwrite` says so. Throws what the parts throw.
  public func train(
    overwrite: Bool, catalogue: Catalogue = .standard, progress: any ProgressObserver = SilentProgress(),
    interruption: Interruption = Interruption()
  ) throws -> Model {
    guard let last = lastFile else {
      let model = try training(in: catalogue).run(
        folder: output, overwrite: overwrite, progress: progress, interruption: interruption)
      // Networks on top of an earlier model do not belong to this one.
      if overwrite { try removeTrainings() }
      return model
    }
    // What stands before the last part may be there already: the beginnings of this training.
    try WholeFile.checkIsFree(last, overwrite: overwrite)
    if overwrite { try removeTrainings() }
    return try InterruptionError.saying(resumption(afterOverwriting: overwrite)) {
      try finish(catalogue: catalogue, progress: progress, interruption: interruption)
    }
  }

  /// The model in the run's folder with all of its networks, if it was learned with these settings from the files as they are now; nil if
  /// something is missing or was learned otherwise.
  ///
  /// Throws what reading the files of the archive throws, and `InterruptionError`.
  public func finishedTraining(
    catalogue: Catalogue = .standard, interruption: Interruption = Interruption()
  ) throws -> Model? {
    guard FileManager.default.fileExists(atPath: output + "/" + Model.fileName), var model = try? ownModel(catalogue) else { return nil }
    if let flow {
      guard let own = model.flow, try own.identity == flowTraining(flow, catalogue).identity(for: model).configuration else { return nil }
    }
    if let diffusion {
      guard let own = try? LearnedDiffusion(folder: output, for: model), try own.identity == diffusionIdentity(diffusion)
      else { return nil }
      model = model.with(diffusion: own)
    }
    return try training(in: catalogue).changedFiles(since: model, interruption: interruption).isEmpty ? model : nil
  }

  /// What is to be evaluated: the finished model of the run's folder where one was trained with these settings by this version of
  /// the program and no file of the archive is newer, else a new one. Networks that the methods ask are kept, and trained where there are none.
  /// What is learned is written into the folder where it holds no other model.
  ///
  /// Throws `LearningError.anotherTraining(path:)` where the folder's networks were trained with other settings, and what
  /// learning throws.
  public func modelForEvaluation(
    of methods: [Method]? = nil, catalogue: Catalogue = .standard, progress: any ProgressObserver = SilentProgress(),
    interruption: Interruption = Interruption()
  ) throws -> Model {
    let methods = methods ?? evaluate.methods
    try checkDiffusion(for: methods)
    let flow = methods.contains { $0.needs.contains(.flow) } ? flow : nil
    let asks = asksTrainedDiffusion(methods)
    guard flow != nil || asks else {
      if let model = try finishedModel(catalogue) { return model.with(flow: nil) }
      return try learnForEvaluation(catalogue, progress: progress, interruption: interruption)
    }
    let flowPath = output + "/" + LearnedFlow.fileName
    let needed = (flow != nil ? [flowPath] : []) + (asks ? [diffusionPath] : [])
    guard needed.allSatisfy(FileManager.default.fileExists(atPath:)) else {
      return try finish(
        withDiffusion: asks || flow?.prior == .diffusion, withFlow: flow != nil, catalogue: catalogue,
        progress: progress, interruption: interruption)
    }
    var model = try ownModel(catalogue)
    if let flow {
      let expected = try flowTraining(flow, catalogue).identity(for: model)
      guard model.flow?.identity == expected.configuration else { throw LearningError.anotherTraining(path: flowPath) }
    }
    if asks {
      let learned = try LearnedDiffusion(folder: output, for: model)
      guard try diffusion.map({ try diffusionIdentity($0) == learned.identity }) ?? true else {
        throw LearningError.anotherTraining(path: diffusionPath)
      }
      model = model.with(diffusion: learned)
    }
    return model
  }

  /// A model without networks. It is kept in the run's folder, so that nothing is lost where a method cannot be used with it after all;
  /// another model that lies there is not replaced.
  private func learnForEvaluation(
    _ catalogue: Catalogue, progress: any ProgressObserver, interruption: Interruption
  ) throws -> Model {
    let training = training(in: catalogue)
    guard !FileManager.default.fileExists(atPath: output + "/" + Model.fileName),
      try archive.preview(seed: seed, formats: catalogue.formats).domain.stored != nil
    else { return try training.learn(progress: progress, interruption: interruption) }
    return try training.run(folder: output, overwrite: false, progress: progress, interruption: interruption)
  }

  /// The model in the run's folder. Throws ``LearningError/anotherTraining(path:)`` where it was learned with other settings than
  /// these, and what opening throws.
  private func ownModel(_ catalogue: Catalogue) throws -> Model {
    let model = try Model(contentsOf: output, domains: catalogue.domains)
    guard try training(in: catalogue).hasLearned(model) else {
      throw LearningError.anotherTraining(path: output + "/" + Model.fileName)
    }
    return model
  }

  /// The model in the run's folder if it is what learning would give; nil if there is none, or another.
  private func finishedModel(_ catalogue: Catalogue) throws -> Model? {
    let path = output + "/" + Model.fileName
    guard FileManager.default.fileExists(atPath: path), let model = try? ownModel(catalogue),
      model.provenance.program == ProgramVersion.current
    else { return nil }
    func age(_ path: String) -> Date? {
      (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
    }
    guard let made = age(path) else { return nil }
    let files = try FilePatterns.files(matching: archive.sources + (landMask.map { [$0.file] } ?? []))
    return files.allSatisfy { age($0).map { $0 <= made } ?? false } ? model : nil
  }

  /// What tells the training of the diffusion prior from others.
  private func diffusionIdentity(_ settings: DiffusionSettings) throws -> String {
    try StoredDiffusion.identity(settings, learning: learning?.identity(of: .diffusion))
  }

  private var diffusionPath: String { output + "/" + LearnedDiffusion.fileName }

  /// Whether one of the methods samples a trained diffusion prior.
  func asksTrainedDiffusion(_ methods: [Method]) -> Bool {
    solvers.prior == .diffusion && methods.contains(where: \.samplesDiffusion)
  }

  /// Throws ``RunError`` where one of the methods needs a diffusion prior that is neither there nor to be trained.
  func checkDiffusion(for methods: [Method]) throws {
    guard asksTrainedDiffusion(methods), diffusion == nil, !FileManager.default.fileExists(atPath: diffusionPath),
      let method = methods.first(where: \.samplesDiffusion)
    else { return }
    throw RunError.invalid(
      "'\(method.name)' samples a diffusion prior, and the run has none: no section `diffusion`, and no \(LearnedDiffusion.fileName) in \(output). Add the section and train, or set solvers.prior=gaussian to sample the Gaussian of the run's modes."
    )
  }

  /// The file that is written last; nil where there is no network.
  private var lastFile: String? {
    let name = flow != nil ? LearnedFlow.fileName : diffusion != nil ? LearnedDiffusion.fileName : nil
    return name.map { output + "/" + $0 }
  }

  private func flowTraining(_ flow: FlowSettings, _ catalogue: Catalogue) -> FlowTraining {
    var result = FlowTraining(prior: training(in: catalogue), settings: flow, peaks: evaluate.scales.mapValues(\.peak))
    if let learning { (result.estimate, result.ascent, result.rounds) = (learning.flowEstimate, learning.noiseAscent, learning.amortised) }
    return result
  }

  /// Trains what is not there yet.
  private func finish(
    withDiffusion: Bool = true, withFlow: Bool = true, catalogue: Catalogue, progress: any ProgressObserver,
    interruption: Interruption
  ) throws -> Model {
    let flow = withFlow ? flow : nil
    // Everything that can be wrong is asked before the long work of learning.
    if let flow {
      let training = flowTraining(flow, catalogue)
      let source = try archive.open(seed: seed, formats: catalogue.formats).source
      _ = try training.noise(of: source.variables)
      // Flow and prior together learn from the archive's own measurements, and none are simulated.
      if learning?.joint == nil { try training.checkDesigns(on: source) }
    }
    var model = try beginning(catalogue, progress: progress, interruption: interruption)
    if let learning {
      return try MeasuredLearning.learn(
        LearningContext(
          prior: training(in: catalogue), model: model, diffusion: withDiffusion ? diffusion : nil,
          flow: flow.map { flowTraining($0, catalogue) }, learning: learning, folder: output, progress: progress,
          interruption: interruption))
    }
    if withDiffusion, let diffusion {
      model = model.with(
        diffusion: try DiffusionTraining(prior: training(in: catalogue), settings: diffusion).run(
          model: model, folder: output, progress: progress, interruption: interruption))
    }
    if let flow {
      model = model.with(
        flow: try flowTraining(flow, catalogue).run(
          model: model, diffusion: model.diffusion, folder: output, progress: progress, interruption: interruption))
    }
    return model
  }

  /// Whether the folder holds the beginnings of the training of a network.
  private var isBegun: Bool {
    let names = ["flow", "flow.last", "flow.pairs", "diffusion.last"].map { "\($0).safetensors" } + MeasuredLearning.files
    return names.contains { FileManager.default.fileExists(atPath: "\(output)/\($0)") }
  }

  /// What to do after an interruption; nil where nothing but the prior was learned, which takes seconds.
  private func resumption(afterOverwriting overwrite: Bool) -> String? {
    guard isBegun else { return nil }
    return "The last checkpoint is kept: run the same command \(overwrite ? "without --overwrite " : "")to go on."
  }

  /// The prior of this training where it was stopped after its prior was learned; else a new one.
  ///
  /// Throws ``LearningError/anotherTraining(path:)`` where what lies in the folder was begun with other settings,
  /// ``LearningError/changedFiles(model:files:)`` where the archive has changed since, and what opening
  /// throws where it cannot be read: neither may be replaced without being asked.
  private func beginning(
    _ catalogue: Catalogue, progress: any ProgressObserver, interruption: Interruption
  ) throws -> Model {
    let isThere = FileManager.default.fileExists(atPath: output + "/" + Model.fileName)
    if isBegun, isThere {
      let model = try ownModel(catalogue)
      let changed = try training(in: catalogue).changedFiles(since: model, interruption: interruption)
      guard changed.isEmpty else { throw LearningError.changedFiles(model: output + "/" + Model.fileName, files: changed) }
      return model
    }
    return try training(in: catalogue).run(
      folder: output, overwrite: true, progress: progress, interruption: interruption)
  }

  private func removeTrainings() throws {
    let endings = ["last.safetensors", "best.safetensors", "safetensors", "jsonl", "png"]
    let names =
      ["flow", "diffusion"].flatMap { name in endings.map { "\(name).\($0)" } }
      + [
        "flow.pairs.safetensors", "flow-quality.png", "\(FlowScores.fileName).json", "\(FlowScores.fileName).md",
        HeldOutStates.fileName,
      ] + MeasuredLearning.files
    for name in names {
      try WholeFile.remove(output + "/" + name)
    }
  }
}
