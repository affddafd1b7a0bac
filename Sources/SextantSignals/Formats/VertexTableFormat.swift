// Tables of text as a format: a row for each vertex, a column for each variable. One field a file.

import Foundation
import SextantArrays
import SextantGeometry

/// Tables of values at the vertices of a mesh, or of any domain that is known: CSV, or text with tabs or spaces.
public struct VertexTableFormat: SignalFormat {
  public init() {}

  public var name: String { "a table" }
  public var help: String { "tables of text with a row for each vertex of a mesh (.csv, .tsv, .txt, .dat)" }
  public var endings: [String] { ["csv", "tsv", "txt", "dat"] }
  public var writtenEndings: [String] { ["csv", "tsv"] }

  public func recognises(_ path: String) -> Bool { VertexValues.isTable(path) }

  public func open(_ request: SignalRequest) throws -> any SignalDocument {
    let titles = try VertexValues.titles(ofTable: request.path)
    let expected = request.expectedVariables?.map(\.name)
    // Of the columns, those that are expected, if all of them are there.
    let named =
      request.variables ?? request.series?.variables.map(\.name)
      ?? expected.flatMap { names in names.allSatisfy(titles.contains) ? names : nil }
    let columns = named ?? titles.filter { !NoiseNaming.isNoise($0, among: titles) }
    let estimates =
      request.content == .estimates
      ? columns.map { titles.contains(EstimateNaming.mean(of: $0)) ? EstimateNaming.mean(of: $0) : $0 } : columns
    // All columns of a table without a header have names that are made for them.
    let values = try VertexValues(table: request.path, columns: estimates == titles ? nil : estimates)
    try request.checkNames()
    try request.refuseMonthVariable(for: self)
    try request.refuseSettings(for: self)
    let (mesh, domain) = try request.ground()
    var fields = try values.signals(on: domain)
    if request.content == .estimates, estimates != titles {
      for (channel, name) in columns.enumerated() { fields.variables[channel].name = name }
    }
    let path = request.path
    let samples = try request.content == .estimates ? Self.samples(of: columns, among: titles, path: path) : nil
    return try StoredSignals(
      path: path, inputPaths: request.vertexPaths, format: self,
      fields: request.describing(fields, isNamed: named != nil), mesh: mesh, columnNames: titles,
      columns: { name in
        guard titles.contains(name) else { return nil }
        let column = try VertexValues(table: path, columns: [name])
        let values = zip(column.values.scalars, column.isValid).map { $1 ? $0 : Float.nan }
        return FieldCompanion(name: name, isConstant: true) { _ in values }
      }, ensembles: { _ in samples }
    ).selecting(request.select)
  }

  public func inspect(_ request: InspectionRequest) throws -> any SignalInspection {
    let inspection = try NumbersInspection(table: request.path)
    try request.refusePart(for: self)
    return inspection
  }

  public func sink(_ output: OutputRequest, like source: any SignalSource) throws -> any SignalSink {
    try TableSink(output, like: source)
  }

  private static func samples(of names: [String], among titles: [String], path: String) throws -> Tensor<Float>? {
    var rows: [Float] = []
    var (count, size) = (0, 0)
    while true {
      let columns = names.map { EstimateNaming.sample(count, of: $0) }
      guard columns.allSatisfy(titles.contains) else { break }
      let values = try VertexValues(table: path, columns: columns)
      (rows, size) = (rows + values.values.scalars, values.values.count)
      count += 1
    }
    return count == 0 ? nil : Tensor(rows, shape: [count, size])
  }
}
