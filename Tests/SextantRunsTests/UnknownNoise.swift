// UNSURE: a flow that is learned from values whose noise is not known, or stated wrongly, finds it along its training, says so, and refuses
// what it cannot learn from.

import Foundation
import Sextant
import SextantTestSupport
import SextantYAML
import Testing

@testable import SextantModels
@testable import SextantPipelines
@testable import SextantRuns
@testable import SextantTraining

@Suite struct UnknownNoise {
  /// Stated too small or not at all, the noise that is found is the one that the theory says for fields of this covariance: the
  /// number of values over the trace of the inverse covariance of what is measured.
  @Test(arguments: ["0.5K", "auto"]) func theNoiseIsFound(_ stated: String) throws {
    let world = try MeasuredNetworks.World(count: 1000)
    let run = try world.configuration(
      """
      flow: {masks: [none], pairs: 1000, folds: 2, steps: 300, batch: 16, widths: [12, 12], dropout: 0, learning_rate: 0.003}
      learning: {unsure: {}}
      """, measured: "noise: \(stated)", corrupted: "noise: 1K")
    let model = try run.train(overwrite: false)
    let records = try TrainingLog(path: world.folder.path("RUN/flow.jsonl")).records()
    let factor = try #require(records.last?.figures?["noise_over_stated"])
    let estimated = model.provenance.estimatedNoise?["tas"]
    #expect((estimated != nil) == (stated == "auto"))
    let found = try factor * #require(estimated ?? Double(stated.dropLast()))
    let count = world.covariance.rowCount
    let inverse = try CholeskyFactor(world.covariance + Tensor.identity(count)).inverse()
    let expected = (Double(count) / (0..<count).reduce(0.0) { $0 + inverse[$1, $1] }).squareRoot()
    #expect(
      abs(found / expected - 1) < 0.12, "\(found) K, should be \(expected) K; \(records.compactMap { $0.figures })")
    // The model says it, in the variable's units, and so does whoever looks at it.
    let remark = try #require(model.remarks.first { $0.topic == "found-noise" })
    #expect(remark.text.contains(String(format: "tas: %.3g K", found)), "\(remark.text)")
    #expect(
      remark.text.contains(stated == "auto" ? "times the estimated noise" : "times the stated noise"), "\(remark.text)")
    #expect(try Inspection(path: world.folder.path("RUN")).description.contains(remark.text))
    #expect(try Model(contentsOf: world.folder.path("RUN")).remarks == model.remarks)
  }

  @Test(arguments: [
    ("noise: 0", "learning: {unsure: {}}", ["learning", "values with noise beside unsure", "exact values"]),
    ("noise: \"poisson:0.05@200\"", "learning: {unsure: {}}", ["learning", "normal noise", "poisson:0.05@200"]),
    ("noise: \"poisson:0.05@200\"", "learning: {sure: {}}", ["learning", "normal noise", "beside sure"]),
    ("noise: \"gamma:9\"", "learning: {sure: {}}", ["learning", "values with speckle", "gamma:9"]),
    ("noise: auto", "", ["flow", "noise: auto", "learning: {unsure: {}}"]),
    ("noise: auto", "learning: {sure: {}}", ["flow", "noise: auto", "unsure"]),
    ("noise: auto", "diffusion: {widths: [8, 8]}\nlearning: {unsure: {}}", ["diffusion", "noise: auto"]),
    ("noise: 1K", "learning: {unsure: {}, sure: {}}", ["learning", "one way", "sure and unsure"]),
    ("noise: 1K", "learning: {unsure: {rate: 0}}", ["learning.unsure.rate"]),
    ("noise: 1K", "learning: {unsure: {momentum: 1}}", ["learning.unsure.momentum"]),
    ("noise: 1K", "learning: {unsure: {noise: 3}}", ["learning.unsure.noise"]),
  ]) func whatItCannotLearnFromIsSaid(_ measured: String, _ more: String, _ words: [String]) throws {
    let world = try MeasuredNetworks.World(count: 12)
    let text = complaint { _ = try world.configuration("flow: {widths: [8, 8]}\n\(more)", measured: measured) }
    for word in words { #expect(text.contains(word), "\(text)") }
  }
}
