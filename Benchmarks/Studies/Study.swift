// `SextantBenchmarks study`: trains a flow on measurements alone for a known posterior, and tabulates how close it
// comes. An interrupted study continues where it stopped, with the same bits.

import Foundation
import SextantArrays
import SextantGeometry
import SextantModels
import SextantNetworks
import SextantStorage
import SextantTraining

/// One study.
public struct Study: Sendable {
  /// Its settings.
  public var settings: StudySettings

  public init(_ settings: StudySettings) { self.settings = settings }

  /// The files of a study.
  enum FileName {
    static let result = "study.json"
    static let table = "study.md"
    static let divergence = "divergence.png"
    static let error = "error.png"
    static let prefix = "flow"
  }

  /// Trains the flow, or continues an interrupted training, scores it, and writes the table, the log and the pictures.
  ///
  /// Throws `FileError` if results exist already (unless `overwrite`), `LearningError`, `InterruptionError`, and any
  /// error of the parts.
  public func run(
    overwrite: Bool, progress: any ProgressObserver = SilentProgress(), interruption: Interruption = Interruption()
  ) throws -> StudyResult {
    let folder = settings.output
    try WholeFile.checkIsFree(folder + "/" + FileName.result, overwrite: overwrite)
    if overwrite { try removeTraining() }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let random = RandomStream(seed: settings.seed)
    let mesh = try SphereMesh.icosphere(subdivisions: settings.subdivisions)
    let prior = try AnalyticPrior(settings.prior, mesh: mesh, random: random.split("prior"))
    let flow = try StudiedFlow(
      settings.flow, prior: prior, masksVary: settings.measurement.mask == .varying, random: random.split("flow"))
    let seen = try flow.prepared(measurements(settings.training.measurements, "seen", of: prior))
    // What decides when the flow was best is not what it is judged by in the end.
    let watched = try flow.prepared(measurements(settings.evaluation.logFields, "watched", of: prior))
    let unseen = try flow.prepared(measurements(settings.evaluation.fields, "unseen", of: prior))
    func judge(_ measurements: PreparedMeasurements, _ count: Int) throws -> AnalyticEvaluator {
      try AnalyticEvaluator(measurements.simulated, count: count, under: prior)
    }
    let objective = try StudyObjective(
      flow: flow, settings: settings.training, prior: prior, measurements: seen,
      judged: [
        ("unseen", watched, try judge(watched, settings.evaluation.logFields)),
        ("seen", seen, try judge(seen, settings.evaluation.logFields)),
      ], samples: settings.evaluation.logSamples, random: random.split("training"))
    let start = try objective.loss.validation(flow.initial)
    let loop = TrainingLoop(
      schedule: schedule, prefix: folder + "/" + FileName.prefix, identity: try identity(mesh.fingerprint))
    let best = try loop.run(
      from: flow.initial, minimising: objective.loss, name: "training the flow", progress: progress,
      interruption: interruption)
    var records = try loop.log.records()
    records.insert(
      TrainingRecord(step: 0, seconds: 0, loss: 0, validation: start.loss, figures: start.figures), at: 0)
    var rows: [StudyRow] = []
    let single = settings.kind == .mixture ? try prior.single() : nil
    let samples = settings.evaluation.samples
    for (set, measurements) in [("unseen", unseen), ("seen", seen)] {
      let judge = try judge(measurements, settings.evaluation.fields)
      func add(_ name: String, _ scores: AnalyticScores) { rows.append(StudyRow(name: name, set: set, scores: scores)) }
      let drawing = random.split("exact").split(set)
      add("exact posterior, drawn", try judge.scores(under: prior, samples: samples, using: drawing))
      if let single {
        add("best single Gaussian", try judge.scores(under: single, samples: samples, using: drawing))
      }
      for (name, parameters) in [("untrained", flow.initial), ("trained", best)] {
        try interruption.check()
        add(
          "\(settings.flow.preset.rawValue), \(name)",
          objective.scores(objective.calibrated(parameters), of: measurements, by: judge, samples: samples))
      }
    }
    let result = StudyResult(
      settings: settings, program: ProgramVersion.current, vertexCount: mesh.vertexCount,
      parameterCount: flow.initial.trainedCount, unit: prior.unit, seconds: records.last?.seconds ?? 0,
      curve: records, rows: rows)
    try result.write(toFolder: folder, overwrite: overwrite)
    return result
  }

  private var schedule: TrainingSchedule {
    let training = settings.training
    return TrainingSchedule(
      steps: training.steps, warmUp: training.warmUp, learningRate: training.learningRate,
      largestNorm: training.largestNorm, averageDecay: training.averageDecay, interval: training.interval)
  }

  /// The identity of this training: all settings except its names and those of the evaluation.
  private func identity(_ fingerprint: String) throws -> CheckpointMetadata {
    var trained = settings
    (trained.name, trained.output) = ("", "")
    (trained.evaluation.fields, trained.evaluation.samples) = (1, 2)
    return CheckpointMetadata(
      kind: "study", configuration: try trained.canonicalText(), domainFingerprint: fingerprint)
  }

  private func measurements(_ count: Int, _ name: String, of prior: AnalyticPrior) -> SimulatedMeasurements {
    let random = RandomStream(seed: settings.seed).split("measurements")
    return SimulatedMeasurements(
      of: prior, count: count, settings: settings.measurement, noise: settings.measurement.noise / prior.unit,
      maskRandom: random.split("mask"), random: random.split(name))
  }

  private func removeTraining() throws {
    let endings = [".last.safetensors", ".best.safetensors", ".jsonl"]
    // The result goes too: it says that a study is finished.
    for name in endings.map({ FileName.prefix + $0 }) + [FileName.result] {
      try WholeFile.remove(settings.output + "/" + name)
    }
  }
}
