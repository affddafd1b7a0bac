// `sextant impute`: fills the gaps of a file. What its options ask for is read beside it.

import ArgumentParser
import Foundation
import Sextant

/// Fills the gaps of the fields of a file.
struct ImputeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "impute",
    abstract: "Fill the gaps of a file, and give an ensemble that shows how uncertain the answer is.",
    discussion: """
      Examples:
        sextant impute obs.nc --model RUN --output filled.nc
        sextant impute obs.nc --model RUN --noise 0.5K --samples 128 --quantiles 0.05,0.95 --output filled.nc
        sextant impute obs.nc --model RUN --variables t2m --regrid input --output filled.nc
        sextant impute obs.nc --model RUN --method dps --samples 8 --set solvers.dps.steps=200 --output filled.nc
        sextant impute obs.nc --method kriging --noise 0.5K --output filled.nc     (no model: no archive is needed)
        sextant impute scan.ply --variables confidence --missing 'confidence<0.1' --method harmonic --output filled.ply
        sextant impute stations.csv --model RUN --noise 0.5K --regrid model --output filled.nc       (observations at places)
        sextant impute stations.csv --method kriging --noise 0.5K --at places.csv --output there.csv
        sextant impute buoys.nc --method sparse-matern --noise 0.2K --every 1day --grid 1deg --output map.nc
        sextant impute 'obs/*.nc' --method kriging --noise 0.5K --output filled/       (each file into this folder)
        sextant impute 2019-0[1-3].nc --model RUN --noise 0.3K --time joint --output filled/   (the files are one series)
        sextant impute wind.nc --variables wdir --circular 360 --method kriging --noise 10 --output filled.nc
        sextant impute heat.npy --mesh bunny.ply --method kriging --noise 0.1 --samples 8 --output filled.vtp
        sextant impute cloud.xyz --variables heat --method kriging --noise 0.1 --output filled.ply          (points without triangles)
        sextant impute blurred.tif --operator blur:gaussian,sigma=1.5,size=3 --method kriging --noise 2 --output sharp.tif
        sextant impute small.tif --operator reduce:2,filter=area --method kriging --noise 2 --output large.tif   (super-resolution)
        sextant impute dim.tif --method kriging --noise poisson:2.1+3.5 --saturation 65535 --output bright.tif   (photon counts)
        sextant impute noisy.tif --model RUN --method patches --noise 12 --output clean.tif                      (images of any size)
        sextant impute lh.thickness --mesh lh.white --missing 'lh.cortex.label=0' --method harmonic --output lh.filled.thickness

      The ending of the output's name chooses its format. NetCDF output has the axes, names and units of the input: the posterior \
      mean as NAME, and NAME_spread, NAME_ensemble, NAME_quantile and NAME_observed. A mesh (.ply, .vtp) keeps all that it had, and \
      gets NAME_mean, NAME_spread, NAME_quantile_0.05, …, NAME_sample_000, … and NAME_observed; a table (.csv) or a GIFTI file (.gii) has \
      these as columns, and a curvature file of FreeSurfer (.thickness) the mean, with the spread in a file beside it. \
      An array (.npy) has the mean, with FILE.spread.npy, FILE.samples.npy and FILE.quantiles.npy beside it. An image (.png, .tif) has \
      the mean in the type of the input, with FILE.spread.tif, FILE.samples.tif and FILE.quantiles.tif beside it; an output that ends \
      in .float.tif has the mean in single precision. Without --samples, 128 samples are drawn, of which a mesh or a table gets the \
      first 4; with --samples it gets all of them. Run an interrupted command again to resume it.
      """)

  @Argument(
    help:
      "The files with gaps, by name or by wildcards: NetCDF or GRIB, observations at places, images or folders of them, meshes, clouds of points, or tables or arrays of numbers at vertices; also packed with gzip.",
    completion: .file())
  var inputs: [String]

  @Option(help: ArgumentHelp("The output folder of `sextant train`.", valueName: "folder"))
  var model: String?

  @Option(
    help: ArgumentHelp(
      "The method. If this is not given, it is the model's own.",
      valueName: "name"))
  var method: Method?

  @Option(name: [.short, .long], help: ArgumentHelp("Where the answer goes; a folder for several files, each of which keeps its name.", valueName: "file"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "Posterior samples of a field; 0 for mean and spread alone. (default: \(ImputeCommand.drawnSamples), of which a mesh file gets \(OutputRequest.fewMembers))",
      valueName: "count"))
  var samples: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The standard deviation of the noise: a number in the variable's units, with or without them, such as 0.5K; 5% or 5/255, which is a share of the full scale of an image of whole numbers, and in any other file of the standard deviation of the values; poisson:GAIN+READ@OFFSET for counts (READ and OFFSET may be left out); gamma:LOOKS for speckle; binomial:TRIALS for shares of trials; variable:NAME; 0 for exact values; auto for an estimate from the observations; or one of these for each variable, such as tas=0.5K,clt=auto. If this is not given, it is the file's own NAME_noise.",
      valueName: "level"))
  var noise: String?

  @Option(
    help: ArgumentHelp(
      "The largest value that the instrument gives, such as 255, or NAME=LEVEL pairs, separated by commas. Of a value that reaches it, only this is used.",
      valueName: "level"))
  var saturation: String?

  @Option(help: ArgumentHelp("The grid of the answer, where those of the file and of the model differ.", valueName: "grid"))
  var regrid: AnswerGrid?

  @Option(
    help: ArgumentHelp(
      "The grid of the answer, where there is no model: the size of its cells in degrees, such as 1deg or 0.25deg:35..60,-10..30 (south..north,west..east), or a file that has the grid.",
      valueName: "grid"))
  var grid: String?

  @Option(
    help: ArgumentHelp(
      "The places of the answer: a table with columns for latitude and longitude, or any file with places.", valueName: "file"))
  var at: String?

  @Option(help: ArgumentHelp("The levels of the quantiles that are written, separated by commas, such as 0.05,0.5,0.95.", valueName: "levels"))
  var quantiles: String?

  @Option(
    help: ArgumentHelp(
      "Hold out further values by a mask, such as random:0.3, and report how near the answer comes to them.",
      valueName: "mask"))
  var mask: String?

  @Option(
    help: ArgumentHelp(
      "Check the answer by this share of the observations, each predicted from the others; 0 for no check. (default: \(ImputeCommand.checkShare); 0 for a method that fills no gaps)",
      valueName: "share"))
  var check: Double?

  @Option(
    name: .customLong("operator"),
    help: ArgumentHelp(
      "The operator by which the fields were measured before their gaps were made, such as blur:box,size=5 or reduce:2 (docs/operators.md).",
      valueName: "design"))
  var operation: String?

  @Option(
    help: ArgumentHelp(
      "Transforms that are fitted to the observations of each field, where there is no model, such as pr=censored,chlor_a=log. The kinds are log, logit, normal-score and censored.",
      valueName: "name=kind"))
  var transform: String?

  @Option(
    help: ArgumentHelp(
      "The ranges of variables, where there is no model, such as clt=0..1, or pr=0.. with an open end.", valueName: "name=range"))
  var bounds: String?

  @Option(
    help: ArgumentHelp(
      "The variables that are labels, separated by commas, where there is no model. Each place gets the most probable of the observed labels.",
      valueName: "names"))
  var categories: String?

  @Option(
    help: ArgumentHelp(
      "The variables that are angles, each with a whole turn in its units, where there is no model, such as wdir=360. For the only variable of a file, 360 is enough.",
      valueName: "name=turn"))
  var circular: String?

  @Flag(
    help:
      "Answer fields of a season or a level that the model's archive lacks, with a warning. Where the season or the hour is not known, the spread is wider.")
  var extrapolate = false

  @Option(
    help: ArgumentHelp(
      "The places to fill: all, archive (those that the model or, without one, some field of the file has values for), or mask:FILE (where the file has a value other than 0).",
      valueName: "places"))
  var fill = "all"

  @Option(
    help: ArgumentHelp(
      "What becomes of a field without any observed value: prior (filled from what the model knows), missing or fail.",
      valueName: "what"))
  var onEmpty = EmptyFields.prior

  @Option(
    help: ArgumentHelp(
      "What each answer may use of the other times: all of them (joint), the earlier ones (causal) or none (separate). If this is not given, it is joint where two-scale or a method named time-… is used and the file has several times, and separate otherwise. sparse-matern and flow use other times only where this is given. With joint or causal, several files are one series; without the option, each is a series of its own.",
      valueName: "use"))
  var time: TimeUse?

  @Option(
    help: ArgumentHelp(
      "With --time causal: the file from which the run goes on, if it is there, and which it writes for the next run.",
      valueName: "file"))
  var state: String?

  @Option(
    help: ArgumentHelp(
      "The times of the fields of a file that has none, such as an array: START:STEP, or a file with one number in each line.",
      valueName: "times"))
  var times: String?

  @Option(help: ArgumentHelp("A land mask, FILE or FILE:VARIABLE, where there is no model.", valueName: "file"))
  var landMask: String?

  @Flag(help: "The file holds anomalies. They are filled without the model's climatology, and the answer consists of anomalies, too.")
  var anomalies = false

  @Flag(help: "Write each member of the ensemble to a file of its own, as `cdo enscrps` needs them.")
  var splitMembers = false

  @Flag(inversion: .prefixedNo, help: "Write the samples of the ensemble.")
  var ensemble = true

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp(
      "Change a setting of a method, such as solvers.dps.steps=100, or solvers.kriging.distances=surface for distances along the surface of a mesh instead of through space. The option may be repeated.",
      valueName: "key=value"))
  var overrides: [String] = []

  @Flag(
    help: "Go on where one of several inputs fails, and list the failures at the end. Images of a folder that cannot be read, or that differ from the first, are left out.")
  var keepGoing = false

  @Option(
    help: "How an image that is larger than the model's is filled: in overlapping windows of the model's size, or not at all.")
  var windows = WindowUse.overlapping

  @Flag(
    help:
      "Clip the mean to the range of the pixels' type, such as 0 to 255, and state how many values lay outside of it. If this is not given, an image of whole numbers that cannot hold the mean is not written.")
  var clip = false

  @Option(help: "The seed of the samples.")
  var seed: UInt64 = 0

  @OptionGroup(title: "Fields") var fields: SignalOptions
  @OptionGroup var options: OutputOptions
  @OptionGroup var machine: MachineOptions
  @OptionGroup var format: FormatOptions

  /// What is done with an image that is larger than the model's.
  enum WindowUse: String, ExpressibleByArgument, CaseIterable { case overlapping, none }

  /// Samples that are drawn where none were asked for.
  static let drawnSamples = 128
  /// The share of the observations by which an answer is checked if it is not given.
  static let checkShare = 0.02

  static let methodIsMissing = ValidationError(
    "Give --model FOLDER, or a --method that needs no archive, such as --method kriging.")

  func validate() throws {
    if let samples, samples < 0 { throw ValidationError("--samples \(samples): 0 or more are needed.") }
    if let check, !(0...0.5).contains(check) { throw ValidationError("--check \(check): expected a share between 0 and 0.5.") }
    if model == nil, method == nil { throw Self.methodIsMissing }
    for (name, isGiven) in [("--split-members", splitMembers), ("--quantiles", quantiles != nil)]
    where isGiven && samples == 0 {
      throw ValidationError("\(name) needs --samples of at least 1.")
    }
  }

  func run() throws {
    machine.apply()
    let model = try learnedModel()
    let request = try request(for: model)
    let pairs = try InputFiles(inputs).outputs(output)
    // What the fields use of each other where several files are one series; nil where each is one of its own.
    let joined = pairs.count > 1 && time != .separate ? time : nil
    if let joined, keepGoing {
      throw ValidationError(
        "--keep-going: with --time \(joined.rawValue) the \(pairs.count) files are one series, which would be another without one of them. Leave --keep-going out, or give --time separate.")
    }
    try checkOutputs(pairs)
    if joined != nil {
      let summary = try request.run(
        pairs.map { (try input($0.input), $0.output) }, model: model, overwrite: options.overwrite,
        history: Provenance.line(CommandLine.arguments), progress: options.progress,
        interruption: InterruptionSignals.interruption)
      if format.json { return try StandardOutput.json(summary) }
      return StandardOutput.line(text(of: summary, at: pairs.map(\.output).joined(separator: "\n")))
    }
    var summaries: [ImputationSummary] = []
    var failures: [String] = []
    for (place, pair) in pairs.enumerated() {
      let summary: ImputationSummary
      do {
        summary = try request.run(
          input(pair.input), model: model, output: pair.output, overwrite: options.overwrite,
          history: Provenance.line(CommandLine.arguments), progress: options.progress,
          interruption: InterruptionSignals.interruption)
      } catch where keepGoing && pairs.count > 1 && !(error is InterruptionError) {
        failures.append("\(error)")
        continue
      }
      summaries.append(summary)
      if !format.json {
        StandardOutput.line((place > 0 ? "\n" : "") + text(of: summary, at: pair.output))
      }
    }
    if format.json {
      if pairs.count == 1 { try StandardOutput.json(summaries[0]) } else { try StandardOutput.json(summaries) }
    }
    if !failures.isEmpty {
      throw RunError.invalid(
        "\(failures.count) of \(pairs.count) files failed:\n" + failures.map { "  \($0)" }.joined(separator: "\n"))
    }
    // The images that were left out are listed among the remarks; a script sees it by the code.
    if summaries.contains(where: { $0.remarks.contains { $0.topic == "images-left-out" } }) {
      throw RunError.invalid("Images were left out, see the warnings. The others were answered.")
    }
  }

  /// The fields of a file, and of a folder those images that can be used.
  private func input(_ path: String) throws -> SignalInput {
    var input = try fields.input(path)
    var isFolder: ObjCBool = false
    if keepGoing, FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      input.settings["keep_going"] = "true"
    }
    return input
  }

  /// Throws before hours of work where an output of several is there already, and makes their folder.
  private func checkOutputs(_ pairs: [(input: String, output: String)]) throws {
    guard pairs.count > 1 else { return }
    let present = pairs.filter { FileManager.default.fileExists(atPath: $0.output) }
    if !options.overwrite, let first = present.first {
      throw ValidationError(
        "--output \(output): \(present.count) of \(pairs.count) outputs exist already, such as \(first.output). Give the inputs that are left, or --overwrite.")
    }
    let folder = URL(fileURLWithPath: pairs[0].output).deletingLastPathComponent().path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  private func text(of summary: ImputationSummary, at output: String) -> String {
    var lines = [
      output,
      "\(summary.fieldCount) field\(summary.fieldCount == 1 ? "" : "s") filled by \(summary.method), "
        + String(format: "%.1f %% missing, %.2f s per field", 100 * summary.missingShare, summary.secondsPerField),
    ]
    for (name, noise) in summary.noise.sorted(by: { $0.key < $1.key }) {
      let share = noise.standardised.map {
        String(format: " (%.3g of the %@ standard deviation)", $0, model == nil ? "observed values'" : "model's")
      } ?? ""
      let level = String(format: "noise of %@: %.6g %@", name, noise.deviation, noise.units)
      lines.append(level.trimmingCharacters(in: .whitespaces) + share)
    }
    for (name, hidden) in (summary.hidden ?? [:]).sorted(by: { $0.key < $1.key }) {
      let spread = hidden.spread.map { String(format: ", spread %.4g", $0) } ?? ""
      lines.append(
        String(format: "%d held-out values of %@: root-mean-square error %.4g", hidden.count, name, hidden.error) + spread
      )
    }
    for (name, check) in summary.check.sorted(by: { $0.key < $1.key }) {
      if let wrong = check.wrongShare {
        lines.append(
          String(
            format: "checked on %d observations of %@, each predicted with that observation withheld: %.0f %% have another label",
            check.count, name, 100 * wrong))
        continue
      }
      let scores = [("CRPS", check.rankedProbability)].compactMap { title, value in
        value.map { String(format: ", %@ %.4g", title, $0) }
      }.joined()
      let coverage = check.coverage90.map { String(format: ", the 90 %% interval covers %.0f %%", 100 * $0) } ?? ""
      lines.append(
        String(
          format: "checked on %d observations of %@, each predicted with that observation withheld: bias %.3g, root-mean-square error %.4g",
          check.count, name, check.bias, check.rootMeanSquareError) + scores + coverage)
    }
    return (lines + summary.remarks.lines).joined(separator: "\n")
  }
}
