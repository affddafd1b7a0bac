// The settings of the methods for a program that has no configuration file. What each section means is declared beside its method.

import SextantConfiguration
import SextantSolvers

extension SolverSettings {
  /// The settings with changes such as "solvers.dps.steps=100". Throws ``ConfigurationError``.
  public init(overrides: [String], methods: [Method] = .standard) throws {
    let reader = try ConfigurationReader.parse("", path: "", overrides: overrides).reader
    self = try reader.requiredSection("solvers") { try SolverSettings($0, methods: methods) }
    try reader.finish()
  }
}
