// The state of rounds of completion, and the file in which it is written down. The steps of a network within a round have checkpoints of
// their own.

import Foundation
import SextantArrays
import SextantModels
import SextantNetworks
import SextantStorage

/// How well the prior of a round predicts values that are hidden, and how much its completions vary.
package struct CompletionScore: Sendable, Equatable, Codable {
  /// The round: 0 for what the rounds start from, n for the network that learned from the completions of round n − 1.
  package var round: Int
  /// CRPS of hidden values, noise included, in the variables' standard deviations.
  package var crps: Double
  /// The root mean square error of the mean of the samples at hidden values.
  package var error: Double
  /// The predicted spread at hidden values as a share of this error, corrected for the number of samples: 1 where it is right.
  package var spreadOverError: Double
  /// The mean variance of the completions over states. Missing values that were filled by means would make it shrink.
  package var variance: Double
  /// Seconds of training and completing so far.
  package var seconds: Double
}

extension TrainingLog {
  /// Replaces the log by a line for each round.
  func write(_ scores: [CompletionScore], stepsPerRound: Int) throws {
    try rewind(to: -1)
    for score in scores {
      try append(
        TrainingRecord(
          step: score.round * stepsPerRound, seconds: score.seconds, loss: score.error, validation: score.crps,
          figures: ["spread_over_error": score.spreadOverError, "variance": score.variance]))
    }
  }
}

/// Rounds of completion between two of their steps.
struct CompletionState {
  /// The round that is under way.
  var round = 0
  /// The completions of this round (N·K×d), of the first ``done`` fields.
  var completions: Tensor<Float>
  /// How many fields are completed.
  var done = 0
  /// The scores of the rounds that are over.
  var scores: [CompletionScore] = []
  /// The Gaussian that a diffusion prior's network corrects; nil before the first completions are made, and for flows.
  var gaussian: ArchiveGaussian?
  /// The network of this round; nil in round 0, and for flows, which have files of their own.
  var current: ParameterSet<Float>?
  /// The network of the best round so far; nil for flows.
  var best: ParameterSet<Float>?
  var isFinished = false
  var seconds = 0.0

  /// Rounds that have not begun.
  init(rows: Int, states: Int) { completions = .zeros([rows, states]) }

  /// Whether the fields of this round are completed and scored, and a network may learn from them.
  var isCompleted: Bool { scores.count > round }

  /// The round that predicted hidden values best, of those from `first` on; nil where there is none.
  func bestRound(from first: Int) -> Int? { scores.filter { $0.round >= first }.min { $0.crps < $1.crps }?.round }
}

/// The file of a state.
struct CompletionFile {
  let path: String
  let identity: CheckpointMetadata

  private struct Notes: Codable {
    var round, done: Int
    var scores: [CompletionScore]
    var isFinished: Bool
    var seconds: Double
  }

  private static let identityKey = "sextant_training"
  private static let stateKey = "sextant_state"

  private var text: String {
    [identity.configuration, identity.domainFingerprint, identity.dataHash].filter { !$0.isEmpty }.joined(separator: "\n")
  }

  func write(_ state: CompletionState) throws {
    let notes = Notes(
      round: state.round, done: state.done, scores: state.scores, isFinished: state.isFinished, seconds: state.seconds)
    var writer = SafetensorsWriter(metadata: [
      Self.identityKey: text, Self.stateKey: String(decoding: try JSONEncoder().encode(notes), as: UTF8.self),
    ])
    writer.add("completions", state.completions)
    if let gaussian = state.gaussian {
      writer.add("gaussian.modes", gaussian.modes)
      writer.add("gaussian.rest_variance", Tensor(gaussian.residualVariance))
    }
    for (prefix, parameters) in [("current.", state.current), ("best.", state.best)] {
      guard let parameters else { continue }
      for (name, tensor) in zip(parameters.names, parameters.tensors) { writer.add(prefix + name, tensor) }
    }
    try writer.write(to: path, overwrite: true)
  }

  /// The state in the file; nil if there is none.
  ///
  /// - Parameters:
  ///   - shape: that of the completions.
  ///   - layout: the layout of a network that corrects a Gaussian; nil for networks with files of their own.
  /// - Throws: ``LearningError/anotherTraining(path:)`` where it is that of other settings or data, and what reading throws.
  func read(shape: [Int], layout: ((ArchiveGaussian) throws -> ParameterSet<Float>)? = nil) throws -> CompletionState? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let file = try SafetensorsFile(path: path)
    guard file.metadata[Self.identityKey] == text,
      let notes = try? JSONDecoder().decode(Notes.self, from: Data(file.text(for: Self.stateKey).utf8))
    else { throw LearningError.anotherTraining(path: path) }
    var state = CompletionState(rows: 0, states: shape[1])
    (state.round, state.done, state.scores) = (notes.round, notes.done, notes.scores)
    (state.isFinished, state.seconds) = (notes.isFinished, notes.seconds)
    state.completions = try file.floats("completions", shape: shape)
    guard let layout, file.contains("gaussian.modes") else { return state }
    let gaussian = ArchiveGaussian(
      modes: try file.floats("gaussian.modes"),
      residualVariance: try file.floats("gaussian.rest_variance", shape: [shape[1]]).scalars)
    state.gaussian = gaussian
    let names = try layout(gaussian)
    func parameters(_ prefix: String) throws -> ParameterSet<Float>? {
      guard let first = names.names.first, file.contains(prefix + first) else { return nil }
      return try file.parameters(layout: names, prefix: prefix)
    }
    (state.current, state.best) = (try parameters("current."), try parameters("best."))
    return state
  }
}
