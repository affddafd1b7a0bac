// Everything that a training needs to go on as if it had never stopped, between two of its steps: parameters, optimiser,
// average, multipliers of the loss, counts. Random numbers and the order of data follow from the number of the step alone.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantModels
import SextantNetworks

/// A training between two steps.
struct TrainingState: Sendable {
  var parameters: ParameterSet<Float>
  private var optimiser: Adam<Float>
  private(set) var average: ExponentialMovingAverage<Float>
  /// The numbers that the loss changes by a rule of its own.
  var multipliers: [Double]
  /// Steps done, those that were left out after a non-finite number among them.
  var step = 0
  /// Seconds of training so far, over all its parts, and of what was prepared for it.
  var seconds: Double
  /// The lowest validation loss so far.
  var best = Double.infinity

  /// A training that has not begun.
  init(_ parameters: ParameterSet<Float>, schedule: TrainingSchedule, preparation: Double = 0, multipliers: [Double] = []) {
    (self.parameters, self.multipliers) = (parameters, multipliers)
    seconds = preparation
    optimiser = Adam(
      AdamSettings(rate: schedule.learningRate, decay: schedule.decay, largestNorm: schedule.largestNorm),
      for: parameters)
    average = ExponentialMovingAverage(of: parameters, decay: schedule.averageDecay)
  }

  /// Takes one step; nil, and nothing changed, where loss or gradient are not finite.
  ///
  /// - Returns: the norm of the gradient before it was limited.
  mutating func apply(
    _ result: (loss: Double, gradients: [ParameterGradient<Float>?]), schedule: TrainingSchedule
  ) -> Double? {
    guard result.loss.isFinite else { return nil }
    optimiser.settings.rate = schedule.rate(at: step)
    let norm = optimiser.update(&parameters, gradients: result.gradients)
    guard norm.isFinite else { return nil }
    average.follow(parameters)
    step += 1
    return norm
  }
}

extension TrainingState {
  private struct Counts: Codable {
    var seconds: Double
    var best: Double?
    /// Absent where there are none.
    var multipliers: [Double]?
  }

  private static let countsKey = "training"

  /// Writes the state whole or not at all; without the optimiser where nobody will go on from it.
  func write(to path: String, as identity: CheckpointMetadata, canResume: Bool) throws {
    var metadata = identity
    metadata.step = step
    let counts = Counts(
      seconds: seconds, best: best.isFinite ? best : nil, multipliers: multipliers.isEmpty ? nil : multipliers)
    metadata.notes[Self.countsKey] = String(decoding: try JSONEncoder().encode(counts), as: UTF8.self)
    try Checkpoint(
      metadata, parameters: canResume ? parameters : average.parameters, optimiser: canResume ? optimiser : nil,
      average: canResume ? average : nil
    ).write(to: path, overwrite: true)
  }

  /// The state in a checkpoint; nil if there is none.
  ///
  /// Throws ``LearningError/anotherTraining(path:)`` where it belongs to another training, and what reading throws.
  init?(resuming path: String, from initial: ParameterSet<Float>, as identity: CheckpointMetadata) throws {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let file = try Self.open(path, as: identity)
    let checkpoint = try file.checkpoint(layout: initial)
    guard let optimiser = checkpoint.optimiser, let average = checkpoint.average,
      let text = checkpoint.metadata.notes[Self.countsKey],
      let counts = try? JSONDecoder().decode(Counts.self, from: Data(text.utf8))
    else { throw LearningError.anotherTraining(path: path) }
    (parameters, self.optimiser, self.average) = (checkpoint.parameters, optimiser, average)
    (step, seconds, best) = (checkpoint.metadata.step, counts.seconds, counts.best ?? .infinity)
    multipliers = counts.multipliers ?? []
  }

  /// Opens a checkpoint of the training that `identity` describes.
  static func open(_ path: String, as identity: CheckpointMetadata) throws -> CheckpointFile {
    let file = try CheckpointFile(path: path, kind: identity.kind)
    guard
      file.metadata.configuration == identity.configuration, file.metadata.dataHash == identity.dataHash,
      file.metadata.domainFingerprint == identity.domainFingerprint
    else { throw LearningError.anotherTraining(path: path) }
    return file
  }
}
