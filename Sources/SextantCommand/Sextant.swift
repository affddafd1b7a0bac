import ArgumentParser
import Sextant

@main
struct SextantTool: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "sextant")
}
