// Tables of text as a format: a row for each vertex, a column for each variable. One field a file.

import Foundation
import SextantArrays
import SextantGeometry

/// Tables of values at the vertices of a mesh, or of any known domain: CSV, or text with tabs or spaces.
public struct VertexTableFormat: SignalFormat {
  public init() {}

  public var name: String { "a table" }
  public var help: String { "tables of text with a row for each vertex of a mesh (.csv, .tsv, .txt, .dat)" }
  public var endings: [String] { ["csv", "tsv", "txt", "dat"] }
  public var writtenEndings: [String] { ["csv", "tsv"] }

  /// Tables whose titles name latitudes and longitudes are those of observations.
  public func recognises(_ path: String) -> Bool { VertexValues.isTable(path) && !PointTable.isTable(path) }

  public func open(_ request: SignalRequest) throws -> any SignalDocument {
    // A table whose columns of places are named by the request alone.
    if request.settings.keys.contains(where: PointColumns.settingNames.contains) { return try PointTableFormat().open(request) }
    let titles = try VertexValues.titles(ofTable: request.path)
    let expected = request.expectedVariables?.map(\.name)
    // The expected columns, if the table has all of them.
    let named =
      request.variables ?? request.series?.variables.map(\.name)
      ?? expected.flatMap { names in names.allSatisfy(titles.contains) ? names : nil }
    let columns = named ?? titles.filter { !NoiseNaming.isNoise($0, among: titles) }
    let estimates = request.content == .estimates ? EstimateNaming.means(of: columns, among: titles) : columns
    // The columns of a table without a header have generated names.
    let values = try VertexValues(
      table: request.path, columns: estimates == titles ? nil : estimates, removesOffsets: request.removesOffsets)
    try request.checkNames()
    try request.refuseMonthVariable(for: self)
    try request.refuseSettings(for: self)
    let (mesh, domain) = try request.meshAndDomain()
    var fields = try values.signals(on: domain)
    if request.content == .estimates, estimates != titles {
      for (channel, name) in columns.enumerated() { fields.variables[channel].name = name }
    }
    let path = request.path
    let samples =
      request.content == .estimates
      ? try EstimateNaming.samples(of: columns, among: titles) { try VertexValues(table: path, columns: $0) } : nil
    return try StoredSignals(
      path: path, inputPaths: request.vertexPaths, format: self,
      fields: request.describing(fields, isNamed: named != nil), mesh: mesh, forms: values.forms,
      columnNames: titles,
      columns: { name in
        guard titles.contains(name) else { return nil }
        let column = try VertexValues(table: path, columns: [name])
        let values = zip(column.values.scalars, column.isValid).map { $1 ? $0 : Float.nan }
        return FieldCompanion(name: name, isConstant: true) { _ in values }
      }, ensembles: { _ in samples }
    ).selecting(request.select)
  }

  public func inspect(_ request: InspectionRequest) throws -> any SignalInspection {
    if request.settings.keys.contains(where: PointColumns.settingNames.contains) { return try PointTableFormat().inspect(request) }
    try request.refuseSettings(for: self)
    let inspection = try NumbersInspection(table: request.path)
    try request.refusePart(for: self)
    return inspection
  }

  public func sink(_ output: OutputRequest, like source: any SignalSource) throws -> any SignalSink {
    try PointTableFormat().sink(output, like: source)
  }
}
