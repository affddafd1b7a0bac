// Recognises the format of a mesh file by its contents, because names may be wrong. Formats without a signature are
// left to the library, which relies on the name.

import Foundation
import SextantStorage

/// The formats of mesh files.
public enum MeshFormat: String, Sendable, Codable, CaseIterable {
  case ply = "PLY"
  case off = "OFF"
  case obj = "OBJ"
  case stl = "STL"
  case gltf = "glTF"
  case glb = "GLB"
  case vtk = "legacy VTK"
  case vtkXML = "VTK XML"
  case gifti = "GIFTI"
  case freeSurfer = "FreeSurfer surface"
  /// Points as text, known by the name alone.
  case xyz = "XYZ"
  /// A format that the Assimp library recognises by the name.
  case other = "other"

  /// The usual extensions of the format.
  var endings: [String] {
    switch self {
    case .vtk: ["vtk"]
    case .vtkXML: ["vtp", "vtu"]
    case .gifti: ["gii"]
    // Files of FreeSurfer are called by what they are: lh.white, lh.pial.
    case .freeSurfer, .other: []
    default: [rawValue.lowercased()]
    }
  }

  /// The format according to the contents of a file; nil if they do not determine it.
  public static func recognised(in bytes: [UInt8]) -> MeshFormat? {
    if bytes.starts(with: Array("glTF".utf8)) { return .glb }
    if FreeSurferSurface.isRecognised(bytes) { return .freeSurfer }
    if VTKLegacyReader.isRecognised(bytes) { return .vtk }
    if VTKXMLReader.isRecognised(bytes) { return .vtkXML }
    if GIFTIFile.isRecognised(bytes) { return .gifti }
    if isBinarySTL(bytes) { return .stl }
    let head = Array(bytes.prefix(1 << 16))
    var scanner = TextScanner(head, path: "")
    let first = scanner.nextWord() ?? ""
    if first == "ply", bytes.starts(with: Array("ply".utf8)) { return .ply }
    if OFFReader.Layout(keyword: first) != nil { return .off }
    if first.lowercased() == "solid", isTextSTL(head) { return .stl }
    if first.hasPrefix("{"), contains(bytes, "\"asset\"") { return .gltf }
    return isOBJ(head) ? .obj : nil
  }

  /// Whether the contents of the file at `path` are those of a mesh; false if it cannot be read.
  public static func isRecognised(at path: String) -> Bool {
    guard let head = FileContents.head(of: path, count: 1 << 16).map({ [UInt8]($0) }) else { return false }
    switch recognised(in: head) {
    // Numbers at the vertices of another file's surface are no mesh.
    case .gifti: return (try? FileContents.data(of: path)).map(GIFTIFile.holdsSurface) ?? false
    case .some: return true
    case nil: break
    }
    if xyz.endings.contains(FileContents.ending(of: path)), XYZReader.isText(head) { return true }
    // Beyond the head, the length of an STL file matters.
    return isBinarySTL(head, length: FileContents.size(of: path))
  }

  /// The number of triangles that a binary STL file declares; nil if the file is too short to declare any.
  static func declaredSTLCount(_ bytes: [UInt8]) -> Int? {
    guard bytes.count >= 84 else { return nil }
    return (0..<4).reduce(0) { $0 | Int(bytes[80 + $1]) << (8 * $1) }
  }

  /// Whether the length matches the number of triangles that a binary STL file declares. Its header may contain
  /// anything, even "solid".
  static func isBinarySTL(_ bytes: [UInt8], length: Int? = nil) -> Bool {
    guard let count = declaredSTLCount(bytes), count > 0 else { return false }
    return 84 + 50 * count == length ?? bytes.count
  }

  private static func isTextSTL(_ head: [UInt8]) -> Bool {
    let text = String(decoding: head.prefix(4096), as: UTF8.self).lowercased()
    return text.contains("facet") || text.contains("endsolid")
  }

  private static func contains(_ bytes: [UInt8], _ text: String) -> Bool {
    Data(bytes).range(of: Data(text.utf8)) != nil
  }

  /// OBJ files have no signature: their lines begin with keywords from a small set, and at least one line is a vertex.
  private static func isOBJ(_ head: [UInt8]) -> Bool {
    let keywords: Set = ["v", "vn", "vt", "vp", "f", "l", "p", "o", "g", "s", "mg", "usemtl", "mtllib"]
    var scanner = TextScanner(head, path: "")
    while let keyword = scanner.nextWord() {
      guard keywords.contains(keyword) else { return false }
      let words = scanner.restOfLine()
      if keyword == "v" { return words.count >= 3 && words.allSatisfy { Double($0) != nil } }
    }
    return false
  }
}
