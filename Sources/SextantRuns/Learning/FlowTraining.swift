// Trains the flow of a run: pairs from the archive, then a network on them. What `sextant train` does after the prior,
// where the configuration has a section `flow`. Supervised amortisation: maximum likelihood, or another proper score,
// on simulated pairs.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantDiffusion
import SextantGeometry
import SextantMeasurement
import SextantNetworks
import SextantPriors
import SextantSignals
import SextantSolvers
import SextantStorage

/// How a flow is trained on top of a model's prior.
public struct FlowTraining: Sendable {
  /// How the prior was trained: the pairs' priors are, too, on parts of the archive.
  public var prior: Training
  /// The settings.
  public var settings: FlowSettings
  /// The size of each variable's scale, by name: what noise in per cent is a share of.
  public var peaks: [String: Double]

  public init(prior: Training, settings: FlowSettings, peaks: [String: Double] = [:]) {
    self.prior = prior
    self.settings = settings
    self.peaks = peaks
  }

  /// The noise of the pairs in each channel (C). Throws ``RunError`` where a scale is missing.
  func noise(of variables: [SextantSignals.Variable]) throws -> [Float] {
    let known = variables.compactMap { peaks[$0.name] }
    return try settings.noise.deviations(
      vertexCount: 1, variables: variables, peaks: known.count == variables.count ? known : nil)
  }

  /// Trains the flow of `model`, or goes on with a training that was stopped, and writes it into `folder`.
  ///
  /// Throws ``RunError``, ``LearningError``, what reading and writing throw, and ``InterruptionError``.
  public func run(
    model: TrainedModel, folder: String, progress: any ProgressObserver = SilentProgress(),
    interruption: Interruption = Interruption()
  ) throws -> TrainedFlow {
    guard let hierarchy = TrainedFlow.hierarchy(of: model.domain, levels: settings.widths.count) else {
      throw RunError.invalid(
        "flow: there is no network for this kind of domain yet (\(model.domain.summary)); latitude-longitude grids have one."
      )
    }
    let configuration = StencilUNetConfiguration(
      inputChannels: PosteriorFeatures.channelCount(fieldChannels: model.channelCount),
      outputChannels: 2 * model.channelCount, widths: Array(settings.widths.prefix(hierarchy.levels.count)),
      blocksPerLevel: settings.blocks, dropout: settings.dropout)
    var builder = ParameterBuilder<Float>(random: RandomStream(seed: prior.seed).split("flow"))
    let network = StencilUNet(configuration, hierarchy: hierarchy, in: &builder)
    let identity = try self.identity(model: model)
    let pairs = try simulatePairs(
      model: model, path: folder + "/flow.pairs.safetensors", identity: try pairsIdentity(model: model),
      progress: progress,
      interruption: interruption)
    let loop = TrainingLoop(
      schedule: TrainingSchedule(
        steps: settings.steps, warmUp: min(200, settings.steps / 10), learningRate: settings.learningRate,
        decay: settings.decay,
        largestNorm: 1, averageDecay: 0.998, interval: max(1, min(200, settings.steps / 20))),
      prefix: folder + "/flow", identity: identity)
    let best = try loop.run(
      from: builder.parameters,
      objective: FlowObjective(
        pairs: pairs, network: network, loss: settings.loss, batch: settings.batch,
        stream: RandomStream(seed: prior.seed).split("flow batches")),
      name: "training the flow", progress: progress, interruption: interruption)
    try TrainingCurves.draw(loop.log.records(), title: "Training of the flow", to: folder + "/flow.png")
    let flow = TrainedFlow(configuration: configuration, parameters: best, identity: identity.configuration)
    try flow.write(toFolder: folder, fingerprint: model.description.fingerprint)
    return flow
  }

  /// What makes this training what it is: a checkpoint of any other is not resumed.
  func identity(model: TrainedModel) throws -> CheckpointMetadata {
    struct Identity: Encodable {
      var settings: FlowSettings
      var model: TrainedModel.Description
    }
    return CheckpointMetadata(
      kind: "flow training",
      configuration: try Self.text(Identity(settings: settings, model: model.description)),
      domainFingerprint: model.description.fingerprint)
  }

  /// What makes the pairs what they are: other networks and losses may learn from them.
  private func pairsIdentity(model: TrainedModel) throws -> String {
    struct Identity: Encodable {
      var pairs, folds: Int
      var foldOrder: FlowSettings.FoldOrder
      var masks: [MaskSampler]
      var noise: NoiseSpecification
      var validationShare: Double
      var model: TrainedModel.Description
    }
    return try Self.text(
      Identity(
        pairs: settings.pairs, folds: settings.folds, foldOrder: settings.foldOrder, masks: settings.masks,
        noise: settings.noise, validationShare: settings.validationShare, model: model.description))
  }

  private static func text(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  private func simulatePairs(
    model: TrainedModel, path: String, identity: String, progress: any ProgressObserver, interruption: Interruption
  ) throws -> SimulatedPairs {
    if let pairs = try SimulatedPairs(contentsOf: path, identity: identity) { return pairs }
    let (source, indices) = try prior.archive.open(seed: prior.seed)
    let deviations = try noise(of: model.description.variables)
    var inputs: [String: MaskInputs] = [:]
    for mask in settings.masks {
      inputs[mask.description] = try mask.inputs(on: model.domain, landShare: model.landShare)
    }
    let simulation = PairSimulation(
      count: settings.pairs, foldCount: settings.folds, folds: settings.foldOrder,
      validationShare: settings.validationShare, masks: settings.masks, maskInputs: inputs, noise: deviations,
      seed: prior.seed)
    progress.start("simulating pairs", unit: "pair", count: settings.pairs)
    defer { progress.finish() }
    let pairs = try simulation.run(
      source: source, indices: indices, domain: model.domain, landShare: model.landShare
    ) { done in
      try interruption.check()
      progress.advance(to: done)
    } train: { kept in
      let part = try prior.learn(only: kept, parameters: model.description.parameters, interruption: interruption)
      return (try ImputationMethod.flowBase(for: part), part.prior)
    }
    try pairs.write(to: path, identity: identity)
    return pairs
  }
}

/// The loss of a flow's network on batches of pairs.
private struct FlowObjective: TrainingObjective {
  let pairs: SimulatedPairs
  let network: StencilUNet<Float>
  let lossFunction: MarginalLoss
  let batch: Int
  let stream: RandomStream
  private let seen: [Int]
  private let heldOut: [Int]

  init(pairs: SimulatedPairs, network: StencilUNet<Float>, loss: MarginalLoss, batch: Int, stream: RandomStream) {
    self.pairs = pairs
    self.network = network
    lossFunction = loss
    self.batch = batch
    self.stream = stream
    seen = pairs.isHeldOut.indices.filter { !pairs.isHeldOut[$0] }
    heldOut = pairs.isHeldOut.indices.filter { pairs.isHeldOut[$0] }
  }

  func loss(step: Int, parameters: inout ParameterSet<Float>, tape: Tape<Float>) throws -> StepResult {
    var random = stream.split(step)
    let chosen = (0..<batch).map { _ in seen[Int(random.next() % UInt64(seen.count))] }
    let data = pairs.batch(chosen)
    let pass = NetworkPass(
      parameters, tape: tape, isTraining: true, wantsGradients: true, random: random.split("dropout"))
    let loss = lossFunction(
      network(tape.constant(data.features), in: pass), target: data.targets, weights: data.weights)
    let gradients = pass.parameterGradients(tape.gradients(of: loss))
    return StepResult(loss: Double(loss.value.scalars[0]), gradients: gradients)
  }

  func validation(_ parameters: ParameterSet<Float>) throws -> Double {
    var sum = 0.0
    for start in stride(from: 0, to: heldOut.count, by: batch) {
      let chosen = Array(heldOut[start..<min(heldOut.count, start + batch)])
      let data = pairs.batch(chosen)
      let pass = NetworkPass(parameters, isTraining: false, wantsGradients: false)
      let loss = lossFunction(
        network(pass.tape.constant(data.features), in: pass), target: data.targets, weights: data.weights)
      sum += Double(loss.value.scalars[0]) * Double(chosen.count)
    }
    return sum / Double(heldOut.count)
  }
}
