// A model in a run's folder is used only where it was learned with the run's settings: neither an evaluation nor a training that
// is continued may take the prior of another archive, seed or number of modes for its own.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@testable import SextantModels
@testable import SextantRuns
@testable import SextantTraining

@Suite(.serialized) struct StalePriors {
  /// Changes of a configuration after which the prior in the folder is another one's.
  static let changes: [@Sendable (inout RunConfiguration) -> Void] = [
    { $0.prior.modes = 8 }, { $0.prior.kind = .modes }, { $0.seed = 7 }, { $0.archive.part = .first(0.9) },
    { $0.archive.variables = ["clt", "tas"] }, { $0.bounds["clt"]?.maximum = 1.1 }, { $0.transforms = [:] },
    { $0.climatology = .monthly },
  ]

  /// A finished training with a flow of a few steps.
  private func trained(in folder: ScratchFolder) throws -> RunConfiguration {
    let run = try FlowTrainingLaws.configuration(
      in: folder, steps: 2, output: "run", flow: "pairs: 16, widths: [8, 8]")
    _ = try run.train(overwrite: false)
    return run
  }

  private func expectRefusal(_ body: () throws -> Void) {
    let error = #expect(throws: LearningError.self) { try body() }
    guard case .anotherTraining(let path) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(path.hasSuffix("run/model.safetensors"))
  }

  @Test func anEvaluationOfAFlowTakesNoOtherPrior() throws {
    let folder = try ScratchFolder()
    let run = try trained(in: folder)
    #expect(try run.modelForEvaluation(of: [.flow]).parts == [.gaussian, .flow])
    for change in Self.changes {
      var other = run
      change(&other)
      expectRefusal { _ = try other.modelForEvaluation(of: [.eof, .flow]) }
    }
    // Names and places are no part of what was learned.
    var renamed = run
    renamed.name = "another"
    renamed.evaluate.masks = [try AnyMeasurementDesign("random:0.2")]
    #expect(try renamed.modelForEvaluation(of: [.flow]).flow != nil)
    // Without a flow among the methods, priors are learned anew.
    var narrow = run
    narrow.prior.modes = 8
    #expect(try narrow.modelForEvaluation(of: [.eof]).prior.functions.modeCount == 8)
  }

  @Test func anInterruptedTrainingGoesOnWithItsOwnPrior() throws {
    let folder = try ScratchFolder()
    let run = try FlowTrainingLaws.configuration(
      in: folder, steps: 30, output: "run", flow: "pairs: 16, widths: [8, 8]")
    let interruption = Interruption()
    #expect(throws: InterruptionError.self) {
      try run.train(
        overwrite: false, progress: StopAfter(steps: 12, interruption: interruption),
        interruption: interruption)
    }
    for change in Self.changes {
      var other = run
      change(&other)
      expectRefusal { _ = try other.train(overwrite: false) }
    }
    // Asked to, it starts again.
    var narrow = run
    narrow.prior.modes = 8
    narrow.flow?.steps = 2
    #expect(try narrow.train(overwrite: true).prior.functions.modeCount == 8)
  }

  /// A network goes on learning from the files that the prior beside it was learned from, and from no others.
  @Test func anInterruptedTrainingNoticesThatItsFilesHaveChanged() throws {
    let folder = try ScratchFolder()
    let run = try FlowTrainingLaws.configuration(
      in: folder, steps: 30, output: "run", flow: "pairs: 16, widths: [8, 8]")
    let interruption = Interruption()
    #expect(throws: InterruptionError.self) {
      try run.train(
        overwrite: false, progress: StopAfter(steps: 12, interruption: interruption),
        interruption: interruption)
    }
    let archive = folder.path("archive.nc")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: archive))
    try FileManager.default.removeItem(atPath: archive)
    try SmallClimate.write(SmallClimate.fields().read(Array(1..<41)), to: archive)
    let text = complaint { _ = try run.train(overwrite: false) }
    for word in ["run/model.safetensors", "archive.nc", "--overwrite"] { #expect(text.contains(word), "\(text)") }
    // The same contents are the same file, whenever they were written.
    try bytes.write(to: URL(fileURLWithPath: archive))
    _ = try run.train(overwrite: false)
    // What is finished needs its archive no more.
    try FileManager.default.removeItem(atPath: archive)
    #expect(try run.modelForEvaluation(of: [.flow]).parts == [.gaussian, .flow])
  }

  /// A network is used on top of the model that it was trained on, and of no other. Files of earlier versions do not say which one that was.
  @Test(arguments: ["flow", "diffusion"]) func networksOfAnotherModelAreRefused(name: String) throws {
    let folder = try ScratchFolder()
    func run(_ output: String, modes: Int) throws -> RunConfiguration {
      var run =
        try name == "flow"
        ? FlowTrainingLaws.configuration(in: folder, steps: 2, output: output, flow: "pairs: 16, widths: [8, 8]")
        : DiffusionTrainingLaws.configuration(in: folder, diffusion: "{steps: 2, batch: 3, widths: [8, 8]}", output: output)
      run.prior.modes = modes
      return run
    }
    func open() throws {
      let model = try Model(contentsOf: folder.path("run"))
      if name == "diffusion" { _ = try LearnedDiffusion(folder: folder.path("run"), for: model) }
    }
    for (output, modes) in [("run", 6), ("other", 4)] { _ = try run(output, modes: modes).train(overwrite: false) }
    try open()
    let foreign = try Data(contentsOf: URL(fileURLWithPath: folder.path("other/\(name).safetensors")))
    let path = folder.path("run/\(name).safetensors")
    try foreign.write(to: URL(fileURLWithPath: path))
    let text = complaint { try open() }
    for word in [path, folder.path("run/model.safetensors"), "sextant train"] { #expect(text.contains(word), "\(text)") }
    let old = try ModelFiles.tampered(foreign) { header in
      let shorter = header.replacing(#/,\\"prior\\":\\"[0-9a-f]+\\"/#, with: "")
      #expect(shorter.count < header.count)
      return shorter
    }
    try old.write(to: URL(fileURLWithPath: path))
    try open()
  }

  /// What cannot be read is an error, and no reason to learn another model in its place.
  @Test(arguments: [false, true]) func anUnreadableModelIsNotReplaced(isNewer: Bool) throws {
    let folder = try ScratchFolder()
    let run = try trained(in: folder)
    let path = folder.path("run/model.safetensors")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let broken =
      isNewer
      ? try ModelFiles.tampered(bytes) { $0.replacing("\\\"formatVersion\\\":2", with: "\\\"formatVersion\\\":99") }
      : bytes.prefix(bytes.count / 2)
    try broken.write(to: URL(fileURLWithPath: path))
    try FileManager.default.removeItem(atPath: folder.path("run/flow.safetensors"))
    let words = complaint { _ = try run.train(overwrite: false) }
    #expect(words.contains("model.safetensors") && (!isNewer || words.contains("version is 99") || words.contains("version 99")))
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == broken)
  }

  /// Files of earlier versions hold no settings: what they hold is compared.
  @Test func modelsOfEarlierVersionsAreOpenedAndCompared() throws {
    let folder = try ScratchFolder()
    let run = try trained(in: folder)
    let path = folder.path("run/model.safetensors")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let model = try Model(contentsOf: path)
    let training = try #require(model.provenance.training)
    let quoted = try #require(String(data: JSONEncoder().encode(["training": training]), encoding: .utf8))
    let inner = quoted.dropFirst().dropLast().replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    let old = try ModelFiles.tampered(bytes) { header in
      let shorter = header.replacing("," + inner, with: "")
      #expect(shorter.count < header.count)
      return shorter
    }
    try old.write(to: URL(fileURLWithPath: path))
    let opened = try Model(contentsOf: path)
    #expect(opened.provenance.training == nil && opened.provenance.seed == model.provenance.seed)
    #expect(try run.training.hasLearned(opened))
    for change in Self.changes {
      var other = run
      change(&other)
      let isTold = try !other.training.hasLearned(opened)
      // A part of the archive and its variables are told by nothing in such a file but the prior itself.
      #expect(isTold || other.archive != run.archive)
    }
  }
}
