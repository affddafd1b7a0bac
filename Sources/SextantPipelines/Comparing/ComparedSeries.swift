// Test fields as a series: every method that knows time is given the measurements of all steps of one mask and draw.

import Foundation
import SextantArrays
import SextantMeasurement
import SextantModels
import SextantSignals
import SextantSolvers

/// The answers of methods that know time, made when the first of a series is asked for.
final class ComparedSeries {
  private let use: TimeUse
  private let labels: [FieldLabel]
  private let times: [Double]
  /// The test fields in the order of time, by their place in the list of test fields.
  private let sorted: [Int]
  private let stepOfPlace: [Int]
  private var prepared: [String: any PreparedSeries] = [:]

  /// - Parameter labels: the labels of the test fields.
  /// - Throws: ``RunError`` where a field has no time.
  init(_ labels: [FieldLabel], use: TimeUse) throws {
    self.use = use
    let days = try labels.map { label -> Double in
      guard let day = label.day, day.isFinite else {
        throw RunError.invalid(
          "evaluate.time: \(use.rawValue): the test fields give no times. Leave the setting out, or use fields with times.")
      }
      return day
    }
    sorted = labels.indices.sorted { days[$0] == days[$1] ? $0 < $1 : days[$0] < days[$1] }
    self.labels = sorted.map { labels[$0] }
    times = sorted.map { days[$0] }
    var steps = [Int](repeating: 0, count: labels.count)
    for (step, place) in sorted.enumerated() { steps[place] = step }
    stepOfPlace = steps
  }

  /// The answer of a method for the test field at a place of the list.
  ///
  /// - Parameters:
  ///   - key: tells masks and draws from another.
  ///   - measurement: what was measured of the test field at a place; the same each time.
  func posterior(
    at place: Int, of method: Method, solver: any SeriesSolver, key: String, samples: Int, random: RandomStream,
    measurement: @escaping (Int) throws -> FieldMeasurement
  ) throws -> Posterior {
    let name = "\(method.name) \(key)"
    let series =
      try prepared[name]
      ?? solver.prepare(
        Steps(labels: labels, times: times, places: sorted, measured: measurement),
        SeriesRequest(use: use, samples: samples, random: random), from: nil)
    prepared[name] = series
    return try series.posterior(at: stepOfPlace[place])
  }

  private struct Steps: MeasuredSeries {
    let labels: [FieldLabel]
    let times: [Double]
    let places: [Int]
    let measured: (Int) throws -> FieldMeasurement

    func measurement(at step: Int) throws -> FieldMeasurement? {
      let measurement = try measured(places[step])
      return measurement.count > 0 ? measurement : nil
    }
  }
}
