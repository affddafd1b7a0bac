// Studies where the posterior is known: the exact rows against another way to the same numbers, every flow from end to
// end at toy size, and a study that was stopped. That flows come near the closed form is shown in
// docs/known-posteriors.md; the small case that a test can afford is in SextantFlowsTests.

import Foundation
import SextantArrays
import SextantConfiguration
import SextantGeometry
import SextantStorage
import SextantTestSupport
import SextantTraining
import SextantYAML
import Testing

@testable import SextantModels
@testable import SextantStudies

@Suite(.serialized) struct StudyLaws {
  /// A study of 12 vertices.
  static func study(
    kind: String = "mixture", preset: String = "gaussian-base", output: String, _ overrides: String...
  ) throws -> StudySettings {
    try StudySettings.parse(
      """
      kind: \(kind)
      output: \(output)
      subdivisions: 0
      flow: {preset: \(preset), steps: 2}
      training: {measurements: 12, steps: 8, batch: 4, draws: 2, interval: 4, warm_up: 2}
      evaluation: {fields: 3, samples: 64, log_fields: 2, log_samples: 16}
      """, path: "study.yaml", overrides: overrides
    ).study
  }

  private static func problem(_ kind: String) throws -> (prior: AnalyticPrior, measurements: SimulatedMeasurements) {
    let settings = try study(kind: kind, output: "unused", "measurement.mask=varying")
    let random = RandomStream(seed: 5)
    let prior = try AnalyticPrior(settings.prior, mesh: .icosphere(subdivisions: 0), random: random)
    return (
      prior,
      SimulatedMeasurements(
        of: prior, count: 4, settings: settings.measurement, noise: 0.3, maskRandom: random,
        random: random.split("measurements"))
    )
  }

  /// Solves A·x = b by elimination with pivots, with log|det A|: shares nothing with the library.
  private static func solve(_ a: [[Double]], _ b: [Double]) -> (x: [Double], logDeterminant: Double) {
    let n = b.count
    var (rows, logDeterminant) = (zip(a, b).map { $0 + [$1] }, 0.0)
    for column in 0..<n {
      let pivot = (column..<n).max { abs(rows[$0][column]) < abs(rows[$1][column]) } ?? column
      rows.swapAt(column, pivot)
      logDeterminant += log(abs(rows[column][column]))
      for row in 0..<n where row != column {
        let factor = rows[row][column] / rows[column][column]
        for k in column...n { rows[row][k] -= factor * rows[column][k] }
      }
    }
    return ((0..<n).map { rows[$0][n] / rows[$0][$0] }, logDeterminant)
  }

  private static func logNormal(_ x: [Double], _ mean: [Double], _ covariance: [[Double]]) -> Double {
    let offset = zip(x, mean).map { $0 - $1 }
    let (white, logDeterminant) = solve(covariance, offset)
    let quadratic = zip(offset, white).reduce(0) { $0 + $1.0 * $1.1 }
    return -0.5 * (quadratic + logDeterminant + Double(x.count) * log(2 * .pi))
  }

  private static func matrix(_ tensor: Tensor<Double>, rows: [Int], columns: [Int]) -> [[Double]] {
    rows.map { i in columns.map { tensor[i, $0] } }
  }

  /// By conditioning in the space of the measured values, component by component, and by Bayes' rule for the density.
  @Test(arguments: ["gaussian-sphere", "mixture"]) func exactPosteriorsAgreeWithConditioning(kind: String) throws {
    let (prior, measurements) = try Self.problem(kind)
    let all = Array(0..<prior.vertexCount)
    for index in 0..<measurements.count {
      let posterior = try measurements.posterior(index, under: prior)
      let measured = all.filter { measurements.masks[index, $0] > 0 }
      let y = measured.map { measurements.values[index, $0] }
      var evidences: [Double] = []
      var means: [[Double]] = []
      var variances: [[Double]] = []
      for component in prior.components {
        var innovation = Self.matrix(component.covariance, rows: measured, columns: measured)
        for i in measured.indices { innovation[i][i] += 0.09 }
        let cross = Self.matrix(component.covariance, rows: all, columns: measured)
        let own = measured.map { component.mean[$0] }
        let gain = Self.solve(innovation, zip(y, own).map { $0 - $1 }).x
        evidences.append(component.logWeight + Self.logNormal(y, own, innovation))
        means.append(all.map { i in component.mean[i] + zip(cross[i], gain).reduce(0) { $0 + $1.0 * $1.1 } })
        variances.append(
          all.map { i in
            component.covariance[i, i]
              - zip(cross[i], Self.solve(innovation, cross[i]).x).reduce(0) { $0 + $1.0 * $1.1 }
          })
      }
      let evidence = log(evidences.reduce(0) { $0 + exp($1) })
      let weights = evidences.map { exp($0 - evidence) }
      for i in all {
        let mean = weights.indices.reduce(0) { $0 + weights[$1] * means[$1][i] }
        let square = weights.indices.reduce(0) { $0 + weights[$1] * (variances[$1][i] + pow(means[$1][i], 2)) }
        #expect(abs(posterior.mean[i] - mean) < 1e-9)
        #expect(abs(posterior.spread[i] - (square - mean * mean).squareRoot()) < 1e-9)
      }
      let x = measurements.truths.row(index).scalars
      let density = prior.components.map {
        exp($0.logWeight + Self.logNormal(x, $0.mean.scalars, Self.matrix($0.covariance, rows: all, columns: all)))
      }
      let likelihood = zip(measured, y).reduce(0) {
        $0 - 0.5 * pow(($1.1 - x[$1.0]) / 0.3, 2) - 0.5 * log(2 * .pi * 0.09)
      }
      let expected = log(density.reduce(0, +)) + likelihood - evidence
      #expect(abs(posterior.logDensities(of: measurements.truths.rows(index..<index + 1))[0] - expected) < 1e-7)
    }
  }

  /// CRPS = ∫ (F(x) − [x ≥ truth])² dx.
  @Test(arguments: ["gaussian-sphere", "mixture"]) func rankedProbabilityAgreesWithItsIntegral(kind: String) throws {
    let (prior, measurements) = try Self.problem(kind)
    let posterior = try measurements.posterior(0, under: prior)
    let truth = measurements.truths.row(0).scalars
    let scores = posterior.rankedProbability(truth: truth)
    for i in stride(from: 0, to: 12, by: 5) {
      let integral = stride(from: -10.0, to: 10, by: 1e-3).reduce(0.0) { sum, x in
        let below = posterior.components.reduce(0.0) {
          $0 + exp($1.logWeight) * 0.5 * erfc(($1.mean[i] - x) / (2 * $1.variances[i]).squareRoot())
        }
        return sum + 1e-3 * pow(below - (x + 5e-4 >= truth[i] ? 1 : 0), 2)
      }
      #expect(abs(scores[i] - integral) < 2e-3)
    }
  }

  @Test(arguments: [
    ("gaussian-sphere", "paper"), ("gaussian-sphere", "gaussian-base"), ("mixture", "gaussian-base"),
    ("mixture", "single-gaussian-base"),
  ]) func everyStudyRunsToItsEnd(kind: String, preset: String) throws {
    let folder = try ScratchFolder()
    let mask = preset == "paper" ? "varying" : "fixed"
    let result = try Study(
      Self.study(kind: kind, preset: preset, output: folder.path("run"), "measurement.mask=\(mask)")
    ).run(overwrite: false)
    #expect(result.curve.map(\.step) == [0, 4, 8] && result.rows.count == (kind == "mixture" ? 8 : 6))
    for row in result.rows {
      let scores = row.scores
      if row.name.hasPrefix("exact") { #expect(abs(scores.divergence) < 1e-9 && scores.meanDistance < 0.1) }
      // The flow on the exact posterior is that posterior before it is trained, to single precision.
      if row.name == "gaussian-base, untrained" { #expect(abs(scores.divergence) < 1e-3) }
      if row.name == "best single Gaussian" { #expect(scores.divergence > 0.05) }
      #expect(scores.rankedProbability > 0 && scores.spreadRatio > 0)
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("run"))
    #expect(Set(names).isSuperset(of: ["study.json", "study.md", "flow.jsonl", "divergence.png", "error.png"]))
    let data = try Data(contentsOf: URL(fileURLWithPath: folder.path("run/study.json")))
    #expect(try JSONDecoder().decode(StudyResult.self, from: data).rows == result.rows)
  }

  @Test(arguments: ["paper", "gaussian-base"]) func aStoppedStudyEndsWithTheSameBits(preset: String) throws {
    let folder = try ScratchFolder()
    func study(_ name: String) throws -> Study {
      Study(try Self.study(kind: "gaussian-sphere", preset: preset, output: folder.path(name)))
    }
    // Other tests change how many threads OpenBLAS uses, and with them the last bits.
    try OpenBLAS.withSingleThread {
      let whole = try study("whole").run(overwrite: false)
      let interruption = Interruption()
      #expect(throws: InterruptionError.self) {
        try study("parts").run(
          overwrite: false, progress: StopAfter(steps: 6, interruption: interruption),
          interruption: interruption)
      }
      let parts = try study("parts").run(overwrite: false)
      #expect(parts.rows == whole.rows)
      #expect(parts.curve.map(\.figures) == whole.curve.map(\.figures))
      #expect(throws: FileError.self) { try study("parts").run(overwrite: false) }
      #expect(try study("parts").run(overwrite: true).rows == whole.rows)
    }
  }

  @Test(arguments: [
    ("name: a", "study.yaml:1:1: 'kind' is missing: expected one of gaussian-sphere, mixture."),
    ("kind: mixture\nprior: {range: [1]}", "study.yaml:2:9: unknown key 'prior.range'. Did you mean 'ranges'?"),
    ("kind: gaussian-sphere\nprior:\n  ranges: [1, 2]", "study.yaml:3:11: 'prior.ranges': expected one number"),
    ("kind: mixture\nprior: {ranges: [1, 2], weights: [1]}", "study.yaml:2:34: 'prior.weights': expected 2 numbers"),
    ("kind: mixture\nprior: {smoothness: 1}", "expected one of 1/2, 3/2, 5/2, found '1'."),
    ("kind: mixture\nmeasurement: {mask: moving}", "expected one of fixed, varying, found 'moving'."),
    (
      "kind: gaussian-sphere\nflow: {preset: single-gaussian-base}",
      "study.yaml:2:16: 'flow.preset': expected gaussian-base where the prior is one Gaussian already"
    ),
    ("kind: mixture\ntraining: {steps: 0}", "expected a whole number from 1 to 10000000, found 0."),
  ]) func mistakesAreNamedWithTheirPlace(text: String, words: String) {
    let error = #expect(throws: ConfigurationError.self) { try StudySettings.parse(text, path: "study.yaml") }
    #expect("\(error.map { "\($0)" } ?? "")".contains(words), "\(error.map { "\($0)" } ?? "")")
  }

  /// The settings on the page and those in the folder of configurations are read as they stand.
  @Test func documentedSettingsLoad() throws {
    let root = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let page = try String(contentsOf: root.appendingPathComponent("docs/known-posteriors.md"), encoding: .utf8)
    let blocks = page.components(separatedBy: "```yaml\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
    #expect(blocks.count == 1)
    for block in blocks { _ = try StudySettings.parse(block, path: "known-posteriors.md") }
    let folder = root.appendingPathComponent("configurations/known")
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    #expect(files.count > 5)
    for file in files {
      _ = try StudySettings.parse(String(contentsOf: file, encoding: .utf8), path: file.lastPathComponent)
    }
  }
}
