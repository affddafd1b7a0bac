// `sextant draw`: a map of a field of a file, or pictures of a mesh, because people would rather look than read.

import ArgumentParser
import Sextant

/// Draws a field as a PNG map, a signal on a mesh from several sides.
struct DrawCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "draw",
    abstract: "Draw a field of a NetCDF file as a PNG map, or a mesh and a signal on it.",
    discussion: """
      Examples:
        sextant draw filled.nc --variable tas --output mean.png
        sextant draw filled.nc --variable tas_spread --projection globe --latitude 50 --longitude 10 --output spread.png
        sextant draw obs.nc --variable tas --field 3 --output gaps.png
        sextant draw bunny.ply --property confidence --output bunny.png
        sextant draw filled.ply --property red_mean,green_mean,blue_mean --views front,top --output colours.png
      """)

  /// The projections that a user can name.
  enum Projection: String, ExpressibleByArgument, CaseIterable {
    case fitting, equirectangular, robinson, mollweide, globe
  }

  @Argument(help: "The NetCDF file, mesh, table or array.", completion: .file())
  var input: String

  @Option(help: ArgumentHelp("The variable.", valueName: "name"))
  var variable: String?

  @Option(help: ArgumentHelp("Which field, counted from 1.", valueName: "number"))
  var field = 1

  @Option(help: "The projection; fitting is Robinson for the whole sphere and a plain map for a region.")
  var projection = Projection.fitting

  @Option(help: ArgumentHelp("The latitude in the middle of a globe.", valueName: "degrees"))
  var latitude = 30.0

  @Option(help: ArgumentHelp("The longitude in the middle.", valueName: "degrees"))
  var longitude = 0.0

  @Flag(help: "Colours that diverge from 0, for anomalies and errors.")
  var diverging = false

  @OptionGroup(title: "Meshes") var surface: SurfaceOptions

  @Option(
    help: ArgumentHelp(
      "The sides of a mesh, by commas: \(MeshView.named.map(\.name).joined(separator: ", ")).", valueName: "names"))
  var views: String?

  @Option(help: "Which way is up on a mesh.")
  var up = MeshAxes.yUp

  @Option(name: [.short, .long], help: ArgumentHelp("The picture.", valueName: "file"))
  var output: String

  @OptionGroup var options: OutputOptions

  func run() throws {
    try surface.areFor(input) ? drawSurface() : drawMap()
    StandardOutput.line(output)
  }

  private func drawMap() throws {
    let file = try GriddedFile(path: input, variables: variable.map { [$0] })
    guard field >= 1, field <= file.count else {
      throw ValidationError("--field \(field): the file has fields 1 to \(file.count).")
    }
    let signal = try file.read([field - 1])[0]
    let channels = signal.variables.count
    func firstChannel<T>(_ entries: [T]) -> [T] { stride(from: 0, to: entries.count, by: channels).map { entries[$0] } }
    let shown = signal.variables[0]
    let map = try FieldMap(
      domain: signal.domain, values: firstChannel(signal.values.scalars), isValid: firstChannel(signal.isValid),
      title: shown.longName ?? shown.name, subtitle: signal.label.time ?? "", units: shown.units,
      scale: diverging ? .diverging : .automatic)
    try map.write(to: output, projection: chosenProjection, overwrite: options.overwrite)
  }

  private var chosenProjection: MapProjection? {
    switch projection {
    case .fitting: nil
    case .equirectangular: .equirectangular(centralLongitude: longitude)
    case .robinson: .robinson(centralLongitude: longitude)
    case .mollweide: .mollweide(centralLongitude: longitude)
    case .globe: .orthographic(centre: GeographicPoint(latitude: latitude, longitude: longitude))
    }
  }
}
