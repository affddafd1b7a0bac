// Trains the flow of a run: what `sextant train` does after the priors, where the configuration has a section `flow`. Here is
// what all kinds of training have in common; each has a file of its own beside this one.

import Foundation
import SextantArrays
import SextantDiffusion
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantNetworks
import SextantPriors
import SextantSignals
import SextantSolvers
import SextantStorage
import Synchronization

/// The fields that a flow is learned from.
enum FlowFields: Sendable {
  /// Those of the run's archive, as they are.
  case archive
  /// The archive without the values that are hidden from rounds of completion.
  case seen(TrainingArchive)
  /// Completed fields in place of the archive's measurements.
  case completed(CompletedArchive)
}

/// How a flow is trained on top of a model's prior.
public struct FlowTraining: Sendable {
  /// How the prior was trained: the pairs' priors are, too, on parts of the archive.
  public var prior: Training
  /// The settings.
  public var settings: FlowSettings
  /// The size of each variable's scale, by name: what noise in per cent is a share of.
  public var peaks: [String: Double]
  /// How the error at measured values is estimated where the archive's fields are measurements.
  package var estimate = RiskEstimate.recorrupted
  /// The multiplier by which the size of the archive's noise is found along the training; nil where it is known.
  package var ascent: NoiseMultiplier?
  /// The rounds of completion of which this training is one, or all; nil where there are none.
  package var rounds: AmortisedSettings?
  /// What the flow learns from.
  var learnedFrom = FlowFields.archive
  /// The Gaussian posteriors that trainings on the same fields share; nil where there is one training.
  var bases: FlowBases?
  /// The parameters that a network begins with; nil for random ones.
  var initial: ParameterSet<Float>?
  /// What the names of all files begin with.
  var stem = "flow"
  /// What the log calls the found noise over the stated one.
  static let noiseFigure = "noise_over_stated"

  public init(prior: Training, settings: FlowSettings, peaks: [String: Double] = [:]) {
    self.prior = prior
    self.settings = settings
    self.peaks = peaks
  }

  /// The noise of the pairs in each channel (C). Throws ``RunError`` where a scale is missing.
  ///
  /// Beside measurements whose noise is to be found, none is added; nor to those whose noise has a law, unless it is a number. What
  /// is simulated of completed fields needs a number.
  package func noise(of variables: [SextantSignals.Variable]) throws -> [Float] {
    guard ascent == nil else { return [Float](repeating: 0, count: variables.count) }
    var noise = settings.noise
    if prior.archive.measured != nil, rounds == nil {
      for (variable, law) in zip(variables, try noise.laws(among: variables)) where law != nil {
        noise = noise.with(.constant(0, units: ""), for: variable.name)
      }
    }
    return try noise.deviations(vertexCount: 1, variables: variables, peaks: peaks)
  }

  /// Trains the flow of `model`, or goes on with a training that was stopped, and writes it into `folder`.
  ///
  /// - Parameters:
  ///   - model: the model whose posterior the flow learns.
  ///   - diffusion: the run's diffusion prior, where there is one.
  ///   - folder: the folder of the run, with its checkpoints.
  ///   - progress: is told of each step.
  ///   - interruption: is checked between steps; a checkpoint is written before the training ends.
  /// - Throws: `RunError`, ``LearningError``, what reading and writing throw, and `InterruptionError`.
  public func run(
    model: Model, diffusion: LearnedDiffusion? = nil, folder: String,
    progress: any ProgressObserver = SilentProgress(), interruption: Interruption = Interruption()
  ) throws -> LearnedFlow {
    let flow = try learn(model: model, diffusion: diffusion, folder: folder, progress: progress, interruption: interruption)
    try flow.write(toFolder: folder, for: model)
    return flow
  }

  /// Trains the flow of `model` as ``run(model:diffusion:folder:progress:interruption:)`` does, without writing it.
  func learn(
    model: Model, diffusion: LearnedDiffusion?, folder: String, progress: any ProgressObserver, interruption: Interruption
  ) throws -> LearnedFlow {
    let run = FlowTrainingRun(
      training: self, model: model, prior: try model.requireGaussian().prior, folder: folder,
      identity: try identity(for: model), progress: progress, interruption: interruption)
    return switch (settings.wholeNetwork(channels: model.space.channelCount), settings.training) {
    case (nil, .supervised): try run.learnMarginals()
    case (nil, .unsupervised): try run.distilOnGaussian(diffusion)
    case (let network?, .supervised): try run.learnLikelihood(network)
    case (let network?, .unsupervised): try run.distilVector(network, diffusion)
    }
  }

  /// The fields that are learned from.
  func openArchive() throws -> TrainingArchive {
    switch learnedFrom {
    case .archive: try prior.openArchive()
    case .seen(let archive): archive
    case .completed(let completions): completions.fields
    }
  }

  /// The completed fields that it learns from; nil where it learns from fields of the archive.
  var completions: CompletedArchive? {
    if case .completed(let completions) = learnedFrom { completions } else { nil }
  }

  /// What a checkpoint or a flow of this training states.
  package func identity(for model: Model) throws -> CheckpointMetadata {
    struct Estimated: Encodable {
      var flow: FlowSettings
      var estimate: RiskEstimate
      var ascent: NoiseMultiplier?
      var rounds: AmortisedSettings?
      var round: Int?
    }
    guard estimate != .recorrupted || rounds != nil else { return try CheckpointMetadata(kind: "flow training", settings: settings, model: model) }
    return try CheckpointMetadata(
      kind: "flow training",
      settings: Estimated(flow: settings, estimate: estimate, ascent: ascent, rounds: rounds, round: completions?.round), model: model)
  }

  /// How its measurements are simulated on the domain of `model`.
  ///
  /// - Parameter count: how many, where it is not the number of pairs.
  func simulation(for model: Model, count: Int? = nil) throws -> TrainingPairs {
    let inputs = MeasurementInputs(on: model.space.domain, landShare: model.space.landShare, formats: prior.formats)
    try inputs.check(settings.masks, on: model.space.domain)
    return TrainingPairs(
      count: count ?? settings.pairs, foldCount: settings.folds, folds: settings.foldOrder,
      validationShare: settings.validationShare, masks: settings.masks, inputs: inputs,
      noise: try noise(of: model.space.variables), seed: prior.seed, estimate: estimate)
  }

  /// The Gaussian posterior that a flow stands on, learned from some of the archive's fields.
  func base(learnedFrom kept: [Int], model: Model, interruption: Interruption) throws -> FlowBase {
    let fields = completions?.measurements(of: kept) ?? kept
    if let known = bases?[fields] { return known }
    let part = try prior.learn(
      only: fields, parameters: model.requireGaussian().parameters, interruption: interruption)
    let base = FlowBase(solver: try part.flowBase(), prior: try part.requireGaussian().prior)
    bases?.keep(base, of: fields)
    return base
  }

  /// The network on a Gaussian posterior. Throws ``RunError`` for a domain that has none.
  func network(
    for model: Model, in builder: inout ParameterBuilder<Float>
  ) throws -> (configuration: StencilUNetConfiguration, network: StencilUNet<Float>) {
    guard
      let hierarchy = try StencilHierarchy.neighbourhoods(of: model.space.domain, levelCount: settings.widths.count)
    else {
      throw RunError.invalid(
        "flow: there is no network for this kind of domain yet (\(model.space.domain.summary)); latitude-longitude grids and meshes have one."
      )
    }
    let configuration = StencilUNetConfiguration(
      inputChannels: PosteriorFeatures.channelCount(
        fieldChannels: model.space.channelCount, domain: model.space.domain),
      outputChannels: 2 * model.space.channelCount, widths: Array(settings.widths.prefix(hierarchy.levels.count)),
      blocksPerLevel: settings.blocks, dropout: settings.dropout)
    return (configuration, StencilUNet(configuration, hierarchy: hierarchy, in: &builder))
  }
}

/// One training of a flow on its way: what is learned, for which model, and where it is kept.
struct FlowTrainingRun {
  let training: FlowTraining
  let model: Model
  /// The Gaussian prior of the model.
  let prior: GaussianPrior
  let folder: String
  let identity: CheckpointMetadata
  let progress: any ProgressObserver
  let interruption: Interruption

  var settings: FlowSettings { training.settings }
  /// Where everything random of this training comes from.
  func random(_ purpose: String) -> RandomStream { RandomStream(seed: training.prior.seed).split(purpose) }
  /// Where simulated measurements are kept until the training is over.
  var pairsPath: String { "\(folder)/\(training.stem).pairs.safetensors" }

  /// Trains from `initial` and draws the curves.
  ///
  /// - Parameter preparation: seconds that were spent on simulating what it learns from.
  func train(
    _ initial: ParameterSet<Float>, minimising loss: TrainingLoss, preparation: Double = 0
  ) throws -> ParameterSet<Float> {
    // A finished flow may be used without the files of the masks that it was trained under; a training goes on with the same ones.
    var identity = identity
    identity.dataHash = try LearnedFiles.text(of: settings.masks)
    let loop = TrainingLoop(
      schedule: .usual(steps: settings.steps, learningRate: settings.learningRate, decay: settings.decay),
      prefix: "\(folder)/\(training.stem)", identity: identity)
    let best = try loop.run(
      from: training.initial ?? initial, minimising: loss, name: "training the flow", preparation: preparation, progress: progress,
      interruption: interruption)
    let records = try loop.log.records()
    try TrainingCurves.draw(records, title: "Training of the flow", to: "\(folder)/\(training.stem).png")
    try TrainingCurves.drawQuality(
      records, variables: model.space.variables, to: "\(folder)/\(training.stem)-quality.png")
    return best
  }

  /// Writes what a flow is worth before and after training, on measurements seen and unseen.
  func report(_ evaluator: FlowEvaluator, trained: ParameterSet<Float>) throws {
    // The completions of a round are no truths, and its flow may not be the one that is kept.
    guard training.completions == nil else { return }
    let rows = [("untrained", evaluator.calibrated(evaluator.flow.initial)), ("trained", trained)].flatMap {
      evaluator.rows($0.1, name: $0.0, measurements: 32, samples: 128)
    }
    try FlowScores(rows: rows, seconds: TrainingLog(path: "\(folder)/\(training.stem).jsonl").records().last?.seconds ?? 0)
      .write(toFolder: folder)
  }

  /// Whether the measurements mix entries in any of the settings' designs. Throws what drawing them throws.
  func seesOperators() throws -> Bool {
    let domain = model.space.domain
    let context = try MeasurementContext(
      domain: domain, isValid: model.space.isInside,
      inputs: MeasurementInputs(on: domain, landShare: model.space.landShare, formats: training.prior.formats))
    var stream = random("flow designs")
    return try settings.masks.contains { try $0.draw(in: context, using: &stream).selectedEntries == nil }
  }

  /// What makes simulated posteriors what they are: other networks and losses may learn from them.
  func pairsIdentity(_ kind: String) throws -> String {
    struct Identity: Encodable {
      var kind: String
      var pairs, folds: Int
      var foldOrder: Folds
      var masks: [AnyMeasurementDesign]
      var maskFiles: String?
      var noise: NoiseSpecification
      var measured: MeasuredFields?
      var estimate: RiskEstimate?
      var ascent: NoiseMultiplier?
      var round: Int?
      var validationShare: Double
      var model: ModelDescription
    }
    let maskFiles = try LearnedFiles.text(of: settings.masks)
    return try Identity(
      kind: kind, pairs: settings.pairs, folds: settings.folds, foldOrder: settings.foldOrder, masks: settings.masks,
      maskFiles: maskFiles.isEmpty ? nil : maskFiles,
      noise: settings.noise, measured: training.prior.archive.measured,
      estimate: training.estimate == .recorrupted ? nil : training.estimate, ascent: training.ascent, round: training.completions?.round, validationShare: settings.validationShare,
      model: ModelDescription(model)
    ).canonicalText()
  }

  /// Simulates all measurements with the Gaussian posterior of each.
  ///
  /// - Returns: how many seconds that took.
  func forEachPosterior(
    of archive: TrainingArchive, samples: Int, visit: (SimulatedPosterior) throws -> Void
  ) throws -> Double {
    let start = ContinuousClock.now
    progress.start("simulating pairs", unit: "pair", count: settings.pairs)
    defer { progress.finish() }
    try training.simulation(for: model).forEachPosterior(
      archive, domain: model.space.domain, landShare: model.space.landShare, samples: samples,
      progress: { done in
        try interruption.check()
        progress.advance(to: done)
      }, train: { try training.base(learnedFrom: $0, model: model, interruption: interruption) }, visit: visit)
    return (ContinuousClock.now - start) / .seconds(1)
  }
}

/// Gaussian posteriors by the fields that they were learned from.
final class FlowBases: Sendable {
  private let known = Mutex<[[Int]: FlowBase]>([:])
  subscript(fields: [Int]) -> FlowBase? { known.withLock { $0[fields] } }
  func keep(_ base: FlowBase, of fields: [Int]) { known.withLock { $0[fields] = base } }
}
