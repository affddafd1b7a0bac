// VTK's XML files of surfaces: PolyData (.vtp) and UnstructuredGrid (.vtu), with arrays as text, in base 64 inside of the
// elements, or appended as raw bytes or base 64; plain or in blocks compressed by zlib. See "VTK XML Formats" in VTK's
// documentation. Volume cells are not kept, and a file that has no others is refused. Not here: collections of files
// (.vtm, .pvtp, .pvd), images and structured grids.

import Foundation
import SextantStorage

/// Reads a .vtp or .vtu file.
struct VTKXMLReader {
  private let path: String
  private let root: MarkupElement
  /// The part of the file after <AppendedData>, and whether it is in base 64.
  private let appended: (bytes: [UInt8], isBase64: Bool)?
  private let isBigEndian: Bool
  private let headerType: ArrayNumber
  private let compressor: String?

  /// Whether a file begins like one of VTK's in XML.
  static func isRecognised(_ bytes: [UInt8]) -> Bool {
    guard let first = bytes.first(where: { $0 > 32 }), first == UInt8(ascii: "<") || first == 0xEF else { return false }
    return Data(bytes.prefix(4096)).range(of: Data("<VTKFile".utf8)) != nil
  }

  /// Reads the mesh in `bytes`. Throws ``GeometryError/invalidMesh(_:)``.
  static func document(_ bytes: [UInt8], path: String) throws -> MeshDocument {
    try VTKXMLReader(bytes, path: path).document()
  }

  private init(_ bytes: [UInt8], path: String) throws {
    self.path = path
    // Raw bytes are no XML: the parser gets what is before them.
    let data = Data(bytes)
    var markup = bytes
    if let start = data.range(of: Data("<AppendedData".utf8)) {
      guard let close = data.range(of: Data(">".utf8), in: start.upperBound..<data.count),
        let mark = data.range(of: Data("_".utf8), in: close.upperBound..<data.count)
      else {
        throw GeometryError.invalidMesh("\(path): the appended data of the VTK file are cut off.")
      }
      let isBase64 = data[start.upperBound..<close.lowerBound].range(of: Data("base64".utf8)) != nil
      var body = bytes[mark.upperBound...]
      if isBase64, let end = body.firstIndex(of: UInt8(ascii: "<")) { body = body[..<end] }
      appended = (Array(body), isBase64)
      markup = bytes[..<start.lowerBound] + Array("</VTKFile>".utf8)
    } else {
      appended = nil
    }
    root = try MarkupElement.root(of: markup, path: path, kind: "the VTK file")
    isBigEndian = root.attributes["byte_order"] == "BigEndian"
    headerType = root.attributes["header_type"] == "UInt64" ? .uint64 : .scalar(.uint32)
    compressor = root.attributes["compressor"].flatMap { $0.isEmpty ? nil : $0 }
  }

  private func invalid(_ reason: String) -> GeometryError { .invalidMesh("\(path): \(reason).") }

  private func document() throws -> MeshDocument {
    let kind = root.attributes["type"] ?? ""
    guard kind == "PolyData" || kind == "UnstructuredGrid", let set = root.first(kind) else {
      throw invalid(
        "the VTK file holds \(kind.isEmpty ? "no kind of data" : kind): expected PolyData (.vtp) or an UnstructuredGrid (.vtu)")
    }
    let encoding: MeshEncoding = isBigEndian ? .bigEndian : .littleEndian
    var result = MeshDocument(path: path, source: MeshSource(format: .vtkXML, encoding: encoding))
    let fields = (root.all("FieldData") + set.all("FieldData")).flatMap { $0.all("DataArray") + $0.all("Array") }
    for field in fields { try takeField(field, into: &result) }
    var cells = VTKCells()
    var (points, cellArrays): ([VTKArray], [VTKArray]) = ([], [])
    for piece in set.all("Piece") {
      let first = result.positions.count
      try readPoints(of: piece, into: &result)
      let range = Int32(first)..<Int32(result.positions.count)
      if kind == "PolyData" {
        for (name, type) in [("Verts", 2), ("Lines", 4), ("Polys", 7), ("Strips", 6)] {
          try addCells(piece.first(name), types: nil, type: type, points: range, to: &cells)
        }
      } else {
        try addCells(piece.first("Cells"), types: "types", type: 0, points: range, to: &cells)
      }
      try join(arrays(of: piece.first("PointData")), to: &points)
      try join(arrays(of: piece.first("CellData")), to: &cellArrays)
    }
    try result.take(cells, points: points, cellArrays: cellArrays)
    return result
  }

  private func readPoints(of piece: MarkupElement, into result: inout MeshDocument) throws {
    guard let element = piece.first("Points")?.first("DataArray") else {
      if piece.attributes["NumberOfPoints"].flatMap(Int.init) ?? 0 == 0 { return }
      throw invalid("a piece of the VTK file has no points")
    }
    let array = try array(element)
    guard array.componentCount == 3, array.values.count.isMultiple(of: 3) else {
      throw invalid("the points of the VTK file have \(array.componentCount) coordinates: expected 3")
    }
    let count = array.values.count / 3
    if let declared = piece.attributes["NumberOfPoints"].flatMap(Int.init), declared != count {
      throw invalid("the VTK file declares \(declared) points and has \(count): it may be cut off")
    }
    result.positionType = array.type == .scalar(.float32) ? .float32 : .float64
    result.positions += (0..<count).map { SIMD3(array.values[3 * $0], array.values[3 * $0 + 1], array.values[3 * $0 + 2]) }
  }

  private func addCells(
    _ element: MarkupElement?, types typesName: String?, type: Int, points: Range<Int32>, to cells: inout VTKCells
  ) throws {
    guard let element else { return }
    func values(_ name: String) throws -> [Double] {
      try element.all("DataArray").first { $0.attributes["Name"] == name }.map { try array($0).values } ?? []
    }
    let (connectivity, offsets) = (try values("connectivity"), try values("offsets"))
    let types = try typesName.map(values)
    guard types.map({ $0.count == offsets.count }) ?? true else {
      throw invalid("the VTK file has \(offsets.count) cells and \(types?.count ?? 0) types of cells")
    }
    var corners: [Int32] = []
    corners.reserveCapacity(connectivity.count)
    for value in connectivity {
      guard value >= 0, value < Double(points.count), value == value.rounded() else {
        throw GeometryError.cornerOutsideMesh(
          path: path, face: cells.count, corner: Int(exactly: value.rounded()) ?? -1, vertexCount: points.count)
      }
      corners.append(points.lowerBound + Int32(value))
    }
    var start = 0
    for (cell, offset) in offsets.enumerated() {
      guard let end = Int(exactly: offset), end >= start, end <= corners.count else {
        throw invalid("cell number \(cell + 1) of the VTK file ends at corner \(offset) of \(corners.count)")
      }
      cells.add(type: types.map { Int(exactly: $0[cell]) ?? -1 } ?? type, corners[start..<end])
      start = end
    }
  }

  private func arrays(of element: MarkupElement?) throws -> [VTKArray] {
    try element?.all("DataArray").map { try array($0) } ?? []
  }

  /// Appends the arrays of a further piece. An array that a piece lacks cannot be kept.
  private func join(_ arrays: [VTKArray], to all: inout [VTKArray]) throws {
    guard !all.isEmpty else {
      all = arrays
      return
    }
    for place in all.indices {
      guard let own = arrays.first(where: { $0.name == all[place].name && $0.componentCount == all[place].componentCount })
      else { throw invalid("the array \"\(all[place].name)\" is not in all pieces of the VTK file") }
      all[place].values += own.values
    }
  }

  /// Texts and small arrays about the whole mesh become comments.
  private func takeField(_ element: MarkupElement, into result: inout MeshDocument) throws {
    let name = element.attributes["Name"] ?? "field"
    guard element.attributes["type"] != "String" else {
      let bytes = try bytes(of: element, type: .scalar(.uint8))
      let lines = bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast()
      for line in lines {
        let text = String(decoding: line, as: UTF8.self)
        result.comments.append(name == "history" ? text : "\(name): \(text)")
      }
      return
    }
    let array = try array(element)
    guard array.values.count <= 16 else {
      result.omissions.append("the field data \"\(name)\"")
      return
    }
    result.comments.append("\(name): \(array.values.map { "\($0)" }.joined(separator: " "))")
  }

  private func array(_ element: MarkupElement) throws -> VTKArray {
    let name = element.attributes["Name"] ?? ""
    guard let type = ArrayNumber(vtkName: element.attributes["type"] ?? "") else {
      throw invalid("the array \"\(name)\" of the VTK file has the type \(element.attributes["type"] ?? "none"), which is not a number")
    }
    let components = element.attributes["NumberOfComponents"].flatMap(Int.init) ?? 1
    let values: [Double]
    if element.attributes["format"] == "ascii" {
      values = try Self.words(element.text).map { word in
        guard let value = Double(word) else {
          throw invalid("the array \"\(name)\" of the VTK file has the entry \"\(word)\": expected a number")
        }
        return value
      }
    } else {
      values = type.numbers(try bytes(of: element, type: type), isBigEndian: isBigEndian)
    }
    return VTKArray(name: name, type: type, componentCount: max(1, components), values: values)
  }

  private static func words(_ text: [UInt8]) -> [String] {
    text.split { $0 <= 32 }.map { String(decoding: $0, as: UTF8.self) }
  }

  /// The bytes of an array, unpacked.
  private func bytes(of element: MarkupElement, type: ArrayNumber) throws -> [UInt8] {
    let name = element.attributes["Name"] ?? ""
    var source: ArrayBytes
    switch element.attributes["format"] {
    case "binary": source = ArrayBytes(base64: element.text)
    case "ascii": return Self.words(element.text).compactMap { UInt8($0) }
    case "appended":
      guard let appended, let offset = element.attributes["offset"].flatMap(Int.init), offset >= 0 else {
        throw invalid("the array \"\(name)\" is appended to the VTK file, which has no appended data")
      }
      source = appended.isBase64
        ? ArrayBytes(base64: appended.bytes, from: offset) : ArrayBytes(raw: appended.bytes, from: offset)
    case let format:
      throw invalid("the array \"\(name)\" of the VTK file has the format \(format ?? "none"): expected ascii, binary or appended")
    }
    func cutOff() -> GeometryError {
      invalid("the array \"\(name)\" of the VTK file is cut off or damaged")
    }
    func header(_ count: Int) throws -> [Int] {
      guard count < 1 << 40, let bytes = source.next(count * headerType.byteCount) else { throw cutOff() }
      return try headerType.numbers(bytes, isBigEndian: isBigEndian).map {
        guard let value = Int(exactly: $0) else { throw cutOff() }
        return value
      }
    }
    guard let compressor else {
      let count = try header(1)[0]
      guard let bytes = source.next(count) else { throw cutOff() }
      return bytes
    }
    guard compressor == "vtkZLibDataCompressor" else {
      throw invalid("the VTK file is compressed by \(compressor): expected vtkZLibDataCompressor or none. Save it again with another compressor")
    }
    // The number of blocks, the sizes of a block and of a last, smaller one, and the compressed size of each.
    let blockCount = try header(1)[0]
    guard blockCount > 0 else { return [] }
    let sizes = try [blockCount] + header(2)
    let compressed = try header(blockCount)
    var result: [UInt8] = []
    for (block, size) in compressed.enumerated() {
      let isLast = block == compressed.count - 1
      let count = isLast && sizes[2] > 0 ? sizes[2] : sizes[1]
      guard let packed = source.next(size), let bytes = FileContents.inflated(packed, expectedCount: count) else {
        throw cutOff()
      }
      result += bytes
    }
    return result
  }
}

extension ArrayNumber {
  /// The type of that name in VTK's XML files, such as "Float32".
  init?(vtkName: String) {
    switch vtkName {
    case "Int64": self = .int64
    case "UInt64": self = .uint64
    default:
      guard let type = MeshScalarType(rawValue: vtkName.lowercased()) else { return nil }
      self = .scalar(type)
    }
  }
}
