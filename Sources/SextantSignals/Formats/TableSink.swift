// Fields written as tables of text, with the columns that a mesh would get. A table holds one field.

import Foundation
import SextantArrays
import SextantGeometry
import SextantStorage

/// Writes a table, or one for each member of an ensemble: a header, and a row for each vertex. Missing values are empty cells, history
/// and attributes are lines that begin with #.
public struct TableSink: SignalSink {
  public let paths: [String]
  private let output: OutputRequest
  private let variables: [Variable]
  private let vertexCount: Int

  /// Throws ``SignalFormatError/unwritable(path:format:reason:)`` where there are several fields to be told apart.
  public init(_ output: OutputRequest, like source: any SignalSource) throws {
    self.output = output
    variables = source.variables
    vertexCount = (output.domain ?? source.domain).vertexCount
    paths = output.paths(ending: "csv")
    if output.content.kind != .fields, output.content.fieldCount > 1 {
      throw SignalFormatError.unwritable(
        path: output.path, format: VertexTableFormat().name,
        reason:
          "there are \(output.content.fieldCount) fields, and a table holds one. Give an output that ends in .npy, or choose one field with --select."
      )
    }
  }

  public func write(
    _ content: SignalContent, description: FieldFileDescription, overwrite: Bool,
    _ body: (any FieldWriter) throws -> Void
  ) throws {
    try WholeFile.write(toAll: paths, overwrite: overwrite) { temporary in
      let records = ColumnRecords(variables: variables, content: content, wantsAllMembers: output.wantsAllMembers)
      let writer = TableFieldWriter(records, fileCount: temporary.count, splitsMembers: output.splitsMembers)
      try body(writer)
      for (columns, path) in zip(writer.columns, temporary) {
        let text = self.text(columns, description: description)
        try WholeFile.write(Data(text.utf8), to: path, overwrite: true)
      }
    }
  }

  private func text(_ columns: [VertexColumn], description: FieldFileDescription) -> String {
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
        return column.isFlag ? "\(Int(value))" : "\(value)"
      }
      // A single empty cell would be an empty line, which is passed over.
      lines.append(cells.count == 1 && cells[0].isEmpty ? "NaN" : cells.joined(separator: mark))
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

/// Tables that gain columns.
private final class TableFieldWriter: FieldWriter {
  private(set) var columns: [[VertexColumn]]
  private let records: ColumnRecords
  private let splitsMembers: Bool

  init(_ records: ColumnRecords, fileCount: Int, splitsMembers: Bool) {
    (self.records, self.splitsMembers) = (records, splitsMembers)
    columns = [[VertexColumn]](repeating: [], count: fileCount)
  }

  func write(_ field: FieldRecord, at index: Int) throws {
    for member in columns.indices {
      columns[member] +=
        splitsMembers ? records.columns(ofMember: member, of: field) : records.columns(of: field, at: index)
    }
  }
}
