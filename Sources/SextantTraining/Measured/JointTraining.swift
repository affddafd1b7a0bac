// FlowDiff's training: a conditional flow and a diffusion prior from an archive of measurements, with nothing known beforehand.
//
// 1. Both learn in turn (JointLosses), a given number of steps.
// 2. The model reset: the flow begins anew, while the prior stays as it is.
// 3. Then the prior begins anew, on draws of the flow as it is.
//
// Each of the three has checkpoints of its own. The best parameters of 2 and 3 are chosen by losses on measurements that were held
// out; no truth is seen anywhere.

import Foundation
import SextantArrays
import SextantConfiguration
import SextantDiffusion
import SextantFlows
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantNetworks
import SextantPriors
import SextantSignals
import SextantSolvers
import SextantStorage

/// The settings of joint training.
public struct JointSettings: Sendable, Equatable, Codable {
  /// The choices of the publication, by name. Each has a reset after 9000 steps and a prior that begins from random numbers.
  public enum Preset: String, ConfigurationChoice, Codable {
    /// Those for digits and photographs.
    case flowdiff
    /// Those for microscopy.
    case flowdiffMicroscopy = "flowdiff-microscopy"

    /// Adam's learning rate of the flow.
    package var flowRate: Double { self == .flowdiff ? 1e-3 : 2e-5 }
    /// Adam's learning rate of the prior.
    package var priorRate: Double { self == .flowdiff ? 1e-4 : 1e-5 }
  }

  /// The choices that the flow and the prior have where nothing is stated; nil for the usual ones of each.
  public var preset: Preset?
  /// Steps in which both learn in turn.
  public var steps: Int
  /// Whether both begin anew, one after the other, after these steps.
  public var resets: Bool

  public init(preset: Preset? = nil, steps: Int = 9000, resets: Bool = true) {
    (self.preset, self.steps, self.resets) = (preset, steps, resets)
  }
}

/// Learns a flow and a diffusion prior together.
struct JointTraining {
  let context: LearningContext
  let flow: FlowTraining
  let diffusion: DiffusionSettings

  static let fileEndings =
    AlternatingLoop.fileEndings(members: ["flow", "prior"]).map { "joint.\($0)" } + ["flow.pairs.safetensors"]

  private var joint: JointSettings { context.learning.joint ?? JointSettings() }
  private var settings: FlowSettings { flow.settings }
  private func random(_ purpose: String) -> RandomStream {
    RandomStream(seed: flow.prior.seed).split("joint").split(purpose)
  }

  /// Learns both, or goes on with a training that was stopped, and writes them into the folder.
  func run() throws -> Model {
    let measurements = try ArchiveMeasurements(flow.prior, model: context.model, hides: false, interruption: context.interruption)
    let gaussian = try context.model.requireGaussian().prior
    let run = FlowTrainingRun(
      training: flow, model: context.model, prior: gaussian, folder: context.folder, identity: try flow.identity(for: context.model),
      progress: context.progress, interruption: context.interruption)
    let (member, network, preparation) = try conditional(measurements, run: run)
    let prior = try NoiseTraining(
      diffusion,
      gaussian: ArchiveGaussian(
        modes: gaussian.functions.scaledModes, residualVariance: gaussian.functions.residualVariance),
      model: context.model, random: random("prior"))
    let measured = try MeasuredStates.all(0..<measurements.count, space: gaussian.space) { try measurements($0).seen }
    let losses = JointLosses(
      flow: member, prior: prior,
      fidelity: StateFidelity(measured, space: gaussian.space, transforms: context.model.space.transforms), batch: settings.batch,
      smallestNoise: settings.smallestNoise,
      annealing: settings.annealing > 0 ? .scaled(toSteps: joint.steps, share: settings.annealing) : nil,
      random: random("steps"))
    let heldOut = Folds.interleaved.leftOut(
      share: settings.validationShare, of: measurements.count, copyCount: measurements.copyCount)
    let seen = (0..<measurements.count).filter { !heldOut.contains($0) }

    let both = try together(losses, member: member, prior: prior, seen: seen, preparation: preparation)
    var (flowParameters, priorParameters) = (both.flow, both.prior)
    if joint.resets {
      flowParameters = try flowAlone(losses, run: run, seen: seen, heldOut: heldOut, prior: both.prior, preparation: both.seconds)
      priorParameters = try priorAlone(losses, prior: prior, seen: seen, heldOut: heldOut, flow: flowParameters)
    } else {
      flowParameters = member.calibrated(flowParameters, using: random("calibration"))
      try logs(seconds: both.seconds)
    }
    let fingerprint = context.model.space.domain.fingerprint
    try HeldOutStates(
      states: losses.draws(of: heldOut, by: flowParameters, random: random("held out")), fingerprint: fingerprint
    ).write(toFolder: context.folder)
    let stored = try prior.stored(priorParameters, learning: context.learning.identity(of: .diffusion))
    try stored.write(toFolder: context.folder, for: context.model)
    let learned = LearnedFlow(
      network: network, parameters: flowParameters, identity: run.identity.configuration,
      takesOperators: flow.prior.archive.measured?.operation != nil)
    try learned.write(toFolder: context.folder, for: context.model)
    return context.model.with(diffusion: try stored.learned(for: context.model.space)).with(flow: learned)
  }

  private func identity(_ stage: String) throws -> CheckpointMetadata {
    struct Settings: Encodable {
      var stage: String
      var flow: FlowSettings
      var diffusion: DiffusionSettings
      var joint: JointSettings
    }
    return try CheckpointMetadata(
      kind: "joint training", settings: Settings(stage: stage, flow: settings, diffusion: diffusion, joint: joint), model: context.model)
  }

  // MARK: The flow and what it is told

  /// The flow that is trained, on its measurements, and the seconds that their preparation took.
  private func conditional(
    _ measurements: ArchiveMeasurements, run: FlowTrainingRun
  ) throws -> (member: any StateFlow, network: LearnedFlow.Network, preparation: Double) {
    var builder = ParameterBuilder<Float>(random: random("flow"))
    let space = run.prior.space
    if let network = settings.wholeNetwork(channels: context.model.space.channelCount) {
      let whole = try run.wholeFlow(network, in: &builder)
      let conditions = try (0..<measurements.count).flatMap {
        try space.condition(
          of: measurements($0).seen, transforms: context.model.space.transforms, withMask: whole.conditionsOnMask)
      }
      return (
        VectorStateFlow(
          flow: whole.flow, initial: builder.parameters,
          conditions: Tensor(conditions, shape: [measurements.count, whole.flow.conditionWidth])), network, 0
      )
    }
    let (configuration, network) = try flow.network(for: context.model, in: &builder)
    let layout = space.layout
    let posteriors = try storedPosteriors(measurements, run: run)
    return (
      BaseStateFlow(
        network: network, initial: builder.parameters,
        arrangement: StateArrangement(
          stateOfEntry: layout.stateOfEntry, channelCount: layout.channelCount, stateCount: layout.count,
          order: (0..<Int32(context.model.space.domain.vertexCount)).map { $0 }), posteriors: posteriors),
      .neighbourhoods(configuration), posteriors.seconds
    )
  }

  /// The Gaussian posteriors of the measured fields.
  private func storedPosteriors(_ measurements: ArchiveMeasurements, run: FlowTrainingRun) throws -> StoredPosteriors {
    let identity = try run.pairsIdentity("measured posteriors")
    if let posteriors = try StoredPosteriors(contentsOf: run.pairsPath, identity: identity) { return posteriors }
    let (space, draws) = (run.prior.space, 8)
    var posteriors = StoredPosteriors(
      count: measurements.count, draws: draws, domain: context.model.space.domain, channels: context.model.space.channelCount,
      states: space.count)
    let base = try context.model.flowBase()
    let solvers = PreparedSolvers(base)
    let features = PosteriorFeatures(
      run.prior, transforms: base.transforms, domain: context.model.space.domain, landShare: context.model.space.landShare)
    let start = ContinuousClock.now
    context.progress.start("the Gaussian posterior of each field", unit: "field", count: measurements.count)
    defer { context.progress.finish() }
    for number in 0..<measurements.count {
      try context.interruption.check()
      let measurement = try measurements(number).seen
      var stream = random("posteriors").split(number)
      let posterior = try solvers.posterior(given: measurement, samples: draws, using: &stream)
      posteriors.put(
        posterior, features: try features.features(of: measurement, posterior: posterior), label: measurement.label,
        number: number, space: space)
      context.progress.advance(to: number + 1)
    }
    posteriors.seconds = (ContinuousClock.now - start) / .seconds(1)
    try posteriors.write(to: run.pairsPath, identity: identity)
    return posteriors
  }

  // MARK: The three parts

  private func together(
    _ losses: JointLosses, member: any StateFlow, prior: NoiseTraining, seen: [Int], preparation: Double
  ) throws -> (flow: ParameterSet<Float>, prior: ParameterSet<Float>, seconds: Double) {
    let flowSchedule = TrainingSchedule.usual(steps: joint.steps, learningRate: settings.learningRate, decay: settings.decay)
    let loop = AlternatingLoop(
      steps: joint.steps, interval: flowSchedule.interval, prefix: context.folder + "/joint", identity: try identity("both"))
    let result = try loop.run(
      AlternatingMember(
        name: "flow", schedule: flowSchedule, initial: member.initial,
        loss: { losses.flowTurn(on: seen, under: $0) }),
      AlternatingMember(
        name: "prior", schedule: .usual(steps: joint.steps, learningRate: diffusion.learningRate), initial: prior.initial,
        loss: { losses.priorTurn(on: seen, drawnBy: $0) }),
      name: "training flow and prior together", preparation: preparation, progress: context.progress, interruption: context.interruption)
    return (result.first, result.second, result.seconds)
  }

  /// The flow from the beginning, under a prior that stays as it is.
  private func flowAlone(
    _ losses: JointLosses, run: FlowTrainingRun, seen: [Int], heldOut: [Int], prior: ParameterSet<Float>, preparation: Double
  ) throws -> ParameterSet<Float> {
    let batch = min(settings.batch, heldOut.count)
    let evaluator = FlowEvaluator(
      flow: losses.flow, sets: [], space: run.prior.space, transforms: context.model.space.transforms,
      variables: context.model.space.variables.map(\.name), peaks: context.model.space.variables.map { _ in nil }, random: random("flow judge"))
    let loop = TrainingLoop(
      schedule: .usual(steps: settings.steps, learningRate: settings.learningRate, decay: settings.decay), prefix: context.folder + "/flow",
      identity: try identity("flow"))
    let best = try loop.run(
      from: losses.flow.initial,
      minimising: .amortisedPosterior(
        losses.amortised(on: seen, under: prior, annealed: false, "flow alone"),
        heldOut: losses.amortised(on: heldOut, under: prior, batch: batch, annealed: false, "flow validation"),
        batches: max(1, min(heldOut.count, 64) / batch), evaluator: evaluator, random: random("flow dropout")),
      name: "training the flow anew", preparation: preparation, progress: context.progress, interruption: context.interruption)
    try TrainingCurves.draw(loop.log.records(), title: "Training of the flow, after the reset", to: context.folder + "/flow.png")
    return evaluator.calibrated(best)
  }

  /// The prior from the beginning, on draws of a flow that stays as it is.
  private func priorAlone(
    _ losses: JointLosses, prior: NoiseTraining, seen: [Int], heldOut: [Int], flow: ParameterSet<Float>
  ) throws -> ParameterSet<Float> {
    let loop = TrainingLoop(
      schedule: .usual(steps: diffusion.steps, learningRate: diffusion.learningRate), prefix: context.folder + "/diffusion",
      identity: try identity("prior"))
    let turn = losses.with(random: random("prior alone")).priorTurn(on: seen, drawnBy: flow)
    let validation = prior.loss(
      on: losses.draws(of: heldOut, by: flow, random: random("prior validation draws")), random: random("prior validation"))
    let best = try loop.run(
      from: prior.initial,
      minimising: TrainingLoss(turn) { TrainingValidation(loss: validation.mean(by: $0)) },
      name: "training the diffusion prior anew", progress: context.progress, interruption: context.interruption)
    try TrainingCurves.draw(
      loop.log.records(), title: "Training of the diffusion prior, after the reset", to: context.folder + "/diffusion.png")
    return best
  }

  /// The logs of both networks, where there was no reset: the flow's has the time of the two.
  private func logs(seconds: Double) throws {
    guard let last = try TrainingLog(path: context.folder + "/joint.jsonl").records().last else { return }
    for (name, seconds, loss) in [("flow", seconds, last.loss), ("diffusion", 0, last.figures?["prior"] ?? last.loss)] {
      let log = TrainingLog(path: "\(context.folder)/\(name).jsonl")
      try log.rewind(to: -1)
      try log.append(TrainingRecord(step: last.step, seconds: seconds, loss: loss))
    }
  }
}
