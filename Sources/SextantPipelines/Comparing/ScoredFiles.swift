// The scores of files, and what was not compared in each of them: a file that leaves the hard part out must not look
// better than one that answers everything.

import Foundation
import SextantEvaluation
import SextantSignals

/// The scores of several files against one truth.
public struct ScoredFiles: Sendable, Codable {
  /// All scores, field by field; the path of a file is the name of its method.
  public var fields: [FieldScores] = []
  /// What was compared, file by file.
  public var files: [ScoredFile] = []
  /// The scores of images by networks, file by file; empty without weights.
  public var perception: [PerceptualScore] = []
  /// What was assumed, and what was left out.
  public var remarks: [Remark] = []
  /// Whether all places of the truth have one area, as pixels have, so that nothing is weighted by it.
  public var hasEqualAreas = false

  /// The name under which the bands of an image are scored together.
  static let allBands = "all bands"

  /// The means over fields, one summary for each file and variable.
  public func summaries() -> [ScoreSummary] { ScoreCollection(fields).summaries() }

  /// One table for each variable, and the remarks, for people.
  public var text: String {
    let summaries = summaries().map(withInfiniteRatios)
    var variables: [String] = []
    for summary in summaries where !variables.contains(summary.variable) { variables.append(summary.variable) }
    var parts = variables.map { name in
      let own = summaries.filter { $0.variable == name }
      let table = ScoreTable(own, columns: columns(for: name), notCompared: share).text
      return variables.count > 1 ? "\(name)\n\n\(table)" : table
    }
    if !perception.isEmpty { parts.append(PerceptualScore.table(perception).text) }
    if !remarks.isEmpty { parts.append(remarks.lines.joined(separator: "\n")) }
    return parts.joined(separator: "\n")
  }

  /// The columns that say something of a variable: the values without an observation are all of them or none, unless some were observed
  /// and some were not, and where all places have one area, nothing is weighted by it.
  private func columns(for variable: String) -> [ScoreColumn] {
    func hasAny(_ region: Region) -> Bool { fields.contains { $0.variable == variable && $0.counts[region, default: 0] > 0 } }
    let tellsMissing = hasAny(.observed) && hasAny(.missing)
    return ScoreColumn.standard.flatMap { column -> [ScoreColumn] in
      if column.key.region == .missing, !tellsMissing { return [] }
      guard hasEqualAreas, column.key.weighting == .area else { return [column] }
      var plain = column
      plain.key.weighting = .plain
      plain.heading = column.heading.replacing(" by area", with: "")
      // Papers on images state the one or the other.
      guard plain.key.score == .rootMeanSquareError else { return [plain] }
      return [ScoreColumn(ScoreKey(.meanSquareError), heading: "MSE", decimals: 3), plain]
    }
  }

  /// The summary with an infinite PSNR where all fields are the truth to the last bit. It is no number, and so not among the scores.
  private func withInfiniteRatios(_ summary: ScoreSummary) -> ScoreSummary {
    let own = fields.filter {
      $0.label.method == summary.method && $0.variable == summary.variable && (summary.group ?? $0.label.group) == $0.label.group
    }
    guard own.allSatisfy({ $0.peak != nil }) else { return summary }
    var result = summary
    for (key, score) in summary.values where key.score == .rootMeanSquareError && score.mean == 0 {
      var ratio = key
      ratio.score = .psnr
      if result.values[ratio] == nil { result.values[ratio] = MeanScore([.infinity]) }
    }
    return result
  }

  /// The share of the truth's values that a file has no answer for; nil where it has one for each.
  private func share(of summary: ScoreSummary) -> String? {
    guard let file = files.first(where: { $0.path == summary.method }) else { return nil }
    let own = file.variables.filter { $0.name == summary.variable }
    // Bands that are scored together are no variable of the file.
    let counted = own.isEmpty && summary.variable == Self.allBands ? file.variables : own
    let all = ScoredFile.Variable(
      name: summary.variable, comparedCount: counted.reduce(0) { $0 + $1.comparedCount },
      missingCount: counted.reduce(0) { $0 + $1.missingCount })
    return all.missingCount > 0 ? all.missingText : nil
  }
}

/// What was compared of one file.
public struct ScoredFile: Sendable, Codable, Equatable {
  /// A variable of both files.
  public struct Variable: Sendable, Codable, Equatable {
    /// The name.
    public var name: String
    /// How many of the truth's values were compared.
    public var comparedCount = 0
    /// How many of them the file has no value for: gaps, and fields that it does not have.
    public var missingCount = 0

    /// The share of the missing values.
    var missingText: String {
      String(format: "%.1f %%", 100 * Double(missingCount) / Double(max(1, missingCount + comparedCount)))
    }
  }

  /// The file.
  public var path: String
  /// The variables that were compared.
  public var variables: [Variable]
  /// Variables of the truth that the file does not have.
  public var absentVariables: [String] = []
  /// What the fields were matched by; empty where it was their order.
  public var matchedBy: [String] = []
  /// The number of fields that were compared.
  public var fieldCount = 0
  /// The fields of the truth that the file does not have.
  public var absentFields: [String] = []
  /// The number of fields of the file that the truth does not have.
  public var otherFieldCount = 0

  /// What a person must know of the comparison with `truth`.
  func remarks(truth: String) -> [Remark] {
    var result: [Remark] = []
    if !absentVariables.isEmpty {
      result.append(
        Remark(
          .warning, "absent-variables",
          "\(path): there is no \(absentVariables.joined(separator: ", ")), so that it was not compared."))
    }
    if let first = absentFields.first {
      result.append(
        Remark(
          .warning, "absent-fields",
          "\(path): \(absentFields.count) of the \(fieldCount + absentFields.count) fields of \(truth) are not there and were not compared, the first of them \(first)."))
    }
    if otherFieldCount > 0 {
      result.append(
        Remark(
          .note, "other-fields",
          "\(path): \(otherFieldCount) of its fields are not among those of \(truth) and were not compared."))
    }
    for variable in variables where variable.missingCount > 0 {
      result.append(
        Remark(
          .warning, "unfilled-values",
          "\(path): \(variable.missingText) of the true values of \(variable.name) (\(variable.missingCount) of \(variable.missingCount + variable.comparedCount)) have no answer and were not compared."))
    }
    return result
  }
}
