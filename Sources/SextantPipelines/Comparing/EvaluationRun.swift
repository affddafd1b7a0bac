// A whole evaluation: a model, test fields, the comparison, tables, JSON and pictures. What `sextant evaluate`
// and the demo run.

import Foundation
import SextantArrays
import SextantEvaluation
import SextantMeasurement
import SextantModels
import SextantReport
import SextantSignals
import SextantSolvers
import SextantStorage

/// What an evaluation left behind.
public struct EvaluationOutcome: Sendable {
  /// The scores and times.
  public var result: ComparisonScores
  /// Tables for people, one for each variable and mask.
  public var text: String
  /// The same as Markdown.
  public var markdown: String
  /// The pictures that were drawn.
  public var pictures: [String]
}

extension Comparison {
  /// Runs the comparison and writes `scores.json`, `table.md` and pictures to `folder`.
  ///
  /// - Parameters:
  ///   - model: what the methods have learned.
  ///   - fields: the true signals.
  ///   - indices: the positions of those that are tested on.
  ///   - folder: where the files go.
  ///   - overwrite: whether files that are there may be replaced; pictures of an earlier evaluation are then removed.
  ///   - pictures: how many measurements are drawn.
  ///   - progress: is told of each answer.
  ///   - interruption: is checked between answers, and between the steps of methods that sample by steps.
  public func report(
    model: Model, fields: any SignalSource, indices: [Int], folder: String, overwrite: Bool,
    pictures: Int, progress: any ProgressObserver = SilentProgress(), interruption: Interruption = Interruption()
  ) throws -> EvaluationOutcome {
    let drawing = ComparisonPictures(folder: folder, overwrite: overwrite, land: model.space.ownLand)
    try WholeFile.checkIsFree(folder + "/scores.json", overwrite: overwrite)
    var drawn: [String] = []
    var visited = 0
    var strip = FilmStrip(stepsOf: indices.count)
    progress.start("evaluating", unit: "answer", count: answerCount(fieldCount: indices.count))
    let result: ComparisonScores
    do {
      defer { progress.finish() }
      var comparison = self
      comparison.solvers.checkInterruption = { try interruption.check() }
      result = try comparison.run(model: model, fields: fields, indices: indices) { done in
        try interruption.check()
        progress.advance(to: done)
      } visit: { field in
        if time != nil, pictures > 0 { strip.add(field, number: visited) }
        visited += 1
        guard visited <= pictures else { return }
        drawn += try drawing.drawFields(of: field, number: visited)
      }
    }
    if time != nil, pictures > 0 {
      drawn += try strip.draw(folder: folder, overwrite: overwrite, land: model.space.ownLand)
    }
    let summaries = result.scores.summaries()
    var text = ""
    var markdown = ""
    for (name, group) in Self.groups(of: summaries) {
      let table = ScoreTable(group.map { $0.named(result.title(of: $0.method)) })
      text += "\(name)\n\n\(table.text)\n"
      markdown += "### \(name)\n\n\(table.markdown)\n"
      if pictures > 0 { drawn += try drawing.drawPlots(of: group, titles: result.titles, name: "plot-\(name)") }
      if let table = PublishedFigures.table(
        group, published: published(under: group.first?.group), titles: result.titles,
        evaluations: result.networkEvaluationsPerSample)
      {
        text += "beside published figures\n\n\(table.text)\n"
        markdown += "Beside published figures:\n\n\(table.markdown)\n"
      }
    }
    if let table = result.seriesTable {
      text += "over the series\n\n\(table.text)\n"
      markdown += "### Over the series\n\n\(table.markdown)\n"
    }
    if let missing = unscaledVariables(of: model) {
      text += "\(missing)\n\n"
      markdown += "\(missing)\n\n"
    }
    for line in result.remarks?.lines ?? [] {
      text += "\(line)\n\n"
      markdown += "\(line)\n\n"
    }
    let costs = result.costs
    text += "cost, everything counted after loading\n\n\(costs.text)"
    markdown += "### Cost, everything counted after loading\n\n\(costs.markdown)"
    let methodCosts = MethodCosts(methods, training: training, scores: result)
    if methodCosts.isWorthTelling {
      text += "\ntraining and answers\n\n\(methodCosts.table.text)"
      markdown += "\n### Training and answers\n\n\(methodCosts.table.markdown)"
      let path = folder + "/amortisation.png"
      try methodCosts.plot.write(to: path, overwrite: overwrite)
      drawn.append(path)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    try WholeFile.write(encoder.encode(result), to: folder + "/scores.json", overwrite: overwrite)
    try WholeFile.write(Data(markdown.utf8), to: folder + "/table.md", overwrite: overwrite)
    // A picture of a method that is not in the table would be taken for one of this evaluation.
    if overwrite { try drawing.removeEarlier(except: drawn) }
    return EvaluationOutcome(result: result, text: text, markdown: markdown, pictures: drawn)
  }

  /// What is said of the variables without a peak; nil where all have one.
  private func unscaledVariables(of model: Model) -> String? {
    let names = zip(model.space.variables, scales).filter { $0.1.peak == nil }.map(\.0.name)
    guard !names.isEmpty else { return nil }
    return
      "PSNR and SSIM of \(names.joined(separator: ", ")) are left out: they need the size of the variable's scale, such as evaluate: {scale: {\(names[0]): {peak: NUMBER}}}."
  }

  /// The published figures of the methods under a mask, by the methods' names.
  private func published(under mask: String?) -> [String: PublishedFigures] {
    var result: [String: PublishedFigures] = [:]
    for (method, figures) in published where (figures.mask ?? masks.first)?.description == mask {
      result[method.name] = figures
    }
    return result
  }

  /// Summaries by variable and mask, in order of appearance, under a name for people.
  private static func groups(of summaries: [ScoreSummary]) -> [(String, [ScoreSummary])] {
    var result: [(String, [ScoreSummary])] = []
    for summary in summaries {
      let name = "\(summary.variable), \(summary.group ?? "")"
      if let place = result.firstIndex(where: { $0.0 == name }) {
        result[place].1.append(summary)
      } else {
        result.append((name, [summary]))
      }
    }
    return result
  }
}

extension ScoreSummary {
  /// The same summary with another name of the method.
  fileprivate func named(_ title: String) -> ScoreSummary {
    var result = self
    result.method = title
    return result
  }
}

extension ComparisonScores {
  /// What an answer of each method costs, in the order of the scores.
  var costs: ScoreTable {
    let rows = methodNames.map { method in
      [
        title(of: method), ScoreTable.cell(medianSeconds(of: method), decimals: 3),
        ScoreTable.cell(networkEvaluations[method].map(Double.init), decimals: 0),
        ScoreTable.cell(networkEvaluationsPerSample[method], decimals: 0),
      ]
    }
    return ScoreTable(
      headings: ["Method", "Median time per field [s]", "Network evaluations", "For one sample"], rows: rows)
  }
}
