// `sextant inspect`: what files are and how they were understood.

import ArgumentParser
import Sextant

/// Shows what is in files.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what is in a file (NetCDF, GRIB, images, a mesh, an array, a table or a model), and how it was understood.",
    discussion: """
      Examples:
        sextant inspect era5.nc
        sextant inspect era5.grib
        sextant inspect icon_healpix.nc
        sextant inspect 'archive/*.nc'
        sextant inspect RUN
        sextant inspect bunny.ply --json
        sextant inspect scene.glb --part Wheels
        sextant inspect heat.npy
        sextant inspect stations.csv
        sextant inspect buoys.txt --columns latitude=Y,longitude=X,noise=err
        sextant inspect stack.tif --axes TYX
        sextant inspect pictures.npy --axes TYX
        sextant inspect photographs/     (a folder of images)
        sextant inspect simulation.vtu lh.white lh.thickness
      """)

  @Argument(
    help: "The files, by name or by wildcards, folders of images, or the output folders of `sextant train`.", completion: .file())
  var files: [String]

  @Option(
    help: ArgumentHelp("The name of the only mesh of a scene that is looked at. If this is not given, all of them are.", valueName: "name")
  )
  var part: String?

  @OptionGroup var table: TableOptions

  @Option(
    help: ArgumentHelp(
      "The axes of a stack or an array of images, where the file does not name them, such as TYX.", valueName: "letters"))
  var axes: String?

  @OptionGroup var format: FormatOptions

  func run() throws {
    let paths = try InputFiles(files).paths
    var settings = try table.settings()
    if let axes { settings["axes"] = axes }
    guard paths.count > 1 else {
      let inspection = try Inspection(path: paths[0], part: part, settings: settings)
      if format.json { try StandardOutput.json(inspection) } else { StandardOutput.line("\(inspection)") }
      return
    }
    let inspections = try paths.map { try Inspection(path: $0, part: part, settings: settings) }
    if format.json { return try StandardOutput.json(inspections) }
    StandardOutput.line(inspections.map { "\($0)" }.joined(separator: "\n\n"))
  }
}
