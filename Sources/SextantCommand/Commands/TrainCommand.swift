// `sextant train`: from a configuration to a model.

import ArgumentParser
import Foundation
import Sextant
import SextantYAML

/// Learns a model from an archive.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Learn a model from an archive of fields.",
    discussion: """
      Examples:
        sextant train run.yaml
        sextant train run.yaml --dry-run
        sextant train run.yaml --set prior.modes=80 --set output=RUN80
        sextant train run.yaml --profile --set flow.steps=50

      The model is one safetensors file in the run's output folder; `sextant impute` takes the folder.
      docs/configuration.md lists all settings.
      """)

  @OptionGroup var source: ConfigurationOptions
  @OptionGroup var options: OutputOptions
  @OptionGroup var machine: MachineOptions
  @OptionGroup var format: FormatOptions

  @Flag(help: "Print to standard error where the time of the training's steps went, by operation.")
  var profile = false

  func run() throws {
    guard
      let (configuration, settings) = try source.opened(
        by: { try RunConfiguration.load(path: $0, overrides: $1) }, machine: machine, format: format)
    else { return }
    let start = ContinuousClock.now
    let profile = profile ? OperationProfile() : nil
    // A run that was killed after its last file but one has nothing left to learn.
    let settingsPath = configuration.output + "/settings.txt"
    let lacksSettings =
      WholeFile.removeLeftovers(in: configuration.output).contains("settings.txt")
      || !FileManager.default.fileExists(atPath: settingsPath)
    let finished = lacksSettings && !options.overwrite ? try configuration.finishedTraining() : nil
    let model =
      try finished
      ?? OperationProfile.$current.withValue(profile) {
        try configuration.train(
          overwrite: options.overwrite, progress: options.progress, interruption: InterruptionSignals.interruption)
      }
    if let profile { FileHandle.standardError.write(Data((profile.table + "\n").utf8)) }
    try WholeFile.write(Data((settings.table + "\n").utf8), to: settingsPath, overwrite: true)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    if format.json {
      try StandardOutput.json(ModelDescription(model))
      return
    }
    let prior = try model.requireGaussian().prior
    StandardOutput.line(
      """
      \(configuration.output)/\(Model.fileName)
      learned from \(model.provenance.fieldCount) fields on \(model.space.domain.summaryWithArticle)
      \(prior.functions.modeCount) modes hold \(String(format: "%.2f", 100 * prior.functions.explainedShare)) % of the variance; \(prior.space.count) states; \(String(format: "%.1f", seconds)) s
      """)
    if finished != nil {
      StandardOutput.line("note: The training had been finished before, and only settings.txt was missing.")
    }
    for line in model.remarks.lines { StandardOutput.line(line) }
  }
}
