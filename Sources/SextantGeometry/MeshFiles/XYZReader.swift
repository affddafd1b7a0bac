// Points as text (.xyz): a line for each point with its coordinates and, behind them, other numbers. Names of the columns
// may stand in a first line, also as a comment: "# x y z heat" or "//X Y Z Intensity". Such files look like any table, so
// that they are known by the ending of their name. Not here: the .xyz files of chemistry, which name atoms.

import Foundation

/// Reads a .xyz file.
struct XYZReader {
  /// Reads the points in `bytes`. Throws ``GeometryError/invalidMesh(_:)``.
  static func document(_ bytes: [UInt8], path: String) throws -> MeshDocument {
    var result = MeshDocument(path: path, source: MeshSource(format: .xyz, encoding: .text))
    var names: [String]?
    var columns: [[Double]] = []
    for (index, raw) in String(decoding: bytes, as: UTF8.self).split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline
    ).enumerated() {
      var text = raw.drop(while: \.isWhitespace)
      let isComment = text.hasPrefix("#") || text.hasPrefix("//")
      if isComment { text = text.drop { "#/".contains($0) } }
      let words = text.split { $0.isWhitespace || ",;".contains($0) }.map(String.init)
      guard !words.isEmpty else { continue }
      if words.prefix(3).map({ $0.lowercased() }) == ["x", "y", "z"], columns.isEmpty {
        names = words
        continue
      }
      if isComment {
        result.comments.append(text.trimmingCharacters(in: .whitespaces))
        continue
      }
      let numbers = try words.map { word in
        guard let number = Double(word) else {
          throw GeometryError.invalidMesh(
            "\(path), line \(index + 1): \"\(word.prefix(40))\" is not a number: expected x, y, z and further numbers of a point.")
        }
        return number
      }
      if columns.isEmpty { columns = [[Double]](repeating: [], count: numbers.count) }
      guard numbers.count >= 3, numbers.count == columns.count, names.map({ $0.count == numbers.count }) ?? true else {
        throw GeometryError.invalidMesh(
          "\(path), line \(index + 1): \(numbers.count) numbers: expected \(max(3, names?.count ?? columns.count)), x, y, z and the same further numbers in each line.")
      }
      for (place, number) in numbers.enumerated() { columns[place].append(number) }
    }
    guard let count = columns.first?.count else {
      throw GeometryError.invalidMesh("\(path): the file contains no points.")
    }
    result.positions = (0..<count).map { SIMD3(columns[0][$0], columns[1][$0], columns[2][$0]) }
    let others = columns.dropFirst(3)
    for (place, column) in zip(others.indices, others) {
      let own = names?[place] ?? (others.count == 1 ? "value" : "column_\(place + 1)")
      guard !result.vertexProperties.contains(where: { $0.name == own }) else {
        throw GeometryError.invalidMesh("\(path): two columns are called \"\(own)\".")
      }
      let isWhole = column.allSatisfy { MeshScalarType.int32.stored($0) != nil }
      // Seven digits are single precision, whatever their last bits in double precision.
      let isSingle = column.allSatisfy { $0.isNaN || Double("\(Float($0))") == $0 }
      result.vertexProperties.append(
        MeshProperty(name: own, type: isWhole ? .int32 : isSingle ? .float32 : .float64, values: column))
    }
    return result
  }

  /// Whether the beginning of a file is text.
  static func isText(_ head: [UInt8]) -> Bool { !head.isEmpty && !head.prefix(4096).contains(0) }
}
