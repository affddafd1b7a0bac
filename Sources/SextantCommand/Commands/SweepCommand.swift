// `sextant sweep`: quality against evaluations and step sizes, for methods that sample a diffusion prior.

import ArgumentParser
import Foundation
import Sextant
import SextantYAML

/// Tries methods with many numbers of steps and step sizes.
struct SweepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep",
    abstract: "Try methods that sample a diffusion prior with many numbers of steps and step sizes.",
    discussion: """
      Examples:
        sextant sweep run.yaml
        sextant sweep run.yaml --set 'sweep={methods: [dps, ddnm], steps: [10, 100], step_sizes: [0.1, 1], reference: [eof]}'
        sextant sweep run.yaml --set solvers.prior=gaussian --set evaluate.fields.part=evenly:2

      Measures the test fields of the section `evaluate`, and tries what the section `sweep` says on each measurement.
      Writes sweep.json, sweep.md and plots to OUTPUT/sweep, again after each setting. An interrupted sweep that is started
      again goes on where it was, and settings that are added later join what is there. docs/diffusion-solvers.md has more.
      """)

  @OptionGroup var source: ConfigurationOptions
  @OptionGroup var options: OutputOptions
  @OptionGroup var machine: MachineOptions
  @OptionGroup var format: FormatOptions

  func run() throws {
    guard
      let configuration = try source.opened(
        by: { try RunConfiguration.load(path: $0, overrides: $1) }, machine: machine, format: format)?.configuration
    else { return }
    let result = try configuration.runSweep(
      overwrite: options.overwrite, progress: options.progress, interruption: InterruptionSignals.interruption)
    if format.json {
      try StandardOutput.json(result)
    } else {
      StandardOutput.line(result.text)
      StandardOutput.line("\(configuration.output)/sweep: sweep.md, sweep.json and plots")
    }
  }
}
