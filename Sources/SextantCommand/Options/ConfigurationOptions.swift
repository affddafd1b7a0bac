// Which settings a command runs with: a file, and what the command line changes in it.

import ArgumentParser
import Sextant

/// Options about settings.
struct ConfigurationOptions: ParsableArguments {
  @Argument(help: "The run's settings, a YAML file.", completion: .file(extensions: ["yaml", "yml"]))
  var configuration: String

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Change one setting, such as prior.modes=80; may be given often.", valueName: "key=value"))
  var overrides: [String] = []

  @Option(help: ArgumentHelp("The seed of all random numbers, before the file's.", valueName: "number"))
  var seed: UInt64?

  @Flag(help: "Print every setting with its value and origin, and do nothing.")
  var dryRun = false

  /// Reads the file and puts the changes in. Throws ``FileError`` and ``ConfigurationError``.
  func load() throws -> RunConfiguration.Resolved {
    try RunConfiguration.load(path: configuration, overrides: allOverrides)
  }

  /// The same for a study.
  func loadStudy() throws -> StudySettings.Resolved {
    try StudySettings.load(path: configuration, overrides: allOverrides)
  }

  private var allOverrides: [String] { overrides + (seed.map { ["seed=\($0)"] } ?? []) }

  /// Prints every setting with its value and origin.
  static func show(_ settings: ResolvedSettings, asJSON: Bool) throws {
    if asJSON { try StandardOutput.json(settings.settings) } else { StandardOutput.line(settings.table) }
  }
}
