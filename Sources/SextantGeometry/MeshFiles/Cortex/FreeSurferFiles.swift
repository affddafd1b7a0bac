// FreeSurfer's binary files, all big-endian: surfaces (lh.white, lh.pial), curvature files (lh.thickness, lh.curv,
// lh.sulc) and annotations (lh.aparc.annot); and its labels, which are text. The formats are described on FreeSurfer's
// wiki and in nibabel.freesurfer.io, with whose values the tests compare. Not here: surfaces of quadrilaterals, the
// format before 1999, and volumes (.mgh), which are no surfaces.

import Foundation

/// Takes big-endian numbers of four bytes.
private struct BigEndianReader {
  let bytes: [UInt8]
  var offset: Int

  /// The next number; nil at the end.
  mutating func integer() -> Int? { bits().map { Int(Int32(bitPattern: $0)) } }

  mutating func single() -> Double? { bits().map { Double(Float(bitPattern: $0)) } }

  private mutating func bits() -> UInt32? {
    guard offset >= 0, offset + 4 <= bytes.count else { return nil }
    defer { offset += 4 }
    return bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// The next text with its length in front, without the zero byte at its end; nil at the end.
  mutating func text() -> String? {
    guard let length = integer(), length >= 0, length <= bytes.count - offset else { return nil }
    defer { offset += length }
    return String(decoding: bytes[offset..<offset + length].prefix { $0 != 0 }, as: UTF8.self)
  }
}

/// Surfaces of triangles.
enum FreeSurferSurface {
  private static let magic: [UInt8] = [0xFF, 0xFF, 0xFE]

  /// Whether a file begins like a surface of triangles.
  static func isRecognised(_ bytes: [UInt8]) -> Bool { bytes.starts(with: magic) }

  /// Reads the mesh in `bytes`. Throws ``GeometryError``.
  static func document(_ bytes: [UInt8], path: String) throws -> MeshDocument {
    var result = MeshDocument(path: path, source: MeshSource(format: .freeSurfer, encoding: .bigEndian))
    // A line that says who made the file, and an empty line.
    guard let end = bytes.prefix(4096).firstIndex(of: 10), end + 1 < bytes.count else {
      throw GeometryError.invalidMesh("\(path): the FreeSurfer surface ends within its header: it is cut off.")
    }
    result.comments = [String(decoding: bytes[3..<end], as: UTF8.self)]
    var reader = BigEndianReader(bytes: bytes, offset: bytes[end + 1] == 10 ? end + 2 : end + 1)
    guard let vertices = reader.integer(), let faces = reader.integer(), vertices >= 0, faces >= 0 else {
      throw GeometryError.invalidMesh("\(path): the FreeSurfer surface ends within its header: it is cut off.")
    }
    let (needed, found) = (12 * (vertices + faces), bytes.count - reader.offset)
    guard needed <= found else {
      throw GeometryError.meshTooShort(
        path: path, declared: "\(vertices) vertices and \(faces) triangles", neededBytes: needed, foundBytes: found)
    }
    result.positionType = .float32
    for _ in 0..<vertices {
      guard let x = reader.single(), let y = reader.single(), let z = reader.single() else { break }
      result.positions.append(SIMD3(x, y, z))
    }
    for _ in 0..<faces {
      guard let a = reader.integer(), let b = reader.integer(), let c = reader.integer() else { break }
      result.polygons.append([Int32(a), Int32(b), Int32(c)])
    }
    return result
  }
}

/// Curvature files: one number at each vertex.
package enum FreeSurferCurvature {
  private static let magic: [UInt8] = [0xFF, 0xFF, 0xFF]

  /// Whether a file is a curvature file by its beginning and its size. Surfaces of quadrilaterals begin with the same
  /// bytes.
  static func isRecognised(_ head: [UInt8], size: Int) -> Bool {
    guard head.starts(with: magic) else { return false }
    var reader = BigEndianReader(bytes: head, offset: 3)
    guard let vertices = reader.integer(), reader.integer() != nil, let width = reader.integer() else { return false }
    // One that is cut off is recognised, too.
    return vertices > 0 && width == 1 && size <= 15 + 4 * vertices
  }

  static func column(_ bytes: [UInt8], path: String) throws -> MeshProperty {
    var reader = BigEndianReader(bytes: bytes, offset: 3)
    guard let vertices = reader.integer(), reader.integer() != nil, reader.integer() != nil,
      15 + 4 * vertices <= bytes.count
    else {
      throw GeometryError.invalidMesh(
        "\(path): the FreeSurfer file is cut off: it declares more values than its \(bytes.count) bytes can hold.")
    }
    let values = (0..<vertices).compactMap { _ in reader.single() }
    return MeshProperty(name: SurfaceData.quantity(of: path), type: .float32, values: values)
  }

  /// A curvature file with these numbers, in single precision.
  ///
  /// - Parameter triangleCount: The number of triangles of the surface, which the format states; 0 where it is not known.
  package static func bytes(_ values: [Double], triangleCount: Int) -> [UInt8] {
    var bytes = magic
    func append(_ word: UInt32) { for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(word >> shift & 255)) } }
    append(UInt32(values.count))
    append(UInt32(triangleCount))
    append(1)
    for value in values { append(Float(value).bitPattern) }
    return bytes
  }
}

/// Annotations: the region of each vertex, with names.
enum FreeSurferAnnotation {
  /// Whether a file is an annotation: its name ends so, and it begins with a number of vertices that it can hold.
  static func isRecognised(_ head: [UInt8], size: Int, path: String) -> Bool {
    guard URL(fileURLWithPath: path).lastPathComponent.lowercased().contains(".annot") else { return false }
    var reader = BigEndianReader(bytes: head, offset: 0)
    return reader.integer().map { $0 > 0 && 8 * $0 <= size } ?? false
  }

  /// The number of each vertex's region in the table of colours, −1 for one that is not in it, and the names.
  static func column(_ bytes: [UInt8], path: String) throws -> MeshProperty {
    func cutOff() -> GeometryError { .invalidMesh("\(path): the FreeSurfer annotation is cut off or damaged.") }
    var reader = BigEndianReader(bytes: bytes, offset: 0)
    guard let count = reader.integer(), count > 0, 8 * count <= bytes.count else { throw cutOff() }
    var colours = [Int](repeating: 0, count: count)
    for _ in 0..<count {
      guard let vertex = reader.integer(), let colour = reader.integer(), colours.indices.contains(vertex) else {
        throw cutOff()
      }
      colours[vertex] = colour
    }
    guard reader.integer() == 1, let version = reader.integer() else {
      throw GeometryError.invalidMesh("\(path): the FreeSurfer annotation has no table of colours, which names its regions.")
    }
    // A positive number is that of the entries of an older table, which are in order.
    let isOrdered = version > 0
    if !isOrdered { guard version == -2, reader.integer() != nil else { throw cutOff() } }
    guard reader.text() != nil, let entries = isOrdered ? version : reader.integer(), entries <= bytes.count else {
      throw cutOff()
    }
    var (numberOfColour, words): ([Int: Int], [Double: String]) = ([:], [:])
    for place in 0..<entries {
      guard let number = isOrdered ? place : reader.integer(), let name = reader.text(), let red = reader.integer(),
        let green = reader.integer(), let blue = reader.integer(), reader.integer() != nil
      else { throw cutOff() }
      let colour = red + green << 8 + blue << 16
      if numberOfColour[colour] == nil { numberOfColour[colour] = number }
      words[Double(number)] = name
    }
    var column = MeshProperty(
      name: "label", type: .int32, values: colours.map { Double(numberOfColour[$0] ?? -1) })
    column.words = words
    return column
  }
}

/// Labels: a list of vertices, as text.
enum FreeSurferLabel {
  /// Whether a file begins like a label.
  static func isRecognised(_ head: [UInt8]) -> Bool { head.starts(with: Array("#!ascii label".utf8)) }

  /// 1 at the vertices of the label and 0 at the others.
  static func column(_ bytes: [UInt8], path: String, vertexCount: Int?) throws -> MeshProperty {
    guard let vertexCount else {
      throw GeometryError.invalidMesh(
        "\(path): a FreeSurfer label does not say how many vertices its surface has. Give the surface by --mesh.")
    }
    var scanner = TextScanner(bytes, path: path)
    var values = [Double](repeating: 0, count: vertexCount)
    for _ in 0..<(try scanner.count(called: "the number of vertices of the label")) {
      let vertex = try scanner.count(called: "a vertex of the label")
      for _ in 0..<4 { _ = try scanner.number(called: "a vertex of the label") }
      guard vertex < vertexCount else {
        throw GeometryError.invalidMesh(
          "\(path), line \(scanner.line): the label contains vertex \(vertex), but the surface has \(vertexCount) vertices (numbers from 0). Is it the label of this surface?")
      }
      values[vertex] = 1
    }
    return MeshProperty(name: "label", type: .uint8, values: values)
  }
}
