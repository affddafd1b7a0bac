// Sparse matrices in files: what SciPy's save_npz writes (compressed rows, compressed columns, coordinates), and Matrix
// Market's text of coordinates or of a whole array (Boisvert, Pozo and Remington 1996). Complex numbers, block and
// diagonal forms are refused.

import Foundation
import SextantArrays
import SextantStorage

/// A file of a matrix that cannot be used; the text says what was expected and what was found.
public enum MatrixFileError: Error, Equatable, CustomStringConvertible {
  /// A file of another kind.
  case anotherKind(path: String, expected: String, found: String)
  /// Numbers that make no matrix.
  case inconsistent(path: String, reason: String)

  public var description: String {
    switch self {
    case .anotherKind(let path, let expected, let found): "\(path): expected \(expected), found \(found)."
    case .inconsistent(let path, let reason): "\(path): this is no matrix: \(reason)."
    }
  }
}

/// Reads sparse matrices.
public enum SparseMatrixFile {
  /// The most entries that a matrix may have.
  private static let entryLimit = 200_000_000

  /// Reads a matrix from a file of SciPy's (.npz) or a Matrix Market file (.mtx).
  ///
  /// Throws `FileError`, ``MatrixFileError``.
  public static func read(_ path: String) throws -> SparseMatrix {
    guard FileManager.default.fileExists(atPath: path) else { throw FileError.missing(path: path) }
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw FileError.system(action: "read the file", path: path, reason: "it is a folder or not readable")
    }
    let start = [UInt8]((try? handle.read(upToCount: 14)) ?? Data())
    try? handle.close()
    if start.starts(with: [0x50, 0x4b]) { return try readArchive(path) }
    if start.starts(with: Array("%%MatrixMarket".utf8)) { return try readMatrixMarket(path) }
    throw MatrixFileError.anotherKind(
      path: path, expected: "a sparse matrix of SciPy's save_npz (.npz) or a Matrix Market file (.mtx)",
      found: FileSignature.description(of: start[...]))
  }

  // MARK: SciPy

  private static func readArchive(_ path: String) throws -> SparseMatrix {
    let members = try ZipArchive.members(of: path)
    guard let formatBytes = members["format.npy"], let shapeBytes = members["shape.npy"] else {
      throw MatrixFileError.anotherKind(
        path: path, expected: "a sparse matrix of SciPy's save_npz, with the members format, shape, data and indices",
        found: members.isEmpty ? "an empty archive" : "the members \(members.keys.sorted().joined(separator: ", "))")
    }
    func numbers(_ name: String) throws -> [Double] {
      guard let bytes = members["\(name).npy"] else {
        throw MatrixFileError.anotherKind(
          path: path, expected: "the member \(name)", found: "only \(members.keys.sorted().joined(separator: ", "))")
      }
      return try NPYFile.doubles(in: bytes, path: "\(path) (\(name))").scalars
    }
    /// Whole numbers below `limit`.
    func indices(_ name: String, below limit: Int) throws -> [Int] {
      try numbers(name).map { number in
        guard number >= 0, number < Double(limit), number == number.rounded() else {
          throw MatrixFileError.inconsistent(
            path: path, reason: "'\(name)' has \(number), and must be a whole number from 0 to below \(limit)")
        }
        return Int(number)
      }
    }
    let shape = try NPYFile.doubles(in: shapeBytes, path: "\(path) (shape)").scalars.compactMap { Int(exactly: $0) }
    guard shape.count == 2, shape.allSatisfy({ $0 > 0 && $0 <= Int(Int32.max) }) else {
      throw MatrixFileError.inconsistent(path: path, reason: "its shape is \(shape), and must be two positive numbers")
    }
    let format = String(decoding: formatBytes.suffix(while: { $0 >= 97 && $0 <= 122 }), as: UTF8.self)
    let values = try numbers("data")
    let (rows, columns): ([Int], [Int])
    switch format {
    case "coo": (rows, columns) = (try indices("row", below: shape[0]), try indices("col", below: shape[1]))
    case "csr", "csc":
      let (major, minor) = format == "csr" ? (shape[0], shape[1]) : (shape[1], shape[0])
      let starts = try indices("indptr", below: values.count + 1)
      guard starts.count == major + 1, starts.first == 0, starts.last == values.count,
        zip(starts, starts.dropFirst()).allSatisfy(<=)
      else {
        throw MatrixFileError.inconsistent(path: path, reason: "'indptr' does not divide the \(values.count) entries into \(major) parts")
      }
      let inner = try indices("indices", below: minor)
      let outer = (0..<major).flatMap { repeatElement($0, count: starts[$0 + 1] - starts[$0]) }
      (rows, columns) = format == "csr" ? (outer, inner) : (inner, outer)
    default:
      throw MatrixFileError.anotherKind(
        path: path, expected: "a matrix in the form csr, csc or coo (convert it by .tocsr())", found: "the form '\(format)'")
    }
    return try matrix(path, shape[0], shape[1], rows, columns, values)
  }

  private static func matrix(
    _ path: String, _ rowCount: Int, _ columnCount: Int, _ rows: [Int], _ columns: [Int], _ values: [Double]
  ) throws -> SparseMatrix {
    guard rows.count == values.count, columns.count == values.count, values.count <= entryLimit else {
      throw MatrixFileError.inconsistent(
        path: path, reason: "there are \(values.count) numbers at \(rows.count) rows and \(columns.count) columns")
    }
    if let bad = values.first(where: { !$0.isFinite }) {
      throw MatrixFileError.inconsistent(path: path, reason: "it has the entry \(bad), and all must be finite")
    }
    return SparseMatrix(
      rowCount: rowCount, columnCount: columnCount,
      entries: zip(zip(rows, columns), values).map { (row: $0.0, column: $0.1, value: $1) })
  }

  // MARK: Matrix Market

  private static func readMatrixMarket(_ path: String) throws -> SparseMatrix {
    guard let data = FileManager.default.contents(atPath: path) else { throw FileError.missing(path: path) }
    let lines = data.split { $0 == 10 || $0 == 13 }
    func words(_ line: Data) -> [Substring] {
      String(decoding: line, as: UTF8.self).split { $0 == " " || $0 == "\t" }
    }
    func inconsistent(_ line: Int, _ reason: String) -> MatrixFileError {
      .inconsistent(path: path, reason: "line \(line + 1) (blank lines not counted) \(reason)")
    }
    let head = words(lines[0]).map { $0.lowercased() }
    guard head.count == 5, head[1] == "matrix", ["coordinate", "array"].contains(head[2]),
      ["real", "integer", "double", "pattern"].contains(head[3]),
      ["general", "symmetric", "skew-symmetric"].contains(head[4]), head[2] == "coordinate" || head[3] != "pattern"
    else {
      throw MatrixFileError.anotherKind(
        path: path, expected: "a Matrix Market file of real numbers, coordinate or array, general or symmetric",
        found: "'\(String(decoding: lines[0], as: UTF8.self))'")
    }
    let body = lines.indices.dropFirst().filter { lines[$0].first != UInt8(ascii: "%") }
    let isList = head[2] == "coordinate"
    guard let first = body.first else { throw inconsistent(0, "is followed by no size") }
    let sizes = words(lines[first]).compactMap { Int($0) }
    guard sizes.count == (isList ? 3 : 2), sizes.allSatisfy({ $0 >= 0 && $0 <= Int(Int32.max) }), sizes[0] > 0, sizes[1] > 0
    else { throw inconsistent(first, "must have the numbers of rows and columns\(isList ? " and of entries" : "")") }
    let (m, n) = (sizes[0], sizes[1])
    var (rows, columns, values): ([Int], [Int], [Double]) = ([], [], [])
    func add(_ row: Int, _ column: Int, _ value: Double) {
      rows.append(row)
      columns.append(column)
      values.append(value)
      guard head[4] != "general", row != column else { return }
      rows.append(column)
      columns.append(row)
      values.append(head[4] == "symmetric" ? value : -value)
    }
    let count = isList ? sizes[2] : head[4] == "general" ? m * n : n * (n + 1) / 2
    guard head[4] == "general" || m == n else { throw inconsistent(first, "has a symmetric matrix that is not square") }
    guard head[4] != "skew-symmetric" || isList else { throw inconsistent(first, "has a skew-symmetric array, which is not supported") }
    guard body.count - 1 == count else {
      throw MatrixFileError.inconsistent(
        path: path, reason: "it states \(count) entries and has \(body.count - 1). It may be cut off")
    }
    var (row, column) = (0, 0)
    for line in body.dropFirst() {
      let numbers = words(lines[line]).map { Double($0) }
      if isList {
        guard numbers.count == (head[3] == "pattern" ? 2 : 3), let i = numbers[0].flatMap({ Int(exactly: $0) }),
          let j = numbers[1].flatMap({ Int(exactly: $0) }), (1...m).contains(i), (1...n).contains(j),
          let value = numbers.count == 3 ? numbers[2] : 1
        else { throw inconsistent(line, "must have a row from 1 to \(m), a column from 1 to \(n)\(head[3] == "pattern" ? "" : " and a number")") }
        add(i - 1, j - 1, value)
      } else {
        guard numbers.count == 1, let value = numbers[0] else { throw inconsistent(line, "must have one number") }
        if value != 0 { add(row, column, value) }
        row += 1
        if row == m {
          column += 1
          row = head[4] == "general" ? 0 : column
        }
      }
    }
    return try matrix(path, m, n, rows, columns, values)
  }
}

extension Array where Element == UInt8 {
  /// The longest end of which every byte fulfils a condition.
  fileprivate func suffix(while condition: (UInt8) -> Bool) -> ArraySlice<UInt8> {
    self[(lastIndex { !condition($0) }.map { $0 + 1 } ?? startIndex)...]
  }
}
