// Sweeps: what is tried, what is written, and that each trial answers the measurements of the comparison.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@testable import SextantModels
@testable import SextantRuns

@Suite(.serialized) struct SweepTests {
  private static func configuration(
    in folder: ScratchFolder, _ sweep: String, overrides: [String] = []
  ) throws -> RunConfiguration {
    try DiffusionSolverRuns.configuration(
      in: folder, prior: .gaussian, methods: "eof, ddnm", more: "sweep: {\(sweep)}", overrides: overrides)
  }

  @Test func everySettingIsTried() throws {
    let folder = try ScratchFolder()
    let run = try Self.configuration(
      in: folder,
      "methods: [dps, ddnm], steps: [3, 6], step_sizes: [0.1, 0.5], samples: 4, reference: [eof, noise2score]")
    let result = try run.runSweep(overwrite: false)
    #expect(
      result.rows.map(\.method)
        == ["eof", "noise2score"] + Array(repeating: "dps", count: 4) + ["ddnm", "ddnm"])
    #expect(result.rows.map(\.steps) == [nil, nil, 3, 3, 6, 6, 3, 6])
    #expect(result.rows.map(\.stepSize) == [nil, nil, 0.1, 0.5, 0.1, 0.5, nil, nil])
    #expect(result.rows.map(\.evaluationsPerSample) == [nil, 1, 4, 4, 7, 7, 4, 7])
    #expect(result.rows.allSatisfy { $0.psnr?.count == 2 && $0.mask == "none" && $0.variable == "image" })
    for name in ["sweep.json", "sweep.md", "evaluations.png", "step-sizes-dps.png"] {
      #expect(FileManager.default.fileExists(atPath: folder.path("run/sweep/" + name)))
    }
    let data = try Data(contentsOf: URL(fileURLWithPath: folder.path("run/sweep/sweep.json")))
    #expect(try JSONDecoder().decode(SweepResult.self, from: data) == result)
    #expect(result.markdown.contains("| \(Method.dps.title) | 6 | 0.5 | 7 |") && result.text.contains(Method.ddnm.title))
    #expect(throws: FileError.self) { try run.runSweep(overwrite: false) }
    // The same measurements and samples as in a comparison of the same settings.
    var compared = run
    compared.evaluate.methods = [.ddnm]
    compared.solvers.samples = 4
    compared.solvers = compared.solvers.changing(.ddnm, steps: 6, stepSize: nil)
    let model = try compared.modelForEvaluation()
    let (comparison, fields, indices) = try compared.comparison(for: model)
    let scores = try comparison.run(model: model, fields: fields, indices: indices).scores
    #expect(scores.summaries().first?[.psnr]?.mean == result.rows.last?.psnr?.mean)
  }

  /// A sweep with the method's own step sizes is continued with stated ones: both are kept, and the plot over step sizes has the stated.
  @Test func statedStepSizesAreAddedToOwnOnes() throws {
    let folder = try ScratchFolder()
    let own = try Self.configuration(in: folder, "methods: [dps], steps: [3, 6], samples: 2").runSweep(overwrite: false)
    #expect(own.rows.map(\.stepSize) == [nil, nil])
    let both = try Self.configuration(
      in: folder, "methods: [dps], steps: [3], step_sizes: [0.1, 0.5], samples: 2"
    ).runSweep(overwrite: false)
    #expect(both.rows.map(\.stepSize) == [0.1, 0.5, nil, nil])
    #expect(both.rows.map(\.steps) == [3, 3, 3, 6])
    #expect(FileManager.default.fileExists(atPath: folder.path("run/sweep/step-sizes-dps.png")))
  }

  /// `own` is what a method takes where no step size is stated, so that one sweep holds it against stated ones.
  @Test func theOwnStepSizeIsOneOfTheValues() throws {
    let (folder, other) = (try ScratchFolder(), try ScratchFolder())
    let own = try Self.configuration(in: other, "methods: [dps], steps: [3], samples: 2").runSweep(overwrite: false)
    let both = try Self.configuration(
      in: folder, "methods: [dps, ddnm], steps: [3], step_sizes: [0.1, own, 0.5], samples: 2"
    ).runSweep(overwrite: false)
    #expect(both.rows.map(\.method) == ["dps", "dps", "dps", "ddnm"])
    try #require(both.rows.map(\.stepSize) == [0.1, nil, 0.5, nil])
    #expect(both.rows[1].psnr?.mean == own.rows.first?.psnr?.mean)
    #expect(both.rows[0].psnr?.mean != both.rows[1].psnr?.mean)
  }

  /// Both networks are trained into the run's folder, and found there by the next sweep.
  @Test func aFlowIsTheLineOfOneEvaluation() throws {
    let folder = try ScratchFolder()
    let run = try DiffusionSolverRuns.configuration(
      in: folder, prior: .diffusion, methods: "eof",
      more: """
        diffusion: {steps: 2, batch: 4, widths: [8, 8]}
        flow: {pairs: 24, folds: 2, masks: ["random:0.3"], widths: [8, 8], steps: 2, batch: 4}
        sweep: {methods: [red-diff], steps: [2], samples: 2, reference: [flow]}
        """)
    let first = try run.runSweep(overwrite: false)
    #expect(first.rows.map(\.evaluationsPerSample) == [1, 2])
    let second = try run.runSweep(overwrite: true)
    #expect(second.rows.map { $0.psnr?.mean } == first.rows.map { $0.psnr?.mean })
    // The section `evaluate` asks neither, and needs neither.
    #expect(try run.modelForEvaluation().flow == nil)
  }

  /// Each point is computed once, whenever the sweep was stopped and whatever was added to it.
  @Test func aSweepGoesOnWhereItWas() throws {
    let (folder, other) = (try ScratchFolder(), try ScratchFolder())
    let asked = "methods: [dps, ddnm], steps: [3, 6], step_sizes: [0.1], samples: 4, reference: [eof]"
    let first = Resumption.Stopper(after: .max)
    let whole = try Self.configuration(in: other, asked).runSweep(overwrite: false, progress: first)
    // Learning tells of its progress, too; two fields a trial are ten answers.
    let learning = first.filled - 10
    let run = try Self.configuration(in: folder, asked)
    // Stopped in the middle of the third trial.
    let stopper = Resumption.Stopper(after: learning + 5)
    #expect(throws: InterruptionError.self) {
      try run.runSweep(overwrite: false, progress: stopper, interruption: stopper.interruption)
    }
    let begun = try #require(SweepResult.earlier(inFolder: folder.path("run/sweep")))
    #expect(begun.rows.map(\.key) == Array(whole.rows.map(\.key).prefix(2)))
    let counter = Resumption.Stopper(after: .max)
    let finished = try run.runSweep(overwrite: false, progress: counter)
    // The first sweep has left its model, which is not learned again.
    #expect(counter.filled == 6 && Array(finished.rows.prefix(2)) == begun.rows)
    func scores(_ result: SweepResult) -> [Double?] { result.rows.map { $0.psnr?.mean } }
    #expect(finished.rows.map(\.key) == whole.rows.map(\.key) && scores(finished) == scores(whole))
    #expect(SweepResult.earlier(inFolder: folder.path("run/sweep")) == finished)
    #expect(complaint { _ = try run.runSweep(overwrite: false) }.contains("exists already"))

    // More steps join, in their place; what is no longer asked stays, at the end.
    let more = try Self.configuration(
      in: folder, "methods: [ddnm], steps: [3, 4, 6], samples: 4, reference: [nearest, eof]")
    let second = Resumption.Stopper(after: .max)
    let extended = try more.runSweep(overwrite: false, progress: second)
    #expect(second.filled == 4)
    #expect(extended.rows.map(\.method) == ["nearest", "eof", "ddnm", "ddnm", "ddnm", "dps", "dps"])
    #expect(extended.rows.map(\.steps) == [nil, nil, 3, 4, 6, 3, 6])

    // Under other conditions nothing is taken, and nothing is lost.
    for change in ["evaluate.noise=0.2", "sweep.samples=5", "seed=3", "prior.modes=10", "solvers.dps.norm=expected"] {
      let changed = try Self.configuration(in: folder, asked, overrides: ["sweep.steps=[3, 9]", change])
      #expect(
        complaint { _ = try changed.runSweep(overwrite: false) }.contains("found with other settings or data"),
        "\(change)")
    }
    #expect(SweepResult.earlier(inFolder: folder.path("run/sweep")) == extended)
    let again = Resumption.Stopper(after: .max)
    _ = try run.runSweep(overwrite: true, progress: again)
    #expect(again.filled == 10)
    // What no sweep wrote is no beginning of one.
    try "{}".write(toFile: folder.path("run/sweep/sweep.json"), atomically: true, encoding: .utf8)
    #expect(throws: RunError.anotherSweep(path: folder.path("run/sweep/sweep.json"))) {
      try run.runSweep(overwrite: false)
    }
  }

  @Test func whatDivergesIsARowWithoutScores() throws {
    let folder = try ScratchFolder()
    let run = try Self.configuration(in: folder, "methods: [dps], steps: [30], step_sizes: [0.1, 1e300], samples: 2")
    let result = try run.runSweep(overwrite: false)
    #expect(result.rows.map { $0.psnr != nil } == [true, false])
    #expect(result.markdown.contains("| diffusion posterior sampling (DPS) | 30 | 1e+300 | – | – | – | – |"))
  }

  @Test(arguments: [
    ("{methods: [eof]}", "run.yaml:2:18: 'sweep.methods': expected some of dps, ambient-dps, mcg, pigdm"),
    ("{methods: []}", "'sweep.methods': expected some of dps"),
    ("{steps: [10, 0]}", "run.yaml:2:16: 'sweep.steps': expected whole numbers from 1"),
    ("{step_sizes: [0.1, 0]}", "'sweep.step_sizes': expected a number above 0, or own, found '0'."),
    ("{step_sizes: [nan]}", "'sweep.step_sizes': expected a number above 0, or own, found 'nan'."),
    ("{step_sizes: [-1, own]}", "'sweep.step_sizes': expected a number above 0, or own, found '-1'."),
    ("{reference: [dps]}", "'sweep.reference': expected methods without steps"),
    ("{stpes: [1]}", "Did you mean 'steps'?"),
  ]) func mistakesAreNamedWithTheirPlace(text: String, words: String) {
    let complaint = ConfigurationTests.complaint("archive: {files: [a]}\nsweep: \(text)")
    #expect(complaint.contains(words), "\(complaint)")
  }

  @Test func aSweepHasToBeAsked() throws {
    let folder = try ScratchFolder()
    let run = try DiffusionSolverRuns.configuration(in: folder, prior: .gaussian, methods: "eof")
    #expect(complaint { _ = try run.runSweep(overwrite: false) }.contains("no section `sweep`"))
  }
}
