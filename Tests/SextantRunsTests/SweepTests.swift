// Sweeps: what is tried, what is written, and that each trial answers the measurements of the comparison.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@testable import SextantRuns

@Suite(.serialized) struct SweepTests {
  private static func configuration(in folder: ScratchFolder, _ sweep: String) throws -> RunConfiguration {
    try DiffusionSolverRuns.configuration(
      in: folder, prior: .gaussian, methods: "eof, ddnm", more: "sweep: {\(sweep)}")
  }

  @Test func everySettingIsTried() throws {
    let folder = try ScratchFolder()
    let run = try Self.configuration(
      in: folder,
      "methods: [dps, ddnm], steps: [3, 6], step_sizes: [0.1, 0.5], samples: 4, reference: [eof, noise2score]")
    let result = try run.runSweep(overwrite: false)
    #expect(
      result.rows.map(\.method)
        == [.modes, .noiseToScore] + Array(repeating: .posteriorSampling, count: 4) + [.nullSpace, .nullSpace])
    #expect(result.rows.map(\.steps) == [nil, nil, 3, 3, 6, 6, 3, 6])
    #expect(result.rows.map(\.stepSize) == [nil, nil, 0.1, 0.5, 0.1, 0.5, nil, nil])
    #expect(result.rows.map(\.evaluationsPerSample) == [nil, 1, 4, 4, 7, 7, 4, 7])
    #expect(result.rows.allSatisfy { $0.psnr?.count == 2 && $0.mask == "none" && $0.variable == "image" })
    for name in ["sweep.json", "sweep.md", "evaluations.png", "step-sizes-dps.png"] {
      #expect(FileManager.default.fileExists(atPath: folder.path("run/sweep/" + name)))
    }
    let data = try Data(contentsOf: URL(fileURLWithPath: folder.path("run/sweep/sweep.json")))
    #expect(try JSONDecoder().decode(SweepResult.self, from: data) == result)
    #expect(result.markdown.contains("| DPS | 6 | 0.5 | 7 |") && result.text.contains("DDNM+"))
    #expect(throws: FileError.self) { try run.runSweep(overwrite: false) }
    // The same measurements and samples as in a comparison of the same settings.
    var compared = run
    compared.evaluate.methods = [.nullSpace]
    compared.solvers.samples = 4
    compared.solvers.ddnm.sampling.steps = 6
    let model = try compared.modelForEvaluation()
    let (comparison, fields, indices) = try compared.comparison(for: model)
    let scores = try comparison.run(model: model, fields: fields, indices: indices).scores
    #expect(scores.summaries().first?[.psnr]?.mean == result.rows.last?.psnr?.mean)
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

  @Test func whatDivergesIsARowWithoutScores() throws {
    let folder = try ScratchFolder()
    let run = try Self.configuration(in: folder, "methods: [dps], steps: [30], step_sizes: [0.1, 1e300], samples: 2")
    let result = try run.runSweep(overwrite: false)
    #expect(result.rows.map { $0.psnr != nil } == [true, false])
    #expect(result.markdown.contains("| DPS | 30 | 1e+300 | – | – | – | – |"))
  }

  @Test(arguments: [
    ("{methods: [eof]}", "run.yaml:2:18: 'sweep.methods': expected some of dps, mcg, pigdm"),
    ("{methods: []}", "'sweep.methods': expected some of dps"),
    ("{steps: [10, 0]}", "run.yaml:2:16: 'sweep.steps': expected whole numbers from 1"),
    ("{step_sizes: [0.1, 0]}", "'sweep.step_sizes': expected numbers above 0, found [0.1, 0.0]."),
    ("{step_sizes: [nan]}", "'sweep.step_sizes': expected a number, found 'nan'."),
    ("{step_sizes: [-1]}", "'sweep.step_sizes': expected numbers above 0"),
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
