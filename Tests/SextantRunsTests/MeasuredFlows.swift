// A flow that is learned from measurements: recorrupted pairs have independent errors, their loss is that of the truth, and a
// training from measurements alone is kept, gone on with and used.

import Foundation
import Sextant
import SextantTestSupport
import SextantYAML
import Testing

@testable import SextantModels
@testable import SextantRuns
@testable import SextantSolvers
@testable import SextantTraining

@Suite struct MeasuredFlows {
  private static let deviation: Float = 0.8

  /// Fields of independent entries with variance 1 and noise of `deviation`, of which every fifth is missing; the truth is beside it.
  private static func world(_ count: Int) throws -> (measured: SignalSet, truth: [Float]) {
    let template = try SmallClimate.unseen(1).selecting(["tas"])
    var random = RandomStream(seed: 5)
    let size = template.vertexCount
    let truth: Tensor<Float> = random.normals([count, size, 1])
    let noise: Tensor<Float> = random.normals([count, size, 1])
    let set = SignalSet(
      domain: template.domain, variables: template.variables, values: truth + noise * deviation,
      isValid: (0..<count * size).map { $0 % 5 != 0 }, labels: [FieldLabel](repeating: template.labels[0], count: count))
    return (set, truth.scalars)
  }

  /// The targets of the two views of a measurement, of which pairs keep the measured values and the signs: y − σ·s/a and y + σ·s/a, with
  /// the variances of their noise.
  private static func recorruptedTargets(_ views: [PairView]) -> [PairTarget] {
    let a = Float(RiskEstimate.recorrupted.steps[0])
    return zip(views, [Float(1), -1]).map { view, side in
      var target = view.target
      for entry in target.signs.indices where target.signs[entry] != 0 {
        target.values[entry] -= side * target.signs[entry] * target.variances[entry].squareRoot() / a
        target.variances[entry] *= 1 + 1 / (a * a)
      }
      return target
    }
  }

  private static func pairs(mask: String, noise: Float) throws -> TrainingPairs {
    TrainingPairs(
      count: 100, foldCount: 2, folds: .blocks, validationShare: 0.1, masks: [try AnyMeasurementDesign(mask)],
      inputs: MeasurementInputs(), noise: [noise], seed: 3)
  }

  /// The errors of inputs and targets are uncorrelated and have the sizes that are stated, with more noise than the archive has and
  /// with less, and with values that are not in the input.
  @Test(arguments: [("none", Float(0.5)), ("random:0.4", 0.5), ("none", 1.4)])
  func errorsAreIndependent(mask: String, noise: Float) throws {
    let count = 60
    let (set, truth) = try Self.world(count)
    let simulation = try Self.pairs(mask: mask, noise: noise)
    let size = set.vertexCount
    let own = [Float](repeating: Self.deviation, count: size)
    // Sums over the entries that are in the input, and over those that are not.
    var (input, target, cross, hidden) = (0.0, 0.0, 0.0, 0.0)
    var (n, hiddenCount) = (0, 0)
    for field in 0..<count {
      let views = try simulation.views(ofMeasured: set.read([field])[0], noise: own, number: field)
      #expect(views.count == 2)
      for (view, recorrupted) in zip(views, Self.recorruptedTargets(views)) {
        let entries = try #require(view.measurement.operation.selectedEntries)
        let isInput = Set(entries)
        for (row, entry) in entries.enumerated() {
          let (x, level) = (truth[field * size + entry], view.measurement.noise[row])
          let (a, b) = (view.measurement.values[row] - x, recorrupted.values[entry] - x)
          input += Double(a * a / (level * level))
          target += Double(b * b / recorrupted.variances[entry])
          cross += Double(a * b)
          n += 1
        }
        for entry in 0..<size where view.target.isKnown[entry] && !isInput.contains(entry) {
          let error = view.target.values[entry] - truth[field * size + entry]
          #expect(view.target.variances[entry] == Self.deviation * Self.deviation)
          hidden += Double(error * error)
          hiddenCount += 1
        }
        #expect(view.target.isKnown.indices.allSatisfy { view.target.isKnown[$0] == (($0 + field * size) % 5 != 0) })
      }
    }
    // The errors of means of n numbers; the signs of a pair cancel what is large.
    let share = Double(n)
    #expect(abs(input / share - 1) < 5 * (2 / share).squareRoot(), "\(input / share)")
    #expect(abs(target / share - 1) < 0.05, "\(target / share)")
    let level = Double(max(noise, Self.deviation))
    #expect(abs(cross / share) < 5 * 1.5 * level * level / (share / 2).squareRoot(), "\(cross / share)")
    if mask == "none" { #expect(hiddenCount == 0) } else {
      #expect(abs(hidden / Double(hiddenCount) - 0.64) < 0.05, "\(hidden / Double(hiddenCount))")
    }
  }

  /// The mean squared distance of a shrunken input from its noisy target, less the variance of the target's noise, is that from the
  /// truth: the expected risk of any linear mean.
  @Test(arguments: [0.2, 0.6, 1.0]) func theRiskIsThatOfTheTruth(factor: Double) throws {
    let count = 200
    let (set, truth) = try Self.world(count)
    let simulation = try Self.pairs(mask: "none", noise: 0)
    let size = set.vertexCount
    let own = [Float](repeating: Self.deviation, count: size)
    var risks: [(found: Double, expected: Double)] = []
    for field in 0..<count {
      var (found, expected, n) = (0.0, 0.0, 0)
      let views = try simulation.views(ofMeasured: set.read([field])[0], noise: own, number: field)
      for (view, target) in zip(views, Self.recorruptedTargets(views)) {
        for (row, entry) in try #require(view.measurement.operation.selectedEntries).enumerated() {
          let answer = factor * Double(view.measurement.values[row])
          found += pow(answer - Double(target.values[entry]), 2) - Double(target.variances[entry])
          expected += pow(answer - Double(truth[field * size + entry]), 2)
          n += 1
        }
      }
      risks.append((found / Double(n), expected / Double(n)))
    }
    let differences = risks.map { $0.found - $0.expected }
    let mean = differences.reduce(0, +) / Double(count)
    let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
    let error = (variance / Double(count)).squareRoot()
    #expect(abs(mean) < 4 * error && error < 0.05, "\(mean) ± \(error)")
  }

  /// Exact values are their own targets, and a field of which nothing was measured gives no pair.
  @Test func exactValuesAreTheirOwnTargets() throws {
    let (set, _) = try Self.world(1)
    var field = try set.read([0])[0]
    let simulation = try Self.pairs(mask: "random:0.3", noise: 0.5)
    let none = [Float](repeating: 0, count: set.vertexCount)
    for view in try simulation.views(ofMeasured: field, noise: none, number: 1) {
      #expect(view.target.values == field.values.scalars && view.target.variances.allSatisfy { $0 == 0 })
      #expect(view.target.signs.allSatisfy { $0 == 0 })
    }
    field.isValid = [Bool](repeating: false, count: field.isValid.count)
    #expect(try simulation.views(ofMeasured: field, noise: none, number: 1).isEmpty)
  }

  // MARK: Whole trainings

  private static func configuration(
    _ folder: ScratchFolder, output: String, corrupted: String = "noise: 2K", measured: String = "noise: 2K", flow: String = "pairs: 24, folds: 2, steps: 6, batch: 4, widths: [8, 8]",
    more: String = ""
  ) throws -> RunConfiguration {
    let archive = folder.path("archive.nc")
    if !FileManager.default.fileExists(atPath: archive) {
      try SmallClimate.write(SmallClimate.fields().read(Array(0..<40)).selecting(["tas"]), to: archive)
    }
    return try RunConfiguration.parse(
      """
      output: \(folder.path(output))
      archive:
        files: ["\(archive)"]
        corrupted: {mask: "random:0.4", \(corrupted)}
        measured: {\(measured)}
      prior: {kind: eof, modes: 5}
      flow: {\(flow)}
      evaluate: {noise: 2K, scale: {tas: {peak: 100}}}
      \(more)
      """, path: "run.yaml"
    ).configuration
  }

  /// What is measured, and how a flow learns from it.
  static let ways = [
    ("noise: 2K", "noise: 2K", ""), ("noise: 2K", "noise: 2K", "learning: {sure: {step: 0.1}}"),
    ("noise: 2K", "noise: 1K", "learning: {unsure: {rate: 0.2}}"), ("noise: 2K", "noise: auto", "learning: {unsure: {}}"),
    ("noise: \"poisson:0.05@200\"", "noise: \"poisson:0.05@200\"", ""),
  ]

  @Test(arguments: ways) func aTrainingGoesOnToTheSameBitsAndIsUsed(_ corrupted: String, _ measured: String, _ learning: String) throws {
    let folder = try ScratchFolder()
    let whole = try Self.configuration(folder, output: "whole", corrupted: corrupted, measured: measured, more: learning)
    _ = try whole.train(overwrite: false)
    let interruption = Interruption()
    let stopped = complaint {
      _ = try Self.configuration(folder, output: "halves", corrupted: corrupted, measured: measured, more: learning).train(
        overwrite: false, progress: StopAfter(steps: 3, interruption: interruption), interruption: interruption)
    }
    #expect(stopped.hasPrefix("Interrupted"), "\(stopped)")
    _ = try Self.configuration(folder, output: "halves", corrupted: corrupted, measured: measured, more: learning)
      .train(overwrite: false)
    let bytes = try ["whole", "halves"].map { try Data(contentsOf: URL(fileURLWithPath: folder.path("\($0)/flow.safetensors"))) }
    #expect(bytes[0] == bytes[1])
    // What another estimate learned is not taken for its own.
    _ = try whole.modelForEvaluation(of: [.flow])
    var other = whole
    other.learning = MeasuredLearning(sure: learning.contains("{sure") ? nil : SURESettings())
    #expect(throws: LearningError.self) { try other.modelForEvaluation(of: [.flow]) }
    let model = try Model(contentsOf: folder.path("whole"))
    // Whoever looks at the run is told how it was learned.
    let way = learning.contains("{unsure") ? "(unsure)" : learning.contains("{sure") ? "(sure)" : "recorrupted measurements"
    let inspection = try Inspection(path: folder.path("whole")).description
    #expect(inspection.contains("parts       Gaussian prior, flow\n  flow        learned ") && inspection.contains(way), "\(inspection)")
    try SmallClimate.observe(SmallClimate.unseen(1).selecting(["tas"]), noise: "tas=2K", to: folder.path("observed.nc"))
    let summary = try Imputation(method: .flow, samples: 4, quantileLevels: [], seed: 1).run(
      SignalInput(folder.path("observed.nc")), model: model, output: folder.path("filled.nc"), overwrite: false, history: "test")
    #expect(summary.diagnostics["network-evaluations"] == 1)
  }

  @Test(arguments: [
    ("noise: auto", "widths: [8, 8]", "", ["run.yaml", "noise", "auto"]),
    ("noise: 2K", "widths: [8, 8]", "learning: {sure: {step: 0}}", ["run.yaml", "learning.sure.step"]),
    ("noise: 2K", "preset: small", "learning: {sure: {}}", ["run.yaml", "gaussian-base", "small"]),
    ("noise: 2K", "preset: small", "", ["run.yaml", "gaussian-base", "small"]),
    ("noise: 2K", "training: unsupervised", "", ["run.yaml", "supervised"]),
    ("noise: 2K", "widths: [8, 8]", "variables: {tas: {transform: normal-score}}", ["run.yaml", "transform"]),
    ("noise: 2K", "masks: [\"blur:heat,sigma=500km\"], steps: 2, widths: [8, 8]", "", ["flow.masks", "blur", "random:0.3"]),
  ]) func whatCannotBeLearnedFromMeasurementsIsRefused(
    measured: String, flow: String, more: String, words: [String]
  ) throws {
    let folder = try ScratchFolder()
    let text = complaint {
      _ = try Self.configuration(folder, output: "RUN", measured: measured, flow: flow, more: more).train(overwrite: false)
    }
    for word in words { #expect(text.contains(word), "\(text)") }
    #expect(!FileManager.default.fileExists(atPath: folder.path("RUN/\(Model.fileName)")))
  }
}
