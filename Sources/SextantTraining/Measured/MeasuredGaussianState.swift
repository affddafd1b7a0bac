// The state of the Gaussian training from measurements (MeasuredGaussianTraining) between two of its steps, and the file in which it is
// written down.

import Foundation
import SextantArrays
import SextantPriors
import SextantStorage

/// What a Gaussian training from measurements has learned so far.
struct MeasuredGaussianState {
  /// The factors.
  var search: FactorSearch
  /// The estimated noise of each channel, not a number where it was given; nil before it was estimated.
  var noise: [Double]?
  /// The rounds of completion; nil before they begin.
  var rounds: CompletionRounds?

  init(search: FactorSearch) { self.search = search }
}

/// The file of the state, which lies in a run's folder while the training goes on.
struct MeasuredGaussianStateFile {
  /// The path of the file.
  let path: String
  /// The settings of the training.
  let identity: String

  /// The name of the file in a run's folder.
  static let fileName = "prior.last.safetensors"

  /// What is not an array.
  private struct Notes: Codable {
    var tried: [Int]
    var termCount: Int
    var isFinished: Bool
    var scores: [HiddenScore]?
    var isCompleted: Bool?
  }

  /// Writes the state whole or not at all.
  func write(_ state: MeasuredGaussianState) throws {
    let (search, rounds) = (state.search, state.rounds)
    let notes = Notes(
      tried: search.tried, termCount: search.model.termCount, isFinished: search.isFinished, scores: rounds?.scores,
      isCompleted: rounds?.isFinished)
    var writer = SafetensorsWriter(metadata: [
      "sextant_training": identity, "sextant_state": String(decoding: try JSONEncoder().encode(notes), as: UTF8.self),
    ])
    writer.add("scores", Tensor(search.scores))
    if let noise = state.noise { writer.add("noise", Tensor(noise)) }
    for (name, model) in [("model", search.model), ("best", search.best)] {
      writer.add("\(name).coefficients", model.coefficients)
      writer.add("\(name).residual", Tensor(model.residualVariance))
      writer.add("\(name).ridge", Tensor(model.ridge))
    }
    if let rounds {
      for (name, prior) in [("current", rounds.current), ("whole", rounds.whole), ("completed", rounds.best)] {
        writer.add("\(name).modes", prior.functions.scaledModes)
        writer.add("\(name).deviations", Tensor(prior.functions.standardDeviations))
        writer.add("\(name).residual", Tensor(prior.functions.residualVariance))
        writer.add("\(name).climatology", prior.climatology)
        writer.add("\(name).parameters", Tensor(prior.parameters))
      }
    }
    try WholeFile.makeFolder((path as NSString).deletingLastPathComponent)
    try writer.write(to: path, overwrite: true)
  }

  /// The state in the file; nil if there is none.
  ///
  /// - Parameter stateCount: the number of states that it has to have.
  /// - Throws: ``LearningError/anotherTraining(path:)`` where it is that of other settings or data, and what reading throws.
  func read(stateCount: Int) throws -> MeasuredGaussianState? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let file = try SafetensorsFile(path: path)
    guard file.metadata["sextant_training"] == identity,
      let notes = try? JSONDecoder().decode(Notes.self, from: Data(file.text(for: "sextant_state").utf8))
    else { throw LearningError.anotherTraining(path: path) }
    func model(_ name: String) throws -> FactorModel {
      let coefficients = try file.doubles("\(name).coefficients")
      let residual = try file.doubles("\(name).residual", shape: [stateCount]).scalars
      let ridge = try file.doubles("\(name).ridge").scalars
      guard coefficients.shape == [stateCount, ridge.count], notes.termCount <= ridge.count else {
        throw LearningError.anotherTraining(path: path)
      }
      return FactorModel(
        coefficients: coefficients, residualVariance: residual, ridge: ridge, termCount: notes.termCount)
    }
    func prior(_ name: String) throws -> CompletedPrior {
      let deviations = try file.floats("\(name).deviations").scalars
      return CompletedPrior(
        functions: EmpiricalOrthogonalFunctions(
          scaledModes: try file.floats("\(name).modes", shape: [deviations.count, stateCount]),
          standardDeviations: deviations,
          residualVariance: try file.floats("\(name).residual", shape: [stateCount]).scalars),
        climatology: try file.doubles("\(name).climatology", shape: [notes.termCount, stateCount]),
        parameters: try file.doubles("\(name).parameters").scalars)
    }
    var state = MeasuredGaussianState(
      search: FactorSearch(
        model: try model("model"), best: try model("best"), scores: try file.doubles("scores").scalars,
        tried: notes.tried, isFinished: notes.isFinished))
    if file.contains("noise") { state.noise = try file.doubles("noise").scalars }
    if let scores = notes.scores {
      state.rounds = CompletionRounds(
        current: try prior("current"), whole: try prior("whole"), best: try prior("completed"), scores: scores,
        isFinished: notes.isCompleted ?? false)
    }
    return state
  }

  /// Whether there is a file, and it is that of this training.
  var isOwn: Bool {
    (try? SafetensorsFile(path: path))?.metadata["sextant_training"] == identity
  }

  /// Takes the file away, when the model is there.
  func remove() throws { try WholeFile.remove(path) }
}
