// Climatologies against their definition, and archives that have none.

import Foundation
import SextantArrays
import SextantGeometry
import SextantPriors
import SextantSignals
import SextantTestSupport
import Testing

@Suite struct ClimatologyTests {
  private static let count = 24

  /// Fields whose value at vertex v in a month is v + the month's part of a sine; every fifth entry is missing.
  private static func archive(_ label: (Int) -> FieldLabel) throws -> (fields: SignalSet, layout: StateLayout) {
    let grid = try SmallClimate.grid(step: 60)
    let v = grid.vertexCount
    var values: [Float] = []
    for n in 0..<count {
      let season = Float(sin(2 * Double.pi * Double(n % 12) / 12))
      for vertex in 0..<v { values.append(Float(vertex) + season) }
    }
    let fields = SignalSet(
      domain: grid, variables: [Variable(name: "x")], values: Tensor(values, shape: [count, v, 1]),
      isValid: (0..<count * v).map { $0 % 5 != 0 }, labels: (0..<count).map(label))
    return (
      fields, StateLayout(domain: grid, channelCount: 1, isInside: [Bool](repeating: true, count: v))
    )
  }

  @Test(arguments: [ClimatologyKind.monthly, .harmonic(order: 1)])
  func theSeasonIsFound(kind: ClimatologyKind) throws {
    let (fields, layout) = try Self.archive {
      FieldLabel(month: $0 % 12 + 1, yearFraction: Double($0 % 12) / 12)
    }
    let climatology = try Climatology.fit(kind, to: fields, indices: Array(0..<Self.count), layout: layout)
    for month in [0, 4, 9] {
      let mean = climatology.mean(for: FieldLabel(month: month + 1, yearFraction: Double(month) / 12))
      for state in 0..<layout.count where layout.nodeOfState[state] > 0 {
        let vertex = try #require(layout.stateOfEntry.firstIndex(of: Int32(state)))
        guard layout.stateOfEntry.count(where: { $0 == Int32(state) }) == 1 else { continue }
        let expected = Double(vertex) + sin(2 * Double.pi * Double(month) / 12)
        #expect(abs(Double(mean[state]) - expected) < 1e-3)
      }
    }
  }

  /// A failed factorisation was once answered with a climatology of zeros.
  @Test(arguments: [Double.nan, .infinity]) func timesThatAreNoNumbersAreRefused(time: Double) throws {
    let (fields, layout) = try Self.archive { FieldLabel(yearFraction: $0 == 7 ? time : Double($0 % 12) / 12) }
    let error = try #require(throws: PriorError.self) {
      try Climatology.fit(.harmonic(order: 2), to: fields, indices: Array(0..<Self.count), layout: layout)
    }
    guard case .notFinite(let what) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(what.contains("time of year"))
  }

  /// Six years of monthly fields of the given months: a seasonal cycle of amplitude 10 and some noise.
  private static func seasons(_ months: [Int]) throws -> (fields: SignalSet, layout: StateLayout) {
    let grid = try SmallClimate.grid(step: 60)
    let v = grid.vertexCount
    var random = RandomStream(seed: 3)
    var labels: [FieldLabel] = []
    for year in 0..<6 {
      for month in months {
        let fraction: Double = (Double(month) - 0.5 + 0.1 * Double(year % 3)) / 12
        labels.append(FieldLabel(month: month, yearFraction: fraction))
      }
    }
    let noise: Tensor<Float> = random.normals([labels.count, v])
    var values = noise.scalars
    for (n, label) in labels.enumerated() {
      let angle = 2 * Double.pi * (label.yearFraction ?? 0)
      for vertex in 0..<v { values[n * v + vertex] += 10 * Float(sin(angle + Double(vertex))) }
    }
    let fields = SignalSet(
      domain: grid, variables: [Variable(name: "x")], values: Tensor(values, shape: [labels.count, v, 1]),
      isValid: [Bool](repeating: true, count: values.count), labels: labels)
    return (fields, StateLayout(domain: grid, channelCount: 1, isInside: [Bool](repeating: true, count: v)))
  }

  /// What an archive does not say of a season is not invented: the climatology stays near the archive's values, at every
  /// place and in every month.
  @Test(
    arguments: [
      [6, 7, 8], [12, 1, 2], [7], [1, 7], [3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
      Array(1...12),
    ], [ClimatologyKind.constant, .monthly, .harmonic(order: 1), .harmonic(order: 2), .harmonic(order: 6)])
  func noSeasonIsInvented(months: [Int], kind: ClimatologyKind) throws {
    let (fields, layout) = try Self.seasons(months)
    let climatology = try Climatology.fit(kind, to: fields, indices: Array(0..<fields.count), layout: layout)
    #expect(climatology.kind == kind && climatology.coefficients.rowCount == kind.termCount)
    let states = layout.reduced(fields.values, isValid: fields.isValid)
    for month in 1...12 {
      let mean = climatology.mean(for: FieldLabel(month: month, yearFraction: (Double(month) - 0.5) / 12))
      for state in 0..<layout.count {
        let values = (0..<fields.count).map { states[$0, state] }
        guard let least = values.min(), let greatest = values.max() else { continue }
        // The cycle has an amplitude of 10 and the noise a deviation of 1.
        let reach: Float = months.count >= 7 ? 13 : 3
        #expect((least - reach...greatest + reach).contains(mean[state]), "month \(month): \(mean[state])")
      }
    }
  }

  /// Harmonics that the archive determines are left alone, to the last bit of their number.
  @Test(arguments: [
    (Array(1...12), 6), ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 4), ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 2),
    ([1, 4, 7, 10], 2), ([3, 4, 5, 6, 7, 8, 9], 1), ([1, 7], 1), ([6, 7, 8], 0), ([7], 0), ([12, 1, 2], 0),
  ]) func harmonicsAreLimitedByTheLongestGap(months: [Int], order: Int) {
    let support = ArchiveSupport(of: months.map { FieldLabel(month: $0) })
    #expect(ClimatologyKind.harmonic(order: 6).limited(by: support) == .harmonic(order: order))
    #expect(ClimatologyKind.monthly.limited(by: support) == .monthly)
  }

  /// Hourly fields of some days: the month's part, a cycle of the day with a first and a second harmonic that differs from
  /// place to place, and gaps.
  private static func days(hours: [Int], months: [Int]) throws -> (fields: SignalSet, layout: StateLayout) {
    let grid = try SmallClimate.grid(step: 60)
    let v = grid.vertexCount
    var labels: [FieldLabel] = []
    for month in months {
      for day in 1...6 {
        for hour in hours {
          labels.append(
            FieldLabel(
              month: month, yearFraction: (Double(month) - 0.5) / 12,
              time: String(format: "2001-%02d-%02dT%02d:00:00", month, day, hour)))
        }
      }
    }
    let values = labels.flatMap { label in (0..<v).map { value(vertex: $0, label: label) } }
    let fields = SignalSet(
      domain: grid, variables: [Variable(name: "x")], values: Tensor(values, shape: [labels.count, v, 1]),
      isValid: values.indices.map { $0 % 7 != 0 }, labels: labels)
    return (fields, StateLayout(domain: grid, channelCount: 1, isInside: [Bool](repeating: true, count: v)))
  }

  private static func value(vertex: Int, label: FieldLabel) -> Float {
    let angle = 2 * Double.pi * (ArchiveSupport.dayFraction(of: label) ?? 0)
    let cycle = 3 * cos(angle + Double(vertex)) + sin(2 * angle)
    return Float(Double(label.month ?? 0) + cycle)
  }

  @Test(arguments: [
    (ClimatologyKind.constant, [3]), (.monthly, [3, 4]), (.harmonic(order: 1), Array(1...12)),
  ]) func theHourIsFound(season: ClimatologyKind, months: [Int]) throws {
    let (fields, layout) = try Self.days(hours: Array(stride(from: 0, to: 24, by: 3)), months: months)
    let wanted = ClimatologyKind.daily(order: 2, season: season)
    let climatology = try Climatology.fit(wanted, to: fields, indices: Array(0..<fields.count), layout: layout)
    #expect(climatology.kind == wanted && climatology.coefficients.rowCount == wanted.termCount)
    let seasonAlone = try Climatology.fit(season, to: fields, indices: Array(0..<fields.count), layout: layout)
    // A mean of a day has no hour, and is that of the season.
    let label = FieldLabel(month: months[0], yearFraction: (Double(months[0]) - 0.5) / 12)
    for (a, b) in zip(climatology.mean(for: label), seasonAlone.mean(for: label)) { #expect(abs(a - b) < 0.2) }
    guard season != .harmonic(order: 1) else { return }
    // Also between the hours of the archive.
    for time in ["2001-03-09T01:30:00", "2001-03-09T15:00:00"] {
      let label = FieldLabel(month: 3, yearFraction: 2.5 / 12, time: time)
      let mean = climatology.mean(for: label)
      for state in 0..<layout.count where layout.stateOfEntry.count(where: { $0 == Int32(state) }) == 1 {
        let vertex = try #require(layout.stateOfEntry.firstIndex(of: Int32(state)))
        #expect(abs(mean[state] - Self.value(vertex: vertex, label: label)) < 2e-3)
      }
    }
    // A month that the archive lacks has the mean of the others.
    if season == .monthly {
      let other = climatology.mean(for: FieldLabel(month: 8))
      let known = [3, 4].map { climatology.mean(for: FieldLabel(month: $0)) }
      for state in other.indices { #expect(abs(other[state] - (known[0][state] + known[1][state]) / 2) < 0.05) }
    }
  }

  /// Harmonics of the day that the hours of an archive do not determine are left out.
  @Test(arguments: [
    (Array(0..<24), 6), (Array(stride(from: 0, to: 24, by: 3)), 3), ([0, 6, 12, 18], 1), ([0, 12], 0), ([6], 0), ([9, 10, 11, 12, 13, 14, 15], 0),
  ]) func dailyHarmonicsAreLimitedByTheHours(hours: [Int], order: Int) throws {
    let (fields, layout) = try Self.days(hours: hours, months: [3])
    let support = ArchiveSupport(of: fields.labels)
    #expect(ClimatologyKind.daily(order: 6, season: .monthly).limited(by: support).dailyOrder == order)
    let fitted = try Climatology.fit(
      .daily(order: 6, season: .constant), to: fields, indices: Array(0..<fields.count), layout: layout)
    #expect(fitted.kind == (order > 0 ? .daily(order: order, season: .constant) : .constant))
    // Months do not resolve days.
    let months = ArchiveSupport(of: (1...12).map { (month: Int) in FieldLabel(month: month, time: "2001-\(month)-15T12:00:00") })
    #expect(ClimatologyKind.daily(order: 2, season: .constant).limited(by: months).dailyOrder == 0)
  }

  @Test(arguments: [
    ([6, 7, 8], "June to August"), ([12, 1, 2], "December to February"), (Array(1...12), "all months"), ([], "no months"),
    ([1, 4, 7], "January, April and July"), ([11, 12, 1, 5], "May and November to January"),
  ]) func seasonsHaveNames(months: [Int], name: String) {
    #expect(ArchiveSupport(of: months.map { FieldLabel(month: $0) }).season == name)
  }

  @Test func hoursCountOnlyWhereTheArchiveResolvesDays() {
    func labels(_ days: [String]) -> [FieldLabel] { days.map { FieldLabel(month: 1, time: "2001-01-\($0):00:00") } }
    #expect(ArchiveSupport(of: labels(["01T00", "02T12", "03T00", "04T12", "05T06"])).hours == [0, 6, 12])
    #expect(ArchiveSupport(of: labels(["16T12", "15T00", "16T00"])).hours.isEmpty)
    #expect(ArchiveSupport(of: [FieldLabel(), FieldLabel(month: 3)]).hours.isEmpty)
    let daily = ArchiveSupport(of: labels(["01T00", "02T00", "03T00", "04T00", "05T00"]))
    #expect(daily.distance(toHour: 12) == 12 && daily.distance(toHour: 22) == 2)
  }
}
