// VTK's legacy files of surfaces (.vtk): PolyData and unstructured grids, as text or in big-endian binary, up to version
// 5.1 with its separate offsets and connectivity. See "Simple Legacy Formats" in VTK's documentation. Volume cells are
// not kept, and a file that has no others is refused. Not here: images and structured grids.

import Foundation

/// Reads a .vtk file.
struct VTKLegacyReader {
  private let bytes: [UInt8]
  private let path: String
  private var offset = 0
  private var isText = true
  private var hasOffsets = false
  private var result: MeshDocument
  private var cells = VTKCells()
  private var (points, cellArrays): ([VTKArray], [VTKArray]) = ([], [])
  /// The kinds of cells that wait for the positions of all points, with the corners of each.
  private var unstructured: [[Int32]] = []

  /// Whether a file begins like a legacy VTK file.
  static func isRecognised(_ bytes: [UInt8]) -> Bool { bytes.starts(with: Array("# vtk DataFile".utf8)) }

  /// Reads the mesh in `bytes`. Throws ``GeometryError/invalidMesh(_:)`` and
  /// ``GeometryError/cornerOutsideMesh(path:face:corner:vertexCount:)``.
  static func document(_ bytes: [UInt8], path: String) throws -> MeshDocument {
    var reader = VTKLegacyReader(bytes, path: path)
    return try reader.document()
  }

  private init(_ bytes: [UInt8], path: String) {
    (self.bytes, self.path) = (bytes, path)
    result = MeshDocument(path: path, source: MeshSource(format: .vtk, encoding: .text))
  }

  private func invalid(_ reason: String) -> GeometryError { .invalidMesh("\(path): \(reason).") }

  private func cutOff(_ name: String) -> GeometryError { invalid("the VTK file ends within \(name): it is cut off") }

  private mutating func document() throws -> MeshDocument {
    let version = line() ?? ""
    hasOffsets = version.split(separator: " ").last.flatMap { Double($0) }.map { $0 >= 5 } ?? false
    let title = line() ?? ""
    if !title.trimmingCharacters(in: .whitespaces).isEmpty { result.comments.append(title) }
    let encoding = (line() ?? "").trimmingCharacters(in: .whitespaces).uppercased()
    guard encoding == "ASCII" || encoding == "BINARY" else {
      throw invalid("the third line of the VTK file is \"\(encoding)\": expected ASCII or BINARY")
    }
    isText = encoding == "ASCII"
    result.source.encoding = isText ? .text : .bigEndian
    var kind = ""
    /// The number of points or cells that arrays belong to; nil outside of any.
    var section: (isPoints: Bool, count: Int)?
    while let words = nextWords() {
      let keyword = words[0].uppercased()
      switch keyword {
      case "DATASET":
        kind = words.count > 1 ? words[1].uppercased() : ""
        guard kind == "POLYDATA" || kind == "UNSTRUCTURED_GRID" else {
          throw invalid("the VTK file holds \(kind): expected POLYDATA or an UNSTRUCTURED_GRID")
        }
      case "POINTS": try readPoints(words)
      case "VERTICES", "LINES", "POLYGONS", "TRIANGLE_STRIPS":
        let type = ["VERTICES": 2, "LINES": 4, "POLYGONS": 7, "TRIANGLE_STRIPS": 6][keyword] ?? 7
        for corners in try readCells(words) { cells.add(type: type, corners[...]) }
      case "CELLS": unstructured = try readCells(words)
      case "CELL_TYPES":
        let types = try numbers(count(words, 1, of: "CELL_TYPES"), .scalar(.int32), of: "CELL_TYPES")
        guard types.count == unstructured.count else {
          throw invalid("the VTK file has \(unstructured.count) cells and \(types.count) types of cells")
        }
        for (corners, type) in zip(unstructured, types) { cells.add(type: Int(exactly: type) ?? -1, corners[...]) }
      case "POINT_DATA": section = (true, try count(words, 1, of: keyword))
      case "CELL_DATA": section = (false, try count(words, 1, of: keyword))
      case "METADATA": skipMetadata()
      case "FIELD": try readField(words, section: section)
      case "LOOKUP_TABLE":
        let size = try count(words, 2, of: keyword)
        _ = try numbers(4 * size, .scalar(isText ? .float32 : .uint8), of: "the lookup table")
      default:
        guard let section else { throw invalid("the line \"\(words.joined(separator: " ").prefix(80))\" was not expected in a VTK file") }
        try readAttribute(keyword, words, section)
      }
    }
    guard !kind.isEmpty else { throw cutOff("its header") }
    try result.take(cells, points: points, cellArrays: cellArrays)
    return result
  }

  // MARK: Sections

  private mutating func readPoints(_ words: [String]) throws {
    let count = try count(words, 1, of: "POINTS")
    let type = try type(words, 2)
    let values = try numbers(3 * count, type, of: "POINTS")
    result.positionType = type == .scalar(.float32) ? .float32 : .float64
    result.positions = (0..<count).map { SIMD3(values[3 * $0], values[3 * $0 + 1], values[3 * $0 + 2]) }
  }

  /// The corners of each cell of a section.
  private mutating func readCells(_ words: [String]) throws -> [[Int32]] {
    let name = words[0].uppercased()
    let (first, size) = (try count(words, 1, of: name), try count(words, 2, of: name))
    var result: [[Int32]] = []
    if hasOffsets {
      guard first > 0 else { return [] }
      guard let offsetWords = nextWords(), offsetWords[0].uppercased() == "OFFSETS" else { throw cutOff(name) }
      let offsets = try numbers(first, type(offsetWords, 1), of: name)
      guard let cornerWords = nextWords(), cornerWords[0].uppercased() == "CONNECTIVITY" else { throw cutOff(name) }
      let corners = try self.corners(numbers(size, type(cornerWords, 1), of: name))
      for (start, end) in zip(offsets, offsets.dropFirst()) {
        guard let start = Int(exactly: start), let end = Int(exactly: end), 0 <= start, start <= end, end <= corners.count
        else { throw invalid("a cell of \(name) in the VTK file ends at corner \(end) of \(corners.count)") }
        result.append(Array(corners[start..<end]))
      }
      return result
    }
    let numbers = try numbers(size, .scalar(.int32), of: name)
    var place = 0
    for _ in 0..<first {
      guard place < size, let length = Int(exactly: numbers[place]), length >= 0, length < size - place else {
        throw invalid("the cells of \(name) in the VTK file need more numbers than the \(size) that it declares")
      }
      result.append(try corners(Array(numbers[place + 1...place + length])))
      place += 1 + length
    }
    return result
  }

  private func corners(_ numbers: [Double]) throws -> [Int32] {
    let count = result.vertexCount
    return try numbers.map { number in
      guard number >= 0, number < Double(count), number == number.rounded() else {
        throw GeometryError.cornerOutsideMesh(
          path: path, face: cells.count, corner: Int(exactly: number.rounded()) ?? -1, vertexCount: count)
      }
      return Int32(number)
    }
  }

  private mutating func readAttribute(_ keyword: String, _ words: [String], _ section: (isPoints: Bool, count: Int)) throws {
    let name = words.count > 1 ? words[1].removingPercentEncoding ?? words[1] : keyword
    var array: VTKArray
    switch keyword {
    case "SCALARS":
      array = VTKArray(name: name, type: try type(words, 2), componentCount: try words.count > 3 ? count(words, 3, of: name) : 1, values: [])
      let start = offset
      if let next = nextWords(), next[0].uppercased() != "LOOKUP_TABLE" { offset = start }
    case "COLOR_SCALARS":
      array = VTKArray(
        name: name, type: .scalar(isText ? .float32 : .uint8), componentCount: try count(words, 2, of: name), values: [])
    case "VECTORS", "NORMALS": array = VTKArray(name: name, type: try type(words, 2), componentCount: 3, values: [])
    case "TENSORS": array = VTKArray(name: name, type: try type(words, 2), componentCount: 9, values: [])
    case "TENSORS6": array = VTKArray(name: name, type: try type(words, 2), componentCount: 6, values: [])
    case "TEXTURE_COORDINATES":
      array = VTKArray(name: name, type: try type(words, 3), componentCount: try count(words, 2, of: name), values: [])
    case "GLOBAL_IDS", "PEDIGREE_IDS", "EDGE_FLAGS":
      array = VTKArray(name: name, type: try type(words, 2), componentCount: 1, values: [])
    default: throw invalid("the line \"\(words.joined(separator: " ").prefix(80))\" was not expected in a VTK file")
    }
    array.role = keyword
    array.values = try numbers(product(array.componentCount, section.count), array.type, of: "\"\(name)\"")
    if section.isPoints { points.append(array) } else { cellArrays.append(array) }
  }

  private mutating func readField(_ words: [String], section: (isPoints: Bool, count: Int)?) throws {
    for _ in 0..<(try count(words, 2, of: "FIELD")) {
      guard var header = nextWords() else { throw cutOff("FIELD") }
      if header[0].uppercased() == "METADATA" {
        skipMetadata()
        guard let next = nextWords() else { throw cutOff("FIELD") }
        header = next
      }
      guard header.count >= 4 else {
        throw invalid("the line \"\(header.joined(separator: " ").prefix(80))\" was not expected in the fields of a VTK file")
      }
      let name = header[0].removingPercentEncoding ?? header[0]
      let (components, tuples) = (try count(header, 1, of: name), try count(header, 2, of: name))
      if header[3].lowercased() == "string" {
        try skipTexts(product(components, tuples), of: name)
        result.omissions.append("the texts \"\(name)\"")
        continue
      }
      let array = VTKArray(
        name: name, type: try type(header, 3), componentCount: components,
        values: try numbers(product(components, tuples), type(header, 3), of: "\"\(name)\""))
      switch section {
      case .some((true, let count)) where tuples == count: points.append(array)
      case .some((false, let count)) where tuples == count: cellArrays.append(array)
      default:
        if array.values.count <= 16 {
          result.comments.append("\(name): \(array.values.map { "\($0)" }.joined(separator: " "))")
        } else {
          result.omissions.append("the field data \"\(name)\"")
        }
      }
    }
  }

  // MARK: Words and numbers

  /// The line at the offset, which moves behind it; nil at the end.
  private mutating func line() -> String? {
    guard offset < bytes.count else { return nil }
    let end = bytes[offset...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
    defer { offset = min(end + 1, bytes.count) }
    var line = bytes[offset..<end]
    if line.last == 13 { line = line.dropLast() }
    return String(decoding: line, as: UTF8.self)
  }

  /// The words of the next line that has any; nil at the end.
  private mutating func nextWords() -> [String]? {
    while let line = line() {
      let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
      if !words.isEmpty { return words }
    }
    return nil
  }

  /// Skips a section that ends with an empty line.
  private mutating func skipMetadata() {
    while let line = line(), !line.allSatisfy(\.isWhitespace) {}
  }

  /// Skips texts: lines of a text file, and in binary each with its length in the lowest bits of the first bytes.
  private mutating func skipTexts(_ count: Int, of name: String) throws {
    for _ in 0..<count {
      guard offset < bytes.count else { throw cutOff("\"\(name)\"") }
      if isText {
        _ = line()
        continue
      }
      let kind = Int(bytes[offset] >> 6)
      let width = [8, 4, 2, 1][kind]
      guard offset + width <= bytes.count else { throw cutOff("\"\(name)\"") }
      let word = bytes[offset..<offset + width].reduce(0) { $0 << 8 | UInt64($1) }
      let length = word & (UInt64.max >> UInt64(66 - 8 * width))
      guard length <= UInt64(bytes.count - offset - width) else { throw cutOff("\"\(name)\"") }
      offset += width + Int(length)
    }
  }

  private func count(_ words: [String], _ place: Int, of name: String) throws -> Int {
    guard words.indices.contains(place), let count = Int(words[place]), count >= 0 else {
      throw invalid("the line \"\(words.joined(separator: " ").prefix(80))\" of the VTK file lacks a number of \(name)")
    }
    return count
  }

  private func product(_ a: Int, _ b: Int) throws -> Int {
    let (product, isTooMany) = a.multipliedReportingOverflow(by: b)
    guard !isTooMany else { throw cutOff("an array of \(a) × \(b) numbers") }
    return product
  }

  private func type(_ words: [String], _ place: Int) throws -> ArrayNumber {
    let name = words.indices.contains(place) ? words[place].lowercased() : ""
    switch name {
    case "char", "signed_char": return .scalar(.int8)
    case "unsigned_char": return .scalar(.uint8)
    case "short": return .scalar(.int16)
    case "unsigned_short": return .scalar(.uint16)
    // Legacy files store identifiers in four bytes.
    case "int", "vtkidtype": return .scalar(.int32)
    case "unsigned_int": return .scalar(.uint32)
    case "long", "vtktypeint64": return .int64
    case "unsigned_long", "vtktypeuint64": return .uint64
    case "float": return .scalar(.float32)
    case "double": return .scalar(.float64)
    default: throw invalid("numbers of the type \"\(name)\" are not supported in a VTK file")
    }
  }

  /// The next `count` numbers.
  private mutating func numbers(_ count: Int, _ type: ArrayNumber, of name: String) throws -> [Double] {
    let left = bytes.count - offset
    guard isText else {
      guard count <= left / type.byteCount else { throw cutOff(name) }
      let end = offset + count * type.byteCount
      let values = type.numbers(Array(bytes[offset..<end]), isBigEndian: true)
      offset = end
      return values
    }
    // A number and the space behind it.
    guard count <= (left + 1) / 2 else { throw cutOff(name) }
    var values: [Double] = []
    values.reserveCapacity(count)
    while values.count < count {
      while offset < bytes.count, bytes[offset] <= 32 { offset += 1 }
      let start = offset
      while offset < bytes.count, bytes[offset] > 32 { offset += 1 }
      guard offset > start else { throw cutOff(name) }
      let word = String(decoding: bytes[start..<offset], as: UTF8.self)
      guard let value = Double(word) else {
        throw invalid("\(name) of the VTK file has the entry \"\(word.prefix(40))\": expected a number")
      }
      values.append(value)
    }
    return values
  }
}
