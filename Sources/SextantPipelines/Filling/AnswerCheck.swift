// An answer that checks itself on the user's own data: observations are predicted from the others, and bias, error, ranked
// probability score and coverage of the predictions are summed. Where the posterior is exactly Gaussian and each observation is
// one entry, leaving one out has a closed form and costs nothing; otherwise, also where observations are interpolated values of a
// grid, a small share is held out and the field is filled once more, with few samples.

import Foundation
import SextantArrays
import SextantEvaluation
import SextantMeasurement
import SextantSolvers

/// Sums over observations that were predicted from others; those of several fields add up.
struct AnswerCheck: Sendable, Codable, Equatable {
  /// The sums of one variable.
  struct Channel: Sendable, Codable, Equatable {
    /// Observations that were predicted.
    var count = 0
    /// Σ (predicted − observed), in the variable's units, as all sums below.
    var error = 0.0
    var squaredError = 0.0
    /// Observations that were predicted with a spread.
    var spreadCount = 0
    /// Σ of the ranked probability score of N(mean, spread² + noise²).
    var rankedProbability = 0.0
    /// How many lie in the central 90 % interval.
    var covered = 0
    /// Σ (error / predicted standard deviation)².
    var squaredDeviation = 0.0
    /// Observed values beside the answer that was given them: their number, and Σ (difference / noise)².
    var fitCount = 0
    var squaredMisfit = 0.0
    /// The range of the observed values, and that of the answer's mean; nil where there is none.
    var observed: ClosedRange<Float>?
    var answered: ClosedRange<Float>?
    /// The range that the archive lets expect; nil without a model.
    var expected: ClosedRange<Float>?

    static func + (a: Channel, b: Channel) -> Channel {
      Channel(
        count: a.count + b.count, error: a.error + b.error, squaredError: a.squaredError + b.squaredError,
        spreadCount: a.spreadCount + b.spreadCount, rankedProbability: a.rankedProbability + b.rankedProbability,
        covered: a.covered + b.covered, squaredDeviation: a.squaredDeviation + b.squaredDeviation,
        fitCount: a.fitCount + b.fitCount, squaredMisfit: a.squaredMisfit + b.squaredMisfit,
        observed: union(a.observed, b.observed), answered: union(a.answered, b.answered),
        expected: union(a.expected, b.expected))
    }

    private static func union(_ a: ClosedRange<Float>?, _ b: ClosedRange<Float>?) -> ClosedRange<Float>? {
      guard let a, let b else { return a ?? b }
      return min(a.lowerBound, b.lowerBound)...max(a.upperBound, b.upperBound)
    }
  }

  /// One for each variable (C).
  var channels: [Channel]

  init(channelCount: Int) { channels = [Channel](repeating: Channel(), count: channelCount) }

  static func + (a: AnswerCheck, b: AnswerCheck) -> AnswerCheck {
    var sum = a
    for channel in sum.channels.indices { sum.channels[channel] = a.channels[channel] + b.channels[channel] }
    return sum
  }

  /// Adds one prediction.
  ///
  /// - Parameters:
  ///   - predicted: the prediction from other observations.
  ///   - deviation: its standard deviation with that of the observation's noise; nil where the method gives none.
  ///   - observed: the observation.
  ///   - channel: its variable.
  ///   - encoding: what the values of the variable are.
  mutating func add(
    predicted: Double, deviation: Double?, observed: Double, channel: Int, encoding: ValueEncoding = .number
  ) {
    let error = encoding.difference(predicted, observed)
    guard error.isFinite else { return }
    channels[channel].count += 1
    channels[channel].error += error
    channels[channel].squaredError += error * error
    guard let deviation, deviation > 0, deviation.isFinite else { return }
    channels[channel].spreadCount += 1
    channels[channel].rankedProbability += GaussianDistribution.crps(error: error, spread: deviation)
    channels[channel].covered += GaussianDistribution.isCovered(error: error, spread: deviation, at: .ninety) ? 1 : 0
    channels[channel].squaredDeviation += error * error / (deviation * deviation)
  }
}

/// How answers are checked.
struct AnswerChecking: Sendable {
  /// The share of a field's observations that is held out.
  let share: Double
  /// The fewest observations that are held out of a field, where it has enough of them.
  static let leastCount = 100
  /// Fewer observations than these are not worth a check.
  static let leastObservations = 25
  /// The share of the fields of a series that are filled once more.
  static let shareOfFields = 0.1
  /// What the values of each variable are (C).
  let encodings: [ValueEncoding]
  private var channelCount: Int { encodings.count }
  /// Whether the method's mean and spread are those of an exact Gaussian in the variables' own units.
  let isGaussian: Bool
  /// Whether the noise is known and used.
  let knowsNoise: Bool
  /// Samples of the second filling, for methods that have no spread without samples.
  let samples: Int
  /// Samples of the second filling where an observation combines several entries: they tell the correlations of the entries,
  /// whose spread is exact.
  private let samplesOfCombinations: Int

  init(
    share: Double, encodings: [ValueEncoding], isGaussian: Bool, knowsNoise: Bool, samples: Int, drawsSamples: Bool = false
  ) {
    (self.share, self.encodings, self.isGaussian) = (share, encodings, isGaussian)
    (self.knowsNoise, self.samples) = (knowsNoise, samples)
    samplesOfCombinations = drawsSamples && isGaussian ? max(32, samples) : samples
  }

  /// Whether each observation of a measurement is predicted from the others in closed form.
  func hasClosedForm(for measurement: FieldMeasurement) -> Bool {
    isGaussian && measurement.operation.selectedEntries != nil
  }

  /// Whether field `index` of so many is checked by a second filling.
  ///
  /// A tenth of the fields are, at least two, and more where fields have few observations: honest intervals are told from others by
  /// a hundred of them.
  func refills(_ index: Int, of count: Int, observations: Int) -> Bool {
    let held = heldOutCount(of: observations)
    guard share > 0, held > 0 else { return false }
    let wanted = max(2, Int((Self.shareOfFields * Double(count)).rounded(.up)), (Self.leastCount + held - 1) / held)
    return index % max(1, count / wanted) == 0
  }

  /// How many of the observations of a field a second filling is not given.
  private func heldOutCount(of count: Int) -> Int {
    count < Self.leastObservations ? 0 : min(max(Self.leastCount, Int(share * Double(count))), count / 5)
  }

  /// The least share of the observations of a field that the closed form must be good for. Those that it is not good for are
  /// the hardest to predict, so that a check of the others alone would look better than the answer is.
  static let leastClosedShare = 0.98

  /// The fit of the observations to the answer that was given them, and the check where it needs no second filling.
  ///
  /// - Parameters:
  ///   - measurement: the observations, in the units of the answer.
  ///   - posterior: the answer.
  ///   - isKept: the entries (V·C) whose observed values are written as they are, whatever the answer is; nil for none.
  /// - Returns: the sums, and whether they contain the check; if not, ``refill(_:by:prepared:using:)`` makes it.
  func closedForm(
    _ measurement: FieldMeasurement, _ posterior: Posterior, keeping isKept: [Bool]? = nil
  ) -> (check: AnswerCheck, isChecked: Bool) {
    var check = AnswerCheck(channelCount: channelCount)
    var (fit, candidateCount, checkedCount) = (check, 0, 0)
    let entries = measurement.operation.outputEntries.indices
    let predicted = predictions(of: measurement, by: posterior.mean)
    let selected = isGaussian && share > 0 && measurement.count >= Self.leastObservations
      ? measurement.operation.selectedEntries : nil
    for row in 0..<measurement.count {
      let channel = entries[row] % channelCount
      let (mean, observed, noise) = (Double(predicted[row]), Double(measurement.values[row]), Double(measurement.noise[row]))
      guard mean.isFinite, !measurement.isCutOff(row) else { continue }
      if knowsNoise, noise > 0, encodings[channel] != .labels, isKept?[entries[row]] != true {
        let difference = encodings[channel].difference(mean, observed)
        fit.channels[channel].fitCount += 1
        fit.channels[channel].squaredMisfit += difference * difference / (noise * noise)
      }
      guard let selected, let spread = posterior.spread?[selected[row]], noise > 0 else { continue }
      candidateCount += 1
      // Without observation i, a Gaussian posterior of mean m and variance s² predicts the observation with error
      // (m − y)/(1 − s²/σ²) and variance σ²/(1 − s²/σ²).
      let left = 1 - Double(spread) * Double(spread) / (noise * noise)
      // Where the others say far less than the noise allows, m − y and 1 − s²/σ² are lost in rounding.
      guard left > 1e-3 else { continue }
      checkedCount += 1
      check.add(
        predicted: observed + (mean - observed) / left, deviation: noise / left.squareRoot(), observed: observed,
        channel: channel)
    }
    for channel in fit.channels.indices where encodings[channel] == .number {
      let rows = entries.indices.filter { entries[$0] % channelCount == channel }
      fit.channels[channel].observed = Self.range(of: rows.lazy.map { measurement.values[$0] })
      fit.channels[channel].answered = Self.range(
        of: stride(from: channel, to: posterior.mean.count, by: channelCount).lazy.map { posterior.mean[$0] })
    }
    let isChecked = candidateCount > 0 && Double(checkedCount) >= Self.leastClosedShare * Double(candidateCount)
    return (isChecked ? fit + check : fit, isChecked)
  }

  /// Whether the closed form will probably not do for a measurement: its noise is a hundredth of the variability or less.
  ///
  /// - Parameter deviations: the standard deviation of each variable (C).
  func isNearlyExact(_ measurement: FieldMeasurement, deviations: [Double]) -> Bool {
    let entries = measurement.operation.outputEntries.indices
    let small = (0..<measurement.count).count {
      Double(measurement.noise[$0]) < 0.01 * deviations[entries[$0] % channelCount]
    }
    return Double(small) > (1 - Self.leastClosedShare) * Double(measurement.count)
  }

  /// The range of those values that are finite; nil where none is.
  static func range(of values: some Sequence<Float>) -> ClosedRange<Float>? {
    var range: ClosedRange<Float>?
    for value in values where value.isFinite {
      range = min(value, range?.lowerBound ?? value)...max(value, range?.upperBound ?? value)
    }
    return range
  }

  /// The observations (positions) that a second filling is not given; empty where there are too few.
  func heldOut(of count: Int, using random: inout RandomStream) -> [Int] {
    let wanted = heldOutCount(of: count)
    var positions = Array(0..<count)
    for place in 0..<wanted { positions.swapAt(place, place + Int(random.next() % UInt64(count - place))) }
    return positions[..<wanted].sorted()
  }

  /// Fills once more without some observations, and compares the answer with them.
  ///
  /// - Parameters:
  ///   - measurement: all observations.
  ///   - solver: the solver, with everything that it fits fitted to `measurement`.
  ///   - prepared: the same solver prepared for all observations, where it is at hand: it may know the answer without some
  ///     of them at little cost. It is released before another preparation is made.
  ///   - random: chooses the observations and the samples.
  func refill(
    _ measurement: FieldMeasurement, by solver: any Solver, prepared: inout (any PreparedSolver)?,
    using random: inout RandomStream
  ) throws -> AnswerCheck {
    // What was cut off is no value to predict.
    let known = (0..<measurement.count).filter { !measurement.isCutOff($0) }
    let held = heldOut(of: known.count, using: &random).map { known[$0] }
    guard !held.isEmpty else { return AnswerCheck(channelCount: channelCount) }
    if let known = try prepared?.posterior(leavingOut: held, of: measurement) {
      return compare(known, with: measurement.rows(held))
    }
    prepared = nil
    let count = measurement.operation.selectedEntries == nil ? samplesOfCombinations : samples
    let posterior = try solver.posterior(given: measurement.without(held), samples: count, using: &random)
    return compare(posterior, with: measurement.rows(held))
  }

  /// Observations beside an answer that was not given them.
  func compare(_ posterior: Posterior, with tests: FieldMeasurement) -> AnswerCheck {
    var check = AnswerCheck(channelCount: channelCount)
    let predicted = predictions(of: tests, by: posterior.mean)
    let deviations = deviations(of: tests, by: posterior, around: predicted)
    let entries = tests.operation.outputEntries.indices
    for row in 0..<tests.count {
      let noise = knowsNoise ? Double(tests.noise[row]) : 0
      let channel = entries[row] % channelCount
      check.add(
        predicted: Double(predicted[row]),
        deviation: deviations.map { (Double($0[row]) * Double($0[row]) + noise * noise).squareRoot() },
        observed: Double(tests.values[row]), channel: channel, encoding: encodings[channel])
    }
    return check
  }

  private func predictions(of measurement: FieldMeasurement, by mean: [Float]) -> [Float] {
    if let entries = measurement.operation.selectedEntries { return entries.map { mean[$0] } }
    return measurement.operation.apply(Tensor(mean, shape: [1, mean.count])).scalars
  }

  /// The standard deviation of each predicted value; nil where the method gives none.
  private func deviations(
    of measurement: FieldMeasurement, by posterior: Posterior, around predicted: [Float]
  ) -> [Float]? {
    if let entries = measurement.operation.selectedEntries, let spread = posterior.spread { return entries.map { spread[$0] } }
    guard encodings.allSatisfy({ $0 == .number }) else { return nil }
    if let deviations = posterior.scaledDeviations {
      return measurement.operation.apply(deviations).columnDeviations(from: [Float](repeating: 0, count: predicted.count))
    }
    // Without samples: neighbours are nearly alike, so that the combined spread is hardly above the spread of the combination.
    guard isGaussian, let spread = posterior.spread,
      let matrix = try? measurement.operation.materialised(for: "The check")
    else { return nil }
    return (0..<matrix.rowCount).map { row in
      (matrix.rowStarts[row]..<matrix.rowStarts[row + 1]).reduce(into: Float(0)) {
        $0 += Float(abs(matrix.values[$1])) * spread[Int(matrix.columns[$1])]
      }
    }
  }
}

extension FieldMeasurement {
  /// The measurement without the rows at `positions`.
  func without(_ positions: [Int]) -> FieldMeasurement {
    let left = Set(positions)
    return rows((0..<count).filter { !left.contains($0) })
  }
}
