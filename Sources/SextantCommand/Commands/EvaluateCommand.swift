// `sextant evaluate`: every method under the same masks, in one table.

import ArgumentParser
import Foundation
import Sextant
import SextantYAML

/// Compares methods on fields that training did not see.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Compare methods under the same masks and noise: one table, JSON, pictures.",
    discussion: """
      Examples:
        sextant evaluate run.yaml
        sextant evaluate run.yaml --set evaluate.fields.part=evenly:10
        sextant evaluate run.yaml --json > scores.json

      Learns the model that the configuration describes (the fields under evaluate are never among those it learns
      from, if the configuration parts them), and writes table.md, scores.json and pictures to OUTPUT/evaluation.
      """)

  @OptionGroup var source: ConfigurationOptions
  @OptionGroup var options: OutputOptions
  @OptionGroup var machine: MachineOptions
  @OptionGroup var format: FormatOptions

  func run() throws {
    guard
      let configuration = try source.opened(
        by: RunConfiguration.load(path:overrides:), machine: machine, format: format)?.configuration
    else { return }
    // Asked before the long work of learning.
    try WholeFile.checkIsFree(configuration.output + "/evaluation/scores.json", overwrite: options.overwrite)
    try configuration.checkComparison()
    let interruption = InterruptionSignals.interruption
    let model = try configuration.modelForEvaluation(progress: options.progress, interruption: interruption)
    let (comparison, fields, indices) = try configuration.comparison(for: model)
    let outcome = try comparison.report(
      model: model, fields: fields, indices: indices, folder: configuration.output + "/evaluation",
      overwrite: options.overwrite, pictures: configuration.evaluate.pictures, progress: options.progress,
      interruption: interruption)
    if format.json {
      try StandardOutput.json(outcome.result)
    } else {
      StandardOutput.line(outcome.text)
      StandardOutput.line(
        "\(configuration.output)/evaluation: table.md, scores.json, \(outcome.pictures.count) pictures")
    }
  }
}
