// The fields of a document as series: which belong together, in which order, and the answers that a method that knows
// time gives them (docs/series.md). A document may hold several series, such as one for each level.

import Foundation
import SextantArrays
import SextantMeasurement
import SextantModels
import SextantSignals
import SextantSolvers

/// The series of a document and their answers.
final class SeriesFilling {
  /// What the answers use.
  let use: TimeUse
  /// All fields, series by series and in the order of time.
  let order: [Int]
  /// What is to be said of the times.
  let remarks: [Remark]
  private let parts: [Part]
  /// The series of each field, and its step there.
  private let places: [(part: Int, step: Int)]
  private let state: SeriesStateFile?
  private let secondFilling: SecondFilling?

  /// One series.
  private struct Part {
    let series: FieldSeries
    let prepared: any PreparedSeries
  }

  /// The series of a document, with the work done that their steps share; nil where each field is filled by itself.
  ///
  /// - Parameter measurement: what was measured of the field with an index; nil where nothing was.
  /// - Throws: ``RunError`` where what was asked for cannot be done, and what the method throws.
  init?(
    of fields: any SignalDocument, model: Model, request: Imputation,
    checkInterruption: @escaping @Sendable () throws -> Void,
    measurement: @escaping (Int) throws -> FieldMeasurement?
  ) throws {
    let groups = try Self.groups(of: fields, request: request)
    guard let use = try Self.use(of: groups, fields: fields, request: request),
      let solver = try Self.solver(for: model, request: request)
    else { return nil }
    self.use = use
    state = try request.stateFile.map {
      try SeriesStateFile(path: $0, model: model, request: request, seriesCount: groups.count)
    }
    let base = RandomStream(seed: request.seed).split("series")
    func settings(samples: Int, random: RandomStream) -> SeriesRequest {
      SeriesRequest(
        use: use, samples: samples, random: random, memoryLimit: request.seriesMemory, checkInterruption: checkInterruption)
    }
    var parts: [Part] = []
    var places = [(part: Int, step: Int)](repeating: (0, 0), count: fields.labels.count)
    for (number, group) in groups.enumerated() {
      for (step, index) in group.indices.enumerated() { places[index] = (number, step) }
      let series = FieldSeries(
        labels: group.indices.map { fields.labels[$0] }, times: group.times, indices: group.indices,
        measurement: measurement)
      let carried = state?.carried
      if let carried, let first = group.times.first, first <= carried.time {
        throw SeriesError.goesBack(found: fields.labels[group.indices[0]].time ?? "\(first)", last: carried.label)
      }
      let prepared = try solver.prepare(
        series,
        settings(samples: request.method.traits.drawsSamples ? request.samples : 0, random: base.split(group.name)),
        from: carried)
      parts.append(Part(series: series, prepared: prepared))
    }
    self.parts = parts
    self.places = places
    let carried = state?.carried
    secondFilling = parts.indices.max { parts[$0].series.times.count < parts[$1].series.times.count }.map { part in
      SecondFilling(of: parts[part].series, part: part, random: base.split("check")) { series, samples, isFromStart in
        try solver.prepare(
          series, settings(samples: samples, random: base.split("check").split("samples")), from: isFromStart ? carried : nil)
      }
    }
    order = groups.flatMap(\.indices)
    remarks = Self.remarks(groups, use: use, hasState: state?.carried != nil)
  }

  /// Below this correlation of the local part from one step to the next, neighbouring steps tell little, and the parameters
  /// of each field for itself, with analogues from the archive, are worth more: on 24 months at 60 stations (.38) joint answers
  /// have 1 dB more error, on hourly fields (.87) 1.9 dB less (docs/results.md).
  private static let leastCorrelation = 0.5

  /// Why the fields are better filled one by one; nil where the times are close enough to tell of each other.
  var objection: Remark? {
    let correlations = parts.compactMap(\.prepared.correlationOfSteps)
    guard !correlations.isEmpty, correlations.allSatisfy({ $0 < Self.leastCorrelation }) else { return nil }
    return Remark(
      .note, "time",
      String(
        format: "The times of the file are so far apart that the field hardly remembers (correlation %.2f from one to the next), so each was filled by itself. --time joint fills them together.",
        correlations.max() ?? 0))
  }

  /// The answer for the field with an index.
  func posterior(at index: Int) throws -> Posterior {
    let place = places[index]
    return try parts[place.part].prepared.posterior(at: place.step)
  }

  /// Observations of the field with an index that were withheld from a second filling, and its answer; nil for the fields that
  /// it leaves as they are.
  func heldOut(at index: Int, by checking: AnswerChecking) throws -> (tests: FieldMeasurement, answer: Posterior)? {
    guard let secondFilling, places[index].part == secondFilling.part else { return nil }
    return try secondFilling.answer(at: places[index].step, by: checking)
  }

  /// Writes what a later run goes on from, if that was asked for.
  func keepState(overwrite: Bool) throws {
    guard let state, let carried = try parts.first?.prepared.carried() else { return }
    try state.write(carried)
  }

  // MARK: Which fields belong together

  /// Fields with the same coordinates but for the time, in its order.
  private struct Group {
    let name: String
    var indices: [Int]
    var times: [Double]
    /// Whether the file has them in this order.
    var isSorted: Bool
  }

  /// The series of a document; empty where a field has no time.
  private static func groups(of fields: any SignalDocument, request: Imputation) throws -> [Group] {
    let labels = fields.labels
    guard !labels.isEmpty, labels.allSatisfy({ $0.day?.isFinite == true }) else { return [] }
    var names: [String] = []
    var members: [String: [(index: Int, day: Double)]] = [:]
    for (index, label) in labels.enumerated() {
      let name = label.coordinates.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
      if members[name] == nil { names.append(name) }
      members[name, default: []].append((index, label.day ?? 0))
    }
    return names.map { name in
      let own = members[name] ?? []
      // Fields of the same time stay in the order of the file.
      let sorted = own.sorted { $0.day == $1.day ? $0.index < $1.index : $0.day < $1.day }
      return Group(
        name: name, indices: sorted.map(\.index), times: sorted.map(\.day), isSorted: sorted.map(\.index) == own.map(\.index))
    }
  }

  /// What the answers use; nil where each field is filled by itself.
  private static func use(of groups: [Group], fields: any SignalDocument, request: Imputation) throws -> TimeUse? {
    let asked = request.time
    if request.stateFile != nil, asked != .causal {
      throw RunError.invalid("--state: only a causal run has a state. Give --time causal, or leave the option out.")
    }
    guard asked != .separate else { return nil }
    let isSeries = groups.contains { Set($0.times).count > 1 }
    guard let asked else { return isSeries && request.method.joinsTimes ? .joint : nil }
    guard request.method.knowsTime else { throw SeriesError.knowsNoTime(method: request.method.name, use: asked) }
    guard !groups.isEmpty else { throw RunError.invalid("--time \(asked.rawValue): \(complaint(of: fields))") }
    if request.stateFile != nil, groups.count > 1 {
      throw RunError.invalid(
        "--state: \(fields.path) has \(groups.count) series (\(groups.map(\.name).prefix(3).joined(separator: "; "))), and a state belongs to one. Select one with --select.")
    }
    return asked
  }

  /// Why the fields of a document are no series, and what to do.
  private static func complaint(of fields: any SignalDocument) -> String {
    let hint = "Expected a time coordinate with units such as 'hours since 2019-03-01', or --times with one time for each field."
    guard let absent = absentTimes(of: fields) else { return "\(fields.path) gives no times for its fields. \(hint)" }
    return "\(fields.path): \(absent). \(hint) --time separate needs none."
  }

  /// Which fields have no time, where others have one; nil otherwise.
  private static func absentTimes(of fields: any SignalDocument) -> String? {
    let labels = fields.labels
    let absent = labels.indices.filter { labels[$0].day?.isFinite != true }
    guard !absent.isEmpty, absent.count < labels.count else { return nil }
    let numbers = absent.prefix(5).map { "\($0 + 1)" }.joined(separator: ", ") + (absent.count > 5 ? ", …" : "")
    let names = fields.variables.map(\.name).joined(separator: ", ")
    return
      "\(absent.count) of \(labels.count) fields of \(names) (number \(numbers)) \(absent.count == 1 ? "has" : "have") no time, because the value of the time coordinate is missing or not a number"
  }

  /// That times are absent, where the fields would otherwise be filled together.
  static func remarkOnAbsentTimes(of fields: any SignalDocument, request: Imputation) -> Remark? {
    guard request.time == nil, request.method.joinsTimes, let absent = absentTimes(of: fields) else { return nil }
    return Remark(.warning, "time", "\(absent). Each field was therefore filled by itself.")
  }

  private static func solver(for model: Model, request: Imputation) throws -> (any SeriesSolver)? {
    do {
      return try request.method.seriesSolver(for: model, settings: request.solvers)
    } catch let error as SeriesError {
      // Nobody asked for time.
      guard request.time == nil, case .transformed = error else { throw error }
      return nil
    }
  }

  private static func remarks(_ groups: [Group], use: TimeUse, hasState: Bool) -> [Remark] {
    var remarks = [
      Remark(
        .note, "time",
        use == .causal
          ? "Each field was filled from itself and \(hasState ? "all earlier ones, those of the state file included" : "the earlier ones") (--time causal)."
          : groups.contains { Set($0.times).count > 1 }
            ? "All times were filled together (--time joint); --time separate takes one at a time."
            : "There is only one time, so that there was nothing to fill it together with (--time joint).")
    ]
    let unsorted = groups.count { !$0.isSorted }
    if unsorted > 0 {
      remarks.append(
        Remark(.note, "time-order", "The times of the file are not in order; they were sorted for the answer, which has the order of the file."))
    }
    let repeated = groups.reduce(0) { $0 + $1.times.count - Set($1.times).count }
    if repeated > 0 {
      remarks.append(
        Remark(.warning, "time-repeated", "\(repeated) field\(repeated == 1 ? " has" : "s have") the time of another. Fields of one time were taken as measurements of the same truth."))
    }
    return remarks
  }
}

/// The measured fields of one series.
struct FieldSeries: MeasuredSeries {
  let labels: [FieldLabel]
  let times: [Double]
  /// The places of the steps in the document.
  let indices: [Int]
  let measurement: (Int) throws -> FieldMeasurement?

  func measurement(at step: Int) throws -> FieldMeasurement? { try measurement(indices[step]) }
}
