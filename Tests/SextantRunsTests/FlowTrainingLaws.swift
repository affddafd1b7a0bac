// Training a flow by its configuration: what it learned is used by `impute`; another configuration does not go on from its
// checkpoint. That a training which was stopped ends with the same bits is tested on the program, in SextantCommandTests.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@testable import SextantRuns

@Suite(.serialized) struct FlowTrainingLaws {
  /// A configuration of a small training on the small climate.
  static func configuration(in folder: ScratchFolder, steps: Int = 24, output: String) throws -> RunConfiguration {
    let archive = folder.path("archive.nc")
    if !FileManager.default.fileExists(atPath: archive) {
      try SmallClimate.write(SmallClimate.fields().read(Array(0..<40)), to: archive)
    }
    return try RunConfiguration.parse(
      """
      output: \(folder.path(output))
      archive: {files: ["\(archive)"]}
      prior: {modes: 10, parameters: per-archive}
      bounds: {clt: {min: 0, max: 1}}
      variables: {clt: {transform: logit}}
      flow: {pairs: 16, folds: 2, steps: \(steps), batch: 3, widths: [8, 8]}
      evaluate:
        noise: tas=2K,clt=0.05
        scale: {tas: {peak: 100}, clt: {peak: 1}}
      """, path: "test.yaml"
    ).configuration
  }

  /// Asks for a stop after so many reports of progress of the flow's training.
  final class StopAfter: ProgressObserver {
    let steps: Int
    let interruption: Interruption
    nonisolated(unsafe) private var isTraining = false

    init(steps: Int, interruption: Interruption) { (self.steps, self.interruption) = (steps, interruption) }

    func start(_ activity: String, unit: String, count: Int) { isTraining = unit == "step" }
    func advance(to done: Int) { if isTraining, done >= steps { interruption.request() } }
    func finish() {}
  }

  @Test func aFinishedTrainingIsKeptUnlessOverwritten() throws {
    let folder = try ScratchFolder()
    let run = try Self.configuration(in: folder, steps: 4, output: "run")
    _ = try run.train(overwrite: false)
    #expect(throws: FileError.self) { try run.train(overwrite: false) }
    _ = try run.train(overwrite: true)
  }

  @Test(arguments: FlowSettings.FoldOrder.allCases) func everyFieldIsLeftOutOnce(order: FlowSettings.FoldOrder) throws {
    let simulation = PairSimulation(
      count: 20, foldCount: 3, folds: order, validationShare: 0.1, masks: [try MaskSampler("random:0.5")],
      maskInputs: [:],
      noise: [1], seed: 1)
    let parts = simulation.parts(of: 11)
    #expect(parts.count == 3 && parts.flatMap { $0 }.sorted() == Array(0..<11))
    #expect(
      parts.allSatisfy {
        order == .blocks
          ? zip($0, $0.dropFirst()).allSatisfy { $1 == $0 + 1 } : zip($0, $0.dropFirst()).allSatisfy { $1 == $0 + 3 }
      })
  }

  @Test func someFieldsAreNeverTrainedOn() throws {
    let folder = try ScratchFolder()
    _ = try Self.configuration(in: folder, steps: 4, output: "run").train(overwrite: false)
    let records = try TrainingLog(path: folder.path("run/flow.jsonl")).records()
    #expect(!records.isEmpty && records.allSatisfy { ($0.validation ?? 0) > 0 })
    #expect(FileManager.default.fileExists(atPath: folder.path("run/flow.png")))
  }

  @Test func anotherConfigurationDoesNotGoOn() throws {
    let folder = try ScratchFolder()
    let interruption = Interruption()
    #expect(throws: InterruptionError.self) {
      try Self.configuration(in: folder, steps: 30, output: "run").train(
        overwrite: false, progress: StopAfter(steps: 12, interruption: interruption), interruption: interruption)
    }
    #expect(throws: LearningError.self) {
      try Self.configuration(in: folder, steps: 31, output: "run").train(overwrite: false)
    }
  }

  @Test func imputeUsesTheFlow() throws {
    let folder = try ScratchFolder()
    let run = try Self.configuration(in: folder, steps: 4, output: "run")
    _ = try run.train(overwrite: false)
    let model = try TrainedModel(contentsOf: folder.path("run"))
    #expect(model.flow != nil)
    let observed = folder.path("observed.nc")
    try SmallClimate.observe(SmallClimate.unseen(1), to: observed)
    let summary = try Imputation(method: .flow, samples: 4, quantileLevels: [], seed: 1).run(
      input: observed, model: model, output: folder.path("filled.nc"), overwrite: false, history: "test")
    #expect(summary.diagnostics["network-evaluations"] == 1)
    let cloud = try SmallClimate.values("clt", in: folder.path("filled.nc"))
    #expect(cloud.allSatisfy { $0.allSatisfy { (0...1).contains($0) } })
  }

  @Test func aModelWithoutAFlowSaysSo() throws {
    let error = #expect(throws: RunError.self) { try ImputationMethod.flow.solver(for: SmallClimate.model()) }
    #expect("\(try #require(error))".contains("has no flow"))
  }
}
