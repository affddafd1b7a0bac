// The rows of a table of text: RFC 4180 and common variations, with semicolons, tabs or spaces between the cells, and
// comments; also compressed by gzip.

import Foundation
import SextantStorage

/// The rows of a table, with their line numbers.
struct TableRows {
  private(set) var rows: [(line: Int, cells: [String])] = []

  init(_ path: String) throws {
    try self.init(FileContents.data(of: path), path: path)
  }

  /// The first rows of a file; nil where it does not begin as a table of text.
  init?(headOf path: String) {
    let limit = 1 << 16
    guard let head = FileContents.head(of: path, count: limit) else { return nil }
    // The last row may be cut off.
    let whole = head.count < limit ? head : head[..<(head.lastIndex(of: UInt8(ascii: "\n")) ?? head.startIndex)]
    guard let rows = try? TableRows(whole, path: path) else { return nil }
    self = rows
  }

  init(_ data: Data, path: String) throws {
    // Servers return a web page for a missing file.
    let isPage = data.first == UInt8(ascii: "<")
    guard !data.isEmpty, !isPage, !data.prefix(1024).contains(0), var text = String(data: data, encoding: .utf8) else {
      throw VertexFileError.anotherKind(
        path: path, expected: "a table of text", found: FileSignature.description(of: data.prefix(1024)))
    }
    if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
    var separator: Character?
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let isComment = line.first { !$0.isWhitespace } == "#"
      guard !isComment, line.contains(where: { !$0.isWhitespace }) else { continue }
      let marks: [Character] = ["\t", ";", ","]
      let mark = separator ?? marks.first { line.contains($0) } ?? " "
      separator = mark
      rows.append((index + 1, Self.cells(of: line, separator: mark)))
    }
  }

  /// The cells of a line, without quotes and surrounding spaces.
  private static func cells(of line: Substring, separator: Character) -> [String] {
    if separator == " " { return line.split(whereSeparator: \.isWhitespace).map(String.init) }
    var cells = [""]
    var isQuoted = false
    for character in line {
      if character == "\"" {
        // A doubled quote inside quotes represents a single quote.
        if !isQuoted, cells[cells.count - 1].last == "\u{0}" { cells[cells.count - 1].append("\"") }
        isQuoted.toggle()
        if !isQuoted { cells[cells.count - 1].append("\u{0}") }
      } else if character == separator, !isQuoted {
        cells.append("")
      } else {
        cells[cells.count - 1].append(character)
      }
    }
    return cells.map { $0.replacingOccurrences(of: "\u{0}", with: "").trimmingCharacters(in: .whitespaces) }
  }
}
