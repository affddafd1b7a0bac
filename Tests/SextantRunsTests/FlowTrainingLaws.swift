// Training a flow by its configuration: what it learned is used by `impute`; another configuration does not go on from its
// checkpoint. That a training which was stopped ends with the same bits is tested on the program, in SextantCommandTests.

import Foundation
import Sextant
import SextantTestSupport
import SextantYAML
import Testing

@testable import SextantModels
@testable import SextantPipelines
@testable import SextantRuns
@testable import SextantTraining

@Suite(.serialized) struct FlowTrainingLaws {
  /// A configuration of a small training on the small climate.
  static func configuration(
    in folder: ScratchFolder, steps: Int = 24, output: String, flow: String = "widths: [8, 8]"
  ) throws -> RunConfiguration {
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
      flow: {folds: 2, steps: \(steps), batch: 3, \(flow)}
      evaluate:
        noise: tas=2K,clt=0.05
        scale: {tas: {peak: 100}, clt: {peak: 1}}
      """, path: "test.yaml"
    ).configuration
  }

  /// A flow of each preset under each supervision.
  static let kinds = [
    "pairs: 16, widths: [8, 8]", "pairs: 16, widths: [8, 8], training: unsupervised",
    "preset: small, mask_as_input: true", "preset: paper, coupling_steps: 2, training: unsupervised, pairs: 16",
  ]

  @Test func aFinishedTrainingIsKeptUnlessOverwritten() throws {
    let folder = try ScratchFolder()
    let run = try Self.configuration(in: folder, steps: 4, output: "run")
    _ = try run.train(overwrite: false)
    #expect(throws: FileError.self) { try run.train(overwrite: false) }
    _ = try run.train(overwrite: true)
  }

  @Test(arguments: Folds.allCases) func everyFieldIsLeftOutOnce(order: Folds) throws {
    let simulation = TrainingPairs(
      count: 20, foldCount: 3, folds: order, validationShare: 0.1, masks: [try AnyMeasurementDesign("random:0.5")],
      inputs: MeasurementInputs(), noise: [1], seed: 1)
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

  @Test(arguments: kinds) func everyKindIsTrainedAndUsed(flow: String) throws {
    let folder = try ScratchFolder()
    _ = try Self.configuration(in: folder, steps: 6, output: "whole", flow: flow).train(overwrite: false)
    let interruption = Interruption()
    let stopped = complaint {
      _ = try Self.configuration(in: folder, steps: 6, output: "halves", flow: flow).train(
        overwrite: false, progress: StopAfter(steps: 3, interruption: interruption), interruption: interruption)
    }
    #expect(stopped.hasPrefix("Interrupted"), "\(stopped)")
    // Either nothing is kept yet, or how to go on is told.
    let kept = try FileManager.default.contentsOfDirectory(atPath: folder.path("halves"))
    let isBegun = kept.contains("flow.last.safetensors") || kept.contains("flow.pairs.safetensors")
    #expect(stopped.contains("run the same command to go on") == isBegun, "\(stopped) \(kept)")
    _ = try Self.configuration(in: folder, steps: 6, output: "halves", flow: flow).train(overwrite: false)
    let paths = ["whole", "halves"].map { folder.path("\($0)/flow.safetensors") }
    #expect(try Data(contentsOf: URL(fileURLWithPath: paths[0])) == Data(contentsOf: URL(fileURLWithPath: paths[1])))
    let model = try Model(contentsOf: folder.path("whole"))
    let observed = folder.path("observed.nc")
    try SmallClimate.observe(SmallClimate.unseen(1), to: observed)
    let summary = try Imputation(method: .flow, samples: 4, quantileLevels: [], seed: 1).run(
      SignalInput(observed), model: model, output: folder.path("filled.nc"), overwrite: false, history: "test")
    #expect(summary.diagnostics["network-evaluations"] == 1)
    let cloud = try SmallClimate.values("clt", in: folder.path("filled.nc"))
    #expect(cloud.allSatisfy { $0.allSatisfy { (0...1).contains($0) } })
  }

  @Test(arguments: kinds.dropFirst()) func seenAndUnseenAreReportedApart(flow: String) throws {
    let folder = try ScratchFolder()
    _ = try Self.configuration(in: folder, steps: 4, output: "run", flow: flow).train(overwrite: false)
    let data = try Data(contentsOf: URL(fileURLWithPath: folder.path("run/flow-scores.json")))
    let rows = try JSONDecoder().decode(FlowScores.self, from: data).rows
    for set in ["seen", "unseen"] {
      for name in ["untrained", "trained"] {
        let own = rows.filter { $0.set == set && $0.name == name }
        #expect(own.map(\.variable) == SmallClimate.variables)
        #expect(own.allSatisfy { $0.error.isFinite && $0.rankedProbability > 0 && (0...1).contains($0.coverage) })
      }
    }
    #expect(FileManager.default.fileExists(atPath: folder.path("run/flow-quality.png")))
  }

  @Test(arguments: [
    ("preset: small, widths: [8]", "flow.widths"), ("prior: gaussian", "flow.prior"),
    ("training: unsupervised, prior: diffusion", "flow.prior"), ("mask_as_input: true", "flow.mask_as_input"),
    ("preset: paper, pairs: 16", "flow.pairs"), ("training: unsupervised, loss: crps", "flow.loss"),
  ]) func whatDoesNotBelongTogetherIsNamed(flow: String, key: String) throws {
    let folder = try ScratchFolder()
    #expect(complaint { _ = try Self.configuration(in: folder, output: "run", flow: flow) }.contains(key))
  }

  /// An operator whose weights the network cannot be shown is refused before the prior is learned.
  @Test(arguments: kinds, ["operator: \"blur:heat,sigma=500km\"", "masks: [none, \"compressed:share=0.5\"]"])
  func anOperatorWithoutAMatrixIsRefusedAtOnce(flow: String, designs: String) throws {
    let folder = try ScratchFolder()
    let run = try Self.configuration(in: folder, output: "run", flow: "\(flow), \(designs)")
    let text = complaint { _ = try run.train(overwrite: false) }
    #expect(text.contains("A flow cannot use this matrix-free operator"), "\(text)")
    #expect(!FileManager.default.fileExists(atPath: folder.path("run/\(Model.fileName)")))
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

  @Test func aModelWithoutAFlowSaysSo() throws {
    let error = #expect(throws: MethodError.self) { try Method.flow.solver(for: SmallClimate.model()) }
    #expect("\(try #require(error))".contains("has no flow"))
  }
}
