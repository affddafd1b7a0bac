// Quality against cost: methods that sample a diffusion prior, tried with many numbers of steps and step sizes under the
// masks, noise and fields of an evaluation (figure 3 of the paper on amortised posterior sampling). What `sextant sweep` runs.
// Every trial answers the same measurements, and no trial is run twice.

import Foundation
import SextantEvaluation
import SextantMeasurement
import SextantModels
import SextantPipelines
import SextantSignals
import SextantSolvers
import SextantStorage

/// What is to be tried.
public struct Sweep: Sendable {
  /// Methods, steps, step sizes.
  public var settings: SweepSettings
  /// Masks, noise and scales; its methods and numbers of samples are not used.
  public var comparison: Comparison
  /// What tells the conditions of this sweep from others: points are kept and used again under the same conditions only.
  public var conditions: String

  public init(_ settings: SweepSettings, comparison: Comparison, conditions: String) {
    (self.settings, self.comparison, self.conditions) = (settings, comparison, conditions)
    self.comparison.samples = settings.samples
    self.comparison.solvers.samples = nil
  }

  /// One setting of one method.
  struct Trial: Sendable, Hashable {
    var method: Method
    /// Nil for reference methods.
    var steps: Int?
    /// Nil for methods that have none, or keep their own.
    var stepSize: Double?

    /// What tells it from other trials, in files too.
    var key: TrialKey { TrialKey(method: method.name, steps: steps, stepSize: stepSize) }
  }

  /// One setting of one method, by the method's name.
  struct TrialKey: Hashable {
    var method: String
    var steps: Int?
    var stepSize: Double?
  }

  /// All trials: references first, then methods by steps and step sizes.
  var trials: [Trial] { settings.trials }

  /// Runs the trials that were not run yet and writes `sweep.json`, `sweep.md` and plots to `folder`, again after each trial: a
  /// sweep that was stopped goes on where it was, and one that is asked more adds to what is there.
  ///
  /// A trial whose numbers grow beyond all bounds is a row without scores. Throws `FileError` where all trials are there
  /// already, `RunError.anotherSweep(path:)` where what is there was found under other conditions, both unless `overwrite`
  /// says to start again; what `Comparison.run(model:fields:indices:progress:visit:)` throws otherwise, and what writing throws.
  public func run(
    model: Model, fields: any SignalSource, indices: [Int], folder: String, overwrite: Bool,
    progress: any ProgressObserver = SilentProgress(), interruption: Interruption = Interruption()
  ) throws -> SweepResult {
    var result = SweepResult(
      samples: settings.samples, fieldCount: indices.count, conditions: conditions,
      rows: try kept(inFolder: folder, overwrite: overwrite))
    let done = Set(result.rows.map(\.key))
    let perTrial = indices.count * comparison.draws * comparison.masks.count
    progress.start("sweeping", unit: "answer", count: perTrial * trials.count)
    defer { progress.finish() }
    for (number, trial) in trials.enumerated() where !done.contains(trial.key) {
      var own = comparison
      own.methods = [trial.method]
      if let steps = trial.steps {
        own.solvers = own.solvers.changing(trial.method, steps: steps, stepSize: trial.stepSize)
      }
      own.solvers.checkInterruption = { try interruption.check() }
      let found: [SweepRow]
      do {
        let scores = try InterruptionError.saying(resumption(of: result, overwrite: overwrite)) {
          try own.run(model: model, fields: fields, indices: indices) { done in
            try interruption.check()
            progress.advance(to: number * perTrial + done)
          }
        }
        found = rows(trial, scores)
      } catch SolverError.diverged {
        found = own.scorer(for: model).variables.flatMap { variable in
          own.masks.map { SweepRow(trial, variable: variable.name, mask: $0.description) }
        }
        progress.advance(to: (number + 1) * perTrial)
      }
      result.rows = ordered(result.rows + found)
      try result.write(toFolder: folder)
    }
    return result
  }

  /// What to do after an interruption; nil where no setting is done yet.
  private func resumption(of result: SweepResult, overwrite: Bool) -> String? {
    guard !result.rows.isEmpty else { return nil }
    return "What is done is kept: run the same command \(overwrite ? "without --overwrite " : "")to go on."
  }

  /// The rows of an earlier sweep under the same conditions.
  private func kept(inFolder folder: String, overwrite: Bool) throws -> [SweepRow] {
    let path = "\(folder)/\(SweepResult.fileName).json"
    guard !overwrite, FileManager.default.fileExists(atPath: path) else { return [] }
    guard let earlier = SweepResult.earlier(inFolder: folder), earlier.conditions == conditions else {
      throw RunError.anotherSweep(path: path)
    }
    if earlier.holds(trials) { throw FileError.exists(path: path) }
    return earlier.rows
  }

  /// Rows in the order of the trials, with those of no trial at the end.
  private func ordered(_ rows: [SweepRow]) -> [SweepRow] {
    let places = Dictionary(trials.enumerated().map { ($1.key, $0) }) { first, _ in first }
    return rows.enumerated().sorted {
      (places[$0.element.key] ?? .max, $0.offset) < (places[$1.element.key] ?? .max, $1.offset)
    }.map(\.element)
  }

  private func rows(_ trial: Trial, _ scores: ComparisonScores) -> [SweepRow] {
    scores.scores.summaries().map { summary in
      var row = SweepRow(trial, variable: summary.variable, mask: summary.group ?? "")
      row.psnr = summary[.psnr]
      row.samplePSNR = summary[.psnr, of: .firstSample]
      row.evaluationsPerSample = scores.networkEvaluationsPerSample[summary.method]
      row.seconds = scores.medianSeconds(of: summary.method)
      return row
    }
  }
}

extension SweepSettings {
  /// All trials: references first, then methods by steps and step sizes.
  fileprivate var trials: [Sweep.Trial] {
    reference.map { Sweep.Trial(method: $0) }
      + methods.flatMap { method in
        let sizes: [Double?] = method.hasStepSize && !stepSizes.isEmpty ? stepSizes : [nil]
        return steps.flatMap { steps in
          sizes.map { Sweep.Trial(method: method, steps: steps, stepSize: $0) }
        }
      }
  }
}

extension RunConfiguration {
  /// What `sextant sweep` does: learns what is needed and runs the section `sweep` into the folder `sweep` of the output.
  ///
  /// Throws `RunError` where there is no such section, and what the parts throw.
  public func runSweep(
    overwrite: Bool, catalogue: Catalogue = .standard, progress: any ProgressObserver = SilentProgress(),
    interruption: Interruption = Interruption()
  ) throws -> SweepResult {
    guard let sweep else {
      throw RunError.invalid(
        "The configuration has no section `sweep`. Add one, such as sweep: {methods: [dps, ddnm], steps: [10, 100], step_sizes: [0.1, 1], reference: [eof]}."
      )
    }
    let methods = sweep.reference + sweep.methods
    let folder = output + "/sweep"
    // Asked before the long work of learning.
    if !overwrite, SweepResult.earlier(inFolder: folder)?.holds(sweep.trials) ?? false {
      throw FileError.exists(path: "\(folder)/\(SweepResult.fileName).json")
    }
    try checkComparison(of: methods, catalogue: catalogue)
    let model = try modelForEvaluation(
      of: methods, catalogue: catalogue, progress: progress, interruption: interruption)
    let (comparison, fields, indices) = try comparison(for: model, catalogue: catalogue)
    let conditions = try CacheKey.conditions(
      request: conditionsOfSweep, inputs: FilePatterns.files(matching: archive.sources + evaluate.fields.sources),
      model: model)
    return try Sweep(sweep, comparison: comparison, conditions: conditions).run(
      model: model, fields: fields, indices: indices, folder: folder, overwrite: overwrite, progress: progress,
      interruption: interruption)
  }

  /// The settings that the points of a sweep depend on, whichever points are asked.
  private var conditionsOfSweep: RunConfiguration {
    var result = self
    (result.name, result.output, result.solvers.samples) = ("", "", nil)
    (result.evaluate.methods, result.evaluate.samples, result.evaluate.pictures) = ([], 0, 0)
    result.evaluate.published = [:]
    result.sweep?.methods = []
    result.sweep?.steps = []
    result.sweep?.stepSizes = []
    result.sweep?.reference = []
    return result
  }
}
