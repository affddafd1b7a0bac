// A flow from an archive of measurements, by expectation and maximisation in which the flow itself completes the fields: each field is
// completed by samples of its posterior, one evaluation each, the flow learns from measurements that are simulated of the completions,
// completes the fields again, and so on (Rozet et al. 2024 with an amortised step of expectation). It needs no unbiased estimate of an
// error, so that the measurements may be those of any operator, of the archive and of the flow.
//
// The rounds start from the run's Gaussian, or from a flow that recorrupted pairs taught (MeasuredPairs). They are judged as those of a
// diffusion prior are (CompletionTraining): by values that are hidden from all rounds. Every flow and its checkpoints are files of their
// own, so that a training that was stopped at any moment goes on to the same bits.

import Foundation
import SextantArrays
import SextantConfiguration
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantNetworks
import SextantPriors
import SextantSignals
import SextantSolvers
import SextantStorage

/// The settings of rounds of completion by a flow.
public struct AmortisedSettings: Sendable, Equatable, Codable {
  /// What completes the fields at first.
  public enum Start: String, ConfigurationChoice {
    /// The run's Gaussian.
    case gaussian
    /// A flow that is learned from recorrupted pairs of measurements.
    case recorrupted
  }

  /// The largest number of flows that learn from completions, one a round.
  public var rounds: Int
  /// Completions of each field.
  public var samples: Int
  /// What completes the fields at first; nil for a flow from recorrupted pairs where there can be one, and else the Gaussian.
  public var start: Start?

  public init(rounds: Int = 3, samples: Int = 2, start: Start? = nil) {
    (self.rounds, self.samples, self.start) = (rounds, samples, start)
  }

  /// What completes the fields of an archive at first.
  func start(for measured: MeasuredFields?) -> Start {
    start ?? (measured.map { $0.operation == nil && !$0.noise.hasReadNoise } ?? false ? .recorrupted : .gaussian)
  }
}

/// The completed fields of an archive of measurements.
struct CompletedArchive: Sendable {
  /// Completions (N·K), those of a field in succession.
  let fields: TrainingArchive
  /// The position of each completion's field in the archive of measurements (N·K).
  let positions: [Int]
  /// The round whose completions they are.
  let round: Int

  /// The fields of the archive of measurements to which some completions belong.
  func measurements(of completions: [Int]) -> [Int] { Set(completions.map { positions[$0] }).sorted() }
}

/// Learns a flow from measurements by completing them.
struct AmortisedTraining {
  let context: LearningContext
  let flow: FlowTraining
  let settings: AmortisedSettings

  /// The largest number of rounds.
  static let largestRoundCount = 20
  private static let fileName = "flow.rounds.safetensors"
  private static let endings = [
    "safetensors", "last.safetensors", "best.safetensors", "pairs.safetensors", "jsonl", "png",
  ]
  private static func stem(ofRound round: Int) -> String { "flow.round-\(round)" }
  private static func flowName(ofRound round: Int) -> String { stem(ofRound: round) + ".safetensors" }
  private static func files(ofRound round: Int) -> [String] {
    endings.map { "\(stem(ofRound: round)).\($0)" } + ["\(stem(ofRound: round))-quality.png"]
  }
  /// All files that a training may leave in a run's folder while it goes on.
  static let files = [fileName] + (0...largestRoundCount).flatMap(files(ofRound:))

  private var random: RandomStream { RandomStream(seed: context.prior.seed).split("amortised completions") }
  private var start: AmortisedSettings.Start { settings.start(for: context.prior.archive.measured) }
  /// The first round whose completions are those of a flow.
  private var firstFlow: Int { start == .recorrupted ? 0 : 1 }

  /// Learns the flow, or goes on with a training that was stopped, and writes it into the folder.
  func run() throws -> LearnedFlow {
    let space = try context.model.requireGaussian().prior.space
    let measurements = try ArchiveMeasurements(context.prior, model: context.model, hides: true, interruption: context.interruption)
    let step = CompletionStep(
      measurements: measurements, model: context.model, space: space, rounds: settings.rounds, samples: settings.samples,
      random: random, progress: context.progress, interruption: context.interruption)
    let file = CompletionFile(path: context.folder + "/" + Self.fileName, identity: try flow.identity(for: context.model))
    let rows = measurements.count * settings.samples
    var state = try file.read(shape: [rows, space.count]) ?? CompletionState(rows: rows, states: space.count)
    while !state.isFinished {
      // The next flow begins with what the one before it knows.
      if state.isCompleted {
        let completions = completed(state, of: measurements, space: space)
        try learn(round: state.round + 1, from: completions, beginning: flow(ofRound: state.round)?.parameters)
        (state.round, state.done) = (state.round + 1, 0)
      } else {
        try step.run(&state, by: solver(ofRound: state.round), file: file)
      }
      try file.write(state)
    }
    return try finish(state)
  }

  /// The solver whose posterior samples complete the fields of a round.
  private func solver(ofRound round: Int) throws -> any Solver {
    if round == 0, start == .recorrupted { try learn(round: 0, from: nil, beginning: nil) }
    guard let learned = try flow(ofRound: round) else { return try context.model.flowBase() }
    return try context.model.with(flow: learned).flowSolver()
  }

  /// The flow of a round that is over; nil where the Gaussian completes.
  private func flow(ofRound round: Int) throws -> LearnedFlow? {
    try LearnedFlow(
      folder: context.folder, named: Self.flowName(ofRound: round), space: context.model.requireGaussian().prior.space,
      domain: context.model.space.domain)
  }

  /// The completions of the current round as an archive of complete fields.
  private func completed(
    _ state: CompletionState, of measurements: ArchiveMeasurements, space: StateSpace
  ) -> CompletedArchive {
    let (known, samples) = (context.model.space, settings.samples)
    let positions = measurements.positions.flatMap { [Int](repeating: $0, count: samples) }
    let labels = measurements.labels.flatMap { [FieldLabel](repeating: $0, count: samples) }
    var values = Tensor<Float>.zeros([positions.count, known.domain.vertexCount * known.channelCount])
    for row in positions.indices {
      values.replaceRows(from: row, with: space.fields(fromStates: state.completions.rows(row..<row + 1), label: labels[row]))
    }
    let isInside = space.layout.stateOfEntry.map { $0 >= 0 }
    let fields = SignalSet(
      domain: known.domain, variables: known.variables,
      values: values.reshaped(to: [positions.count, known.domain.vertexCount, known.channelCount]),
      isValid: positions.flatMap { _ in isInside }, labels: labels)
    return CompletedArchive(
      fields: TrainingArchive(fields, indices: nil, measured: nil, copyCount: measurements.copyCount * samples),
      positions: positions, round: state.round)
  }

  /// Trains the flow of a round where it is not there yet.
  ///
  /// - Parameters:
  ///   - completions: what it learns from; nil for the measurements themselves.
  ///   - initial: the parameters that its network begins with; nil for random ones.
  private func learn(round: Int, from completions: CompletedArchive?, beginning initial: ParameterSet<Float>?) throws {
    guard try flow(ofRound: round) == nil else { return }
    var training = flow
    (training.completions, training.initial, training.stem) = (completions, initial, Self.stem(ofRound: round))
    try training.learn(
      model: context.model, diffusion: context.model.diffusion, folder: context.folder, progress: context.progress,
      interruption: context.interruption
    ).write(
      toFolder: context.folder, named: Self.flowName(ofRound: round), fingerprint: context.model.space.domain.fingerprint)
    for name in Self.files(ofRound: round) where name != Self.flowName(ofRound: round) && !name.hasSuffix("png") {
      try WholeFile.remove("\(context.folder)/\(name)")
    }
  }

  /// Writes the flow of the round that predicted hidden values best.
  private func finish(_ state: CompletionState) throws -> LearnedFlow {
    guard let round = state.bestRound(from: firstFlow), let learned = try flow(ofRound: round) else {
      throw ModelError.inconsistent(
        path: "\(context.folder)/\(Self.flowName(ofRound: state.bestRound(from: firstFlow) ?? 0))",
        reason: "the flow of a round that is over is gone; use --overwrite to train anew")
    }
    let best = LearnedFlow(
      network: learned.network, parameters: learned.parameters, identity: try flow.identity(for: context.model).configuration,
      takesOperators: learned.takesOperators, remarks: learned.remarks)
    try TrainingLog(path: context.folder + "/flow.jsonl").write(state.scores, stepsPerRound: flow.settings.steps)
    try TrainingCurves.drawRounds(state.scores, to: context.folder + "/flow.png")
    try best.write(toFolder: context.folder, fingerprint: context.model.space.domain.fingerprint)
    for name in Self.files { try WholeFile.remove("\(context.folder)/\(name)") }
    return best
  }
}

extension AmortisedSettings {
  /// Reads the section `learning.amortised`.
  init(_ section: ConfigurationReader) throws {
    let usual = AmortisedSettings()
    self.init(
      rounds: try section.value("rounds", default: usual.rounds, in: 1...AmortisedTraining.largestRoundCount),
      samples: try section.value("samples", default: usual.samples, in: 2...100),
      start: section.contains("start") ? try section.value("start", default: .gaussian) : nil)
  }
}
