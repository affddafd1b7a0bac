// The step of expectation in rounds of completion: every field is completed by samples of its posterior under the prior, or the flow, of
// the round, and values that are hidden from all rounds say how good that is. What is learned from the completions is the affair of
// the trainings (CompletionTraining, AmortisedTraining).
//
// All random numbers follow from the round and the field, and the state is written down as it grows.

import Foundation
import SextantArrays
import SextantDiffusion
import SextantEvaluation
import SextantMeasurement
import SextantModels
import SextantPriors
import SextantSignals
import SextantSolvers

/// Completes the fields of an archive, once a round.
struct CompletionStep {
  let measurements: ArchiveMeasurements
  let model: Model
  /// The space of the completions.
  let space: StateSpace
  /// The number of the last round.
  let rounds: Int
  /// Completions of each field.
  let samples: Int
  /// The stream of all rounds.
  let random: RandomStream
  let progress: any ProgressObserver
  let interruption: Interruption

  /// Seconds between two writings of completions.
  private static let writingInterval = 30.0
  /// The largest number of fields whose hidden values are scored.
  private static let scoredCount = 200

  /// Whether hidden values of a field are scored: the same in every round.
  static func isScored(_ number: Int, of count: Int) -> Bool {
    let wanted = min(count, scoredCount)
    return number * wanted / count != (number + 1) * wanted / count
  }

  /// Completes the fields that are not completed yet, and scores the round.
  ///
  /// - Parameters:
  ///   - state: the rounds, whose next completions are to be made. They are finished where this round predicts hidden values no better
  ///     than an earlier one after the first, or is the last.
  ///   - solver: whose posterior samples complete the fields.
  ///   - file: where the state is written down.
  /// - Throws: what solving and writing throw, and `InterruptionError` after the state was written down.
  func run(_ state: inout CompletionState, by solver: any Solver, file: CompletionFile) throws {
    let solvers = PreparedSolvers(solver)
    let count = measurements.count
    // Nobody learns from the last completions: what is scored is enough of them.
    let isLast = state.round == rounds
    let stream = random.split("samples").split(state.round)
    progress.start("completing the fields, round \(state.round)", unit: "field", count: count)
    defer { progress.finish() }
    var written = ContinuousClock.now
    var start = written
    func note() {
      state.seconds += (ContinuousClock.now - start) / .seconds(1)
      start = ContinuousClock.now
    }
    while state.done < count {
      do {
        try interruption.check()
      } catch {
        note()
        try file.write(state)
        throw error
      }
      let number = state.done
      if !isLast || Self.isScored(number, of: count) {
        var own = stream.split(number)
        let seen = try measurements(number).seen
        let posterior = try solvers.posterior(given: seen, samples: samples, using: &own)
        guard let drawn = posterior.samples else { preconditionFailure("A completion without samples") }
        state.completions.replaceRows(
          from: number * samples, with: space.states(of: drawn, label: seen.label, on: model.space))
      }
      state.done += 1
      progress.advance(to: state.done)
      if (ContinuousClock.now - written) / .seconds(1) > Self.writingInterval {
        note()
        try file.write(state)
        written = ContinuousClock.now
      }
    }
    note()
    state.scores.append(try score(state, isLast: isLast))
    if state.round > 0 { state.isFinished = isLast || state.bestRound(from: 1) != state.round }
  }

  /// How well hidden values are predicted by the completions of a round.
  private func score(_ state: CompletionState, isLast: Bool) throws -> CompletionScore {
    let scored = (0..<measurements.count).filter { Self.isScored($0, of: measurements.count) }
    let channels = space.layout.channelCount
    var (ranked, squares, variances, n) = (0.0, 0.0, 0.0, 0)
    for number in scored {
      let hidden = try measurements(number).hidden
      guard hidden.count > 0 else { continue }
      let own = state.completions.rows(number * samples..<(number + 1) * samples)
      // What lies outside the domain is not measured: any finite number will do there.
      let fields = space.fields(fromStates: own, label: hidden.label)
      let scales = hidden.operation.outputEntries.indices.map { space.scales[$0 % channels] }
      // The noise is the same in every round.
      let noises = random.split("noise").split(number)
      let white = Tensor<Float>.normals((0..<samples).map { noises.split($0) }, shape: [hidden.count])
      let predicted = hidden.operation.apply(fields) + white.scalingColumns(by: hidden.noise)
      let statistics = EnsembleStatistics(samples: predicted, truth: hidden.values)
      for (row, scale) in scales.enumerated() {
        ranked += Double(statistics.crps[row] / scale)
        squares += pow(Double(statistics.meanError[row] / scale), 2)
        variances += Double(statistics.variance[row] / (scale * scale))
      }
      n += scales.count
    }
    guard n > 0 else {
      throw RunError.invalid(
        "learning: no value is left to hide, and rounds of completion are judged by hidden values. The archive has too few measured values.")
    }
    let rows = isLast ? scored.flatMap { $0 * samples..<($0 + 1) * samples } : Array(0..<state.completions.rowCount)
    return CompletionScore(
      round: state.round, crps: ranked / Double(n), error: (squares / Double(n)).squareRoot(),
      spreadOverError: ((1 + 1 / Double(samples)) * variances / squares).squareRoot(),
      variance: Self.variance(of: state.completions.gatheringRows(rows)), seconds: state.seconds)
  }

  /// The mean variance over columns.
  private static func variance(of rows: Tensor<Float>) -> Double {
    let (count, means) = (Double(rows.rowCount), rows.columnMeans())
    let squares = rows.columnSquaredNorms()
    return zip(squares, means).reduce(0) { $0 + $1.0 / count - Double($1.1) * Double($1.1) } / Double(means.count)
  }
}
