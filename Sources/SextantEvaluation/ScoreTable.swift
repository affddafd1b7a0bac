// Tables of scores to read: aligned text for terminals, Markdown for documents. A table shows one variable, so that the
// headings can include the units.

import Foundation

/// A column in a table of scores.
public struct ScoreColumn: Sendable, Equatable {
  /// The score in the column.
  public var key: ScoreKey
  /// The heading, without units.
  public var heading: String
  /// The number of decimals.
  public var decimals: Int

  public init(_ key: ScoreKey, heading: String, decimals: Int) {
    self.key = key
    self.heading = heading
    self.decimals = decimals
  }

  /// The columns of every comparison: the mean and one sample, on all and on missing values, unweighted and
  /// area-weighted, and calibration.
  public static let standard = [
    ScoreColumn(ScoreKey(.psnr), heading: "PSNR mean", decimals: 2),
    ScoreColumn(ScoreKey(.psnr, of: .firstSample), heading: "PSNR sample", decimals: 2),
    ScoreColumn(ScoreKey(.psnr, in: .missing), heading: "PSNR missing", decimals: 2),
    ScoreColumn(ScoreKey(.rootMeanSquareError, weighting: .area), heading: "RMSE by area", decimals: 3),
    ScoreColumn(ScoreKey(.bias, weighting: .area), heading: "Bias by area", decimals: 3),
    ScoreColumn(ScoreKey(.structuralSimilarity), heading: "SSIM", decimals: 3),
    ScoreColumn(ScoreKey(.crps), heading: "CRPS", decimals: 3),
    ScoreColumn(ScoreKey(.crps, of: .gaussian), heading: "Gaussian CRPS", decimals: 3),
    ScoreColumn(ScoreKey(.coverage90), heading: "90 % coverage", decimals: 3),
    ScoreColumn(ScoreKey(.rankCoverage90), heading: "90 % by rank", decimals: 3),
    ScoreColumn(ScoreKey(.spreadSkillRatio), heading: "Spread/skill", decimals: 2),
  ]
}

/// A table with methods or fields in rows and scores in columns.
public struct ScoreTable: Sendable, Equatable {
  /// The headings of all columns, with units.
  public let headings: [String]
  /// The cells as text, row by row; "–" for undefined scores.
  public let rows: [[String]]
  /// The number of leading columns that are names rather than numbers.
  public let nameColumnCount: Int

  private static let absent = "–"

  /// A table of the means of each method, with standard errors if there are several fields.
  ///
  /// All summaries should belong to one variable. Columns without any score are omitted, and so are the column of groups
  /// if there are no groups, and that of what was not compared if everything was.
  ///
  /// - Parameters:
  ///   - summaries: The rows.
  ///   - columns: The scores that are shown.
  ///   - notCompared: How much of the truth was left out of a summary, as text; nil for nothing.
  public init(
    _ summaries: [ScoreSummary], columns: [ScoreColumn] = ScoreColumn.standard,
    notCompared: (ScoreSummary) -> String? = { _ in nil }
  ) {
    let hasGroups = summaries.contains { $0.group?.isEmpty == false }
    let gaps = summaries.map(notCompared)
    let hasGaps = gaps.contains { $0 != nil }
    self.init(
      nameHeadings: ["Method"] + (hasGroups ? ["Measurement"] : []) + ["Fields"] + (hasGaps ? ["Not compared"] : []),
      rows: zip(summaries, gaps).map { summary, gap in
        let names =
          [summary.method] + (hasGroups ? [summary.group ?? ""] : []) + ["\(summary.fieldCount)"]
          + (hasGaps ? [gap ?? Self.absent] : [])
        return (names, { summary.values[$0] })
      }, columns: columns, units: summaries.first?.units ?? "")
  }

  /// A table of single fields, in which the bad ones are not hidden by the mean.
  ///
  /// All scores should belong to one variable.
  public init(fields: [FieldScores], columns: [ScoreColumn] = ScoreColumn.standard) {
    self.init(
      nameHeadings: ["Method", "Field", "Measurement"],
      rows: fields.map { field in
        (
          [field.label.method, field.label.field, field.label.group],
          { key in MeanScore([field.values[key]].compacted) }
        )
      }, columns: columns, units: fields.first?.units ?? "")
  }

  /// A table of arbitrary cells, for example of costs; each row has as many cells as there are headings.
  public init(headings: [String], rows: [[String]], nameColumnCount: Int = 1) {
    precondition(rows.allSatisfy { $0.count == headings.count }, "Rows that are not \(headings.count) cells long")
    (self.headings, self.rows, self.nameColumnCount) = (headings, rows, nameColumnCount)
  }

  /// The cell for a number, or for an undefined one.
  public static func cell(_ number: Double?, decimals: Int) -> String {
    number.map { String(format: "%.\(decimals)f", $0) } ?? absent
  }

  private init(
    nameHeadings: [String], rows: [(names: [String], value: (ScoreKey) -> MeanScore?)], columns: [ScoreColumn],
    units: String
  ) {
    let used = columns.filter { column in rows.contains { $0.value(column.key) != nil } }
    nameColumnCount = nameHeadings.count
    headings =
      nameHeadings
      + used.map { column in
        let units = column.key.score.units(forVariableIn: units)
        return units.isEmpty ? column.heading : "\(column.heading) [\(units)]"
      }
    self.rows = rows.map { row in
      row.names
        + used.map { column in
          guard let score = row.value(column.key) else { return Self.absent }
          let number = String(format: "%.\(column.decimals)f", score.mean)
          guard let error = score.standardError else { return number }
          return "\(number) ± \(String(format: "%.\(column.decimals)f", error))"
        }
    }
  }

  /// The table with columns aligned by spaces, names to the left and numbers to the right.
  public var text: String {
    let widths = headings.indices.map { column in
      max(headings[column].count, rows.map { $0[column].count }.max() ?? 0)
    }
    func line(_ cells: [String]) -> String {
      let padded = cells.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return column < nameColumnCount ? cell + space : space + cell
      }
      let joined = padded.joined(separator: "  ")
      return String(joined.reversed().drop { $0 == " " }.reversed())
    }
    let rule = String(repeating: "─", count: widths.reduce(0, +) + 2 * (widths.count - 1))
    return ([line(headings), rule] + rows.map(line)).joined(separator: "\n") + "\n"
  }

  /// The table in Markdown.
  public var markdown: String {
    func line(_ cells: [String]) -> String {
      "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
    }
    let rule = headings.indices.map { $0 < nameColumnCount ? "---" : "---:" }
    return ([line(headings), "|" + rule.joined(separator: "|") + "|"] + rows.map(line)).joined(separator: "\n") + "\n"
  }
}

extension [Double?] {
  fileprivate var compacted: [Double] { compactMap { $0 } }
}
