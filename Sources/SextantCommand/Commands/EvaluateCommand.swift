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

      Learns the model that the configuration describes, and writes table.md, scores.json and pictures to \
      OUTPUT/evaluation. Fields that evaluate.fields.part takes from the archive are not among those that are learned from.
      """)

  @OptionGroup var source: ConfigurationOptions

  @Option(
    name: .customLong("operator"),
    help: ArgumentHelp(
      "An operator that is applied before the masks, such as blur:box,size=5, instead of evaluate.operator.", valueName: "design"))
  var operation: String?

  @OptionGroup var options: OutputOptions
  @OptionGroup var machine: MachineOptions
  @OptionGroup var format: FormatOptions

  private var operatorOverride: [String] { operation.map { ["evaluate.operator=\($0)"] } ?? [] }

  func run() throws {
    guard
      let configuration = try source.opened(
        by: { try RunConfiguration.load(path: $0, overrides: $1 + operatorOverride) }, machine: machine, format: format)?.configuration
    else { return }
    let outcome = try configuration.runEvaluation(
      overwrite: options.overwrite, progress: options.progress, interruption: InterruptionSignals.interruption)
    if format.json {
      try StandardOutput.json(outcome.result)
    } else {
      StandardOutput.line(outcome.text)
      StandardOutput.line(
        "\(configuration.output)/evaluation: table.md, scores.json, \(outcome.pictures.count) pictures")
    }
  }
}
