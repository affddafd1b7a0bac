// The settings of runs from YAML files, and those of solvers from the changes that a command line gives.

import SextantConfiguration
import SextantModels
import SextantRuns
import SextantSolvers
import SextantStorage

extension RunConfiguration {
  /// Reads a YAML file and applies overrides such as "prior.modes=80".
  ///
  /// - Throws: ``FileError`` and ``ConfigurationError``, which name file, line and column.
  public static func load(
    path: String, overrides: [String] = [], catalogue: Catalogue = .standard
  ) throws -> Resolved {
    let (reader, settings) = try ConfigurationReader.open(path: path, overrides: overrides)
    return (try RunConfiguration(reader, catalogue: catalogue), settings)
  }

  /// Reads YAML text; errors call it `path`.
  public static func parse(
    _ text: String, path: String, overrides: [String] = [], catalogue: Catalogue = .standard
  ) throws -> Resolved {
    let (reader, settings) = try ConfigurationReader.parse(text, path: path, overrides: overrides)
    return (try RunConfiguration(reader, catalogue: catalogue), settings)
  }
}

extension SolverSettings {
  /// The settings of a program that has no configuration file, from changes such as "solvers.dps.steps=100".
  ///
  /// - Throws: ``ConfigurationError``.
  public init(overrides: [String], methods: [Method] = .standard) throws {
    let reader = try ConfigurationReader.parse("", path: "", overrides: overrides).reader
    self = try reader.requiredSection("solvers") { try SolverSettings($0, methods: methods) }
    try reader.finish()
  }
}
