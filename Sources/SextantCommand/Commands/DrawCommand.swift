// `sextant draw`: a map of a field of a file, or pictures of a mesh, because people would rather look than read.

import ArgumentParser
import Foundation
import Sextant

/// Draws a field as a PNG map, a signal on a mesh from several sides.
struct DrawCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "draw",
    abstract:
      "Draw a field as a PNG picture: a map, observations as dots on a map, a mesh or a cloud of points with the values on it, or an image with its error and its spread.",
    discussion: """
      Examples:
        sextant draw filled.nc --variables tas --output mean.png
        sextant draw filled.nc --variables tas_spread --projection globe --latitude 50 --longitude 10 --output spread.png
        sextant draw obs.nc --variables tas --field 3 --output gaps.png
        sextant draw stations.csv --variables tas --output dots.png
        sextant draw filled.nc --variables t2m --at 51.5,-0.1 --output london.png     (over time, with its band)
        sextant draw bunny.ply --variables confidence --output bunny.png
        sextant draw lh.thickness --mesh lh.inflated --up z --output thickness.png
        sextant draw filled.tif --truth clean.tif --observed noisy.tif --output strip.png
        sextant draw cells.tif --field 2 --output cells.png     (an image: its pixels, in colour or greys)
        sextant draw cells.ome.tif --variables tubulin --output tubulin.png     (one band or channel of an image)
        sextant draw filled.ply --variables red_mean,green_mean,blue_mean --views front,top --output colours.png
      """)

  /// The projections that a user can name.
  enum Projection: String, ExpressibleByArgument, CaseIterable {
    case fitting, equirectangular, robinson, mollweide, globe
  }

  @Argument(help: "The file that is drawn: NetCDF, observations at places, a mesh, a table, an array, or an image or a folder of images.", completion: .file())
  var input: String

  @Option(help: ArgumentHelp("The number of the field that is drawn, counted from 1.", valueName: "number"))
  var field = 1

  @Option(help: "The projection; fitting is Robinson for the whole sphere and a plain map for a region.")
  var projection = Projection.fitting

  @Option(help: ArgumentHelp("The latitude in the middle of a globe.", valueName: "degrees"))
  var latitude = 30.0

  @Option(help: ArgumentHelp("The longitude in the middle of a map of the world or of a globe.", valueName: "degrees"))
  var longitude = 0.0

  @Flag(help: "Use colours that diverge from 0, as is usual for anomalies and errors.")
  var diverging = false

  @OptionGroup(title: "Fields") var fields: SignalOptions

  @Option(
    help: ArgumentHelp(
      "The sides from which a mesh is drawn, separated by commas: \(MeshView.named.map(\.name).joined(separator: ", ")).", valueName: "names"))
  var views: String?

  @Option(help: "The axis of a mesh that points upwards.")
  var up = MeshAxes.yUp

  @Option(
    help: ArgumentHelp(
      "Draw the values at one place over time, with the band of their spread: LATITUDE,LONGITUDE (as in --at=-51.5,-0.1, with an equals sign, where it begins with a minus sign) or vertex:NUMBER.",
      valueName: "place"))
  var at: String?

  @Option(help: ArgumentHelp("The true image, which is drawn beside the image, together with the error.", valueName: "file"))
  var truth: String?

  @Option(help: ArgumentHelp("What was observed of the image, which is drawn beside it.", valueName: "file"))
  var observed: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The size of the scale of an image, from --origin, which is black, to white. If this is not given, the scale is that of the pixels' type, or the range of the values where they are fractional or greys that fill less than a tenth of the type's range.",
      valueName: "number"))
  var peak: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The value that is black in an image. If this is not given, it is 0 beside --peak, and otherwise the least number of the type or of the values.",
      valueName: "number"))
  var origin: Double?

  @Option(name: [.short, .long], help: ArgumentHelp("The picture that is written.", valueName: "file"))
  var output: String

  @OptionGroup var options: OutputOptions
  @OptionGroup var machine: MachineOptions

  func validate() throws {
    if let peak, !(peak > 0 && peak.isFinite) { throw ValidationError("--peak \(peak): a number above 0 is needed.") }
    if let origin, !origin.isFinite { throw ValidationError("--origin \(origin): a number is needed.") }
  }

  func run() throws {
    machine.apply()
    var drawing = try Drawing(
      fields.input(input), field: field, isDiverging: diverging, projection: chosenProjection, views: chosenViews(),
      axes: up, timeLine: at.map { try TimeLinePlace(text: $0) })
    drawing.companions = [("truth", truth), ("observed", observed)].compactMap { title, path in path.map { (title, $0) } }
    (drawing.peak, drawing.origin) = (peak, origin)
    try drawing.run(output: output, overwrite: options.overwrite)
    StandardOutput.line(output)
  }

  private func chosenViews() throws -> [MeshView] {
    guard let views else { return MeshView.standard }
    return try views.split(separator: ",").map { word in
      let name = word.trimmingCharacters(in: .whitespaces)
      guard let view = MeshView.named.first(where: { $0.name == name }) else {
        throw ValidationError(
          "--views \(name): expected some of \(MeshView.named.map(\.name).joined(separator: ", ")), by commas.")
      }
      return view
    }
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

extension MeshAxes: ExpressibleByArgument {}
