// Geomview's Object File Format as text: OFF and its variants with colours (C), normals (N) and texture coordinates
// (ST) at the vertices. The binary form and forms in other than three dimensions are recognised and rejected.

/// Reads an OFF file.
struct OFFReader {
  /// The values at each vertex, according to the first word.
  struct Layout {
    let hasTexture: Bool
    let hasColour: Bool
    let hasNormal: Bool
    let isUsable: Bool

    /// Nil unless the word is "OFF" with any of the prefixes ST, C, N, 4 and n, in this order.
    init?(keyword: String) {
      var rest = Substring(keyword)
      func take(_ prefix: String) -> Bool {
        guard rest.hasPrefix(prefix) else { return false }
        rest = rest.dropFirst(prefix.count)
        return true
      }
      hasTexture = take("ST")
      hasColour = take("C")
      hasNormal = take("N")
      let isHomogeneous = take("4")
      isUsable = !isHomogeneous
      guard rest == "OFF" else { return nil }
    }
  }

  private let path: String
  private var scanner: TextScanner

  /// Reads the mesh in `bytes`. Throws ``GeometryError/invalidMesh(_:)``,
  /// ``GeometryError/meshTooShort(path:declared:neededBytes:foundBytes:)`` and
  /// ``GeometryError/cornerOutsideMesh(path:face:corner:vertexCount:)``.
  static func document(_ bytes: [UInt8], path: String) throws -> MeshDocument {
    var reader = OFFReader(path: path, scanner: TextScanner(bytes, path: path))
    return try reader.document()
  }

  private mutating func document() throws -> MeshDocument {
    let keyword = try scanner.word(called: "the word OFF")
    guard let layout = Layout(keyword: keyword), layout.isUsable else {
      throw GeometryError.invalidMesh(
        "\(path): \(keyword) files are not supported: expected three coordinates (OFF, COFF, …).")
    }
    let first = try scanner.word(called: "the number of vertices")
    if first.uppercased() == "BINARY" {
      throw GeometryError.invalidMesh("\(path): binary OFF files are not supported: save it as text, or as PLY.")
    }
    let vertices = try scanner.count(first, called: "the number of vertices")
    let faces = try scanner.count(called: "the number of faces")
    // The number of edges, which many files omit and no reader needs.
    for word in scanner.restOfLine() { _ = try scanner.count(word, called: "the number of edges") }
    try checkLength(vertices, faces)

    var result = MeshDocument(path: path, source: MeshSource(format: .off, encoding: .text))
    try readVertices(vertices, layout, into: &result)
    try readFaces(faces, vertexCount: vertices, into: &result)
    return result
  }

  /// A vertex needs at least three digits with separators, a face its number of corners.
  private func checkLength(_ vertices: Int, _ faces: Int) throws {
    let (most, found) = (Int.max / 16, scanner.remainingCount + 1)
    let needed = min(vertices, most) * 6 + min(faces, most) * 2
    guard needed <= found else {
      throw GeometryError.meshTooShort(
        path: path, declared: "\(vertices) vertices and \(faces) faces", neededBytes: needed, foundBytes: found)
    }
  }

  private mutating func readVertices(_ count: Int, _ layout: Layout, into result: inout MeshDocument) throws {
    let names = (layout.hasNormal ? ["nx", "ny", "nz"] : []) + (layout.hasTexture ? ["s", "t"] : [])
    var columns = [[Double]](repeating: [], count: names.count)
    var colours = ColourColumns()
    result.positions.reserveCapacity(count)
    for index in 0..<count {
      let name = "vertex number \(index + 1)"
      result.positions.append(
        SIMD3(try scanner.number(called: name), try scanner.number(called: name), try scanner.number(called: name)))
      var rest = scanner.restOfLine()
      let normals = layout.hasNormal ? 3 : 0
      let colourCount = rest.count - names.count
      guard layout.hasColour ? colourCount == 3 || colourCount == 4 : colourCount == 0 else {
        throw GeometryError.invalidMesh(
          "\(path), line \(scanner.line): \(rest.count + 3) numbers for \(name): expected \(names.count + 3)"
            + (layout.hasColour ? " and a colour of 3 or 4 numbers." : ". A file with colours begins with COFF."))
      }
      if layout.hasColour {
        try colours.append(rest[normals..<normals + colourCount].map { ($0, try scanner.number($0, called: name)) })
        rest.removeSubrange(normals..<normals + colourCount)
      }
      for (place, word) in rest.enumerated() { columns[place].append(try scanner.number(word, called: name)) }
    }
    result.vertexProperties =
      zip(names, columns).map { MeshProperty(name: $0, type: .float64, values: $1) } + colours.properties(count: count)
  }

  private mutating func readFaces(_ count: Int, vertexCount: Int, into result: inout MeshDocument) throws {
    var colours = ColourColumns()
    var polygon: [Int32] = []
    for index in 0..<count {
      let name = "face number \(index + 1)"
      let length = try scanner.count(called: name)
      guard length <= scanner.remainingCount else {
        throw GeometryError.meshTooShort(
          path: path, declared: "the \(length) corners of \(name)", neededBytes: length,
          foundBytes: scanner.remainingCount)
      }
      polygon.removeAll(keepingCapacity: true)
      for _ in 0..<length {
        let corner = try scanner.count(called: name)
        guard corner < vertexCount else {
          throw GeometryError.cornerOutsideMesh(path: path, face: index, corner: corner, vertexCount: vertexCount)
        }
        polygon.append(Int32(corner))
      }
      result.polygons.append(polygon)
      let rest = scanner.restOfLine()
      // A single number is the index of a colour in a table that is not in the file.
      if rest.count == 3 || rest.count == 4 {
        try colours.append(rest.map { ($0, try scanner.number($0, called: name)) })
      }
    }
    result.faceProperties = colours.properties(count: count)
    if result.faceProperties.isEmpty, !colours.isEmpty { result.omissions.append("colours that only some faces have") }
  }
}

/// Colours in text files: integers from 0 to 255, or fractions.
struct ColourColumns {
  private var columns = [[Double]](repeating: [], count: 4)
  private var isWhole = true

  /// Whether there are no colours yet.
  var isEmpty: Bool { columns[0].isEmpty }

  /// Appends a colour of three or four numbers, each with its word in the file.
  mutating func append(_ colour: [(word: String, value: Double)]) {
    for (place, number) in colour.enumerated() {
      columns[place].append(number.value)
      if number.word.contains(".") || MeshScalarType.uint8.stored(number.value) == nil { isWhole = false }
    }
  }

  /// The properties red, green, blue and alpha that all `count` vertices or faces have.
  func properties(count: Int) -> [MeshProperty] {
    // Integers that never exceed 1 are fractions too.
    let type: MeshScalarType = isWhole && columns.contains { $0.contains { $0 > 1 } } ? .uint8 : .float64
    return zip(["red", "green", "blue", "alpha"], columns).filter { $1.count == count && count > 0 }.map {
      MeshProperty(name: $0, type: type, values: $1)
    }
  }
}
