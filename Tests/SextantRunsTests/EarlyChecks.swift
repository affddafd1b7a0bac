// Mistakes in a configuration that are found before anything is learned, and noise in per cent of the peaks it names.

import Foundation
import Sextant
import SextantTestSupport
import SextantYAML
import Testing

@testable import SextantModels
@testable import SextantRuns

@Suite struct EarlyChecks {
  /// Two years of archive, some unseen fields, and a configuration of both.
  struct Files {
    let folder: ScratchFolder

    init() throws {
      folder = try ScratchFolder()
      let fields = try SmallClimate.fields()
      try SmallClimate.write(fields.read(Array(0..<SmallClimate.trainingCount)), to: folder.path("archive.nc"))
      try SmallClimate.write(SmallClimate.unseen(2), to: folder.path("unseen.nc"))
    }

    func configuration(
      test: String = "unseen.nc", scale: String = "{tas: {peak: 100}, clt: {peak: 1}}", parameters: String = "per-field",
      noise: String = "2%", hidesMask: Bool = false
    ) throws -> RunConfiguration {
      let text = """
        archive: {files: [\(folder.path("archive.nc"))]}
        prior: {modes: 10, parameters: \(parameters)}
        evaluate:
          fields: {files: [\(folder.path(test))]}
          noise: \(noise)
          scale: \(scale)
          hide_mask: \(hidesMask)
        """
      return try RunConfiguration.parse(text, path: "run.yaml").configuration
    }
  }

  @Test func whatIsRightPasses() throws {
    let files = try Files()
    try files.configuration().checkComparison()
  }

  @Test func whatIsMissingIsNamed() throws {
    let files = try Files()
    let withoutFile = try files.configuration(test: "absent.nc")
    #expect(complaint { try withoutFile.checkComparison() }.contains("absent.nc"))
    let withoutScale = try files.configuration(scale: "{tas: {peak: 100}}")
    #expect(complaint { try withoutScale.checkComparison() }.contains("evaluate.scale: no peak for 'clt'"))
    try SmallClimate.write(SmallClimate.unseen(1).selecting(["tas"]), to: files.folder.path("one.nc"))
    let withoutVariable = try files.configuration(test: "one.nc")
    #expect(complaint { try withoutVariable.checkComparison() }.contains("but the model has 2"))
  }

  /// A peak is asked for where something is a share of it, and for nothing else.
  @Test func aPeakIsNeededWhereItIsUsed() throws {
    let files = try Files()
    try files.configuration(scale: "{}", noise: "\"tas=1K,clt=0.05\"").checkComparison()
    try files.configuration(scale: "{tas: {peak: 100}}", noise: "\"tas=2%,clt=0.05\"").checkComparison()
    let share = try files.configuration(scale: "{tas: {peak: 100}}", noise: "\"tas=1K,clt=5%\"")
    let words = complaint { try share.checkComparison() }
    #expect(words.contains("no peak for 'clt'") && words.contains("give the noise in the variable's units"), "\(words)")
    let hidden = try files.configuration(scale: "{clt: {peak: 1}}", noise: "\"tas=1K,clt=0.05\"", hidesMask: true)
    #expect(complaint { try hidden.checkComparison() }.contains("no peak for 'tas'. With hide_mask"))
  }

  /// What takes noise away and fills no gaps is not asked to fill some: neither by default, nor among others, nor in a sweep.
  @Test(arguments: [
    ("evaluate: {methods: [eof, noise2score]}", "run.yaml:2:21: 'evaluate.methods'", "found random:0.6."),
    ("evaluate: {methods: [noise2score], masks: [none, land]}", "run.yaml:2:21: 'evaluate.methods'", "found land."),
    (
      "evaluate: {methods: [noise2score], masks: [\"none+stations:3\"]}", "'evaluate.methods'", "found none+stations:3."
    ),
    ("evaluate: {methods: [noise2score], masks: [none], hide_mask: true}", "'evaluate.methods'", "evaluate.hide_mask"),
    ("sweep: {reference: [noise2score]}", "run.yaml:2:20: 'sweep.reference'", "found random:0.6."),
  ]) func whatFillsNoGapsIsNotAskedTo(text: String, place: String, words: String) {
    let complaint = ConfigurationTests.complaint("archive: {files: [a]}\n\(text)")
    #expect(complaint.contains(place) && complaint.contains(words), "\(complaint)")
    #expect(complaint.contains("fills no gaps") && complaint.contains("ddnm"), "\(complaint)")
  }

  @Test(arguments: ["none", "random:0", "none+none"]) func masksThatHideNothingSuitIt(mask: String) throws {
    let text = "archive: {files: [a]}\nevaluate: {methods: [noise2score], masks: [\"\(mask)\"]}"
    #expect(try ConfigurationTests.parse(text).configuration.evaluate.masks.count == 1)
  }

  /// A method that cannot use one of the measurements is refused before anything is learned, and not after it.
  @Test(arguments: [
    ("methods: [eof, patches]", "patches: {side: 3, components: 2, count: 100}", "footprints:3000km", "'patches' cannot use"),
    ("methods: [eof, flow]", "flow: {masks: [\"random:0.3\"], steps: 2}", "footprints:3000km", "flow.operator"),
    ("methods: [eof, flow]", "flow: {masks: [\"random:0.3\"], steps: 2}", "blur:heat,sigma=500km", "a matrix-free operator"),
    ("methods: [eof]\n  hide_mask: true", "", "footprints:3000km", "Hide masks only"),
    ("methods: [eof, flow]", "", "random:0.5", "has no flow"),
    ("methods: [eof, patches]", "", "random:0.5", "has no mixture of patches"),
    ("methods: [eof, mixture]", "", "random:0.5", "has no groups"),
  ]) func methodsThatCannotAnswerAreRefused(methods: String, section: String, mask: String, words: String) throws {
    let files = try Files()
    func run(_ methods: String, _ mask: String) throws -> RunConfiguration {
      try RunConfiguration.parse(
        """
        output: \(files.folder.path("run"))
        archive: {files: [\(files.folder.path("archive.nc"))]}
        prior: {kind: eof, modes: 10}
        \(section)
        evaluate:
          fields: {files: [\(files.folder.path("unseen.nc"))]}
          noise: 2%
          scale: {tas: {peak: 100}, clt: {peak: 1}}
          masks: ["\(mask)"]
          \(methods)
        """, path: "run.yaml"
      ).configuration
    }
    let progress = Steps()
    let refused = try run(methods, mask)
    let text = complaint { _ = try refused.runEvaluation(overwrite: false, progress: progress) }
    #expect(text.contains(words) && progress.names.isEmpty, "\(text)")
    try run("methods: [eof]", mask).checkComparison()
  }

  /// What was learned for a comparison is there afterwards, and the next one does not learn it again.
  @Test func whatWasLearnedIsKept() throws {
    let files = try Files()
    let run = try RunConfiguration.parse(
      """
      output: \(files.folder.path("run"))
      archive: {files: [\(files.folder.path("archive.nc"))]}
      prior: {kind: eof, modes: 10}
      """, path: "run.yaml"
    ).configuration
    let first = try run.modelForEvaluation(of: [.eof])
    let kept = try Model(contentsOf: files.folder.path("run"))
    #expect(kept.prior.functions.scaledModes == first.prior.functions.scaledModes)
    let progress = Steps()
    _ = try run.modelForEvaluation(of: [.eof], progress: progress)
    #expect(progress.names.isEmpty)
    // A model of other settings is not replaced.
    var other = run
    other.prior.modes = 5
    _ = try other.modelForEvaluation(of: [.eof])
    #expect(try Model(contentsOf: files.folder.path("run")).prior.functions.modeCount == 10)
  }

  @Test func trainingAsksForPeaksBeforeItLearns() throws {
    let files = try Files()
    let training = try files.configuration(scale: "{tas: {peak: 100}}", parameters: "per-archive").training
    let progress = Steps()
    #expect(complaint { _ = try training.learn(progress: progress) }.contains("State the peak of each variable"))
    #expect(progress.names.isEmpty)
  }

  @Test(.enabled(if: isOptimized, "needs optimisation to be quick"))
  func parametersOfTheArchiveTakeNoiseInPerCent() throws {
    let files = try Files()
    // Other tests change how many threads OpenBLAS uses, and with them the last bits.
    try OpenBLAS.withSingleThread {
      let percent = try files.configuration(parameters: "per-archive").training.learn().parameters
      var training = try files.configuration(parameters: "per-archive").training
      training.parameters = .perArchive(missingShare: 0.6, noise: try NoiseSpecification(text: "tas=2K,clt=0.02"))
      let absolute = try training.learn().parameters
      #expect(percent != .perField && percent == absolute)
    }
  }

  /// Remembers which steps were begun.
  final class Steps: ProgressObserver, @unchecked Sendable {
    private(set) var names: [String] = []

    func start(_ activity: String, unit: String, count: Int) { names.append(activity) }
    func advance(to done: Int) {}
    func finish() {}
  }
}
