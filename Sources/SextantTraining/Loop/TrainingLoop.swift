// The loop of every training: steps, log, validation, checkpoints, and the return to the last checkpoint when numbers are not
// finite. It knows no network and no data: those are in the loss, which is a value.
//
// A checkpoint holds the whole state, and all random numbers follow from the number of the step, so a training that was
// stopped at any moment resumes bit for bit.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantModels
import SextantNetworks
import SextantStorage

/// How long and how often.
package struct TrainingSchedule: Sendable, Equatable, Codable {
  /// Steps in all.
  package var steps: Int
  /// Steps of linear warm-up.
  package var warmUp: Int
  /// The learning rate after it; it falls to a hundredth along a cosine.
  package var learningRate: Double
  /// AdamW's decay of the weights.
  package var decay = 0.0
  /// Gradients are cut to this norm.
  package var largestNorm: Double
  /// How much of the averaged parameters stays in a step.
  package var averageDecay: Double
  /// Steps between validations, log lines and checkpoints.
  package var interval: Int

  package init(
    steps: Int, warmUp: Int, learningRate: Double, decay: Double = 0, largestNorm: Double, averageDecay: Double,
    interval: Int
  ) {
    (self.steps, self.warmUp, self.learningRate, self.decay) = (steps, warmUp, learningRate, decay)
    (self.largestNorm, self.averageDecay, self.interval) = (largestNorm, averageDecay, interval)
  }

  /// The schedule of trainings that say no more than how long and how fast.
  package static func usual(steps: Int, learningRate: Double, decay: Double = 0) -> TrainingSchedule {
    TrainingSchedule(
      steps: steps, warmUp: min(200, steps / 10), learningRate: learningRate, decay: decay, largestNorm: 1,
      averageDecay: 0.998, interval: max(1, min(200, steps / 20)))
  }

  /// The learning rate of step `step`, counted from 0.
  package func rate(at step: Int) -> Double {
    if step < warmUp { return learningRate * Double(step + 1) / Double(warmUp) }
    let done = Double(step - warmUp) / Double(max(1, steps - warmUp))
    return learningRate * (0.01 + 0.99 * 0.5 * (1 + cos(.pi * done)))
  }
}

/// Runs a training to its end.
package struct TrainingLoop {
  package let schedule: TrainingSchedule
  /// The files of the training, without their endings: PREFIX.last.safetensors, PREFIX.best.safetensors, PREFIX.jsonl.
  package let prefix: String
  /// What tells this training from another: settings, data and domain; step and notes are filled in.
  package let identity: CheckpointMetadata

  package init(schedule: TrainingSchedule, prefix: String, identity: CheckpointMetadata) {
    (self.schedule, self.prefix, self.identity) = (schedule, prefix, identity)
  }

  package var lastPath: String { prefix + ".last.safetensors" }
  package var bestPath: String { prefix + ".best.safetensors" }
  package var log: TrainingLog { TrainingLog(path: prefix + ".jsonl") }

  /// Trains from where an earlier run stopped, or from the beginning.
  ///
  /// - Parameters:
  ///   - initial: the parameters to begin with.
  ///   - loss: what is minimised.
  ///   - name: the name of the training on the progress bar.
  ///   - preparation: seconds that were spent before the first step.
  ///   - progress: is told of each step.
  ///   - interruption: stops the training between two steps.
  /// - Returns: the averaged parameters of the best validation; the latest of a loss that keeps those.
  /// - Throws: ``LearningError`` where the loss stays non-finite, and what the loss, files and `interruption` throw.
  package func run(
    from initial: ParameterSet<Float>, minimising loss: TrainingLoss, name: String, preparation: Double = 0,
    progress: any ProgressObserver, interruption: Interruption
  ) throws -> ParameterSet<Float> {
    var state =
      try TrainingState(resuming: lastPath, from: initial, as: identity)
      ?? TrainingState(initial, schedule: schedule, preparation: preparation, multipliers: loss.multipliers)
    try log.rewind(to: state.step)
    var (losses, count) = (0.0, 0)
    var retries = 0
    progress.start(name, unit: "step", count: schedule.steps)
    defer { progress.finish() }
    var start = ContinuousClock.now
    while state.step < schedule.steps {
      // Between checkpoints nothing is written: what was done since the last one is done again, in the same way.
      try interruption.check()
      let result = try loss.gradients(
        step: state.step, parameters: &state.parameters, multipliers: &state.multipliers, tape: Tape())
      let norm = OperationProfile.measure("optimiser and average") { state.apply(result, schedule: schedule) }
      guard let norm else {
        try goBack(&state, minimising: loss, retries: &retries)
        (losses, count) = (0, 0)
        continue
      }
      (losses, count) = (losses + result.loss, count + 1)
      progress.advance(to: state.step)
      guard state.step % schedule.interval == 0 || state.step == schedule.steps else { continue }
      let validation = try OperationProfile.measure("validation") {
        // As one entry: its operations are not those of a step.
        try OperationProfile.$current.withValue(nil) {
          try loss.validation(state.average.parameters, multipliers: state.multipliers)
        }
      }
      state.seconds += (ContinuousClock.now - start) / .seconds(1)
      start = ContinuousClock.now
      if validation.loss < state.best || loss.keepsLatest {
        state.best = validation.loss
        try state.write(to: bestPath, as: identity, canResume: false)
      }
      // The line first: one without its checkpoint is taken off again when the training goes on.
      try log.append(
        TrainingRecord(
          step: state.step, seconds: state.seconds, loss: losses / Double(max(1, count)), gradientNorm: norm,
          validation: validation.loss, figures: validation.figures))
      try state.write(to: lastPath, as: identity, canResume: true)
      (losses, count) = (0, 0)
    }
    guard FileManager.default.fileExists(atPath: bestPath) else { return state.average.parameters }
    return try TrainingState.open(bestPath, as: identity).parameters(layout: initial)
  }

  /// Finds where the numbers went wrong, and returns to the last checkpoint.
  private func goBack(
    _ state: inout TrainingState, minimising loss: TrainingLoss, retries: inout Int
  ) throws {
    let tape = Tape<Float>(findingNonFinite: true)
    var copy = state
    _ = try? loss.gradients(
      step: state.step, parameters: &copy.parameters, multipliers: &copy.multipliers, tape: tape)
    let place = tape.firstNonFinite ?? "the gradient"
    retries += 1
    guard retries <= 3,
      let last = try TrainingState(resuming: lastPath, from: state.parameters, as: identity)
    else { throw LearningError.notFinite(step: state.step + 1, place: place) }
    let skipped = state.step
    state = last
    // The step that failed is random in its data alone: the checkpoint is followed by other steps' data.
    state.step = skipped + 1
    try log.rewind(to: last.step)
  }
}

/// A training that cannot go on.
public enum LearningError: Error, Equatable, CustomStringConvertible {
  /// A number that is not finite arose and came back after the last good checkpoint.
  case notFinite(step: Int, place: String)
  /// The checkpoint is of another training.
  case anotherTraining(path: String)
  /// Files that a model was learned from have changed, so that a network beside it would learn from other fields than the model.
  case changedFiles(model: String, files: [String])

  public var description: String {
    switch self {
    case .notFinite(let step, let place):
      "Step \(step) of the training gave a number that is not finite, first in: \(place). Going back to the last checkpoint did not help. Use a lower learning rate (flow.learning_rate or diffusion.learning_rate), and look for extreme values in the data with `sextant inspect`."
    case .changedFiles(let model, let files):
      "\(model): it was learned from files that have changed since then or are gone: \(files.prefix(3).joined(separator: ", "))\(files.count > 3 ? " and \(files.count - 3) more" : ""). A network beside it would learn from other fields than the model did. Put the files back as they were, train again with `sextant train --overwrite`, or choose another output."
    case .anotherTraining(let path):
      "\(path): it was made with other settings or data. Use those, train again with `sextant train --overwrite`, or choose another output."
    }
  }
}
