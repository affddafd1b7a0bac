// Writes meshes as VTK XML PolyData (.vtp) for ParaView, VisIt and PyVista: polygons as they are, every property as a
// named array, colours and normals as vectors, comments as texts in the field data. Arrays are stored in the file in
// base 64, in little-endian order, and each is preceded by its length as a 64-bit number; see "VTK XML Formats" in
// VTK's documentation.

import Foundation
import SextantStorage

extension MeshFile {
  /// The extensions of the names by which ``write(_:to:overwrite:)`` chooses a format.
  public static let writtenEndings = ["ply", "vtp", "gii"]

  /// Writes a mesh in the format given by the extension of the name: `.ply` (binary), `.vtp` or `.gii`.
  ///
  /// Throws `FileError` from SextantStorage, and ``GeometryError/invalidMesh(_:)`` for any other extension or if the
  /// format cannot represent the mesh.
  public static func write(_ document: MeshDocument, to path: String, overwrite: Bool = false) throws {
    switch URL(fileURLWithPath: path).pathExtension.lowercased() {
    case "ply": try writePLY(document, to: path, overwrite: overwrite)
    case "vtp": try writeVTK(document, to: path, overwrite: overwrite)
    case "gii": try writeGIFTI(document, to: path, overwrite: overwrite)
    default: throw GeometryError.invalidMesh("\(path): expected a name that ends in .ply, .vtp or .gii.")
    }
  }

  /// Writes a mesh as VTK XML PolyData with all its properties.
  ///
  /// Properties named red, green and blue (and alpha) become one array "colours", nx, ny and nz one array "normals".
  /// Polygons of fewer than three corners are omitted; a mesh without polygons is written as points. A comment "NAME:
  /// TEXT" becomes the text NAME of the field data, and all other comments, which tell how the file was made, the lines
  /// of "history".
  ///
  /// Throws `FileError` from SextantStorage, and ``GeometryError/invalidMesh(_:)`` if a property has a value that its
  /// type cannot represent.
  public static func writeVTK(_ document: MeshDocument, to path: String, overwrite: Bool = false) throws {
    try WholeFile.write(Data(VTKWriter(document, path: path).text.utf8), to: path, overwrite: overwrite)
  }
}

/// A .vtp file during writing.
private struct VTKWriter {
  private(set) var text: String
  private let path: String

  init(_ document: MeshDocument, path: String) throws {
    self.path = path
    let polygons = (0..<document.polygons.count).filter { document.polygons[$0].count >= 3 }
    let vertexCount = document.vertexCount
    let isCloud = polygons.isEmpty
    text = """
      <?xml version="1.0"?>
      <VTKFile type="PolyData" version="1.0" byte_order="LittleEndian" header_type="UInt64">
      <PolyData>

      """
    appendFieldData(document.comments)
    text +=
      "<Piece NumberOfPoints=\"\(vertexCount)\" NumberOfVerts=\"\(isCloud ? 1 : 0)\" NumberOfLines=\"0\" NumberOfStrips=\"0\" NumberOfPolys=\"\(polygons.count)\">\n"
    try append(document.vertexProperties, as: "PointData")
    try append(document.faceProperties.map { $0.gathering(polygons) }, as: "CellData")

    let positions = (0..<3).map { axis in
      MeshProperty(name: "", type: document.positionType, values: document.positions.map { $0[axis] })
    }
    text += "<Points>\n"
    try append(named: "Points", positions)
    text += "</Points>\n"
    if isCloud { try appendCells("Verts", corners: Array(0..<Int32(vertexCount)), ends: [vertexCount]) }
    let corners = polygons.flatMap { document.polygons[$0] }
    var end = 0
    let ends = polygons.map { polygon in
      end += document.polygons[polygon].count
      return end
    }
    try appendCells("Polys", corners: corners, ends: ends)
    text += "</Piece>\n</PolyData>\n</VTKFile>\n"
  }

  /// Appends the texts about the whole mesh: arrays of strings, each of which ends with a zero byte.
  private mutating func appendFieldData(_ comments: [String]) {
    guard !comments.isEmpty else { return }
    var texts: [(name: String, lines: [String])] = []
    for comment in comments {
      let parts = comment.wholeMatch(of: /([A-Za-z_]\w*): (.*)/)
      let (name, line) = parts.map { (String($0.1), String($0.2)) } ?? ("history", comment)
      if let place = texts.firstIndex(where: { $0.name == name }) {
        texts[place].lines.append(line)
      } else {
        texts.append((name, [line]))
      }
    }
    text += "<FieldData>\n"
    for (name, lines) in texts {
      let bytes = lines.flatMap { Array($0.utf8) + [UInt8(0)] }
      append(bytes, type: "String", name: name, size: " NumberOfTuples=\"\(lines.count)\"")
    }
    text += "</FieldData>\n"
  }

  private mutating func append(_ properties: [MeshProperty], as element: String) throws {
    let groups = Self.vectors(properties)
    let normals = groups.contains { $0.name == "normals" } && element == "PointData" ? " Normals=\"normals\"" : ""
    text += "<\(element)\(normals)>\n"
    for group in groups { try append(named: group.name, group.columns) }
    text += "</\(element)>\n"
  }

  /// The arrays with their columns: single values, and vectors if all components are present with the same type.
  private static func vectors(_ properties: [MeshProperty]) -> [(name: String, columns: [MeshProperty])] {
    var rest = properties
    var result: [(name: String, columns: [MeshProperty])] = []
    for (name, parts) in [
      ("normals", ["nx", "ny", "nz"]), ("colours", ["red", "green", "blue", "alpha"]),
      ("colours", ["red", "green", "blue"]),
    ] {
      let columns = parts.compactMap { part in rest.first { $0.name == part } }
      guard columns.count == parts.count, Set(columns.map(\.type)).count == 1,
        !rest.contains(where: { $0.name == name })
      else { continue }
      result.append((name, columns))
      rest.removeAll { parts.contains($0.name) }
    }
    return result + rest.map { ($0.name, [$0]) }
  }

  private mutating func append(named name: String, _ columns: [MeshProperty]) throws {
    let type = columns[0].type
    let count = columns[0].values.count
    var bytes: [UInt8] = []
    bytes.reserveCapacity(columns.count * count * type.byteCount)
    for row in 0..<count {
      for column in columns {
        guard !type.isInteger || type.stored(column.values[row]) != nil else {
          throw GeometryError.invalidMesh(
            "\(path): the property \"\(column.name)\" has the value \(column.values[row]), which is not a \(type.rawValue)."
          )
        }
        type.appendLittleEndian(column.values[row], to: &bytes)
      }
    }
    let size = columns.count == 1 ? "" : " NumberOfComponents=\"\(columns.count)\""
    append(bytes, type: type.vtkName, name: name, size: size)
  }

  private mutating func appendCells(_ element: String, corners: [Int32], ends: [Int]) throws {
    text += "<\(element)>\n"
    append(Self.bytes(corners.map(Int64.init)), type: "Int64", name: "connectivity")
    append(Self.bytes(ends.map(Int64.init)), type: "Int64", name: "offsets")
    text += "</\(element)>\n"
  }

  private mutating func append(_ bytes: [UInt8], type: String, name: String, size: String = "") {
    let content = Data(Self.bytes([UInt64(bytes.count)]) + bytes).base64EncodedString()
    text +=
      "<DataArray type=\"\(type)\" Name=\"\(Self.escaped(name))\"\(size) format=\"binary\">\(content)</DataArray>\n"
  }

  private static func bytes<Word: FixedWidthInteger>(_ words: [Word]) -> [UInt8] {
    words.map(\.littleEndian).withUnsafeBytes { Array($0) }
  }

  private static func escaped(_ name: String) -> String {
    name.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
      .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
  }
}

extension MeshScalarType {
  /// The name in VTK files, such as "UInt8".
  fileprivate var vtkName: String {
    rawValue.hasPrefix("u") ? "UInt" + rawValue.dropFirst(4) : rawValue.prefix(1).uppercased() + rawValue.dropFirst()
  }
}
