// `sextant impute`: fills the gaps of a file.

import ArgumentParser
import Foundation
import Sextant
import SextantYAML

/// Fills the gaps of the fields of a file.
struct ImputeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "impute",
    abstract: "Fill the gaps of a file, with an ensemble that says how sure the answer is.",
    discussion: """
      Examples:
        sextant impute obs.nc --model RUN --output filled.nc
        sextant impute obs.nc --model RUN --noise 0.5K --samples 128 --quantiles 0.05,0.95 --output filled.nc
        sextant impute obs.nc --model RUN --variables t2m --regrid input --output filled.nc
        sextant impute obs.nc --model RUN --method dps --samples 8 --set solvers.dps.steps=200 --output filled.nc
        sextant impute obs.nc --method kriging --noise 0.5K --output filled.nc     (no model: no archive is needed)
        sextant impute scan.ply --property confidence --missing 'confidence<0.1' --method harmonic --output filled.ply
        sextant impute heat.npy --mesh bunny.ply --method kriging --noise 0.1 --samples 8 --output filled.vtp

      The output has the input's axes, names and units: the posterior mean as NAME, and NAME_spread, NAME_ensemble,
      NAME_quantile and NAME_observed. An interrupted run that is started again goes on where it was.

      On a mesh, what is missing is not-a-number in the file, or excluded by --missing or --mask. The output is the mesh with
      all that it had (.ply, .vtp), and NAME_mean, NAME_spread, NAME_quantile_0.05, …, NAME_sample_000, … and NAME_observed; or
      arrays (.npy). Without --samples, 128 are drawn and a mesh gets the first 4; with it, all.
      """)

  @Argument(help: "The file with gaps: NetCDF, or a mesh, table or array of numbers at vertices.", completion: .file())
  var input: String

  @Option(help: ArgumentHelp("The output folder of `sextant train`.", valueName: "folder"))
  var model: String?

  @Option(
    help: ArgumentHelp(
      "The method: \(ImputationMethod.allCases.map(\.rawValue).joined(separator: ", ")). The model's own, if not given.",
      valueName: "name"))
  var method: ImputationMethod?

  @Option(name: [.short, .long], help: ArgumentHelp("Where the answer goes.", valueName: "file"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "Posterior samples a field; 0 for mean and spread alone. (default: \(ImputeCommand.drawnSamples), of which a mesh file gets \(ImputeCommand.samplesOnMeshes))",
      valueName: "count"))
  var samples: Int?

  @Option(
    help: ArgumentHelp(
      "The noise's standard deviation: 0.5K, a number in the variable's units, variable:NAME, or tas=0.5K,clt=0.05. The file's NAME_noise, if not given.",
      valueName: "level"))
  var noise: String?

  @Option(
    help: ArgumentHelp("The file's variables, in the order of the model's, by commas.", valueName: "names"))
  var variables: String?

  @Option(help: ArgumentHelp("The grid of the answer, where file and model differ: input or model.", valueName: "grid"))
  var regrid: AnswerGrid?

  @Option(help: ArgumentHelp("Quantile levels to write, by commas, such as 0.05,0.5,0.95.", valueName: "levels"))
  var quantiles: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("Keep fields by a coordinate, such as level=500; may be repeated.", valueName: "name=value"))
  var select: [String] = []

  @Option(help: ArgumentHelp("A land mask, FILE or FILE:VARIABLE, where there is no model.", valueName: "file"))
  var landMask: String?

  @Flag(help: "The file holds anomalies: the model's climatology is taken off.")
  var anomalies = false

  @Flag(help: "Write each member of the ensemble to a file of its own, as `cdo enscrps` wants.")
  var splitMembers = false

  @Flag(inversion: .prefixedNo, help: "Write the ensemble itself.")
  var ensemble = true

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp(
      "Change a setting of a method that samples a diffusion prior, such as solvers.dps.steps=100; may be given often.",
      valueName: "key=value"))
  var overrides: [String] = []

  @Option(help: "The seed of the samples.")
  var seed: UInt64 = 0

  @OptionGroup(title: "Meshes") var surface: SurfaceOptions
  @OptionGroup(title: "Meshes") var gaps: SurfaceGapOptions
  @OptionGroup var options: OutputOptions
  @OptionGroup var machine: MachineOptions
  @OptionGroup var format: FormatOptions

  /// Samples that are drawn where none were asked for.
  private static let drawnSamples = 128
  /// How many of these a mesh file gets: more properties than can be looked at hide the others.
  static let samplesOnMeshes = 4

  private static let methodIsMissing = ValidationError(
    "Give --model FOLDER, or a --method that needs no archive, such as --method kriging.")

  func validate() throws {
    if let samples, samples < 0 { throw ValidationError("--samples \(samples): 0 or more are needed.") }
    if model == nil, method == nil { throw Self.methodIsMissing }
    for (name, isGiven) in [("--split-members", splitMembers), ("--quantiles", quantiles != nil)]
    where isGiven && samples == 0 {
      throw ValidationError("\(name) needs --samples of at least 1.")
    }
  }

  func run() throws {
    machine.apply()
    let learned = try learnedModel()
    let summary = try isOnMesh(learned) ? fillSurface(learned) : fillFile(learned)
    if format.json { try StandardOutput.json(summary) } else { StandardOutput.line(text(of: summary)) }
  }

  private func fillFile(_ learned: TrainedModel?) throws -> ImputationSummary {
    let selecting = try ImputeCommand.selection(select)
    let model =
      try learned
      ?? TrainedModel(
        forFile: input, variables: names(variables), selecting: selecting, landMask: landMask.map(LandMask.init(text:)))
    var request = try request(for: model)
    (request.variables, request.regrid, request.selecting) = (names(variables), regrid, selecting)
    (request.quantileLevels, request.splitsMembers) = (try levels(), splitMembers)
    return try request.run(
      input: input, model: model, output: output, overwrite: options.overwrite,
      history: Provenance.line(CommandLine.arguments), progress: options.progress,
      interruption: InterruptionSignals.interruption)
  }

  /// The request, as far as grids and meshes have it in common.
  func request(for model: TrainedModel?) throws -> Imputation {
    guard let method = method ?? model.map({ ImputationMethod(of: $0.description.prior.kind) }) else {
      throw Self.methodIsMissing
    }
    return Imputation(
      method: method, samples: samples ?? Self.drawnSamples,
      noise: try noise.map(NoiseSpecification.init(text:)), writesEnsemble: ensemble,
      solvers: try SolverSettings(overrides: overrides), seed: seed)
  }

  /// The model that was asked for; nil where the method needs none.
  private func learnedModel() throws -> TrainedModel? {
    if let model {
      let trained =
        try method.map {
          try TrainedModel(contentsOf: model, for: $0, solvers: SolverSettings(overrides: overrides))
        }
        ?? TrainedModel(contentsOf: model)
      guard anomalies else { return trained }
      if trained.description.transforms != nil {
        throw ValidationError("--anomalies: the model transforms a variable, and a difference has no transform.")
      }
      return trained.forAnomalies
    }
    guard let method, !method.needsArchive else {
      throw ValidationError(
        "--method \(method?.rawValue ?? ""): this method learns from an archive. Give --model FOLDER.")
    }
    return nil
  }

  private func names(_ text: String?) -> [String]? {
    text.map { $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } }
  }

  func levels() throws -> [Double] {
    try (quantiles ?? "").split(separator: ",").map { text in
      guard let level = Double(text.trimmingCharacters(in: .whitespaces)), level > 0, level < 1 else {
        throw ValidationError("--quantiles \(text): expected numbers between 0 and 1, such as 0.05,0.95.")
      }
      return level
    }
  }

  /// Reads "name=value" texts; several values of one name are alternatives.
  static func selection(_ texts: [String]) throws -> [String: [String]] {
    var result: [String: [String]] = [:]
    for text in texts {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw ValidationError("--select \(text): expected NAME=VALUE, such as level=500.")
      }
      result[parts[0], default: []].append(parts[1])
    }
    return result
  }

  private func text(of summary: ImputationSummary) -> String {
    var lines = [
      output,
      "\(summary.fieldCount) field\(summary.fieldCount == 1 ? "" : "s") filled by \(summary.method), "
        + String(format: "%.1f %% missing, %.2f s a field", 100 * summary.missingShare, summary.secondsPerField),
    ]
    for (name, noise) in summary.noise.sorted(by: { $0.key < $1.key }) {
      let share = String(format: " (%.3g of the model's standard deviation)", noise.standardised)
      let level = String(format: "noise of %@: %.4g %@", name, noise.deviation, noise.units)
      lines.append(level.trimmingCharacters(in: .whitespaces) + (model == nil ? "" : share))
    }
    for (name, hidden) in (summary.hidden ?? [:]).sorted(by: { $0.key < $1.key }) {
      let spread = hidden.spread.map { String(format: ", spread %.4g", $0) } ?? ""
      lines.append(
        String(format: "%d hidden values of %@: root-mean-square error %.4g", hidden.count, name, hidden.error) + spread
      )
    }
    return lines.joined(separator: "\n")
  }
}

extension ImputationMethod: ExpressibleByArgument {}
extension AnswerGrid: ExpressibleByArgument {}
