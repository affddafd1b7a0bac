// Names in reports: methods are told apart by name, whatever their titles are and however often they are listed.

import Foundation
import Sextant
import SextantTestSupport
import SextantYAML
import Testing

@testable import SextantModels
@testable import SextantPipelines
@testable import SextantRuns
@testable import SextantTraining

@Suite struct ReportNames {
  private func report(
    _ methods: [Method], published: [Method: PublishedFigures] = [:],
    scales: [(peak: Double?, origin: Double)] = [(100, 220), (1, 0)]
  ) throws -> EvaluationOutcome {
    var comparison = try Comparison(
      methods: methods, masks: [AnyMeasurementDesign("random:0.5")], noise: [1, 0.05], samples: 9,
      scales: scales, seed: 5)
    comparison.published = published
    return try comparison.report(
      model: SmallClimate.model(), fields: SmallClimate.unseen(2), indices: [0, 1],
      folder: ScratchFolder().path("evaluation"), overwrite: false, pictures: 0)
  }

  /// Without a peak there is neither PSNR nor SSIM, which is said once; nothing else changes.
  @Test func withoutAPeakThereIsNoPSNR() throws {
    let (whole, partly) = (try report([.climatology, .eof]), try report([.climatology, .eof], scales: [(100, 220), (nil, 0)]))
    #expect(!whole.text.contains("are left out"))
    #expect(partly.text.components(separatedBy: "PSNR and SSIM of clt are left out").count == 2, "\(partly.text)")
    let needPeak: Set<Score> = [.psnr, .structuralSimilarity]
    for (field, other) in zip(whole.result.scores.fields, partly.result.scores.fields) {
      #expect(field.values.keys.contains { needPeak.contains($0.score) })
      let expected = field.variable == "tas" ? field.values : field.values.filter { !needPeak.contains($0.key.score) }
      #expect(other.values == expected)
    }
  }

  @Test func aMethodListedTwiceIsOne() throws {
    let once = try report([.nearest, .climatology, .eof])
    let twice = try report([.nearest, .climatology, .nearest, .eof, .climatology])
    #expect(twice.result.methodNames == ["nearest", "climatology", "eof"])
    #expect(twice.result.scores.fields == once.result.scores.fields)
    #expect(twice.result.seconds.mapValues(\.count) == ["nearest": 2, "climatology": 2, "eof": 2])
  }

  /// The published figures of a method stand in its own row, though another method bears its title and stands before it.
  @Test func twoMethodsOfOneTitleAreTwo() throws {
    let twin = Method(name: "twin", title: Method.eof.title, traits: Method.climatology.traits, needs: .gaussian) {
      try Method.climatology.make($0)
    }
    let figures = try RunConfiguration.parse(
      "archive: {files: [a]}\nevaluate: {published: {eof: {psnr: 12.34, source: somewhere}}}", path: "run.yaml"
    ).configuration.evaluate.published
    let outcome = try report([twin, .climatology, .eof], published: figures)
    let result = outcome.result
    #expect(result.methodNames == ["twin", "climatology", "eof"])
    #expect(result.title(of: "twin") == "\(Method.eof.title) (twin)")
    #expect(result.title(of: "eof") == "\(Method.eof.title) (eof)" && result.title(of: "climatology") == "climatology")
    func error(_ name: String) throws -> Double {
      let summary = try #require(result.scores.summaries().first { $0.method == name && $0.variable == "tas" })
      return try #require(summary[.rootMeanSquareError]?.mean)
    }
    #expect(try error("twin") == error("climatology") && error("eof") < error("twin"))
    let rows = outcome.markdown.split(separator: "\n").filter { $0.contains("somewhere") }
    #expect(!rows.isEmpty && rows.allSatisfy { $0.hasPrefix("| \(Method.eof.title) (eof) |") && $0.contains("12.34") })
  }

  @Test func aConfigurationNamesForeignMethods() throws {
    let foreign = Method(name: "walk", title: "random walk") { _ in throw MethodError.missingPart(.flow, model: "") }
    let text = "archive: {files: [a]}\nevaluate: {methods: [eof, walk, eof]}"
    let run = try RunConfiguration.parse(text, path: "run.yaml", catalogue: Catalogue(methods: .standard + [foreign])).configuration
    #expect(run.evaluate.methods == [.eof, foreign])
    let refusal = complaint { _ = try RunConfiguration.parse(text, path: "run.yaml") }
    #expect(refusal.contains("run.yaml:2:27: 'evaluate.methods': expected one of climatology, nearest"), "\(refusal)")
    #expect(refusal.contains("found 'walk'"))
  }
}
