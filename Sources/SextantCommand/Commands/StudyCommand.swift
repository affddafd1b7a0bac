// `sextant study`: how near a learned posterior comes where the true one is known.

import ArgumentParser
import Foundation
import Sextant
import SextantYAML

/// Runs a study.
struct StudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract: "Train a posterior where the true one is known, and say how near it came.",
    discussion: """
      Examples:
        sextant study configurations/known/gaussian-paper.yaml
        sextant study configurations/known/gaussian-paper.yaml --set training.steps=2000 --set output=RUN

      The study makes its own fields and measurements. Its folder gets study.json, study.md, the log flow.jsonl and
      curves against time. An interrupted study goes on where it was. docs/known-posteriors.md has results.
      """)

  @OptionGroup var source: ConfigurationOptions
  @OptionGroup var options: OutputOptions
  @OptionGroup var machine: MachineOptions
  @OptionGroup var format: FormatOptions

  func run() throws {
    guard
      let study = try source.opened(by: StudySettings.load(path:overrides:), machine: machine, format: format)?
        .configuration
    else { return }
    let result = try Study(study).run(
      overwrite: options.overwrite, progress: options.progress, interruption: InterruptionSignals.interruption)
    if format.json { try StandardOutput.json(result) } else { StandardOutput.line(result.table) }
  }
}
