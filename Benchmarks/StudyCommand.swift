// `SextantBenchmarks study`: compares a learned posterior with the true one in cases where that is known in closed
// form. It validates the methods on fields that it generates, and never reads users' data.

import ArgumentParser
import Foundation
import Sextant
import SextantStudies

/// Runs a study.
struct StudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract: "Trains a posterior where the true one is known, and reports how near it comes.",
    discussion: """
      Examples:
        SextantBenchmarks study configurations/known/gaussian-paper.yaml
        SextantBenchmarks study configurations/known/gaussian-paper.yaml --set training.steps=2000 --set output=RUN

      A study makes its own fields and measurements. Its folder receives study.json, study.md, the log flow.jsonl and
      curves against time. Run the same command again to resume an interrupted study. docs/known-posteriors.md has results.
      """)

  @Argument(help: "The settings of the study, a YAML file.", completion: .file(extensions: ["yaml", "yml"]))
  var configuration: String

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Change one setting, such as training.steps=80; may be repeated.", valueName: "key=value"))
  var overrides: [String] = []

  @Option(help: "The seed of all random numbers; takes precedence over the file's.")
  var seed: UInt64?

  @Option(help: "The number of threads; all processors, if not given.")
  var threads: Int?

  @Flag(help: "Replace the results of an earlier study.")
  var overwrite = false

  func run() throws {
    if let threads {
      Parallel.limitThreads(to: threads)
      OpenBLAS.limitThreads(to: threads)
    }
    let settings = try StudySettings.load(
      path: configuration, overrides: overrides + (seed.map { ["seed=\($0)"] } ?? [])
    ).study
    print(try Study(settings).run(overwrite: overwrite).table)
  }
}
