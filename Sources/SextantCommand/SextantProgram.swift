// The program: repairs its environment, parses arguments, runs one subcommand, and turns errors into one line and a code.
// It has no mathematics and uses nothing that a user of the library could not.

import ArgumentParser
import Foundation
import Sextant

/// The `sextant` command and its subcommands.
struct SextantTool: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sextant",
    abstract: "Fills the gaps of noisy fields on grids and meshes, and returns an ensemble whose spread is checked against your own data.",
    discussion: """
      Results go to standard output, messages and progress to standard error.

      Exit codes: 0 done; 1 the work could not be done, with the reason; 64 the arguments are wrong; 130 interrupted
      by Ctrl-C, 143 by SIGTERM. The first signal ends long work after the step that is being computed, a second one at once.
      """,
    version: ProgramVersion.current,
    subcommands: [
      TrainCommand.self, ImputeCommand.self, SampleCommand.self, EvaluateCommand.self, SweepCommand.self,
      InspectCommand.self, DegradeCommand.self, ScoreCommand.self, DrawCommand.self, MeshCommand.self,
      ConvertCommand.self, FetchCommand.self, DemoCommand.self, DoctorCommand.self,
    ])
}

/// Where the process starts.
@main
enum SextantProgram {
  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if LinearAlgebraRepair.isWorthwhile(for: arguments) { LinearAlgebraRepair.restartIfNeeded() }
    InterruptionSignals.install()
    do {
      var command = try SextantTool.parseAsRoot(arguments)
      try command.run()
    } catch {
      ProgramExit.exit(with: error)
    }
  }
}
