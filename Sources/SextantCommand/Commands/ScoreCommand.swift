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

      Values are compared in the truth's units, and fields by their times and other coordinates. What a file has no
      answer for is left out of its scores, counted and shown.
      """)

  @Argument(help: "The filled files.", completion: .file())
  var filled: [String]

  @Option(help: ArgumentHelp("The clean file.", valueName: "file"))
  var truth: String

  @Option(help: ArgumentHelp("The file with gaps: tells observed from missing.", valueName: "file"))
  var observed: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The size of the scale that PSNR and SSIM refer to, in the variable's units: that of the pixels' type in an image, such as 255, if not given; for any other file neither is shown without it.",
      valueName: "number"))
  var peak: Double?

  @Option(help: ArgumentHelp("Where that scale starts; SSIM needs it.", valueName: "number"))
  var origin = 0.0

  @Flag(help: "Clip the answers to that scale before they are compared.")
  var clip = false

  @Option(
    help: ArgumentHelp(
      "Compare images by LPIPS, with weights from this safetensors file; FILE@SHA256 refuses any other file.", valueName: "file"))
  var lpips: String?

  @Option(
    help: ArgumentHelp("Compare all images by the FID, with weights of Inception v3 from this safetensors file, in the same way.", valueName: "file"))
  var fid: String?

  @Option(
    help: ArgumentHelp("An array (.npy) of the features of other images, which take the place of the truth in the FID.", valueName: "file"))
  var fidFeatures: String?

  @OptionGroup(title: "Fields") var fields: SignalOptions
  @OptionGroup var format: FormatOptions

  func validate() throws {
    if let peak, !(peak > 0) { throw ValidationError("--peak \(peak): a number above 0 is needed.") }
  }

  func run() throws {
    var scoring = try Scoring(truth: fields.input(truth), observed: observed, scale: peak.map { ($0, origin) })
    scoring.clips = clip
    scoring.perception = PerceptualScoring(
      lpips: lpips.map { .init($0) }, inception: fid.map { .init($0) }, features: fidFeatures)
    let scores = try scoring.run(filled)
    if format.json { try StandardOutput.json(scores) } else { StandardOutput.line(scores.text) }
  }
}
