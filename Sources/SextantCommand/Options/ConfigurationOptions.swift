// Which settings a command runs with: a file, and what the command line changes in it.

import ArgumentParser
import Sextant
import SextantYAML

/// Options about settings.
struct ConfigurationOptions: ParsableArguments {
  @Argument(help: "The run's settings, a YAML file.", completion: .file(extensions: ["yaml", "yml"]))
  var configuration: String

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Change one setting, such as prior.modes=80. The option may be repeated.", valueName: "key=value"))
  var overrides: [String] = []

  @Option(help: ArgumentHelp("The seed of all random numbers, which takes precedence over that of the file.", valueName: "number"))
  var seed: UInt64?

  @Flag(help: "Print every setting with its value and origin, and do nothing.")
  var dryRun = false

  /// Lets the command use as many threads as were asked for, reads the file and puts the changes in.
  ///
  /// Nil where the settings were only to be shown, which is done then. Throws ``FileError`` and ``ConfigurationError``.
  ///
  /// - Parameter load: reads a file with changes, such as ``RunConfiguration/load(path:overrides:)``.
  func opened<Configuration>(
    by load: (_ path: String, _ overrides: [String]) throws -> (Configuration, ResolvedSettings),
    machine: MachineOptions, format: FormatOptions
  ) throws -> (configuration: Configuration, settings: ResolvedSettings)? {
    machine.apply()
    let (read, settings) = try load(configuration, overrides + (seed.map { ["seed=\($0)"] } ?? []))
    guard dryRun else { return (read, settings) }
    if format.json { try StandardOutput.json(settings.settings) } else { StandardOutput.line(settings.table) }
    return nil
  }
}
