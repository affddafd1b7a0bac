// A table of text with a row for each observation: its columns of places, times, values and noise as numbers.

import Foundation
import SextantGeometry

/// The rows of a table of observations.
struct PointTable {
  let path: String
  let columns: PointColumns
  /// The rows below the titles.
  private let rows: ArraySlice<(line: Int, cells: [String])>

  /// The number of observations.
  var count: Int { rows.count }

  /// Throws `FileError`, ``VertexFileError`` and ``SignalFormatError``.
  init(_ path: String, settings: [String: String]) throws {
    let table = try TableRows(path)
    guard let first = table.rows.first, table.rows.count > 1 else {
      throw VertexFileError.anotherKind(
        path: path, expected: "a table with titles and a row for each observation",
        found: table.rows.isEmpty ? "no rows" : "only one row")
    }
    self.path = path
    columns = try PointColumns(titles: first.cells, settings: settings, path: path)
    rows = table.rows.dropFirst()
    for row in rows where row.cells.count != first.cells.count {
      throw VertexFileError.unevenRow(path: path, line: row.line, expected: first.cells.count, found: row.cells.count)
    }
  }

  /// Whether the file at `path` begins as a table of observations: its titles name latitudes and longitudes, and the
  /// next row has numbers there.
  static func isTable(_ path: String) -> Bool {
    guard let table = TableRows(headOf: path), let titles = table.rows.first?.cells,
      let found = PointColumns.areRecognised(titles), let second = table.rows.dropFirst().first?.cells
    else { return false }
    return second.count == titles.count
      && [found.latitude, found.longitude].allSatisfy { second[$0].isEmpty || Double(second[$0]) != nil }
  }

  /// Whether a column holds text: at least one of its cells has some, and none of them is a number.
  func isText(_ column: PointColumns.Column) -> Bool {
    var hasText = false
    for row in rows {
      guard let number = VertexValues.number(row.cells[column.place]) else {
        hasText = true
        continue
      }
      if !number.isNaN { return false }
    }
    return hasText
  }

  /// The columns that may be variables, companions or noise, without those that hold text.
  var numericColumns: [PointColumns.Column] { columns.others.filter { !isText($0) } }

  /// The names of the columns of numbers that hold values: those that are not the noise of another.
  var valueNames: [String] {
    let names = numericColumns.map(\.name)
    return names.filter { PointColumns.noisyVariable($0, among: names) == nil }
  }

  /// The column with the noise of each variable that has one, by the variable's name.
  ///
  /// The column whose role is the noise serves a single variable; a column such as `tas_error` serves the variable that it names.
  func noiseColumns(of variables: [String]) -> [String: PointColumns.Column] {
    var result: [String: PointColumns.Column] = [:]
    for column in numericColumns where !variables.contains(column.name) {
      if let owner = PointColumns.noisyVariable(column.name, among: variables) { result[owner] = column }
    }
    if let column = columns.noise, variables.count == 1 { result[variables[0]] = column }
    return result
  }

  /// The columns of text that are no times.
  var textColumns: [PointColumns.Column] { columns.others.filter(isText) }

  /// The numbers of a column, not-a-number where a cell is empty. Throws
  /// ``VertexFileError/notANumber(path:line:column:text:)``.
  func numbers(_ column: PointColumns.Column) throws -> [Double] {
    try rows.map { row in
      let cell = row.cells[column.place]
      if cell.isEmpty || cell.uppercased() == "NA" { return .nan }
      guard let number = Double(cell) else {
        throw VertexFileError.notANumber(path: path, line: row.line, column: column.name, text: cell)
      }
      return number
    }
  }

  /// The places of the rows.
  func places() throws -> [GeographicPoint] {
    zip(try numbers(columns.latitude), try numbers(columns.longitude)).map {
      GeographicPoint(latitude: $0, longitude: $1)
    }
  }

  /// The times of the rows; nil for a table without a column of times.
  ///
  /// Throws ``SignalFormatError/unusablePlaces(path:reason:)`` for a text that is no time.
  func times() throws -> [CFDateTime?]? {
    guard let column = columns.time else { return nil }
    let units = TimeUnits.looksLikeTime(column.units) ? TimeUnits(column.units, calendar: .standard) : nil
    return try rows.map { row in
      let cell = row.cells[column.place]
      if cell.isEmpty || ["NA", "NAN", "NAT"].contains(cell.uppercased()) { return nil }
      if let units, let number = Double(cell) { return units.dateTime(of: number) }
      guard let time = Self.time(cell) else {
        throw SignalFormatError.unusablePlaces(
          path: path,
          reason: "line \(row.line), column \(column.name): \"\(cell)\" is no time. Expected a form such as 2020-01-31, 2020-01-31T12:00:00 or 2020-01-31 12:00, or numbers under a title such as \"time [hours since 2000-01-01]\".")
      }
      return time
    }
  }

  /// The levels of the rows as texts.
  var levels: (name: String, texts: [String])? {
    columns.level.map { column in
      let suffix = column.units.isEmpty ? "" : " \(column.units)"
      return (
        column.name,
        rows.map { row in
          let cell = row.cells[column.place]
          return Double(cell).map { FieldCoordinate.text(of: $0) + suffix } ?? cell
        }
      )
    }
  }

  /// What each row is called in messages.
  var rowNames: @Sendable (Int) -> String {
    let lines = rows.map(\.line)
    return { "line \(lines[$0])" }
  }

  /// Reads ISO 8601 and its common variations.
  static func time(_ text: String) -> CFDateTime? {
    let pattern =
      /(\d{4})[-\/](\d{1,2})[-\/](\d{1,2})(?:[Tt\s]\s*(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?)?\s*(?:Z|UTC|GMT|\+00:?00)?/
    guard let match = text.trimmingCharacters(in: .whitespaces).wholeMatch(of: pattern) else { return nil }
    func padded(_ text: Substring) -> String { text.count == 1 ? "0\(text)" : String(text) }
    let (hours, minutes) = (match.4.map(padded) ?? "00", match.5.map(padded) ?? "00")
    let seconds = match.6.map(String.init) ?? "00"
    guard let hour = Int(hours), hour < 24, let minute = Int(minutes), minute < 60 else { return nil }
    return CFDateTime(
      text: "\(match.1)-\(padded(match.2))-\(padded(match.3))T\(hours):\(minutes):\(seconds)", calendar: .standard)
  }
}
