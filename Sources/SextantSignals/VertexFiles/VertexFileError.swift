// Errors in files of values at vertices; the text names the file, the place and the remedy.

/// A file of values that cannot be used as signals on a mesh.
public enum VertexFileError: Error, Equatable, CustomStringConvertible {
  /// The number of values is not that of the mesh's vertices.
  case wrongLength(path: String, expected: Int, found: Int)
  /// The file is shorter than its header states.
  case truncated(path: String, expectedBytes: Int, foundBytes: Int)
  /// The file is not of the kind that the reader supports.
  case anotherKind(path: String, expected: String, found: String)
  /// A column does not exist.
  case absentColumn(path: String, name: String, available: [String])
  /// A row of a table has a different number of cells than the first.
  case unevenRow(path: String, line: Int, expected: Int, found: Int)
  /// A cell is not a number.
  case notANumber(path: String, line: Int, column: String, text: String)
  /// A value is infinite.
  case infinite(path: String, place: String)

  public var description: String {
    switch self {
    case .wrongLength(let path, let expected, let found):
      "\(path): values for \(found) vertices, but the mesh has \(expected). One value is required for each vertex, in the order of the mesh."
    case .truncated(let path, let expected, let found):
      "\(path): the file is truncated: expected \(expected) bytes, found \(found). Download or copy it again."
    case .anotherKind(let path, let expected, let found): "\(path): expected \(expected), found \(found)."
    case .absentColumn(let path, let name, let available):
      "\(path): no column \"\(name)\". The file has: \(NetCDFError.abridged(available))."
    case .unevenRow(let path, let line, let expected, let found):
      "\(path), line \(line): \(found) cells, but the first row has \(expected)."
    case .notANumber(let path, let line, let column, let text):
      "\(path), line \(line), column \(column): \"\(text)\" is not a number. Leave the cell empty or write NaN for a missing value."
    case .infinite(let path, let place): "\(path): infinite value at \(place). Write NaN for a missing value."
    }
  }
}
