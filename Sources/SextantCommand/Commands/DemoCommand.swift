// `sextant demo`: the main job from end to end on the synthetic climate, with the commands that do the same.

import ArgumentParser
import Foundation
import Sextant

/// Shows what the program does.
struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Run the main job on the embedded synthetic climate: learn, degrade, impute, evaluate, draw.",
    discussion: """
      Examples:
        sextant demo
        sextant demo --output somewhere --fields 4
        sextant demo --sample data/sample-climate.nc
      """)

  @Option(name: [.short, .long], help: ArgumentHelp("The folder for all results.", valueName: "folder"))
  var output = "demo"

  @Option(help: ArgumentHelp("How many test fields are scored.", valueName: "count"))
  var fields = 6

  @Option(help: ArgumentHelp("Write a small CF sample of the climate to this file, and stop.", valueName: "file"))
  var sample: String?

  @OptionGroup var options: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run() throws {
    machine.apply()
    if let sample {
      try Demonstration.writeSample(
        to: sample, overwrite: options.overwrite, history: Provenance.line(CommandLine.arguments))
      StandardOutput.line(sample)
      return
    }
    let demonstration = Demonstration(folder: output, testFields: fields, overwrite: options.overwrite)
    try demonstration.run(
      history: Provenance.line(CommandLine.arguments), progress: options.progress,
      interruption: InterruptionSignals.interruption
    ) { StandardOutput.line($0) }
  }
}
