// `sextant degrade`: what would have been measured of a clean file.

import ArgumentParser
import Foundation
import Sextant

/// Makes gaps and noise.
struct DegradeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "degrade",
    abstract: "Make a file with gaps and noise from a clean one, to try methods on.",
    discussion: """
      Examples:
        sextant degrade clean.nc --mask random:0.6 --noise 5.9K --output obs.nc
        sextant degrade clean.nc --mask swath:width=1450,orbits=7 --output obs.nc
        sextant degrade clean.nc --mask blocks:share=0.4,size=30 --noise 0.5K --seed 7 --output obs.nc
        sextant degrade clean.nc --mask file:coverage.nc:mask --noise 0.5K --output obs.nc
        sextant degrade bunny.ply --variables confidence --mask random:0.3 --noise 0.1 --output holed.ply
        sextant degrade stations.csv --mask random:0.2 --noise 0.5K --output fewer.csv
        sextant degrade heat.npy --mesh bunny.ply --mask random:0.3 --noise 0.1 --output holed.npy
        sextant degrade face.tif --operator blur:gaussian,sigma=1.5,size=3 --noise 2 --output blurred.tif
        sextant degrade cells.tif --noise poisson:2.1+3.5 --saturation 65535 --output dim.tif
        sextant degrade radar.tif --noise gamma:4 --output speckled.tif
        sextant degrade face.tif --operator reduce:2,filter=area --noise 2 --output small.tif

      The masks are none, random:SHARE or random:FROM-TO, stations:COUNT, band:SOUTH..NORTH, swath, blocks, cells, clouds, box, lines, \
      land, sea and file:PATH:VARIABLE. With A+B, a value is missing where A or B hides it. The operators are blur, reduce, footprints, \
      compressed, matrix and times, such as \(DegradeCommand.operators). A|B applies B after A, and A+B is the sum of both \
      (docs/operators.md). Nothing is known of what lies beyond the frame of an image. The standard deviation of the noise is written to \
      the file as NAME_noise, where `sextant impute` finds it.

      The ending of the output's name chooses its format. On a mesh, missing values become not-a-number, and the output keeps all that \
      the mesh had. An array (.npy) has the noise in FILE.noise.npy beside it, and an image in FILE.noise.tif. Images with gaps or noise \
      are written as TIFF.
      """)

  /// An example of each operator.
  private static var operators: String {
    [MeasurementDesignKind].standard.filter { ["blur", "reduce", "footprints", "compressed", "matrix", "times"].contains($0.name) }
      .map(\.example).joined(separator: ", ")
  }

  @Argument(help: "The clean file: NetCDF, observations at places, an image or a folder of images, or a mesh, table or array of numbers at vertices.", completion: .file())
  var input: String

  @Option(
    help: ArgumentHelp("What is missing, such as random:0.6. A mask is not needed where noise, an operator or a saturation is given.", valueName: "mask"))
  var mask: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The standard deviation of the noise, such as 5.9K, or tas=5K,clt=0.05; 5% or 5/255 is a share of the full scale of an image of whole numbers, and in any other file of the standard deviation of the values; poisson:GAIN+READ@OFFSET (READ and OFFSET may be left out) is the noise of an instrument that counts, such as a microscope; gamma:LOOKS is speckle, and binomial:TRIALS draws the share of trials that succeed. If this is not given, there is no noise.", valueName: "level"))
  var noise: String?

  @Option(
    help: ArgumentHelp(
      "The largest value that the instrument gives, such as 255. Larger values, noise included, are cut off there.", valueName: "level"))
  var saturation: String?

  @Option(name: [.short, .long], help: ArgumentHelp("The file that is written.", valueName: "file"))
  var output: String

  @Option(
    name: .customLong("operator"),
    help: ArgumentHelp("An operator that is applied before the mask, such as blur:box,size=5.", valueName: "design"))
  var operation: String?

  @Option(help: ArgumentHelp("A land mask, FILE or FILE:VARIABLE, for the masks land and sea.", valueName: "file"))
  var landMask: String?

  @Option(help: "The seed of the mask and the noise.")
  var seed: UInt64 = 0

  @OptionGroup(title: "Fields") var fields: SignalOptions
  @OptionGroup var options: OutputOptions
  @OptionGroup var machine: MachineOptions
  @OptionGroup var format: FormatOptions

  func validate() throws {
    guard mask != nil || noise != nil || operation != nil || saturation != nil else {
      throw ValidationError("Nothing is to be done to the file. Give --mask, --noise, --operator or --saturation.")
    }
  }

  func run() throws {
    machine.apply()
    let mask = mask ?? "none"
    // What was done, in the order in which it was.
    let designs = [operation, self.mask].compactMap(\.self)
    let summary = try Degradation(
      mask: AnyMeasurementDesign(mask), operation: operation.map { try AnyMeasurementDesign($0) },
      noise: noise.map(NoiseSpecification.init(text:)), saturation: saturation.map(SaturationLevels.init(text:)),
      landMask: landMask.map(LandMask.init(text:)), seed: seed
    ).run(
      fields.input(input), output: output, overwrite: options.overwrite,
      history: Provenance.line(CommandLine.arguments))
    if format.json {
      try StandardOutput.json(summary)
      return
    }
    StandardOutput.line("\(output): \(summary.fieldCount) field\(summary.fieldCount == 1 ? "" : "s"), \(designs.isEmpty ? mask : designs.joined(separator: ", "))")
    for (name, level) in summary.noise.sorted(by: { $0.key < $1.key }) {
      let share = summary.standardisedNoise[name].map { String(format: ", which is %.3g times the standard deviation of the first field", $0) } ?? ""
      StandardOutput.line("noise of \(name): \(Self.short(level))\(share)")
    }
    if !summary.remarks.isEmpty { StandardOutput.line(summary.remarks.lines.joined(separator: "\n")) }
  }

  private static func short(_ number: Double) -> String { String(format: "%.6g", number) }
}
