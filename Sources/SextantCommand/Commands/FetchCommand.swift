// `sextant fetch`: a public data set from its home page.

import ArgumentParser
import Sextant

/// Fetches a public data set.
struct FetchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch",
    abstract: "Fetch a public data set from its home page, checked by its hash.",
    discussion: """
      A folder of the data set's name is made. What was cut off goes on where it was, by the same command.

      Examples:
        sextant fetch bunny --output meshes
        sextant fetch mnist --output data
        sextant fetch cifar10 --output data --from https://mirror.example.org/cifar/
      """)

  @Argument(help: "The data set: \(PublicDataSet.allCases.map(\.rawValue).joined(separator: ", ")).")
  var dataSet: PublicDataSet

  @Option(name: .shortAndLong, help: ArgumentHelp("The folder that gets the data set's own.", valueName: "folder"))
  var output = "."

  @Option(help: ArgumentHelp("Another address that has the same files.", valueName: "address"))
  var from: String?

  @OptionGroup var outputs: OutputOptions

  func run() throws {
    let places = try Fetch(dataSet, from: from, into: output).run(
      overwrite: outputs.overwrite, progress: outputs.progress, interruption: InterruptionSignals.interruption)
    for place in places { StandardOutput.line(place) }
    if !outputs.quiet { StandardOutput.line("\(dataSet.homePage)\n\(dataSet.terms)") }
  }
}

extension PublicDataSet: ExpressibleByArgument {}
