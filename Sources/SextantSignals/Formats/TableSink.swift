// Fields written as tables of text, with the columns that a mesh would get. A table holds one field.

import Foundation
import SextantArrays
import SextantGeometry
import SextantStorage

/// Writes a table, or one for each member of an ensemble: a header, and a row for each vertex. Missing values are empty
/// cells; history and attributes are lines that begin with #.
struct TableSink: SignalSink {
  let paths: [String]
  private let output: OutputRequest
  private let variables: [Variable]
  private let forms: [StoredForm]
  private let vertexCount: Int

  /// Throws ``SignalFormatError/unwritable(path:format:reason:)`` if there are several fields.
  init(_ output: OutputRequest, like source: any SignalSource) throws {
    self.output = output
    variables = source.variables
    forms = (source.storedForms ?? source.variables.map { _ in StoredForm() }).map(\.withoutScale)
    vertexCount = (output.domain ?? source.domain).vertexCount
    paths = output.paths(ending: "csv")
    try output.requireOneField(in: "a table", format: VertexTableFormat())
  }

  func write(
    _ content: SignalContent, description: OutputDescription, overwrite: Bool,
    _ body: (any FieldWriter) throws -> Void
  ) throws {
    let records = ColumnRecords(variables: variables, forms: forms, content: content, output: output)
    try records.write(to: paths, replacing: replacedPaths, overwrite: overwrite, body) { columns, path in
      try WholeFile.write(Data(text(columns, description: description).utf8), to: path, overwrite: true)
    }
  }

  var replacedPaths: [String] { output.otherMembers(than: paths) }

  private func text(_ columns: [VertexColumn], description: OutputDescription) -> String {
    let mark = output.path.lowercased().hasSuffix(".tsv") ? "\t" : ","
    func quoted(_ name: String) -> String {
      name.contains(where: { "\",;\t #".contains($0) })
        ? "\"" + name.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : name
    }
    var lines = description.lines.map { "# \($0)" }
    lines.append(columns.map { quoted($0.name) }.joined(separator: mark))
    for vertex in 0..<vertexCount {
      let cells = columns.map { column -> String in
        let value = column.values[vertex]
        if value.isNaN { return "" }
        if column.type.isInteger { return "\(Int(value))" }
        // As few digits as the number needs.
        return Double(Float(value)) == value ? "\(Float(value))" : "\(value)"
      }
      // A single empty cell would be an empty line, which readers skip.
      lines.append(cells.count == 1 && cells[0].isEmpty ? "NaN" : cells.joined(separator: mark))
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
