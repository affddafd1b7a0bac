// Writes meshes as PLY with all properties of vertices and faces, binary little-endian or as text.

import Foundation
import SextantStorage

extension MeshFile {
  /// Writes a mesh as PLY, binary little-endian or as text: positions and properties with their types, polygons as they
  /// are, and comments.
  ///
  /// Whitespace in the names of properties becomes an underscore, because PLY has no quotes.
  ///
  /// - Throws: `FileError` from SextantStorage, and ``GeometryError/invalidMesh(_:)`` if a property has a value that
  ///   its type cannot represent, or if two properties have the same name.
  public static func writePLY(
    _ document: MeshDocument, encoding: MeshEncoding = .littleEndian, to path: String, overwrite: Bool = false
  ) throws {
    let writer = try PLYWriter(document, isText: encoding == .text, path: path)
    try WholeFile.write(Data(writer.bytes), to: path, overwrite: overwrite)
  }
}

/// A PLY file during writing.
private struct PLYWriter {
  private(set) var bytes: [UInt8] = []
  private let isText: Bool

  init(_ document: MeshDocument, isText: Bool, path: String) throws {
    self.isText = isText
    let type = document.positionType
    let axes = zip(["x", "y", "z"], 0..<3).map { name, axis in
      MeshProperty(name: name, type: type, values: document.positions.map { $0[axis] })
    }
    let vertex = axes + document.vertexProperties.map(Self.named)
    let face = document.faceProperties.map(Self.named)
    try Self.check(vertex, path: path)
    try Self.check(face, path: path)
    let polygons = document.polygons
    let longest = (0..<polygons.count).map { polygons[$0].count }.max() ?? 0
    let countType: MeshScalarType = longest <= 255 ? .uint8 : .uint32

    var header = ["ply", "format \(isText ? "ascii" : "binary_little_endian") 1.0"]
    header += document.comments.map { "comment \($0)" } + document.objectInformation.map { "obj_info \($0)" }
    header.append("element vertex \(document.vertexCount)")
    header += vertex.map { "property \($0.type.plyName) \($0.name)" }
    header += ["element face \(polygons.count)", "property list \(countType.plyName) int vertex_indices"]
    header += face.map { "property \($0.type.plyName) \($0.name)" }
    for element in document.otherElements {
      header.append("element \(element.name) \(element.count)")
      header += element.properties.map { "property \($0.type.plyName) \($0.name)" }
    }
    header.append("end_header")
    bytes = Array((header.joined(separator: "\n") + "\n").utf8)

    let rowLength = vertex.reduce(0) { $0 + $1.type.byteCount }
    if !isText { bytes.reserveCapacity(bytes.count + rowLength * document.vertexCount + 4 * polygons.corners.count) }
    for row in 0..<document.vertexCount {
      for property in vertex { append(property.values[row], property.type) }
      endRow()
    }
    for row in 0..<polygons.count {
      append(Double(polygons[row].count), countType)
      for corner in polygons[row] { append(Double(corner), .int32) }
      for property in face { append(property.values[row], property.type) }
      endRow()
    }
    for element in document.otherElements {
      for row in 0..<element.count {
        for property in element.properties { append(property.values[row], property.type) }
        endRow()
      }
    }
  }

  private mutating func append(_ value: Double, _ type: MeshScalarType) {
    guard isText else { return type.appendLittleEndian(value, to: &bytes) }
    let text = type.isInteger ? "\(Int(value))" : type == .float32 ? "\(Float(value))" : "\(value)"
    bytes += Array((text + " ").utf8)
  }

  private mutating func endRow() {
    guard isText else { return }
    bytes[bytes.count - 1] = UInt8(ascii: "\n")
  }

  private static func named(_ property: MeshProperty) -> MeshProperty {
    var result = property
    result.name = String(property.name.map { $0.isWhitespace ? "_" : $0 })
    return result
  }

  private static func check(_ properties: [MeshProperty], path: String) throws {
    var names: Set<String> = []
    for property in properties {
      guard !property.name.isEmpty, names.insert(property.name).inserted else {
        throw GeometryError.invalidMesh("\(path): two properties named \"\(property.name)\", or one without a name.")
      }
      guard let value = property.values.first(where: { property.type.isInteger && property.type.stored($0) == nil })
      else {
        continue
      }
      throw GeometryError.invalidMesh(
        "\(path): the property \"\(property.name)\" has the value \(value), which is not a \(property.type.rawValue).")
    }
  }
}
