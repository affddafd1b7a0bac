// Wavefront OBJ: the vertices are the file's `v` lines, in their order. Assimp would create a vertex for every corner
// with different texture coordinates (17,568 instead of 2,930 in a well-known cow) and discard the correspondence.
// Texture coordinates and normals belong to corners rather than to vertices and are ignored, as are curves and
// materials.

/// Reads an OBJ file.
struct OBJReader {
  private let path: String
  private var scanner: TextScanner
  private var result: MeshDocument
  private var objects = MeshPartCollector()
  private var groups = MeshPartCollector()
  private var names = (object: "", group: "")
  private var colours = ColourColumns()
  private var passedOver: [String: Int] = [:]
  /// Keywords of lines that are ignored and counted by name; all others are counted together.
  private static let otherKeywords: Set = ["vn", "vt", "vp", "l", "p", "curv", "curv2", "surf"]

  /// Reads the mesh in `bytes`. Throws ``GeometryError/invalidMesh(_:)`` and
  /// ``GeometryError/cornerOutsideMesh(path:face:corner:vertexCount:)``.
  static func document(_ bytes: [UInt8], path: String) throws -> MeshDocument {
    var reader = OBJReader(bytes, path: path)
    return try reader.document()
  }

  private init(_ bytes: [UInt8], path: String) {
    self.path = path
    scanner = TextScanner(bytes, path: path)
    result = MeshDocument(path: path, source: MeshSource(format: .obj, encoding: .text))
  }

  private mutating func document() throws -> MeshDocument {
    while let keyword = scanner.nextWord() {
      let words = scanner.restOfLine()
      switch keyword {
      case "v": try takeVertex(words)
      case "f": try takeFace(words)
      case "o": names.object = words.joined(separator: " ")
      case "g": names.group = words.joined(separator: " ")
      case "s", "usemtl", "mtllib": break
      default: passedOver[Self.otherKeywords.contains(keyword) ? keyword : "…", default: 0] += 1
      }
    }
    result.vertexProperties = colours.properties(count: result.vertexCount)
    if result.vertexProperties.isEmpty, !colours.isEmpty {
      result.omissions.append("colours that only some vertices have")
    }
    result.parts = objects.parts.isEmpty ? groups.parts : objects.parts
    result.omissions += passedOver.sorted { $0.key < $1.key }.map { "\($0.value) lines \"\($0.key)\"" }
    return result
  }

  private mutating func takeVertex(_ words: [String]) throws {
    let name = "vertex number \(result.vertexCount + 1)"
    // Three coordinates, optionally followed by a weight, or by a colour with or without alpha.
    guard [3, 4, 6, 7].contains(words.count) else {
      throw GeometryError.invalidMesh(
        "\(path), line \(scanner.line): \(words.count) numbers for \(name): expected 3, 4, 6 or 7.")
    }
    let values = try words.map { try scanner.number($0, called: name) }
    result.positions.append(SIMD3(values[0], values[1], values[2]))
    if words.count >= 6 { colours.append(zip(words, values).dropFirst(3).map { ($0, $1) }) }
  }

  private mutating func takeFace(_ words: [String]) throws {
    let index = result.polygons.count
    var polygon: [Int32] = []
    for word in words {
      // "v", "v/vt", "v//vn" or "v/vt/vn": counted from 1, or backwards from the last vertex so far if negative.
      let text = word.prefix { $0 != "/" }
      guard let number = Int(text), number != 0 else {
        throw scanner.misplaced(word, expected: "a vertex of face number \(index + 1), counted from 1,")
      }
      let corner = number > 0 ? number - 1 : result.vertexCount + number
      guard corner >= 0, corner < Int(Int32.max) else {
        throw GeometryError.cornerOutsideMesh(
          path: path, face: index, corner: corner, vertexCount: result.vertexCount)
      }
      polygon.append(Int32(corner))
    }
    result.polygons.append(polygon)
    objects.add(polygon: index, to: names.object)
    groups.add(polygon: index, to: names.group)
  }
}
