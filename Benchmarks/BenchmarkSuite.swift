// The suite: `make bench`. Commands that each say what they time; the one that compares with other programs is meant where
// none is named.

import ArgumentParser

@main
struct BenchmarkSuite: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "SextantBenchmarks",
    abstract: "Times Sextant: beside other programs, with more threads, and against the size of the problem.",
    discussion: "Without a subcommand it is `compare`, whose options are in `SextantBenchmarks compare --help`.",
    // Options of its own would take those of the same name from its subcommands.
    subcommands: [CompareCommand.self, ThreadsCommand.self, GrowthCommand.self, FactorisationCommand.self],
    defaultSubcommand: CompareCommand.self)
}
