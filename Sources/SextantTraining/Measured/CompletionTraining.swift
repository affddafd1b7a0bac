// A diffusion prior from an archive of measurements, by expectation and maximisation with sampled completions (F. Rozet, G. Andry,
// F. Lanusse and G. Louppe, "Learning Diffusion Priors from Observations by Expectation Maximization", NeurIPS, 2024). Every field is
// completed by samples of its posterior under the current prior, the network goes on learning from the completions, and so on.
// The first prior is the run's Gaussian, whose posterior is exact; those of the networks are sampled by moment matching (MMPS).
//
// A tenth of the values is hidden under one mask for all rounds. The rounds end when these values are predicted no better, and the
// network of the best round is kept. Completions are samples and not means, so that their variance does not shrink; each round
// reports it. All random numbers follow from the round and the field, and the state is written down as it grows, so that a
// training that was stopped at any moment goes on to the same bits.

import Foundation
import SextantArrays
import SextantDiffusion
import SextantEvaluation
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantNetworks
import SextantPriors
import SextantSignals
import SextantSolvers
import SextantStorage

/// The settings of rounds of completion.
public struct CompletionSettings: Sendable, Equatable, Codable {
  /// The largest number of networks that are trained, one a round.
  public var rounds: Int
  /// Completions of each field.
  public var samples: Int
  /// Steps of the sampler of completions.
  public var steps: Int
  /// The largest number of iterations of conjugate gradients in a step.
  public var iterations: Int

  public init(rounds: Int = 4, samples: Int = 2, steps: Int = 50, iterations: Int = 3) {
    (self.rounds, self.samples, self.steps, self.iterations) = (rounds, samples, steps, iterations)
  }
}

/// Learns a diffusion prior from measurements by completing them.
struct CompletionTraining {
  let context: LearningContext
  let settings: DiffusionSettings

  /// The file of the state in a run's folder.
  static let fileName = "diffusion.rounds.safetensors"
  private static let checkpointEndings = ["last.safetensors", "best.safetensors", "jsonl"]
  /// All files that a training may leave there while it goes on.
  static let files =
    [fileName] + (1...100).flatMap { round in checkpointEndings.map { "diffusion.round-\(round).\($0)" } }

  private var rounds: CompletionSettings { context.learning.completions ?? CompletionSettings() }
  private var random: RandomStream { RandomStream(seed: context.prior.seed).split("completions") }
  private var file: CompletionFile {
    get throws {
      struct Settings: Encodable {
        var diffusion: DiffusionSettings
        var rounds: CompletionSettings
      }
      return CompletionFile(
        path: context.folder + "/" + Self.fileName,
        identity: try CheckpointMetadata(
          kind: "completion training", settings: Settings(diffusion: settings, rounds: rounds), model: context.model))
    }
  }

  /// Learns the prior, or goes on with a training that was stopped, and writes it into the folder.
  func run() throws -> LearnedDiffusion {
    let measurements = try ArchiveMeasurements(context.prior, model: context.model, hides: true, interruption: context.interruption)
    let space = try context.model.requireGaussian().prior.space
    let file = try file
    var state =
      try file.read(shape: [measurements.count * rounds.samples, space.count]) { try training(on: $0).initial }
      ?? CompletionState(rows: measurements.count * rounds.samples, states: space.count)
    let step = CompletionStep(
      measurements: measurements, model: context.model, space: space, rounds: rounds.rounds, samples: rounds.samples, random: random,
      progress: context.progress, interruption: context.interruption)
    while !state.isFinished {
      if !state.isCompleted {
        try step.run(&state, by: solver(state, space: space), file: file)
        // The first round's solver is the Gaussian, which is no network to be kept.
        if state.round > 0, state.bestRound(from: 1) == state.round { state.best = state.current }
        if state.gaussian == nil { state.gaussian = try gaussian(of: state.completions) }
        try file.write(state)
      } else {
        try learn(&state, from: measurements)
        try file.write(state)
        // The checkpoints of a round that is over.
        try removeCheckpoints(ofRound: state.round)
      }
    }
    return try finish(state, of: measurements)
  }

  private func training(on gaussian: ArchiveGaussian) throws -> NoiseTraining {
    try NoiseTraining(settings, gaussian: gaussian, model: context.model, random: random.split("network"))
  }

  // MARK: Completing

  /// The solver whose posterior samples complete the fields of the current round.
  private func solver(_ state: CompletionState, space: StateSpace) throws -> any Solver {
    guard let parameters = state.current, let gaussian = state.gaussian else { return try context.model.flowBase() }
    let predictor = try training(on: gaussian).predictor(parameters)
    return try MMPSSolver(
      DiffusionPrior(
        predictor, space: space, transforms: context.model.space.transforms, gaussian: try gaussian.predictor(predictor.schedule)),
      // Steps without new noise: the spread of the others is too small, and would shrink from round to round.
      settings: MMPSSettings(
        sampling: SamplingSettings(steps: rounds.steps, spacing: .logSignalToNoise), iterations: rounds.iterations, eta: 0))
  }

  /// The Gaussian of the first completions, of which the last quarter shows how much modes of the others leave.
  private func gaussian(of completions: Tensor<Float>) throws -> ArchiveGaussian {
    let count = completions.rowCount
    return try ArchiveGaussian(
      anomalies: completions, modeCount: context.prior.prior.modeCount, channelOfState: context.model.space.layout.channelOfState,
      trial: Array(count * 3 / 4..<count))
  }

  // MARK: Learning

  private func prefix(ofRound round: Int) -> String { "\(context.folder)/diffusion.round-\(round)" }

  private func removeCheckpoints(ofRound round: Int) throws {
    for ending in Self.checkpointEndings {
      try WholeFile.remove("\(prefix(ofRound: round)).\(ending)")
    }
  }

  /// The rows of the fields that training sees, and of the others.
  private func rows(of measurements: ArchiveMeasurements) -> (seen: [Int], heldOut: [Int]) {
    let held = Set(settings.heldOutPositions(of: measurements.count, copyCount: measurements.copyCount))
    func rows(_ isHeld: Bool) -> [Int] {
      (0..<measurements.count).filter { held.contains($0) == isHeld }.flatMap { $0 * rounds.samples..<($0 + 1) * rounds.samples }
    }
    return (rows(false), rows(true))
  }

  /// Trains the network of the next round on the completions of this one.
  private func learn(_ state: inout CompletionState, from measurements: ArchiveMeasurements) throws {
    guard let gaussian = state.gaussian else { preconditionFailure("A round without completions") }
    let training = try training(on: gaussian)
    let next = state.round + 1
    let (seen, heldOut) = rows(of: measurements)
    struct Round: Encodable {
      var round: Int
      var settings: DiffusionSettings
      var rounds: CompletionSettings
    }
    let loop = TrainingLoop(
      schedule: .usual(steps: settings.steps, learningRate: settings.learningRate), prefix: prefix(ofRound: next),
      identity: try CheckpointMetadata(
        kind: "diffusion training", settings: Round(round: next, settings: settings, rounds: rounds), model: context.model))
    state.current = try training.train(
      from: state.current, on: state.completions.gatheringRows(seen), heldOut: state.completions.gatheringRows(heldOut),
      by: loop, random: random.split("rounds").split(next), name: "training the diffusion prior, round \(next)",
      progress: context.progress, interruption: context.interruption)
    state.seconds += try loop.log.records().last?.seconds ?? 0
    (state.round, state.done) = (next, 0)
  }

  /// Writes what the best round learned.
  private func finish(_ state: CompletionState, of measurements: ArchiveMeasurements) throws -> LearnedDiffusion {
    guard let gaussian = state.gaussian, let best = state.best else { preconditionFailure("Rounds without a network") }
    try TrainingLog(path: context.folder + "/diffusion.jsonl").write(state.scores, stepsPerRound: settings.steps)
    try TrainingCurves.drawRounds(state.scores, to: context.folder + "/diffusion.png")
    let (_, heldOut) = rows(of: measurements)
    let fingerprint = context.model.space.domain.fingerprint
    // The completions of the last round may be those of some fields alone.
    let known = heldOut.filter {
      state.round < rounds.rounds || CompletionStep.isScored($0 / rounds.samples, of: measurements.count)
    }
    try HeldOutStates(
      states: state.completions.gatheringRows(known.isEmpty ? [0] : known), fingerprint: fingerprint
    ).write(toFolder: context.folder)
    let stored = try training(on: gaussian).stored(best, learning: context.learning.identity(of: .diffusion))
    try stored.write(toFolder: context.folder, for: context.model)
    return try stored.learned(for: context.model.space)
  }
}
