// The benchmark suite. `make bench` runs the default subcommand, which compares Sextant with other programs.

import ArgumentParser

@main
struct BenchmarkSuite: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "SextantBenchmarks",
    abstract: "Times Sextant beside other programs, with more threads, over series and against the size of the problem, and "
      + "validates learned posteriors.",
    discussion: "Without a subcommand it is `compare`, whose options are in `SextantBenchmarks compare --help`.",
    // Options of its own would take those of the same name from its subcommands.
    subcommands: [
      CompareCommand.self, ThreadsCommand.self, SeriesCommand.self, FactorisationCommand.self, GrowthCommand.self,
      StudyCommand.self,
    ],
    defaultSubcommand: CompareCommand.self)
}
