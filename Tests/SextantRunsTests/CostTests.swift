// What a training has paid for, and what a publication says: the laws of break-even, and both tables in a run.

import Foundation
import SextantEvaluation
import SextantMeasurement
import SextantSolvers
import SextantTestSupport
import Testing

@testable import SextantPipelines
@testable import SextantRuns
@testable import SextantTraining

@Suite struct CostTests {
  @Test(arguments: [(100.0, 0.1, 10.0, 2.0), (5, 1, 50, 2), (50, 2, 5, 1), (7, 3, 7, 3), (0, 4, 9, 1)])
  func breakEvenIsWhereCostsMeet(firstTraining: Double, firstAnswer: Double, training: Double, answer: Double) {
    let a = MethodCost(name: "a", training: firstTraining, answer: firstAnswer)
    let b = MethodCost(name: "b", training: training, answer: answer)
    func cost(_ one: MethodCost, _ signals: Double) -> Double { one.training + signals * one.answer }
    if let place = a.breakEven(with: b) {
      #expect(cost(a, place) <= cost(b, place) + 1e-9)
      #expect(cost(a, 2 * place + 1) <= cost(b, 2 * place + 1) + 1e-9)
      if place > 0 { #expect(cost(a, place / 2) > cost(b, place / 2)) }
    } else {
      for signals in [1e3, 1e6] { #expect(cost(a, signals) > cost(b, signals)) }
    }
  }

  @Test func aFlowNeedsThePriorThatItWasDistilledFrom() {
    let costs = TrainingCosts(diffusion: 30, flow: 12)
    #expect(costs.seconds(before: .flow) == 12 && costs.seconds(before: .ddnm) == 30)
    #expect(costs.seconds(before: .eof) == nil)
    #expect(TrainingCosts(diffusion: 30, flow: 12, flowNeedsDiffusion: true).seconds(before: .flow) == 42)
    #expect(TrainingCosts(diffusion: 30).seconds(before: .flow) == nil)
  }

  /// A run with both kinds of networks, of a few steps each.
  private func configuration(in folder: ScratchFolder, published: String) throws -> RunConfiguration {
    let run = try DiffusionSolverRuns.configuration(
      in: folder, prior: .diffusion, methods: "eof, flow, ddnm",
      more: """
          published: \(published)
        diffusion: {steps: 3, batch: 4, widths: [8, 8]}
        flow: {pairs: 24, folds: 2, masks: ["random:0.3"], widths: [8, 8], steps: 4, batch: 4}
        """)
    return run
  }

  @Test func theTablesStandInTheReport() throws {
    let folder = try ScratchFolder()
    let run = try configuration(in: folder, published: "{flow: {psnr: 24.88, sample: 24.04, source: somewhere}}")
    // A supervised flow needs no diffusion prior; what is asked later is trained then, and the flow stays.
    _ = try run.modelForEvaluation(of: [.flow])
    #expect(!FileManager.default.fileExists(atPath: folder.path("run/diffusion.jsonl")))
    let log = try Data(contentsOf: URL(fileURLWithPath: folder.path("run/flow.jsonl")))
    let model = try run.modelForEvaluation()
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path("run/flow.jsonl"))) == log)
    let (comparison, fields, indices) = try run.comparison(for: model)
    let outcome = try comparison.report(
      model: model, fields: fields, indices: indices, folder: folder.path("run/evaluation"), overwrite: false,
      pictures: 0)
    #expect(outcome.markdown.contains("24.88") && outcome.markdown.contains("somewhere"))
    #expect(outcome.markdown.contains("is ahead from answer"))
    #expect(outcome.pictures.map { URL(fileURLWithPath: $0).lastPathComponent } == ["amortisation.png"])
    // Simulating the pairs is part of what the flow cost.
    let flow = try #require(try TrainingLog(path: folder.path("run/flow.jsonl")).records().first)
    #expect(try #require(comparison.training.flow) >= flow.seconds && flow.seconds > 0)
  }

  /// Figures stand under the mask that they are of: the one that is named, else the first.
  @Test(arguments: [("", "none"), ("random:0.5", "random:0.5"), ("random:0.50", "random:0.5"), ("land", "")])
  func figuresStandWithTheirMask(mask: String, expected: String) throws {
    let folder = try ScratchFolder()
    let figures = "{psnr: 24.88, source: somewhere" + (mask.isEmpty ? "}" : ", mask: \"\(mask)\"}")
    var run = try DiffusionSolverRuns.configuration(
      in: folder, prior: .gaussian, methods: "eof", more: "  published: {eof: \(figures)}")
    run.evaluate.masks = try ["none", "random:0.5"].map { try AnyMeasurementDesign($0) }
    let model = try run.modelForEvaluation()
    let (comparison, fields, indices) = try run.comparison(for: model)
    let outcome = try comparison.report(
      model: model, fields: fields, indices: indices, folder: folder.path("run/evaluation"), overwrite: false,
      pictures: 0)
    let parts = outcome.markdown.components(separatedBy: "### ").filter { $0.contains("somewhere") }
    let titles = parts.map { String($0.prefix { $0 != "\n" }) }
    #expect(titles == (expected.isEmpty ? [] : ["image, \(expected)"]))
  }

  @Test(arguments: [
    ("{walk: {psnr: 1, source: a}}", "names of methods"), ("{flow: {source: a}}", "psnr, sample or both"),
    ("{flow: {psnr: 1}}", "source"), ("{flow: {psnr: 1, source: a, mask: holes}}", "flow.mask"),
    ("{flow: {psnr: 1, source: a, crps: 2}}", "crps"),
  ])
  func wrongFiguresAreNamed(published: String, expected: String) throws {
    let folder = try ScratchFolder()
    let text = complaint { _ = try configuration(in: folder, published: published) }
    #expect(text.contains(expected) && text.contains("test.yaml:"), "\(text)")
  }
}
