// Fields at places written as a table: a row for each place of each field, with its latitude, longitude and, where the
// fields have them, time and level, and the columns that a mesh would get. A table of observations gets the rows that it
// had.

import Foundation
import SextantArrays
import SextantGeometry
import SextantStorage

/// Writes a table of places, or one for each member of an ensemble. Missing values are empty cells; history and
/// attributes are lines that begin with #.
struct PointTableSink: SignalSink {
  let paths: [String]
  private let output: OutputRequest
  private let source: any SignalSource
  private let points: [GeographicPoint]
  private let forms: [StoredForm]

  /// - Parameters:
  ///   - points: the places of the fields' vertices.
  init(_ output: OutputRequest, like source: any SignalSource, at points: [GeographicPoint]) {
    self.output = output
    self.source = source
    self.points = points
    forms = (source.storedForms ?? source.variables.map { _ in StoredForm() }).map(\.withoutScale)
    paths = output.paths(ending: "csv")
  }

  /// The places of what a request writes, where it is to be a table of places: fields on places, and answers on other
  /// domains of the Earth to observations at places.
  static func points(of output: OutputRequest, like source: any SignalSource) -> [GeographicPoint]? {
    let domain = output.domain ?? source.domain
    return domain.isScattered || source.domain.isScattered ? domain.geography?.points : nil
  }

  var replacedPaths: [String] { output.otherMembers(than: paths) }

  func write(
    _ content: SignalContent, description: OutputDescription, overwrite: Bool,
    _ body: (any FieldWriter) throws -> Void
  ) throws {
    try WholeFile.write(toAll: paths, replacing: replacedPaths, overwrite: overwrite) { temporary in
      // Several plain fields are rows here, not columns.
      var content = content
      if content.kind == .fields { content.fieldCount = 1 }
      let writer = Writer(self, ColumnRecords(variables: source.variables, forms: forms, content: content, output: output), content)
      try body(writer)
      for (file, path) in temporary.enumerated() {
        let lines = description.lines.map { "# \($0)" } + [writer.title(ofFile: file)] + writer.rows(ofFile: file)
        try WholeFile.write(Data((lines.joined(separator: "\n") + "\n").utf8), to: path, overwrite: true)
      }
    }
  }

  /// Collects the rows of each field.
  private final class Writer: FieldWriter {
    private let sink: PointTableSink
    private let records: ColumnRecords
    private let content: SignalContent
    private let mark: String
    private let levelNames: [String]
    private let hasTimes: Bool
    private var titles: [Int: String] = [:]
    private var fields: [Int: [[String]]] = [:]

    init(_ sink: PointTableSink, _ records: ColumnRecords, _ content: SignalContent) {
      (self.sink, self.records, self.content) = (sink, records, content)
      mark = sink.output.path.lowercased().hasSuffix(".tsv") ? "\t" : ","
      hasTimes = sink.source.labels.contains { $0.time != nil }
      levelNames = Set(sink.source.labels.flatMap(\.coordinates.keys)).sorted()
    }

    func write(_ field: FieldRecord, at index: Int) throws {
      let label = sink.source.labels[index]
      let kept = places(ofField: index)
      fields[index] = sink.paths.indices.map { file in
        let columns = sink.output.splitsMembers ? records.columns(ofMember: file, of: field) : records.columns(of: field, at: 0)
        if titles[file] == nil { titles[file] = title(columns) }
        return kept.map { vertex in
          let point = sink.points[vertex]
          var cells = ["\(point.latitude)", "\(point.longitude)"]
          if hasTimes { cells.append(label.time ?? "") }
          cells += levelNames.map { quoted(label.coordinates[$0] ?? "") }
          return (cells + columns.map { cell($0, at: vertex) }).joined(separator: mark)
        }
      }
    }

    /// The vertices of a field that have rows: all of an answer, and of observations those that were there.
    private func places(ofField index: Int) -> [Int] {
      let origin = (sink.source as? any SignalDocument)?.origin as? PointDocument
      guard content.kind == .measurements, sink.output.domain == nil, let origin else { return Array(sink.points.indices) }
      return origin.vertices(ofField: index)
    }

    private func cell(_ column: VertexColumn, at vertex: Int) -> String {
      let value = column.values[vertex]
      if value.isNaN { return "" }
      if column.type.isInteger { return "\(Int(value))" }
      return Double(Float(value)) == value ? "\(Float(value))" : "\(value)"
    }

    private func title(_ columns: [VertexColumn]) -> String {
      let places = ["latitude", "longitude"] + (hasTimes ? ["time"] : []) + levelNames
      return (places + columns.map { column in
        // Units go with every number but flags.
        let owner = sink.source.variables.first { column.name == $0.name || column.name.hasPrefix($0.name + "_") }
        let units = column.type.isInteger ? "" : owner?.units ?? ""
        return column.name + (units.isEmpty ? "" : " [\(units)]")
      }).map(quoted).joined(separator: mark)
    }

    private func quoted(_ text: String) -> String {
      text.contains(where: { "\",;\t#".contains($0) })
        ? "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : text
    }

    func title(ofFile file: Int) -> String { titles[file] ?? "latitude\(mark)longitude" }

    func rows(ofFile file: Int) -> [String] { fields.sorted { $0.key < $1.key }.flatMap { $0.value[file] } }
  }
}
