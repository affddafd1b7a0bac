// Mesh files that we write and read ourselves, vertex by vertex in the file's order: PLY and OFF.
// Other formats, and what these two can hold beyond positions and faces, go through MeshInspection's library.

import Foundation
import SextantStorage

/// Reads and writes triangle meshes.
public enum MeshFile {
  /// Writes a mesh as ASCII PLY with double-precision positions.
  ///
  /// Throws ``FileError`` from SextantStorage.
  public static func writePLY(_ mesh: TriangleMesh, to path: String, overwrite: Bool = false) throws {
    var text = """
      ply
      format ascii 1.0
      element vertex \(mesh.positions.count)
      property double x
      property double y
      property double z
      element face \(mesh.triangles.count)
      property list uchar int vertex_indices
      end_header

      """
    appendBody(mesh, to: &text)
    try WholeFile.write(Data(text.utf8), to: path, overwrite: overwrite)
  }

  /// Writes a mesh as OFF.
  ///
  /// Throws ``FileError`` from SextantStorage.
  public static func writeOFF(_ mesh: TriangleMesh, to path: String, overwrite: Bool = false) throws {
    var text = "OFF\n\(mesh.positions.count) \(mesh.triangles.count) 0\n"
    appendBody(mesh, to: &text)
    try WholeFile.write(Data(text.utf8), to: path, overwrite: overwrite)
  }

  private static func appendBody(_ mesh: TriangleMesh, to text: inout String) {
    for p in mesh.positions { text += "\(p.x) \(p.y) \(p.z)\n" }
    for t in mesh.triangles { text += "3 \(t.x) \(t.y) \(t.z)\n" }
  }

  /// Reads a PLY (ASCII or binary) or OFF file; polygons are cut into triangles around their first corner.
  ///
  /// Throws ``FileError`` from SextantStorage where there is no file, and ``GeometryError/invalidMesh(_:)``, which names
  /// the file and the place, where it is not a mesh in one of the two formats.
  public static func read(_ path: String) throws -> TriangleMesh {
    let data = try contents(of: path)
    let mesh: TriangleMesh
    if data.starts(with: Array("ply".utf8)) {
      mesh = try PLYReader(data, path: path).mesh()
    } else if data.starts(with: Array("OFF".utf8)) {
      mesh = try readOFF(data, path: path)
    } else {
      throw GeometryError.invalidMesh(
        "\(path): neither a PLY nor an OFF file: expected it to begin with \"ply\" or \"OFF\".")
    }
    try checkCorners(mesh, path: path)
    return mesh
  }

  /// The bytes of a file that is there and not empty.
  static func contents(of path: String) throws -> Data {
    guard FileManager.default.fileExists(atPath: path) else { throw FileError.missing(path: path) }
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    } catch {
      throw FileError.system(action: "read the file", path: path, reason: error.localizedDescription)
    }
    guard !data.isEmpty else { throw GeometryError.invalidMesh("\(path): the file is empty (0 bytes).") }
    return data
  }

  private static func readOFF(_ data: Data, path: String) throws -> TriangleMesh {
    var scanner = TextScanner(data, path: path)
    _ = try scanner.word(called: "the word OFF")
    let (vertices, faces) = (
      try scanner.count(called: "the number of vertices"), try scanner.count(called: "the number of faces")
    )
    _ = try scanner.count(called: "the number of edges")
    var mesh = TriangleMesh(positions: [], triangles: [])
    for i in 0..<vertices {
      let name = "vertex number \(i + 1)"
      mesh.positions.append(
        SIMD3(try scanner.number(called: name), try scanner.number(called: name), try scanner.number(called: name)))
    }
    for i in 0..<faces {
      let name = "face number \(i + 1)"
      let corners = try (0..<scanner.count(called: name)).map { _ in try scanner.count(called: name) }
      // What is left of the line are colours.
      scanner.skipLine()
      mesh.appendPolygon(corners)
    }
    return mesh
  }

  private static func checkCorners(_ mesh: TriangleMesh, path: String) throws {
    let count = Int32(clamping: mesh.positions.count)
    for (i, triangle) in mesh.triangles.enumerated() {
      guard (0..<3).allSatisfy({ triangle[$0] >= 0 && triangle[$0] < count }) else {
        throw GeometryError.invalidMesh(
          "\(path): triangle number \(i + 1) has corners \(triangle.x), \(triangle.y), \(triangle.z): expected 0…\(count - 1)."
        )
      }
    }
  }
}

extension TriangleMesh {
  /// Appends a polygon as a fan of triangles around its first corner.
  mutating func appendPolygon(_ corners: [Int]) {
    guard corners.count >= 3 else { return }
    for k in 1..<corners.count - 1 {
      triangles.append(
        SIMD3(Int32(clamping: corners[0]), Int32(clamping: corners[k]), Int32(clamping: corners[k + 1])))
    }
  }
}
