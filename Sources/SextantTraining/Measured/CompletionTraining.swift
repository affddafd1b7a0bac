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
  /// Seconds between two writings of completions.
  private static let writingInterval = 30.0
  /// The largest number of fields whose hidden values are scored.
  private static let scoredCount = 200

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
    while !state.isFinished {
      if !state.isCompleted {
        try complete(measurements, space: space, state: &state, file: file)
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

  /// The fields whose hidden values are scored, the same in every round.
  private func isScored(_ number: Int, of count: Int) -> Bool {
    let wanted = min(count, Self.scoredCount)
    return number * wanted / count != (number + 1) * wanted / count
  }

  /// Completes the fields that are not completed yet, and scores the round.
  private func complete(
    _ measurements: ArchiveMeasurements, space: StateSpace, state: inout CompletionState, file: CompletionFile
  ) throws {
    let solvers = PreparedSolvers(try solver(state, space: space))
    let (count, samples) = (measurements.count, rounds.samples)
    // Nobody learns from the last completions: what is scored is enough of them.
    let isLast = state.round == rounds.rounds
    let stream = random.split("samples").split(state.round)
    context.progress.start(
      "completing the fields, round \(state.round)", unit: "field", count: count)
    defer { context.progress.finish() }
    var written = ContinuousClock.now
    var start = written
    func note() {
      state.seconds += (ContinuousClock.now - start) / .seconds(1)
      start = ContinuousClock.now
    }
    while state.done < count {
      do {
        try context.interruption.check()
      } catch {
        note()
        try file.write(state)
        throw error
      }
      let number = state.done
      if !isLast || isScored(number, of: count) {
        var own = stream.split(number)
        let seen = try measurements(number).seen
        let posterior = try solvers.posterior(given: seen, samples: samples, using: &own)
        guard let drawn = posterior.samples else { preconditionFailure("A completion without samples") }
        state.completions.replaceRows(
          from: number * samples, with: space.states(of: drawn, label: seen.label, on: context.model.space))
      }
      state.done += 1
      context.progress.advance(to: state.done)
      if (ContinuousClock.now - written) / .seconds(1) > Self.writingInterval {
        note()
        try file.write(state)
        written = ContinuousClock.now
      }
    }
    note()
    let score = try score(state, measurements: measurements, space: space, isLast: isLast)
    state.scores.append(score)
    if state.round > 0 {
      let earlier = state.scores.dropFirst().dropLast()
      let isBetter = earlier.allSatisfy { score.crps < $0.crps }
      if isBetter { state.best = state.current }
      state.isFinished = !isBetter || isLast
    }
    if state.gaussian == nil { state.gaussian = try gaussian(of: state.completions) }
  }

  /// The Gaussian of the first completions, of which the last quarter shows how much modes of the others leave.
  private func gaussian(of completions: Tensor<Float>) throws -> ArchiveGaussian {
    let count = completions.rowCount
    return try ArchiveGaussian(
      anomalies: completions, modeCount: context.prior.prior.modeCount, channelOfState: context.model.space.layout.channelOfState,
      trial: Array(count * 3 / 4..<count))
  }

  /// How well hidden values are predicted by the completions of a round.
  private func score(
    _ state: CompletionState, measurements: ArchiveMeasurements, space: StateSpace, isLast: Bool
  ) throws -> CompletionScore {
    let samples = rounds.samples
    let scored = (0..<measurements.count).filter { isScored($0, of: measurements.count) }
    let channels = space.layout.channelCount
    var (ranked, squares, variances, n) = (0.0, 0.0, 0.0, 0)
    for number in scored {
      let hidden = try measurements(number).hidden
      guard hidden.count > 0 else { continue }
      let own = state.completions.rows(number * samples..<(number + 1) * samples)
      // What lies outside the domain is not measured: any finite number will do there.
      let fields = space.fields(fromStates: own, label: hidden.label)
      let scales = hidden.operation.outputEntries.indices.map { space.scales[$0 % channels] }
      // The noise is the same in every round.
      let noises = random.split("noise").split(number)
      let white = Tensor<Float>.normals((0..<samples).map { noises.split($0) }, shape: [hidden.count])
      let predicted = hidden.operation.apply(fields) + white.scalingColumns(by: hidden.noise)
      let statistics = EnsembleStatistics(samples: predicted, truth: hidden.values)
      for (row, scale) in scales.enumerated() {
        ranked += Double(statistics.crps[row] / scale)
        squares += pow(Double(statistics.meanError[row] / scale), 2)
        variances += Double(statistics.variance[row] / (scale * scale))
      }
      n += scales.count
    }
    guard n > 0 else {
      throw RunError.invalid(
        "learning.completions: no value is left to hide, and the rounds are judged by hidden values. The archive has too few measured values.")
    }
    let rows = isLast ? scored.flatMap { $0 * samples..<($0 + 1) * samples } : Array(0..<state.completions.rowCount)
    return CompletionScore(
      round: state.round, crps: ranked / Double(n), error: (squares / Double(n)).squareRoot(),
      spreadOverError: ((1 + 1 / Double(samples)) * variances / squares).squareRoot(),
      variance: Self.variance(of: state.completions.gatheringRows(rows)), seconds: state.seconds)
  }

  /// The mean variance over columns.
  static func variance(of rows: Tensor<Float>) -> Double {
    let (count, means) = (Double(rows.rowCount), rows.columnMeans())
    let squares = rows.columnSquaredNorms()
    return zip(squares, means).reduce(0) { $0 + $1.0 / count - Double($1.1) * Double($1.1) } / Double(means.count)
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
    let log = TrainingLog(path: context.folder + "/diffusion.jsonl")
    try log.rewind(to: -1)
    for score in state.scores {
      try log.append(
        TrainingRecord(
          step: score.round * settings.steps, seconds: score.seconds, loss: score.error, validation: score.crps,
          figures: ["spread_over_error": score.spreadOverError, "variance": score.variance]))
    }
    try TrainingCurves.drawRounds(state.scores, to: context.folder + "/diffusion.png")
    let (_, heldOut) = rows(of: measurements)
    let fingerprint = context.model.space.domain.fingerprint
    // The completions of the last round may be those of some fields alone.
    let known = heldOut.filter { !(state.round == rounds.rounds) || isScored($0 / rounds.samples, of: measurements.count) }
    try HeldOutStates(
      states: state.completions.gatheringRows(known.isEmpty ? [0] : known), fingerprint: fingerprint
    ).write(toFolder: context.folder)
    let stored = try training(on: gaussian).stored(best, learning: context.learning.identity(of: .diffusion))
    try stored.write(toFolder: context.folder, fingerprint: fingerprint)
    return try stored.learned(for: context.model.space)
  }
}
