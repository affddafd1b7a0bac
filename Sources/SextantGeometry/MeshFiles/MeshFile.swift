// Reading and writing of mesh files. The format is determined by the contents rather than the name, and each format has
// its own reader; gzipped files are unpacked first. PLY, OFF, VTK and GIFTI can be written; see PLYWriter, VTKWriter and
// GIFTIWriter.

import Foundation
import SextantStorage

/// Reads and writes meshes.
public enum MeshFile {
  /// Reads the complete contents of a mesh file. Of a scene, all meshes are read as one unless `selection` names one.
  ///
  /// - Throws: `FileError` from SextantStorage if there is no file, and ``GeometryError`` with the file and the place
  ///   if it is not a mesh, is truncated or refers to something that does not exist. A file without faces can be read.
  public static func document(_ path: String, selecting selection: MeshSelection = .merged) throws -> MeshDocument {
    let bytes = try contents(of: path)
    let document: MeshDocument
    switch try format(of: bytes, path: path) {
    case .ply: document = try PLYReader.document(bytes, path: path)
    case .off: document = try OFFReader.document(bytes, path: path)
    case .obj: document = try OBJReader.document(bytes, path: path)
    case .vtk: document = try VTKLegacyReader.document(bytes, path: path)
    case .vtkXML: document = try VTKXMLReader.document(bytes, path: path)
    case .gifti: document = try GIFTIFile(bytes, path: path).document()
    case .freeSurfer: document = try FreeSurferSurface.document(bytes, path: path)
    case .xyz: document = try XYZReader.document(bytes, path: path)
    case let format: document = try AssimpScene.document(bytes, path: path, format: format)
    }
    guard document.vertexCount > 0 else { throw GeometryError.invalidMesh("\(path): the file contains no vertices.") }
    try document.checkGeometry()
    return switch selection {
    case .merged: document
    case .named(let name): try document.part(named: name)
    }
  }

  /// Reads the positions and triangles of a mesh file; polygons are triangulated.
  ///
  /// Throws ``GeometryError/noFaces(path:)`` if there are no faces, and any error of ``document(_:selecting:)``.
  public static func read(_ path: String, selecting selection: MeshSelection = .merged) throws -> TriangleMesh {
    try document(path, selecting: selection).triangleMesh()
  }

  /// Writes a mesh as text PLY with double-precision positions.
  ///
  /// Throws `FileError` from SextantStorage.
  public static func writePLY(_ mesh: TriangleMesh, to path: String, overwrite: Bool = false) throws {
    try writePLY(MeshDocument(mesh), encoding: .text, to: path, overwrite: overwrite)
  }

  /// Writes a mesh as OFF.
  ///
  /// Throws `FileError` from SextantStorage.
  public static func writeOFF(_ mesh: TriangleMesh, to path: String, overwrite: Bool = false) throws {
    var text = "OFF\n\(mesh.positions.count) \(mesh.triangles.count) 0\n"
    for p in mesh.positions { text += "\(p.x) \(p.y) \(p.z)\n" }
    for t in mesh.triangles { text += "3 \(t.x) \(t.y) \(t.z)\n" }
    try WholeFile.write(Data(text.utf8), to: path, overwrite: overwrite)
  }

  /// The bytes of a file that exists and is not empty.
  private static func contents(of path: String) throws -> [UInt8] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw FileError.missing(path: path)
    }
    if isFolder.boolValue { throw GeometryError.notAMesh(path: path, found: "a folder") }
    let data = try FileContents.data(of: path)
    guard !data.isEmpty else { throw GeometryError.notAMesh(path: path, found: "an empty file (0 bytes)") }
    return [UInt8](data)
  }

  /// The format according to the contents, or else according to the library and the name.
  private static func format(of bytes: [UInt8], path: String) throws -> MeshFormat {
    if let format = MeshFormat.recognised(in: bytes) { return format }
    let ending = FileContents.ending(of: path)
    if MeshFormat.xyz.endings.contains(ending), XYZReader.isText(bytes) { return .xyz }
    if ending == "stl", let count = MeshFormat.declaredSTLCount(bytes) {
      throw GeometryError.meshTooShort(
        path: path, declared: "the \(count) triangles of a binary STL file", neededBytes: 84 + 50 * count,
        foundBytes: bytes.count)
    }
    // If the contents do not match a known format, its extension must be wrong.
    let isKnown = MeshFormat.allCases.contains { $0.endings.contains(ending) }
    // The library opens the file itself, and does not unpack it.
    if !isKnown, !FileContents.isCompressed(path), AssimpScene.isReadable(ending: ending) { return .other }
    throw GeometryError.notAMesh(path: path, found: FileSignature.description(of: bytes.prefix(1024)))
  }
}
