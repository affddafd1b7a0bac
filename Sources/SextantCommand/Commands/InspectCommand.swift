// `sextant inspect`: what a file is and how it was understood.

import ArgumentParser
import Sextant

/// Shows what is in a file.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what is in a NetCDF file, a mesh, an array, a table or a model, and how it was understood.",
    discussion: """
      Examples:
        sextant inspect era5.nc
        sextant inspect RUN
        sextant inspect bunny.ply --json
        sextant inspect scene.glb --part Wheels
        sextant inspect heat.npy
      """)

  @Argument(help: "The file, or the output folder of `sextant train`.", completion: .file())
  var file: String

  @Option(
    help: ArgumentHelp("The mesh of a scene, by its name, to look at alone; all together otherwise.", valueName: "name")
  )
  var part: String?

  @OptionGroup var format: FormatOptions

  func run() throws {
    let inspection = try Inspection(path: file, part: part)
    if format.json { try StandardOutput.json(inspection) } else { StandardOutput.line("\(inspection)") }
  }
}
