// What can be wrong with a file of numbers at vertices, told so that the reader knows the file, the place and what to do.

/// A file of numbers that cannot be taken as signals on a mesh.
public enum VertexFileError: Error, Equatable, CustomStringConvertible {
  /// The values are not one for each vertex of the mesh.
  case wrongLength(path: String, expected: Int, found: Int)
  /// The file ends before its own header says.
  case truncated(path: String, expectedBytes: Int, foundBytes: Int)
  /// The file is of another kind than its reader takes.
  case anotherKind(path: String, expected: String, found: String)
  /// A column that is not there.
  case absentColumn(path: String, name: String, available: [String])
  /// A row of a table with another number of cells than the first.
  case unevenRow(path: String, line: Int, expected: Int, found: Int)
  /// A cell that is no number.
  case notANumber(path: String, line: Int, column: String, text: String)
  /// A value is infinite.
  case infinite(path: String, place: String)

  public var description: String {
    switch self {
    case .wrongLength(let path, let expected, let found):
      "\(path): values for \(found) vertices, but the mesh has \(expected). They must be in the order of the mesh's vertices, one for each."
    case .truncated(let path, let expected, let found):
      "\(path): the file is cut off: its header tells of \(expected) bytes, \(found) are there. Fetch or copy it again."
    case .anotherKind(let path, let expected, let found): "\(path): expected \(expected), found \(found)."
    case .absentColumn(let path, let name, let available):
      "\(path): no column \"\(name)\". The file has: \(NetCDFError.abridged(available))."
    case .unevenRow(let path, let line, let expected, let found):
      "\(path), line \(line): \(found) cells, where the first row has \(expected)."
    case .notANumber(let path, let line, let column, let text):
      "\(path), line \(line), column \(column): \"\(text)\" is no number. Leave the cell empty or write NaN where a value is missing."
    case .infinite(let path, let place): "\(path): infinite value at \(place). Write NaN where a value is missing."
    }
  }
}
