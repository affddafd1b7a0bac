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
  ///
  /// - Parameter mixes: whether the flow is to take values that mix entries, of which there are no recorrupted pairs.
  func start(for measured: MeasuredFields?, mixes: Bool) -> Start {
    let hasPairs = measured.map { $0.operation == nil && $0.noise.splitObjection == nil } ?? false
    return start ?? (hasPairs && !mixes ? .recorrupted : .gaussian)
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
  private let start: AmortisedSettings.Start

  /// Throws ``RunError/invalid(_:)`` where the flow of a round could not take the archive's values.
  init(context: LearningContext, flow: FlowTraining, settings: AmortisedSettings) throws {
    (self.context, self.settings) = (context, settings)
    var flow = flow
    flow.bases = FlowBases()
    self.flow = flow
    let measured = context.prior.archive.measured
    let mixes = try FlowTrainingRun(
      training: flow, model: context.model, prior: context.model.requireGaussian().prior, folder: context.folder,
      identity: flow.identity(for: context.model), progress: context.progress, interruption: context.interruption
    ).seesOperators()
    if let operation = measured?.operation, !mixes {
      throw RunError.invalid(
        "learning.amortised: the archive's values are those of '\(operation)' (archive.measured.operator), and a flow that learns under masks alone cannot complete its fields. State flow.operator: \(operation)."
      )
    }
    start = settings.start(for: measured, mixes: mixes)
  }

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
  /// The first round whose completions are those of a flow.
  private var firstFlow: Int { start == .recorrupted ? 0 : 1 }

  /// Learns the flow, or goes on with a training that was stopped, and writes it into the folder.
  func run() throws -> LearnedFlow {
    let identity = try flow.identity(for: context.model)
    if let done = try flow(named: LearnedFlow.fileName) {
      guard done.identity == identity.configuration else {
        throw LearningError.anotherTraining(path: context.folder + "/" + LearnedFlow.fileName)
      }
      for name in Self.files { try WholeFile.remove("\(context.folder)/\(name)") }
      return done
    }
    let space = try context.model.requireGaussian().prior.space
    let measurements = try ArchiveMeasurements(context.prior, model: context.model, hides: true, interruption: context.interruption)
    let step = CompletionStep(
      measurements: measurements, model: context.model, space: space, rounds: settings.rounds, samples: settings.samples,
      random: random, progress: context.progress, interruption: context.interruption)
    // A finished flow may be used without the files of the masks that it was trained under; rounds go on with the same ones.
    var ofFiles = identity
    ofFiles.dataHash = try LearnedFiles.text(of: flow.settings.masks)
    let file = CompletionFile(path: context.folder + "/" + Self.fileName, identity: ofFiles)
    let rows = measurements.count * settings.samples
    var state = try file.read(shape: [rows, space.count]) ?? CompletionState(rows: rows, states: space.count)
    while !state.isFinished {
      // A start that is a flow is learned before anything is completed.
      let isNew = start == .recorrupted && state.round == 0 && state.seconds == 0
      guard state.isCompleted || isNew else {
        try step.run(&state, by: solver(ofRound: state.round), file: file)
        try file.write(state)
        continue
      }
      let next = isNew ? 0 : state.round + 1
      var training = flow
      training.stem = Self.stem(ofRound: next)
      if isNew {
        training.learnedFrom = .seen(measurements.seenArchive)
      } else {
        training.learnedFrom = .completed(completed(state, of: measurements, space: space))
        // The next flow begins with what the one before it knows.
        training.initial = next > firstFlow ? try flow(ofRound: state.round).parameters : nil
      }
      try learn(round: next, by: training)
      (state.round, state.done) = (next, 0)
      state.seconds += try TrainingLog(path: "\(context.folder)/\(training.stem).jsonl").records().last?.seconds ?? 0
      try file.write(state)
      // What a kill leaves of these is removed in the end.
      for name in Self.files(ofRound: next) where name != Self.flowName(ofRound: next) && !name.hasSuffix("png") {
        try WholeFile.remove("\(context.folder)/\(name)")
      }
    }
    return try finish(state)
  }

  /// The solver whose posterior samples complete the fields of a round.
  private func solver(ofRound round: Int) throws -> any Solver {
    guard round >= firstFlow else { return try context.model.flowBase() }
    return try context.model.with(flow: flow(ofRound: round)).flowSolver()
  }

  /// The flow in a file of the folder; nil if there is none.
  private func flow(named name: String) throws -> LearnedFlow? {
    try LearnedFlow(
      folder: context.folder, named: name, prior: context.model.requireGaussian().prior, domain: context.model.space.domain)
  }

  /// The flow of a round that has one.
  private func flow(ofRound round: Int) throws -> LearnedFlow {
    let name = Self.flowName(ofRound: round)
    guard let learned = try flow(named: name) else {
      throw ModelError.inconsistent(
        path: "\(context.folder)/\(name)", reason: "the flow of a round that is over is gone; use --overwrite to train anew")
    }
    return learned
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
  /// Throws ``LearningError/anotherTraining(path:)`` where the one that is there was learned with other settings.
  private func learn(round: Int, by training: FlowTraining) throws {
    let name = Self.flowName(ofRound: round)
    if let known = try flow(named: name) {
      guard known.identity == (try training.identity(for: context.model)).configuration else {
        throw LearningError.anotherTraining(path: "\(context.folder)/\(name)")
      }
      return
    }
    try training.learn(
      model: context.model, diffusion: context.model.diffusion, folder: context.folder, progress: context.progress,
      interruption: context.interruption
    ).write(toFolder: context.folder, named: name, for: context.model)
  }

  /// Writes the flow of the round that predicted hidden values best.
  private func finish(_ state: CompletionState) throws -> LearnedFlow {
    let learned = try flow(ofRound: state.bestRound(from: firstFlow) ?? firstFlow)
    let best = LearnedFlow(
      network: learned.network, parameters: learned.parameters, identity: try flow.identity(for: context.model).configuration,
      takesOperators: learned.takesOperators, remarks: learned.remarks)
    try TrainingLog(path: context.folder + "/flow.jsonl").write(state.scores, stepsPerRound: flow.settings.steps)
    try TrainingCurves.drawRounds(state.scores, to: context.folder + "/flow.png")
    try best.write(toFolder: context.folder, for: context.model)
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
