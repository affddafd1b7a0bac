// Methods that fill a whole series at once as a table of steps and entries, without uncertainty: the company in which the
// space-time posterior is judged. Alone, a field has no neighbours in time, and such a method is harmonic interpolation.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals

/// The measured values of a series as a table.
struct SeriesTable {
  /// T×E, not a number where nothing was measured.
  var values: [[Float]]
  let times: [Double]
  let labels: [FieldLabel]

  /// Reads all steps. Throws `MeasurementError.operatorNotSupported` where a value is not one entry of the field.
  init(_ series: any MeasuredSeries, entryCount: Int, method: String) throws {
    (times, labels) = (series.times, series.labels)
    values = try series.times.indices.map { step in
      var row = [Float](repeating: .nan, count: entryCount)
      guard let measurement = try series.measurement(at: step) else { return row }
      guard let entries = measurement.operation.selectedEntries else {
        throw MeasurementError.operatorNotSupported(
          method: method, form: measurement.operation.form.kind, reason: "each measured value must be one entry of the field",
          hint: "Use a file without an operator, or two-scale.")
      }
      for (entry, value) in zip(entries, measurement.values) { row[entry] = value }
      return row
    }
  }
}

/// A method that fills a table of steps and entries.
struct WholeSeriesSolver: SeriesSolver {
  let name: String
  let answersCausally = false
  let space: FieldSpace
  /// Fills the table as far as the method can; entries that stay not a number are interpolated in space.
  let fill: @Sendable (inout SeriesTable, inout RandomStream) throws -> Void

  func prepare(
    _ series: any MeasuredSeries, _ request: SeriesRequest, from carried: CarriedSeries?
  ) throws -> any PreparedSeries {
    var table = try SeriesTable(
      series, entryCount: space.domain.vertexCount * space.channelCount, method: name)
    var random = request.random.split(name)
    try fill(&table, &random)
    return WholeSeries(
      table: table, harmonic: HarmonicSolver(domain: space.domain, channelCount: space.channelCount))
  }
}

/// A filled table.
private final class WholeSeries: PreparedSeries {
  private let table: SeriesTable
  private let harmonic: HarmonicSolver

  init(table: SeriesTable, harmonic: HarmonicSolver) { (self.table, self.harmonic) = (table, harmonic) }

  func posterior(at step: Int) throws -> Posterior {
    let row = table.values[step]
    guard row.contains(where: \.isNaN) else { return Posterior(mean: row) }
    let known = row.indices.filter { !row[$0].isNaN }
    guard !known.isEmpty else { return Posterior(mean: row) }
    var random = RandomStream(seed: 0)
    return try harmonic.posterior(
      given: FieldMeasurement(
        values: known.map { row[$0] }, noise: [Float](repeating: 1, count: known.count),
        operation: SelectionOperator(inputCount: row.count, indices: known), label: table.labels[step]),
      samples: 0, using: &random)
  }
}

extension SeriesTable {
  /// Interpolates each entry linearly between the steps at which it was measured, and keeps the first and the last value
  /// before and after them.
  mutating func interpolateInTime() {
    guard let width = values.first?.count else { return }
    for entry in 0..<width {
      let known = values.indices.filter { !values[$0][entry].isNaN }
      guard var next = known.first else { continue }
      var (place, last) = (0, next)
      for step in values.indices {
        while place < known.count, known[place] <= step {
          last = known[place]
          place += 1
        }
        next = place < known.count ? known[place] : last
        guard values[step][entry].isNaN else { continue }
        let (from, to) = (values[last][entry], values[next][entry])
        let gap = times[next] - times[last]
        let share = gap > 0 ? Float((times[step] - times[last]) / gap) : 0
        values[step][entry] = from + min(max(share, 0), 1) * (to - from)
      }
    }
  }

  /// Replaces every value by the mean of its entry in the same month and at the same hour; where there is none, by that of
  /// the hour, and by that of all steps.
  mutating func averageByHourAndMonth() {
    guard let width = values.first?.count else { return }
    let hours = times.map { Int((($0 - $0.rounded(.down)) * 24).rounded()) % 24 }
    let groups: [[Int]] = [
      hours.indices.map { (labels[$0].month ?? 0) * 24 + hours[$0] }, hours, hours.map { _ in 0 },
    ]
    var result = values.map { _ in [Float](repeating: .nan, count: width) }
    for keys in groups {
      for steps in Dictionary(grouping: keys.indices, by: { keys[$0] }).values {
        for entry in 0..<width {
          let own = steps.compactMap { values[$0][entry].isNaN ? nil : Double(values[$0][entry]) }
          guard !own.isEmpty else { continue }
          let mean = Float(own.reduce(0, +) / Double(own.count))
          for step in steps where result[step][entry].isNaN { result[step][entry] = mean }
        }
      }
    }
    values = result
  }
}

extension Method {
  private static func overTime(
    name: String, title: String, _ fill: @escaping @Sendable (inout SeriesTable, inout RandomStream) throws -> Void
  ) -> Method {
    Method(
      name: name, title: title, traits: .ofPoints,
      series: { context in WholeSeriesSolver(name: name, space: context.space, fill: fill) }
    ) { context in
      HarmonicSolver(domain: context.space.domain, channelCount: context.space.channelCount)
    }
  }

  /// Linear interpolation in time, entry by entry.
  public static let timeLinear = overTime(name: "time-linear", title: "linear interpolation in time") { table, _ in
    table.interpolateInTime()
  }

  /// The mean of the series' own values by hour and month.
  public static let timeClimatology = overTime(
    name: "time-climatology", title: "mean by hour and month"
  ) { table, _ in
    table.averageByHourAndMonth()
  }

  /// DINEOF over the series.
  public static let timeDINEOF = overTime(name: "time-dineof", title: "DINEOF over the series") { table, random in
    try SeriesDINEOF(passes: 0).fill(&table, using: &random)
  }

  /// DINEOF over the series with a filter of its modes in time.
  public static let timeDINEOFFiltered = overTime(
    name: "time-dineof-filtered", title: "DINEOF over the series, filtered in time"
  ) { table, random in
    try SeriesDINEOF(passes: 3).fill(&table, using: &random)
  }
}
