// A prior reported by itself: how well it denoises fields that it was not shown, and what log-density it gives them,
// beside the Gaussian that it starts from. Measured before any solver uses it.

import Foundation
import SextantArrays
import SextantDiffusion
import SextantGeometry
import SextantModels
import SextantSignals
import SextantSolvers
import SextantStorage
import SextantTraining

/// How priors are reported.
public struct PriorReport: Sendable {
  /// At most so many fields, evenly spread over those that there are.
  public var fieldLimit: Int
  /// Times and noises for each field's bound.
  public var timeCount: Int
  /// Where the noises come from.
  public var seed: UInt64

  public init(fieldLimit: Int = 32, timeCount: Int = 32, seed: UInt64 = 1) {
    self.fieldLimit = fieldLimit
    self.timeCount = timeCount
    self.seed = seed
  }

  /// Reports on the priors of the run in `folder`, and writes `priors.json` and `priors.md` there.
  ///
  /// - Parameters:
  ///   - folder: the folder of the run, in which the report is written too.
  ///   - model: the model in that folder.
  ///   - file: fields to report on, with the model's variables on its domain; nil for those that training held out.
  ///   - overwrite: whether a report that is there may be replaced.
  ///   - interruption: is checked between fields.
  /// - Throws: `RunError`, `ModelError`, ``GridMismatchError``, and what reading and writing throw.
  public func run(
    folder: String, model: Model, file: (any SignalDocument)? = nil, overwrite: Bool,
    interruption: Interruption = Interruption()
  ) throws -> (report: DenoisingReport, markdown: String) {
    for name in ["priors.json", "priors.md"] { try WholeFile.checkIsFree("\(folder)/\(name)", overwrite: overwrite) }
    let stored = try StoredDiffusion(folder: folder, for: model)
    let all = try file.map { try states(of: $0, model: model) } ?? HeldOutStates(folder: folder, model: model).states
    let fields = all.gatheringRows((0..<all.rowCount).middles(ofParts: fieldLimit))
    try interruption.check()
    let report = DenoisingReport(
      [
        (name: "Gaussian", predictor: try stored.learnedGaussian()),
        (name: "diffusion", predictor: try stored.learned(for: model.space).predictor),
      ], on: fields.reshaped(to: fields.shape + [1]), timeCount: timeCount, batchSize: 8,
      using: RandomStream(seed: seed).split("prior report"))
    try interruption.check()
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let markdown = Self.markdown(report)
    try WholeFile.write(encoder.encode(report), to: folder + "/priors.json", overwrite: overwrite)
    try WholeFile.write(Data(markdown.utf8), to: folder + "/priors.md", overwrite: overwrite)
    return (report, markdown)
  }

  private func states(of file: any SignalDocument, model: Model) throws -> Tensor<Float> {
    guard file.domain.fingerprint == model.space.domain.fingerprint, file.variables.count == model.space.channelCount else {
      throw RunError.invalid(
        "\(file.path): \(file.variables.count) variable\(file.variables.count == 1 ? "" : "s") on \(file.domain.summaryWithArticle), but the model has \(model.space.channelCount) on \(model.space.domain.summaryWithArticle). A prior is reported on fields of its own grid and variables."
      )
    }
    return try TrainingArchive(ConvertedSource(file, inUnitsOf: model.space.variables))
      .completeStates(of: model, for: "the report")
  }

  /// The report as two tables: by level of noise, and the bound.
  static func markdown(_ report: DenoisingReport) -> String {
    guard let first = report.rows.first else { return "" }
    func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
    func number(_ value: Double, _ format: String) -> String { String(format: format, value) }
    let others = report.rows.dropFirst()
    let heads =
      ["noise s/α"] + report.rows.map { "\($0.name): error left" }
      + others.map { "\($0.name): change of squared error" }
    var text = "\(report.fieldCount) field\(report.fieldCount == 1 ? "" : "s") that training did not see; noise and errors in units of the data.\n\n"
    text += row(heads) + row(heads.map { _ in "---:" })
    for (place, level) in first.levels.enumerated() {
      text += row(
        [number(level.noiseToSignal, "%.2f")]
          + report.rows.map { number($0.levels[place].rootMeanSquareError, "%.4f") }
          + others.map { other in
            let own = other.levels[place]
            let share = 100 / level.noiseError
            return number(share * own.differenceFromFirst, "%+.1f %%")
              + number(share * own.differenceStandardError, " ± %.1f")
          })
    }
    guard first.bound != nil else { return text }
    let bounds = ["prior", "log p(x) ≥, nats a field", "bits a value", "gain over \(first.name), nats"]
    text += "\n" + row(bounds) + row(["---"] + bounds.dropFirst().map { _ in "---:" })
    for prior in report.rows {
      guard let bound = prior.bound else { continue }
      let gain = number(bound.gain, "%+.0f") + number(bound.gainStandardError, " ± %.0f")
      text += row([
        prior.name, number(bound.nats, "%.0f") + number(bound.standardError, " ± %.0f"),
        number(bound.bitsPerDimension, "%.3f"), prior.name == first.name ? "" : gain,
      ])
    }
    return text
  }
}
