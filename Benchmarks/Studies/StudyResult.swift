// The results of a study: JSON, a table, and two curves against wall time.

import Foundation
import SextantModels
import SextantReport
import SextantStorage
import SextantTraining

/// One line of a study's table.
public struct StudyRow: Sendable, Codable, Equatable {
  /// The distribution, such as "paper, trained".
  public var name: String
  /// "seen" for measurements that were trained on, or "unseen".
  public var set: String
  /// Its scores.
  public var scores: AnalyticScores
}

/// The results of a study.
public struct StudyResult: Sendable, Codable {
  /// The settings of the study.
  public let settings: StudySettings
  /// The program's version.
  public let program: String
  /// V.
  public let vertexCount: Int
  /// The number of trained parameters.
  public let parameterCount: Int
  /// One standardised unit in the field's units.
  public let unit: Double
  /// The seconds of training, including the validation between steps.
  public let seconds: Double
  /// The log, with the untrained flow as step 0.
  public let curve: [TrainingRecord]
  /// The table.
  public let rows: [StudyRow]

  /// The table in Markdown.
  public var table: String {
    func number(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }
    let lines = rows.map { row in
      let scores = row.scores
      return "| "
        + [
          row.name, row.set, "\(number(scores.meanGap, 3)) ± \(number(scores.meanGapError, 3))",
          number(scores.meanDistance, 3), number(scores.spreadRatio, 3), number(scores.spreadDeviation, 3),
          "\(number(scores.divergence, 3)) ± \(number(scores.divergenceError, 3))",
          number(scores.rankedProbability, 4), number(100 * scores.rankedProbabilityExcess, 2),
        ].joined(separator: " | ") + " |"
    }
    let training = settings.training
    let columns = [
      "distribution", "measurements", "mean, dB behind exact", "mean, distance in spreads", "spread / exact",
      "rms of that − 1", "KL, nats a field", "CRPS", "above exact, %",
    ]
    return """
      # \(settings.name)

      \(vertexCount) vertices; \(parameterCount) parameters; \(training.steps) steps of \
      \(training.batch) measurements, draws of each: \(training.draws); \(number(seconds, 0)) s with the looks at the \
      posterior on the way; seed \(settings.seed). Judged on \(settings.evaluation.fields) measurements of each set by \
      \(settings.evaluation.samples) draws.

      | \(columns.joined(separator: " | ")) |
      |---|---|--:|--:|--:|--:|--:|--:|--:|
      \(lines.joined(separator: "\n"))

      """
  }

  /// Writes all files. Throws `FileError` and `ReportError`.
  func write(toFolder folder: String, overwrite: Bool) throws {
    try WholeFile.write(Data(table.utf8), to: folder + "/" + Study.FileName.table, overwrite: true)
    try plot("divergence", label: "KL from the exact posterior (nats a field)")
      .write(to: folder + "/" + Study.FileName.divergence, overwrite: true)
    try plot("mean_gap", label: "posterior mean behind the exact one (dB)")
      .write(to: folder + "/" + Study.FileName.error, overwrite: true)
    // Last: where it is, the study is finished.
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    try WholeFile.write(
      try encoder.encode(self), to: folder + "/" + Study.FileName.result, overwrite: overwrite)
  }

  private func plot(_ figure: String, label: String) -> Plot {
    let sets = ["unseen", "seen"].map { set in (set, curve.map { $0.figures?["\(set).\(figure)"] ?? .nan }) }
    // What is at the closed form already lies on both sides of 0, which a logarithm cannot show.
    let isPositive = sets.allSatisfy { $0.1.allSatisfy { $0 > 0 } }
    return Plot(
      title: settings.name, subtitle: "measurements that training saw, and others",
      xAxis: Axis("training (s)", includesZero: true), yAxis: Axis(label, kind: isPositive ? .logarithmic : .linear),
      layers: sets.map { set, values in
        .line(set, x: curve.map(\.seconds), y: values, style: Plot.Style(marker: .circle))
      })
  }
}
