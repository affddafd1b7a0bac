// The body of a PLY file: text, or binary in either byte order. All single-valued properties of vertices and faces are
// preserved with their types, as are comments and other elements, such as edges; lists other than the corners of faces,
// and other elements with lists, are skipped and reported.
//
// This package has its own reader because no available library preserves the contents of the file: Assimp merges and
// drops vertices and reads only colours and normals, and RPly, which would be suitable, is not packaged by Debian.

/// Reads a PLY file.
struct PLYReader {
  private let bytes: [UInt8]
  private let path: String
  private let header: PLYHeader
  private var text: TextScanner
  private var offset: Int
  private let vertexCount: Int

  /// Reads the mesh in `bytes`.
  ///
  /// Throws ``GeometryError/invalidMesh(_:)``, ``GeometryError/meshTooShort(path:declared:neededBytes:foundBytes:)``
  /// and ``GeometryError/cornerOutsideMesh(path:face:corner:vertexCount:)``.
  static func document(_ bytes: [UInt8], path: String) throws -> MeshDocument {
    var reader = PLYReader(bytes, path: path, header: try PLYHeader(bytes, path: path))
    return try reader.document()
  }

  private init(_ bytes: [UInt8], path: String, header: PLYHeader) {
    self.bytes = bytes
    self.path = path
    self.header = header
    text = TextScanner(bytes, path: path, from: header.bodyStart, line: header.lineCount + 1)
    offset = header.bodyStart
    vertexCount = header.elements.first { $0.name == "vertex" }?.count ?? 0
  }

  private mutating func document() throws -> MeshDocument {
    var result = MeshDocument(path: path, source: MeshSource(format: .ply, encoding: header.encoding))
    result.comments = header.comments
    result.objectInformation = header.objectInformation
    var (hasVertices, hasFaces) = (false, false)
    for element in header.elements {
      if element.name == "vertex", !hasVertices {
        hasVertices = true
        try readVertices(element, into: &result)
      } else if element.name == "face", !hasFaces {
        hasFaces = true
        try readFaces(element, into: &result)
      } else {
        // Elements with lists are rare, and are not kept.
        let isKept = !element.properties.isEmpty && element.properties.allSatisfy { $0.countType == nil }
        let columns = try readValues(of: element, keeping: { _ in isKept })
        if isKept {
          result.otherElements.append(
            MeshElement(name: element.name, count: element.count, properties: kept(element, columns)))
        } else if element.count > 0 {
          result.omissions.append("\(element.count) elements \"\(element.name)\"")
        }
      }
    }
    return result
  }

  private mutating func readVertices(_ element: PLYHeader.Element, into result: inout MeshDocument) throws {
    let axes = ["x", "y", "z"]
    let places = axes.compactMap(element.place)
    guard places.count == 3 else {
      throw GeometryError.invalidMesh("\(path): the vertices of the PLY file lack x, y or z.")
    }
    let columns = try readValues(of: element, keeping: { _ in true })
    let (x, y, z) = (columns[places[0]], columns[places[1]], columns[places[2]])
    result.positions = (0..<element.count).map { SIMD3(x[$0], y[$0], z[$0]) }
    let types = places.map { element.properties[$0].type }
    result.positionType = types.allSatisfy { $0 == .float32 } ? .float32 : .float64
    result.vertexProperties = kept(element, columns).filter { !axes.contains($0.name) }
    result.omissions += lists(of: element) { _ in true }
  }

  private mutating func readFaces(_ element: PLYHeader.Element, into result: inout MeshDocument) throws {
    // Both names are common.
    let corners = element.properties.firstIndex { $0.countType != nil && $0.name.hasPrefix("vertex_ind") }
    guard let corners else {
      throw GeometryError.invalidMesh(
        "\(path): the faces of the PLY file have no list vertex_indices (or vertex_index).")
    }
    var polygons = PolygonList()
    polygons.reserve(polygons: element.count, corners: 3 * element.count)
    let count = vertexCount
    let path = path
    let columns = try readValues(of: element, keeping: { _ in true }) { property, list in
      guard property == corners else { return }
      for value in list where !(value >= 0 && value < Double(count) && value == value.rounded()) {
        throw GeometryError.cornerOutsideMesh(
          path: path, face: polygons.count, corner: Int(exactly: value.rounded()) ?? -1, vertexCount: count)
      }
      polygons.append(list.lazy.map { Int32($0) })
    }
    result.polygons = polygons
    result.faceProperties = kept(element, columns)
    let name = element.properties[corners].name
    result.omissions += lists(of: element) { $0.name != name }
  }

  private func kept(_ element: PLYHeader.Element, _ columns: [[Double]]) -> [MeshProperty] {
    zip(element.properties, columns).filter { $0.0.countType == nil }.map { property, values in
      MeshProperty(name: property.name, type: property.type, values: values)
    }
  }

  private func lists(of element: PLYHeader.Element, where isMeant: (PLYHeader.Property) -> Bool) -> [String] {
    element.properties.filter { $0.countType != nil && isMeant($0) }.map {
      "the list \"\($0.name)\" of each \(element.name)"
    }
  }

  /// Reads all numbers of an element and returns the single values, one column per property (empty for lists and for
  /// properties that are not preserved); lists are passed to `takeList` with the index of their property.
  @discardableResult
  private mutating func readValues(
    of element: PLYHeader.Element, keeping isKept: (PLYHeader.Property) -> Bool,
    takeList: (Int, [Double]) throws -> Void = { _, _ in }
  ) throws -> [[Double]] {
    let properties = element.properties
    var columns = [[Double]](repeating: [], count: properties.count)
    // An element without properties occupies no bytes, whatever its count.
    guard !properties.isEmpty else { return columns }
    let keeps = properties.map { $0.countType == nil && isKept($0) }
    for place in properties.indices where keeps[place] { columns[place].reserveCapacity(element.count) }
    var list: [Double] = []
    for index in 0..<element.count {
      for (place, property) in properties.enumerated() {
        if let countType = property.countType {
          let length = try listLength(countType, of: property, in: element, index)
          list.removeAll(keepingCapacity: true)
          for _ in 0..<length { list.append(try value(property.type, element, index)) }
          try takeList(place, list)
        } else {
          let value = try value(property.type, element, index)
          if keeps[place] { columns[place].append(value) }
        }
      }
    }
    return columns
  }

  private mutating func listLength(
    _ type: MeshScalarType, of property: PLYHeader.Property, in element: PLYHeader.Element, _ index: Int
  ) throws -> Int {
    let length = try value(type, element, index)
    guard length >= 0 else {
      throw GeometryError.invalidMesh(
        "\(path): the list \"\(property.name)\" of \(element.name) number \(index + 1) has \(Int(length)) entries.")
    }
    let (each, found) =
      header.encoding == .text ? (2, text.remainingCount + 1) : (property.type.byteCount, bytes.count - offset)
    guard Int(length) * each <= found else {
      throw GeometryError.meshTooShort(
        path: path, declared: "the \(Int(length)) entries of \(element.name) number \(index + 1)",
        neededBytes: Int(length) * each, foundBytes: found)
    }
    return Int(length)
  }

  private mutating func value(_ type: MeshScalarType, _ element: PLYHeader.Element, _ index: Int) throws -> Double {
    if header.encoding == .text {
      let word = try text.word(called: "\(element.name) number \(index + 1)")
      let number = try text.number(word, called: "\(element.name) number \(index + 1)")
      guard let value = type.stored(number) else {
        throw text.misplaced(word, expected: "a \(type.plyName) of \(element.name) number \(index + 1)")
      }
      return value
    }
    guard offset + type.byteCount <= bytes.count else {
      throw GeometryError.invalidMesh(
        "\(path): the file ends within \(element.name) number \(index + 1). It may be truncated.")
    }
    defer { offset += type.byteCount }
    return type.decode(bytes, at: offset, isBigEndian: header.encoding == .bigEndian)
  }
}

extension MeshScalarType {
  /// The number whose bytes begin at `offset`.
  func decode(_ bytes: [UInt8], at offset: Int, isBigEndian: Bool) -> Double {
    func load<Word: FixedWidthInteger>(_: Word.Type) -> Word {
      bytes.withUnsafeBytes {
        let word = $0.loadUnaligned(fromByteOffset: offset, as: Word.self)
        return isBigEndian ? Word(bigEndian: word) : Word(littleEndian: word)
      }
    }
    return switch self {
    case .int8: Double(load(Int8.self))
    case .uint8: Double(load(UInt8.self))
    case .int16: Double(load(Int16.self))
    case .uint16: Double(load(UInt16.self))
    case .int32: Double(load(Int32.self))
    case .uint32: Double(load(UInt32.self))
    case .float32: Double(Float(bitPattern: load(UInt32.self)))
    case .float64: Double(bitPattern: load(UInt64.self))
    }
  }

  /// Appends the bytes of a number of this type, least significant first.
  func appendLittleEndian(_ value: Double, to bytes: inout [UInt8]) {
    func append<Word: FixedWidthInteger>(_ word: Word) {
      withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
    }
    switch self {
    case .int8: append(Int8(value))
    case .uint8: append(UInt8(value))
    case .int16: append(Int16(value))
    case .uint16: append(UInt16(value))
    case .int32: append(Int32(value))
    case .uint32: append(UInt32(value))
    case .float32: append(Float(value).bitPattern)
    case .float64: append(value.bitPattern)
    }
  }
}
