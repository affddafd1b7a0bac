// Tables of observations as a format: a row for each, with columns of latitudes and longitudes. What is written for
// places is such a table, too.

import Foundation
import SextantArrays
import SextantGeometry

/// Tables of text with a row for each observation and columns for latitude, longitude and values, optionally for time,
/// level and noise.
public struct PointTableFormat: SignalFormat {
  public init() {}

  public var name: String { "a table of observations" }
  public var help: String {
    "tables of text with a row for each observation: latitude, longitude, values, optional time and noise (.csv, .tsv, .txt; also .gz)"
  }
  public var endings: [String] { ["gz"] }
  public var writtenEndings: [String] { VertexTableFormat().writtenEndings }

  public func recognises(_ path: String) -> Bool { PointTable.isTable(path) }

  public func open(_ request: SignalRequest) throws -> any SignalDocument {
    // With a mesh, latitudes and longitudes are values like others.
    if request.geometry != nil { return try VertexTableFormat().open(request) }
    try request.checkNames()
    try request.refuseMonthVariable(for: self)
    try request.refuseSettings(except: PointColumns.settingNames + [ObservationWindow.settingName], for: self)
    let table = try PointTable(request.path, settings: request.settings)
    let numeric = table.numericColumns
    let names = numeric.map(\.name)
    let chosen = try variables(of: table, numeric: numeric, request: request)
    // A model's variable that the table does not have was not observed.
    let absent = request.variables == nil && request.content == .fields ? Set(chosen).subtracting(names) : []
    func column(_ name: String) throws -> PointColumns.Column? {
      if absent.contains(name) { return nil }
      if let column = numeric.first(where: { $0.name == name }) ?? table.columns.all.first(where: { $0.name == name }) { return column }
      throw SignalFormatError.absentVariable(path: request.path, name: name, available: names)
    }
    let estimates = request.content == .estimates ? EstimateNaming.means(of: chosen, among: names) : chosen
    let columns = try estimates.map(column)
    var observations = PointObservations(
      path: request.path, places: try table.places(), times: try table.times(), level: table.levels,
      variables: zip(chosen, columns).map { Variable(name: $0, units: $1?.units ?? "") },
      values: try columns.map { column in
        try column.map { try table.numbers($0).map { Float($0) } } ?? [Float](repeating: .nan, count: table.count)
      }, name: table.rowNames)
    for other in numeric + [table.columns.noise].compactMap({ $0 }) where !columns.contains(where: { $0?.place == other.place }) {
      observations.companions[other.name] = try table.numbers(other).map { Float($0) }
    }
    for (owner, noise) in table.noiseColumns(of: chosen) {
      observations.companions[NoiseNaming.noise(of: owner)] = try table.numbers(noise).map { Float($0) }
    }
    return try PointDocument(
      describing(observations, for: request), window: ObservationWindow(text: request.settings[ObservationWindow.settingName], path: request.path),
      for: request, format: self, members: request.content == .estimates ? members(of: chosen, in: table, numeric: numeric) : [],
      remarks: Self.remarks(table, absent: absent))
  }

  /// The names of the variables: those that were asked for, or else all columns of numbers that are not the noise or the
  /// estimate of another.
  private func variables(
    of table: PointTable, numeric: [PointColumns.Column], request: SignalRequest
  ) throws -> [String] {
    let names = numeric.map(\.name)
    if let wanted = request.variables ?? request.series?.variables.map(\.name) { return wanted }
    if let expected = request.expectedVariables?.map(\.name),
      request.content == .estimates || expected.contains(where: names.contains)
    {
      return expected
    }
    let own = table.valueNames
    guard !own.isEmpty else {
      throw SignalFormatError.unusablePlaces(
        path: request.path,
        reason: "no column holds values: besides places and times, \(table.textColumns.isEmpty ? "there are none" : "there is only text (\(table.textColumns.map(\.name).joined(separator: ", ")))").")
    }
    if let expected = request.expectedVariables, expected.count != own.count {
      throw SignalFormatError.variablesUnclear(path: request.path, available: own)
    }
    return own
  }

  /// The variables with the expected units where the table names none.
  private func describing(_ observations: PointObservations, for request: SignalRequest) -> PointObservations {
    guard let expected = request.expectedVariables, expected.count == observations.variables.count else { return observations }
    var result = observations
    for (channel, variable) in expected.enumerated() where result.variables[channel].units.isEmpty {
      result.variables[channel].units = variable.units
    }
    return result
  }

  /// The samples NAME_sample_000, … of the named variables.
  private func members(of names: [String], in table: PointTable, numeric: [PointColumns.Column]) throws -> [[[Float]]] {
    var members: [[[Float]]] = []
    while true {
      let own = names.compactMap { name in
        numeric.first { $0.name == EstimateNaming.sample(members.count, of: name) }
      }
      guard own.count == names.count else { return members }
      members.append(try own.map { try table.numbers($0).map { Float($0) } })
    }
  }

  private static func remarks(_ table: PointTable, absent: Set<String>) -> [Remark] {
    var remarks = absent.sorted().map {
      Remark(.note, "absent-variable", "\(table.path): there is no column \($0), so that it counts as not observed.")
    }
    let texts = table.textColumns.map(\.name).filter { !PointColumns.identityNames.contains($0.lowercased()) }
    if !texts.isEmpty {
      remarks.append(
        Remark(.note, "text-columns", "\(table.path): the columns \(texts.joined(separator: ", ")) hold text and are not used."))
    }
    return remarks
  }

  /// Fields at places become a table of places, all others a table with a row for each vertex.
  public func sink(_ output: OutputRequest, like source: any SignalSource) throws -> any SignalSink {
    if let points = PointTableSink.points(of: output, like: source) {
      return PointTableSink(output, like: source, at: points)
    }
    return try TableSink(output, like: source)
  }

  public func inspect(_ request: InspectionRequest) throws -> any SignalInspection {
    try request.refuseSettings(except: PointColumns.settingNames, for: self)
    let inspection = try PointTableInspection(request.path, settings: request.settings)
    try request.refusePart(for: self)
    return inspection
  }
}
