// Figures that somebody published for a method, to stand beside ours in a table.

import SextantConfiguration
import SextantEvaluation
import SextantMeasurement
import SextantModels

/// What a publication says of one method.
public struct PublishedFigures: Sendable, Equatable, Codable {
  /// PSNR of the mean in dB.
  public var psnr: Double?
  /// PSNR of one sample in dB.
  public var sample: Double?
  /// Network evaluations a sample.
  public var evaluations: Double?
  /// Where it says so.
  public var source: String
  /// The mask that it says so of; nil for the first of an evaluation.
  public var mask: AnyMeasurementDesign?

  package init(_ reader: ConfigurationReader, designs: [MeasurementDesignKind]) throws {
    psnr = try reader.optional("psnr")
    sample = try reader.optional("sample")
    evaluations = try reader.optional("evaluations")
    source = try reader.required("source")
    if reader.contains("mask") {
      mask = try reader.parsed("mask", default: "none") {
        try AnyMeasurementDesign(FilePatterns.expandVariables(in: $0), kinds: designs)
      }
    }
    if psnr == nil, sample == nil {
      throw reader.wrong("psnr", expected: "psnr, sample or both, in dB", found: "neither")
    }
  }

  /// Our figures and published ones, in the order of `summaries`; methods without published figures are left out.
  ///
  /// - Parameters:
  ///   - summaries: of one variable under one mask.
  ///   - published: by the method's name.
  ///   - titles: the title of each method, by name.
  ///   - evaluations: ours for one sample, by name.
  static func table(
    _ summaries: [ScoreSummary], published: [String: PublishedFigures], titles: [String: String],
    evaluations: [String: Double]
  ) -> ScoreTable? {
    let rows = summaries.compactMap { summary -> [String]? in
      guard let figures = published[summary.method] else { return nil }
      func mean(_ key: ScoreKey) -> String { ScoreTable.cell(summary.values[key]?.mean, decimals: 2) }
      return [
        titles[summary.method] ?? summary.method, mean(ScoreKey(.psnr)), ScoreTable.cell(figures.psnr, decimals: 2),
        mean(ScoreKey(.psnr, of: .firstSample)), ScoreTable.cell(figures.sample, decimals: 2),
        ScoreTable.cell(evaluations[summary.method], decimals: 0), ScoreTable.cell(figures.evaluations, decimals: 0),
        figures.source,
      ]
    }
    guard !rows.isEmpty else { return nil }
    return ScoreTable(
      headings: [
        "Method", "PSNR mean [dB]", "published", "PSNR sample [dB]", "published", "Evaluations a sample", "published",
        "Source",
      ], rows: rows)
  }
}
