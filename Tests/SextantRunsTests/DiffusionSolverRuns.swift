// The methods that sample a diffusion prior, as users meet them: in a comparison, in an imputation, and in a configuration
// with mistakes. What the methods answer is tested in SextantSolversTests.

import Foundation
import Sextant
import SextantTestSupport
import SextantYAML
import Testing

@testable import SextantModels
@testable import SextantPipelines
@testable import SextantRuns
@testable import SextantTraining

@Suite(.serialized) struct DiffusionSolverRuns {
  static let short = """
    samples: 4
    dps: {steps: 5, step_size: 0.3}
    ambient-dps: {steps: 5, step_size: 0.3}
    mcg: {steps: 5, step_size: 0.3}
    pigdm: {steps: 5}
    mmps: {steps: 5, iterations: 1}
    ddnm: {steps: 5}
    red-diff: {steps: 5}
    score-prior: {steps: 3, batch: 8, coupling_steps: 2}
    """

  /// A run on a small mesh without holes in its measurements, which all methods can answer.
  static func configuration(
    in folder: ScratchFolder, prior: SolverSettings.Prior, methods: String, more: String = "", overrides: [String] = []
  ) throws -> RunConfiguration {
    if !FileManager.default.fileExists(atPath: folder.path("mesh.ply")) { try SurfaceRuns.write(in: folder) }
    let source = "mesh: \"\(folder.path("mesh.ply"))\", images: \"\(folder.path("images"))\""
    return try RunConfiguration.parse(
      """
      output: \(folder.path("run"))
      archive: {\(source), part: "first:0.8"}
      prior: {kind: eof, modes: 20}
      solvers:
        prior: \(prior.rawValue)
        \(short.replacing("\n", with: "\n  "))
      evaluate:
        fields: {\(source), part: "last:0.02"}
        methods: [\(methods)]
        masks: [none]
        noise: "0.1"
        samples: 16
        scale: {image: {peak: 1}}
        pictures: 0
      \(more)
      """, path: "test.yaml", overrides: overrides
    ).configuration
  }

  static let all = "eof, dps, ambient-dps, mcg, pigdm, mmps, ddnm, red-diff, noise2score, score-prior"

  @Test(arguments: SolverSettings.Prior.allCases)
  func allMethodsAreCompared(_ prior: SolverSettings.Prior) throws {
    let folder = try ScratchFolder()
    let run = try Self.configuration(
      in: folder, prior: prior, methods: Self.all,
      more: prior == .diffusion ? "diffusion: {steps: 3, batch: 4, widths: [8, 8]}" : "")
    try run.checkComparison()
    // A prior that is not there yet is trained, and found the next time.
    _ = try run.modelForEvaluation()
    let trained = folder.path("run/" + LearnedDiffusion.fileName)
    #expect(FileManager.default.fileExists(atPath: trained) == (prior == .diffusion))
    let model = try run.modelForEvaluation()
    let (comparison, fields, indices) = try run.comparison(for: model)
    let outcome = try comparison.report(
      model: model, fields: fields, indices: indices, folder: folder.path("run/evaluation"), overwrite: false,
      pictures: 0)
    let names = ["dps", "ambient-dps", "mcg", "pigdm", "mmps", "ddnm", "red-diff", "noise2score", "score-prior"]
    let summaries = outcome.result.scores.summaries()
    #expect(summaries.map(\.method) == ["eof"] + names)
    #expect(summaries.allSatisfy { $0[.psnr]?.mean.isFinite ?? false })
    let perSample = outcome.result.networkEvaluationsPerSample
    #expect(
      names.filter { $0 != "mmps" }.map { perSample[$0] } == [6, 11, 6, 6, 6, 5, 1, 6] && outcome.result.networkEvaluations["dps"] == 24)
    // At large noise a Gaussian takes the place of a network's derivatives.
    let momentMatching = try #require(perSample["mmps"])
    #expect(prior == .gaussian ? momentMatching == 12 : momentMatching > 6 && momentMatching < 12)
    #expect(outcome.markdown.contains("| Network evaluations | For one sample |"))
    let lines = outcome.markdown.split(separator: "\n").filter { $0.hasPrefix("| \(Method.dps.title) |") }
    #expect(lines.count { $0.hasSuffix("| 24 | 6 |") } == 1)
    let data = try Data(contentsOf: URL(fileURLWithPath: folder.path("run/evaluation/scores.json")))
    #expect(try JSONDecoder().decode(ComparisonScores.self, from: data).seconds["pigdm"]?.count == 2)
    guard prior == .gaussian else { return }
    // Two ways to the same mean: optimal interpolation by the modes, and their denoiser by Tweedie's formula.
    func psnr(_ name: String) throws -> Double {
      try #require(summaries.first { $0.method == name }?[.psnr]).mean
    }
    #expect(abs(try psnr("noise2score") - psnr("eof")) < 1e-3)
  }

  @Test func networksOfOtherSettingsAreNotTaken() throws {
    let folder = try ScratchFolder()
    func run(_ diffusion: String, modes: Int = 20) throws -> RunConfiguration {
      var run = try Self.configuration(
        in: folder, prior: .diffusion, methods: "dps", more: "diffusion: \(diffusion)")
      run.prior.modes = modes
      return run
    }
    _ = try run("{steps: 2, batch: 4, widths: [8, 8]}").train(overwrite: false)
    _ = try run("{steps: 2, batch: 4, widths: [8, 8]}").modelForEvaluation()
    #expect(throws: LearningError.self) { try run("{steps: 3, batch: 4, widths: [8, 8]}").modelForEvaluation() }
    #expect(throws: LearningError.self) {
      try run("{steps: 2, batch: 4, widths: [8, 8]}", modes: 10).modelForEvaluation()
    }
    // Without a section, what is there is taken.
    let plain = try Self.configuration(in: folder, prior: .diffusion, methods: "ddnm")
    #expect(try plain.modelForEvaluation().diffusion?.identity.contains("\"steps\":2") == true)
  }

  @Test func aPriorThatIsNotThereIsNamed() throws {
    let folder = try ScratchFolder()
    let run = try Self.configuration(in: folder, prior: .diffusion, methods: "eof, ddnm")
    for complaint in [complaint { try run.checkComparison() }, complaint { _ = try run.modelForEvaluation() }] {
      #expect(complaint.contains("'ddnm' samples a diffusion prior, and the run has none"))
      #expect(complaint.contains("solvers.prior=gaussian"))
    }
    let model = try SmallClimate.model()
    #expect(complaint { _ = try Method.ddnm.solver(for: model) }.contains("has no diffusion prior"))
    try model.write(toFolder: folder.path("plain"), overwrite: false)
    let opened = complaint {
      _ = try Model(contentsOf: folder.path("plain"), for: .ddnm, solvers: SolverSettings())
    }
    #expect(opened.contains("'ddnm' samples a diffusion prior, and there is no \(LearnedDiffusion.fileName)"))
    #expect(opened.contains("--set solvers.prior=gaussian"))
    let gaussian = try SolverSettings(overrides: ["solvers.prior=gaussian"])
    #expect(try Model(contentsOf: folder.path("plain"), for: .ddnm, solvers: gaussian).diffusion == nil)
  }

  @Test func filesAreFilled() throws {
    let folder = try ScratchFolder()
    _ = try DiffusionTrainingLaws.configuration(in: folder).train(overwrite: false)
    let observed = folder.path("observed.nc")
    try SmallClimate.observe(SmallClimate.unseen(1), to: observed)
    for prior in ["diffusion", "gaussian"] {
      let solvers = try SolverSettings(overrides: ["solvers.dps={steps: 3, step_size: 0.3}", "solvers.prior=\(prior)"])
      let model = try Model(contentsOf: folder.path("run"), for: .dps, solvers: solvers)
      #expect((model.diffusion != nil) == (prior == "diffusion"))
      let request = Imputation(method: .dps, samples: 2, solvers: solvers, seed: 1)
      let summary = try request.run(
        SignalInput(observed), model: model, output: folder.path("\(prior).nc"), overwrite: false, history: "test")
      #expect(summary.method == Method.dps.title && summary.diagnostics["network-evaluations-per-sample"] == 4)
      // Clouds are transformed, and stay in their range.
      let cloud = try SmallClimate.values("clt", in: folder.path("\(prior).nc"))
      #expect(cloud.allSatisfy { $0.allSatisfy { (0...1).contains($0) } })
      #expect(
        complaint {
          _ = try Imputation(method: .ddnm, samples: 2, solvers: solvers).run(
            SignalInput(observed), model: model, output: folder.path("ddnm.nc"), overwrite: false, history: "test")
        }.contains("variable number 2 is transformed"))
    }
    let warm = folder.path("diffusion.nc")
    #expect(try SmallClimate.values("clt", in: warm) != SmallClimate.values("clt", in: folder.path("gaussian.nc")))
  }

  @Test(arguments: [
    ("dps: {step_size: 0}", "run.yaml:3:20: 'solvers.dps.step_size': expected a number above 0, or auto, found '0'."),
    ("mcg: {step_size: -1}", "run.yaml:3:20: 'solvers.mcg.step_size': expected a number above 0, or auto, found '-1'."),
    ("pigdm: {step_size: nan}", "run.yaml:3:22: 'solvers.pigdm.step_size': expected a number, found 'nan'."),
    ("red-diff: {step_size: inf}", "run.yaml:3:25: 'solvers.red-diff.step_size': expected a number, found 'inf'."),
    ("score-prior: {step_size: 0}", "run.yaml:3:28: 'solvers.score-prior.step_size'"),
    ("red-diff: {weight: 0}", "'solvers.red-diff.weight': expected a number above 0"),
    ("ddnm: {eta: 1.5}", "'solvers.ddnm.eta': expected a number from 0.0 to 1.0, found 1.5."),
    ("ddnm: {step_size: 1}", "unknown key 'solvers.ddnm.step_size'"),
    ("dps: {steps: 0}", "'solvers.dps.steps': expected a whole number from 1 to 1000000, found 0."),
    ("dps: {norm: both}", "expected one of actual, expected, found 'both'."),
    ("pigdm: {spacing: log}", "expected one of uniform, log-snr, edm, found 'log'."),
    ("score-prior: {probes: 2}", "expected density: probability-flow beside it"),
    ("samples: 0", "run.yaml:3:12: 'solvers.samples': expected a whole number from 1 to 10000, found 0."),
    ("prior: flow", "expected one of diffusion, gaussian, found 'flow'."),
    ("dsp: {steps: 3}", "unknown key 'solvers.dsp'. Did you mean 'dps'?"),
  ]) func mistakesAreNamedWithTheirPlace(text: String, words: String) {
    let complaint = ConfigurationTests.complaint("archive: {files: [a]}\nsolvers:\n  \(text)")
    #expect(complaint.contains(words), "\(complaint)")
  }

  @Test func settingsAreReadAndKept() throws {
    let text = """
      archive: {files: [a]}
      evaluate: {methods: [dps]}
      solvers:
        prior: gaussian
        dps: {steps: 30, step_size: 0.4, norm: expected, batch: 7, draws_for_mean: 3, spacing: log-snr}
        score-prior: {preset: published, density: probability-flow, density_steps: 6, steps: 40}
      """
    let (run, settings) = try ConfigurationTests.parse(text)
    #expect(
      run.solvers[.dps] as? LikelihoodGuidanceSettings
        == LikelihoodGuidanceSettings(
          sampling: SamplingSettings(steps: 30, spacing: .logSignalToNoise, batchSize: 7, drawsForMean: 3),
          stepSize: 0.4, norm: .noiseScale))
    let scorePrior = try #require(run.solvers[.scorePrior] as? ScorePriorSettings)
    #expect(scorePrior.flow == ScorePriorSettings.published().flow && scorePrior.steps == 40)
    #expect(scorePrior.density == .probabilityFlow(steps: 6) && run.solvers[.ddnm] as? DDNMSettings == DDNMSettings())
    #expect(settings.settings.contains { $0.key == "solvers.dps.norm" && $0.value == "expected" })
    #expect(settings.settings.contains { $0.key == "solvers.ddnm.eta" && $0.origin == "default" })
    #expect(try ConfigurationTests.parse(text).configuration.solvers == run.solvers)
    #expect(run.solvers.changing(.dps, steps: 31, stepSize: nil) != run.solvers)
    // Without a step size the steps scale by themselves; a norm alone goes with the usual one.
    for (words, stepSize) in [("steps: 40", nil), ("step_size: auto, norm: expected", nil), ("steps: 40, norm: actual", 0.25)] {
      let solvers = try SolverSettings(overrides: ["solvers.dps={\(words)}"])
      #expect((solvers[.dps] as? LikelihoodGuidanceSettings)?.stepSize == stepSize, "\(words)")
    }
    #expect(
      complaint { _ = try SolverSettings(overrides: ["solvers.dps.stesp=3"]) }
        .contains("--set solvers.dps.stesp=3: unknown key"))
  }
}
