// A part of a series filled once more without some of its observations, for the check of its answer: what the series says of an
// observation that it was not given. It is made where leaving one out has no closed form.

import SextantArrays
import SextantMeasurement
import SextantSolvers

/// The second filling of a series, which is made when it is first asked for. It is used from one thread.
final class SecondFilling {
  /// The number of the series among those of the document.
  let part: Int
  private let series: FieldSeries
  private let random: RandomStream
  private let prepare: (_ series: FieldSeries, _ samples: Int, _ isFromStart: Bool) throws -> any PreparedSeries
  private var made: (steps: Range<Int>, held: [Int: [Int]], prepared: any PreparedSeries)?

  /// The steps that are filled once more, at most: a long series costs little by it.
  static let longest = 40
  /// The steps of which observations are withheld, at most.
  static let testedSteps = 4

  /// - Parameters:
  ///   - series: The series.
  ///   - part: Its number among those of the document.
  ///   - random: Chooses the observations.
  ///   - prepare: Fills a series again.
  init(
    of series: FieldSeries, part: Int, random: RandomStream,
    prepare: @escaping (_ series: FieldSeries, _ samples: Int, _ isFromStart: Bool) throws -> any PreparedSeries
  ) {
    (self.series, self.part, self.random, self.prepare) = (series, part, random, prepare)
  }

  /// The observations of a step that were withheld, and the answer without them; nil for a step that kept all of its own.
  func answer(at step: Int, by checking: AnswerChecking) throws -> (tests: FieldMeasurement, answer: Posterior)? {
    guard checking.share > 0 else { return nil }
    let (steps, held, prepared) = try made ?? make(by: checking)
    guard let rows = held[step], let measurement = try series.measurement(at: step) else { return nil }
    return (measurement.rows(rows), try prepared.posterior(at: step - steps.lowerBound))
  }

  private func make(
    by checking: AnswerChecking
  ) throws -> (steps: Range<Int>, held: [Int: [Int]], prepared: any PreparedSeries) {
    let count = min(series.times.count, Self.longest)
    let first = (series.times.count - count) / 2
    let steps = first..<first + count
    var held: [Int: [Int]] = [:]
    let distance = max(1, count / Self.testedSteps)
    for step in stride(from: first + (distance - 1) / 2, to: steps.upperBound, by: distance) where held.count < Self.testedSteps {
      guard let measurement = try series.measurement(at: step) else { continue }
      var stream = random.split(step)
      let rows = checking.heldOut(of: measurement.count, using: &stream)
      if !rows.isEmpty { held[step] = rows }
    }
    let prepared = try prepare(series.part(steps, without: held), checking.samples, first == 0)
    made = (steps, held, prepared)
    return (steps, held, prepared)
  }
}

extension FieldSeries {
  /// Some consecutive steps without the observations at the given positions.
  fileprivate func part(_ steps: Range<Int>, without held: [Int: [Int]]) -> FieldSeries {
    let (places, measurement) = (Dictionary(uniqueKeysWithValues: zip(indices, indices.indices)), measurement)
    return FieldSeries(
      labels: Array(labels[steps]), times: Array(times[steps]), indices: Array(indices[steps]),
      measurement: { index in
        let all = try measurement(index)
        guard let step = places[index], let rows = held[step] else { return all }
        return all?.without(rows)
      })
  }
}
