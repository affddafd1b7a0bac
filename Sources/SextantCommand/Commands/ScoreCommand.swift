// `sextant score`: how near the truth are files that any program filled.

import ArgumentParser
import Sextant

/// Scores filled files.
struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Score files that any program filled against the truth, in one table.",
    discussion: """
      Examples:
        sextant degrade truth.nc --mask random:0.6 --noise 5.9K --output obs.nc
        cdo setmisstodis obs.nc cdo.nc
        sextant impute obs.nc --model RUN --output ours.nc
        sextant score ours.nc cdo.nc --truth truth.nc --observed obs.nc --peak 118.27
        sextant score denoised.tif --truth clean.tif --clip
        sextant score map.nc --truth stations.csv --variables tas     (the grid, interpolated to the stations)

      Values are compared in the units of the truth, and fields are matched by their times and other coordinates. Values for which a \
      file has no answer are left out of its scores, and their share is shown. Of an image with several bands, each band is scored, and \
      then all of them together.
      """)

  @Argument(help: "The filled files.", completion: .file())
  var filled: [String]

  @Option(help: ArgumentHelp("The clean file.", valueName: "file"))
  var truth: String

  @Option(help: ArgumentHelp("The file with gaps, which tells the observed values from the missing ones.", valueName: "file"))
  var observed: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The size of the scale to which PSNR and SSIM refer, in the variable's units. If this is not given, it is the largest number of the pixels' type in an image, such as 255, and for any other file neither score is shown.",
      valueName: "number"))
  var peak: Double?

  @Option(help: ArgumentHelp("The value at which that scale starts, which SSIM needs.", valueName: "number"))
  var origin = 0.0

  @Flag(help: "Clip the answers to that scale before they are compared with the truth.")
  var clip = false

  @Option(
    help: ArgumentHelp(
      "Compare images also by LPIPS, with the weights in this safetensors file. FILE@SHA256 refuses a file with another hash.", valueName: "file"))
  var lpips: String?

  @Option(
    help: ArgumentHelp("Compare all images also by the FID, with the weights of Inception v3 in this safetensors file. FILE@SHA256 refuses a file with another hash.", valueName: "file"))
  var fid: String?

  @Option(
    help: ArgumentHelp("An array (.npy) with the features of other images, which take the place of the truth in the FID.", valueName: "file"))
  var fidFeatures: String?

  @OptionGroup(title: "Fields") var fields: SignalOptions
  @OptionGroup var machine: MachineOptions
  @OptionGroup var format: FormatOptions

  func validate() throws {
    if let peak, !(peak > 0) { throw ValidationError("--peak \(peak): a number above 0 is needed.") }
  }

  func run() throws {
    machine.apply()
    var scoring = try Scoring(truth: fields.input(truth), observed: observed, scale: peak.map { ($0, origin) })
    scoring.clips = clip
    scoring.perception = PerceptualScoring(
      lpips: lpips.map { .init($0) }, inception: fid.map { .init($0) }, features: fidFeatures)
    let scores = try scoring.run(filled)
    if format.json { try StandardOutput.json(scores) } else { StandardOutput.line(scores.text) }
  }
}
