// Quality against cost: methods that sample a diffusion prior, tried with many numbers of steps and step sizes under the
// masks, noise and fields of an evaluation (figure 3 of the paper on amortised posterior sampling). What `sextant sweep` runs.
// Every trial answers the same measurements.

import Foundation
import SextantEvaluation
import SextantMeasurement
import SextantSignals
import SextantSolvers
import SextantStorage

/// What is to be tried.
public struct Sweep: Sendable {
  /// Methods, steps, step sizes.
  public var settings: SweepSettings
  /// Masks, noise and scales; its methods and numbers of samples are not used.
  public var comparison: Comparison

  public init(_ settings: SweepSettings, comparison: Comparison) {
    (self.settings, self.comparison) = (settings, comparison)
    self.comparison.samples = settings.samples
    self.comparison.solvers.samples = nil
  }

  /// One setting of one method.
  struct Trial: Sendable, Equatable {
    var method: ImputationMethod
    /// Nil for methods that are held against.
    var steps: Int?
    /// Nil for methods that have none, or keep their own.
    var stepSize: Double?
  }

  /// All trials: references first, then methods by steps and step sizes.
  var trials: [Trial] {
    settings.reference.map { Trial(method: $0) }
      + settings.methods.flatMap { method in
        let sizes: [Double?] = method.hasStepSize && !settings.stepSizes.isEmpty ? settings.stepSizes : [nil]
        return settings.steps.flatMap { steps in
          sizes.map { Trial(method: method, steps: steps, stepSize: $0) }
        }
      }
  }

  /// Runs all trials and writes `sweep.json`, `sweep.md` and plots to `folder`, again after each trial, so that a sweep that
  /// was stopped leaves what it found.
  ///
  /// A trial whose numbers grow beyond all bounds is a row without scores. Throws what ``Comparison/run(model:fields:indices:progress:visit:)``
  /// throws otherwise, and what writing throws.
  public func run(
    model: TrainedModel, fields: any SignalSource, indices: [Int], folder: String, overwrite: Bool,
    progress: any ProgressObserver = SilentProgress(), interruption: Interruption = Interruption()
  ) throws -> SweepResult {
    try WholeFile.checkIsFree("\(folder)/\(SweepResult.fileName).json", overwrite: overwrite)
    var result = SweepResult(samples: settings.samples, fieldCount: indices.count, rows: [])
    let perTrial = indices.count * comparison.draws * comparison.masks.count
    progress.start("sweeping", unit: "answer", count: perTrial * trials.count)
    defer { progress.finish() }
    for (number, trial) in trials.enumerated() {
      var own = comparison
      own.methods = [trial.method]
      if let steps = trial.steps {
        own.solvers = own.solvers.changing(trial.method, steps: steps, stepSize: trial.stepSize)
      }
      do {
        let scores = try own.run(model: model, fields: fields, indices: indices) { done in
          try interruption.check()
          progress.advance(to: number * perTrial + done)
        }
        result.rows += rows(trial, scores)
      } catch SolverError.diverged(let name, _) {
        result.rows += model.description.variables.flatMap { variable in
          own.masks.map { SweepRow(trial, name: name, variable: variable.name, mask: $0.description) }
        }
        progress.advance(to: (number + 1) * perTrial)
      }
      try result.write(toFolder: folder)
    }
    return result
  }

  private func rows(_ trial: Trial, _ scores: ComparisonScores) -> [SweepRow] {
    scores.scores.summaries().map { summary in
      var row = SweepRow(trial, name: summary.method, variable: summary.variable, mask: summary.group ?? "")
      row.psnr = summary[.psnr]
      row.samplePSNR = summary[.psnr, of: .firstSample]
      row.evaluationsPerSample = scores.networkEvaluationsPerSample[summary.method]
      row.seconds = scores.medianSeconds(of: summary.method)
      return row
    }
  }
}

extension RunConfiguration {
  /// What `sextant sweep` does: learns what is needed and runs the section `sweep` into the folder `sweep` of the output.
  ///
  /// Throws ``RunError`` where there is no such section, and what the parts throw.
  public func runSweep(
    overwrite: Bool, progress: any ProgressObserver = SilentProgress(), interruption: Interruption = Interruption()
  ) throws -> SweepResult {
    guard let sweep else {
      throw RunError.invalid(
        "The configuration has no section `sweep`. Add one, such as sweep: {methods: [dps, ddnm], steps: [10, 100], step_sizes: [0.1, 1], reference: [eof]}."
      )
    }
    let methods = sweep.reference + sweep.methods
    // Asked before the long work of learning.
    try WholeFile.checkIsFree("\(output)/sweep/\(SweepResult.fileName).json", overwrite: overwrite)
    try checkComparison(of: methods)
    let model = try modelForEvaluation(of: methods, progress: progress, interruption: interruption)
    let (comparison, fields, indices) = try comparison(for: model)
    return try Sweep(sweep, comparison: comparison).run(
      model: model, fields: fields, indices: indices, folder: output + "/sweep", overwrite: overwrite,
      progress: progress, interruption: interruption)
  }
}
