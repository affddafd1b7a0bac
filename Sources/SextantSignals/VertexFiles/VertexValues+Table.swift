// Text tables (CSV) with one row per vertex, in the order of the mesh. Supports RFC 4180 and common variations:
// semicolons, tabs or spaces between the cells, no header, comments.

import Foundation
import SextantArrays
import SextantStorage

extension VertexValues {
  /// One field with the columns of a table.
  ///
  /// The first row is a header if one of its cells is not a number. The separator is the first of tab, semicolon, comma
  /// and space that occurs in the first row. Empty cells, NaN and NA are missing; lines that begin with # are ignored.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - names: the columns in this order, by name or by number from 1; nil for all.
  ///   - removesOffsets: whether numbers that single precision would round too much are read relative to an offset; see
  ///     ``StoredForm``.
  /// - Throws: `FileError`, ``VertexFileError``.
  public init(table path: String, columns names: [String]? = nil, removesOffsets: Bool = false) throws {
    let rows = try TableRows(path)
    let (titles, hasHeader) = try Self.titles(of: rows, path: path)
    let chosen = try names?.map { name in
      guard let place = titles.firstIndex(of: name) ?? Int(name).map({ $0 - 1 }), titles.indices.contains(place) else {
        throw VertexFileError.absentColumn(path: path, name: name, available: titles)
      }
      return place
    }
    let places = chosen ?? Array(titles.indices)
    let body = rows.rows.dropFirst(hasHeader ? 1 : 0)
    guard !body.isEmpty else {
      throw VertexFileError.anotherKind(path: path, expected: "a table of numbers", found: "only a header")
    }
    var scalars: [Float] = []
    scalars.reserveCapacity(body.count * places.count)
    for row in body {
      guard row.cells.count == titles.count else {
        throw VertexFileError.unevenRow(path: path, line: row.line, expected: titles.count, found: row.cells.count)
      }
      for place in places {
        guard let value = Self.number(row.cells[place]) else {
          throw VertexFileError.notANumber(path: path, line: row.line, column: titles[place], text: row.cells[place])
        }
        scalars.append(value)
      }
    }
    let forms = places.map { place in
      StoredForm(
        of: body.lazy.map { Double($0.cells[place]) ?? .nan }, isDouble: false, removesOffset: removesOffsets)
    }
    for (channel, form) in forms.enumerated() where form.offset != 0 {
      for (vertex, row) in body.enumerated() {
        scalars[vertex * places.count + channel] = Double(row.cells[places[channel]]).map(form.value) ?? .nan
      }
    }
    try self.init(
      path: path, variables: places.map { Variable(name: hasHeader ? titles[$0] : Self.unnamed($0, of: titles.count)) },
      values: Tensor(scalars, shape: [1, body.count, places.count]), forms: forms)
  }

  /// The names of the columns of a table, or their numbers from 1 if it has no header. Throws `FileError`,
  /// ``VertexFileError``.
  static func titles(ofTable path: String) throws -> [String] { try titles(of: TableRows(path), path: path).titles }

  private static func titles(of rows: TableRows, path: String) throws -> (titles: [String], hasHeader: Bool) {
    guard let first = rows.rows.first else {
      throw VertexFileError.anotherKind(path: path, expected: "a table of numbers", found: "no rows")
    }
    let hasHeader = first.cells.contains { number($0) == nil }
    return (hasHeader ? first.cells : first.cells.indices.map { "\($0 + 1)" }, hasHeader)
  }

  /// Whether the file at `path` begins as a table: text whose second row, or only one, has numbers in all its cells, as
  /// many as the first row has cells.
  static func isTable(_ path: String) -> Bool {
    guard let rows = TableRows(headOf: path), let first = rows.rows.first else { return false }
    let second = rows.rows.dropFirst().first ?? first
    let numbers = second.cells.map(number)
    return second.cells.count == first.cells.count && !numbers.contains { $0 == nil }
      && numbers.contains { $0?.isNaN == false }
  }

  /// The number in a cell, NaN if it is missing; nil if the cell is not a number.
  static func number(_ cell: String) -> Float? {
    cell.isEmpty || cell.uppercased() == "NA" ? .nan : Float(cell)
  }
}
