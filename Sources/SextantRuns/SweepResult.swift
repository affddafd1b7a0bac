// What a sweep found: rows for programs, a table and two plots for people.

import Foundation
import SextantEvaluation
import SextantModels
import SextantReport
import SextantSolvers
import SextantStorage

/// What one setting of a method is worth for one variable under one mask.
public struct SweepRow: Sendable, Equatable, Codable {
  /// The name of the method.
  public var method: String
  /// Its title in tables.
  public var name: String
  /// Nil for a method that has no steps.
  public var steps: Int?
  /// Nil for a method that has none, or was left its own.
  public var stepSize: Double?
  /// The variable.
  public var variable: String
  /// What was missing.
  public var mask: String
  /// PSNR of the mean in dB, averaged over the fields; nil where the numbers grew beyond all bounds.
  public var psnr: MeanScore?
  /// The same of one sample.
  public var samplePSNR: MeanScore?
  /// Evaluations of the network for one sample; nil for a method without a network.
  public var evaluationsPerSample: Double?
  /// The median time of an answer with all its samples.
  public var seconds: Double?

  init(_ trial: Sweep.Trial, variable: String, mask: String) {
    (method, steps, stepSize) = (trial.method.name, trial.steps, trial.stepSize)
    (name, self.variable, self.mask) = (trial.method.title, variable, mask)
  }

  /// What was tried.
  var key: Sweep.TrialKey { Sweep.TrialKey(method: method, steps: steps, stepSize: stepSize) }
}

/// All that a sweep found.
public struct SweepResult: Sendable, Equatable, Codable {
  /// Samples that each mean was taken of.
  public var samples: Int
  /// The number of test fields.
  public var fieldCount: Int
  /// A hash of all that the rows depend on beside method, steps and step size: rows of other conditions are not added to these.
  public var conditions: String
  /// References first, then methods by steps and step sizes; what an earlier sweep under the same conditions found and this one
  /// did not ask comes last.
  public var rows: [SweepRow]

  /// The name of the files, before their endings.
  public static let fileName = "sweep"

  /// Reads what an earlier sweep wrote; nil where there is nothing, or nothing of a sweep.
  static func earlier(inFolder folder: String) -> SweepResult? {
    guard let data = FileManager.default.contents(atPath: "\(folder)/\(fileName).json") else { return nil }
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    return try? decoder.decode(SweepResult.self, from: data)
  }

  /// Whether every one of `trials` is among the rows.
  func holds(_ trials: [Sweep.Trial]) -> Bool { Set(trials.map(\.key)).isSubset(of: rows.map(\.key)) }

  /// Rows of one variable under one mask.
  private var groups: [(variable: String, mask: String, rows: [SweepRow])] {
    var result: [(variable: String, mask: String, rows: [SweepRow])] = []
    for row in rows {
      if let place = result.firstIndex(where: { $0.variable == row.variable && $0.mask == row.mask }) {
        result[place].rows.append(row)
      } else {
        result.append((row.variable, row.mask, [row]))
      }
    }
    return result
  }

  /// Tables for people.
  public var text: String {
    groups.map { "\($0.variable), \($0.mask)\n\n\(Self.table($0.rows).text)" }.joined(separator: "\n")
  }

  /// The same as Markdown.
  public var markdown: String {
    groups.map { "### \($0.variable), \($0.mask)\n\n\(Self.table($0.rows).markdown)" }.joined(separator: "\n")
      + "\nMeans of \(samples) samples, \(fieldCount) field\(fieldCount == 1 ? "" : "s").\n"
  }

  private static func table(_ rows: [SweepRow]) -> ScoreTable {
    func decibels(_ score: MeanScore?) -> String {
      let error = score?.standardError.map { String(format: " ± %.2f", $0) }
      return ScoreTable.cell(score?.mean, decimals: 2) + (error ?? "")
    }
    return ScoreTable(
      headings: [
        "Method", "Steps", "Step size", "Evaluations a sample", "PSNR mean [dB]", "PSNR sample [dB]",
        "Time of an answer [s]",
      ],
      rows: rows.map { row in
        [
          row.name, row.steps.map(String.init) ?? "–", row.stepSize.map { String(format: "%g", $0) } ?? "–",
          ScoreTable.cell(row.evaluationsPerSample, decimals: 0), decibels(row.psnr), decibels(row.samplePSNR),
          ScoreTable.cell(row.seconds, decimals: 3),
        ]
      })
  }

  /// Writes `sweep.json`, `sweep.md` and the plots. Throws ``FileError`` and ``ReportError``.
  func write(toFolder folder: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    try WholeFile.write(encoder.encode(self), to: "\(folder)/\(Self.fileName).json", overwrite: true)
    try WholeFile.write(Data(markdown.utf8), to: "\(folder)/\(Self.fileName).md", overwrite: true)
    let groups = groups
    for (number, group) in groups.enumerated() {
      let ending = groups.count > 1 ? "-\(number + 1).png" : ".png"
      let subtitle = "\(group.variable), \(group.mask), means of \(samples) samples"
      let yAxis = Axis("PSNR of the mean (dB)")
      try Plot(
        title: "Quality against evaluations", subtitle: subtitle,
        xAxis: Axis("evaluations of the network for a sample", kind: .logarithmic), yAxis: yAxis,
        layers: Self.againstEvaluations(group.rows)
      ).write(to: "\(folder)/evaluations\(ending)", overwrite: true)
      // Each method has a unit of its own.
      for (name, own) in Self.byMethod(group.rows) {
        guard let method = own.first?.method, Set(own.compactMap(\.stepSize)).count > 1 else { continue }
        try Plot(
          title: "\(name): quality against the step size", subtitle: subtitle,
          xAxis: Axis("step size", kind: .logarithmic), yAxis: yAxis,
          layers: Self.againstStepSizes(own, references: group.rows)
        ).write(to: "\(folder)/step-sizes-\(method)\(ending)", overwrite: true)
      }
    }
  }

  /// A line for each method, at each number of steps by its best step size, and one across for each reference.
  private static func againstEvaluations(_ rows: [SweepRow]) -> [Plot.Layer] {
    let most = rows.compactMap(\.evaluationsPerSample).max() ?? 1
    let lines = byMethod(rows.filter { $0.steps != nil }).map { name, own in
      let best = Dictionary(grouping: own.filter { $0.psnr != nil && $0.evaluationsPerSample != nil }) { $0.steps ?? 0 }
        .sorted { $0.key < $1.key }
        .compactMap { $0.value.max { ($0.psnr?.mean ?? 0) < ($1.psnr?.mean ?? 0) } }
      return Plot.Layer.line(
        name, x: best.compactMap(\.evaluationsPerSample), y: best.compactMap { $0.psnr?.mean },
        style: Plot.Style(marker: .circle))
    }
    return across(rows, from: 1, to: max(2, most)) + lines
  }

  /// A line for each number of steps of one method, over the step sizes that were stated; what the method chose by itself is not on
  /// this axis.
  private static func againstStepSizes(_ own: [SweepRow], references: [SweepRow]) -> [Plot.Layer] {
    let stated = own.filter { $0.stepSize != nil }.sorted { ($0.stepSize ?? 0) < ($1.stepSize ?? 0) }
    let sizes = stated.compactMap(\.stepSize)
    let lines = Dictionary(grouping: stated.filter { $0.psnr != nil }) { $0.steps ?? 0 }.sorted { $0.key < $1.key }
      .map { steps, own in
        Plot.Layer.line(
          "\(steps) steps", x: own.compactMap(\.stepSize), y: own.compactMap { $0.psnr?.mean },
          style: Plot.Style(marker: .circle))
      }
    return across(references, from: sizes.first ?? 1, to: sizes.last ?? 1) + lines
  }

  private static func across(_ rows: [SweepRow], from low: Double, to high: Double) -> [Plot.Layer] {
    rows.filter { $0.steps == nil }.enumerated().compactMap { number, row in
      row.psnr.map {
        .line(
          row.name, x: [low, high], y: [$0.mean, $0.mean],
          style: Plot.Style(
            colour: .softInk, width: 1.2, dashes: [[5, 3.5], [1.5, 2.5], [9, 3], [9, 3, 2, 3]][number % 4]))
      }
    }
  }

  /// Rows by the method's name, in order of appearance.
  private static func byMethod(_ rows: [SweepRow]) -> [(String, [SweepRow])] {
    var names: [String] = []
    for row in rows where !names.contains(row.name) { names.append(row.name) }
    return names.map { name in (name, rows.filter { $0.name == name }) }
  }
}
