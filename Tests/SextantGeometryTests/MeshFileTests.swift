// Mesh files: what is written is read back, what is broken is refused, and what is inspected is counted right.

import Foundation
import SextantStorage
import Testing

@testable import SextantGeometry

@Suite struct MeshFileTests {
  static let meshFolder: String? = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let data = ProcessInfo.processInfo.environment["SEXTANT_DATA"]
    let folder = data.map { URL(fileURLWithPath: $0) } ?? root.appendingPathComponent("../shared")
    let meshes = folder.appendingPathComponent("meshes").path
    return FileManager.default.fileExists(atPath: meshes) ? meshes : nil
  }()

  /// Calls `body` with a folder that is removed afterwards.
  func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.path)
  }

  @Test func whatIsWrittenIsReadBack() throws {
    let mesh = try SphereMesh.fibonacci(vertexCount: 50).triangleMesh
    try withFolder { folder in
      try MeshFile.writePLY(mesh, to: folder + "/a.ply")
      try MeshFile.writeOFF(mesh, to: folder + "/a.off")
      #expect(try MeshFile.read(folder + "/a.ply") == mesh)
      #expect(try MeshFile.read(folder + "/a.off") == mesh)
      #expect(throws: FileError.self) { try MeshFile.writePLY(mesh, to: folder + "/a.ply") }
      try MeshFile.writePLY(mesh, to: folder + "/a.ply", overwrite: true)
      for name in ["a.ply", "a.off"] {
        let inspection = try MeshInspection(path: folder + "/" + name)
        #expect(inspection.vertexCount == 50 && inspection.distinctPositionCount == 50)
        #expect(inspection.triangleCount == 96 && inspection.isClosed && inspection.isolatedVertexCount == 0)
      }
    }
  }

  @Test(arguments: [false, true])
  func binaryPLYIsRead(_ isBigEndian: Bool) throws {
    let order = isBigEndian ? "big" : "little"
    var data = Data(
      """
      ply
      format binary_\(order)_endian 1.0
      comment by hand
      element vertex 4
      property float x
      property float y
      property float z
      property uchar red
      element face 1
      property list uchar int vertex_indices
      end_header

      """.utf8)
    func append(_ bits: UInt32) {
      let bytes = (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt32($0))) }
      data += isBigEndian ? bytes.reversed() : bytes
    }
    let corners: [SIMD3<Float>] = [SIMD3(0, 0, 0), SIMD3(1, 0, 0), SIMD3(1, 1, 0), SIMD3(0, 1, -2.5)]
    for p in corners {
      for axis in 0..<3 { append(p[axis].bitPattern) }
      data.append(200)
    }
    data.append(4)
    for index in [0, 1, 2, 3] as [UInt32] { append(index) }
    try withFolder { folder in
      let path = folder + "/square.ply"
      try data.write(to: URL(fileURLWithPath: path))
      let mesh = try MeshFile.read(path)
      #expect(mesh.positions.last == SIMD3(0, 1, -2.5))
      #expect(mesh.triangles == [SIMD3(0, 1, 2), SIMD3(0, 2, 3)])
      let inspection = try MeshInspection(path: path)
      #expect(inspection.boundaryEdgeCount == 4 && !inspection.isClosed)
      #expect(inspection.lowerCorner == SIMD3(0, 0, -2.5) && inspection.upperCorner == SIMD3(1, 1, 0))
      try data.dropLast(5).write(to: URL(fileURLWithPath: path))
      #expect(throws: GeometryError.self) { try MeshFile.read(path) }
    }
  }

  @Test(arguments: [
    "", "hello", "ply\nformat ascii 1.0\n", "ply\nformat ascii 1.0\nelement vertex two\nend_header\n",
    "ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\nproperty float z\nend_header\n0 nan 0\n",
    "OFF\n1 1 0\n0 0 0\n3 0 1 2\n", "OFF\n3 1 0\n0 0 0\n1 0 0\n", "OFF\n3 1 0\n0 0 x\n", "OFF\n0 0 0\n",
    "OFF\n99999999999999999999 1 0\n", "OFF\n-1 1 0\n",
  ])
  func brokenFilesAreRefused(_ content: String) throws {
    try withFolder { folder in
      for name in ["broken.ply", "broken.obj", "broken"] {
        let path = folder + "/" + name
        try Data(content.utf8).write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: GeometryError.self) { try MeshInspection(path: path) }
        #expect(error?.description.contains(path) == true)
      }
      #expect(throws: FileError.missing(path: folder + "/none.ply")) { try MeshInspection(path: folder + "/none.ply") }
    }
  }

  @Test func otherFormatsAreInspected() throws {
    let cube = """
      v 0 0 0
      v 1 0 0
      v 1 1 0
      v 0 1 0
      v 0 0 1
      v 1 0 1
      v 1 1 1
      v 0 1 1
      f 1 4 3 2
      f 5 6 7 8
      f 1 2 6 5
      f 2 3 7 6
      f 3 4 8 7
      f 4 1 5 8

      """
    try withFolder { folder in
      let path = folder + "/cube.obj"
      try Data(cube.utf8).write(to: URL(fileURLWithPath: path))
      let inspection = try MeshInspection(path: path)
      #expect(inspection.triangleCount == 12 && inspection.distinctPositionCount == 8 && inspection.isClosed)
      #expect(inspection.lowerCorner == SIMD3(0, 0, 0) && inspection.upperCorner == SIMD3(1, 1, 1))
    }
  }

  @Test(
    .enabled(if: meshFolder != nil, "needs the shared meshes: set SEXTANT_DATA"),
    arguments: [
      ("suzanne.ply", nil), ("reference.ply", nil), ("bunny_libigl.off", 3485), ("decimated-knight.off", nil),
      ("spot.obj", nil), ("featuretype.stl", nil), ("TestScene.gltf", nil), ("CesiumMilkTruck.glb", nil),
    ] as [(String, Int?)])
  func realFilesAreInspected(_ name: String, _ vertexCount: Int?) throws {
    let inspection = try MeshInspection(path: try #require(Self.meshFolder) + "/" + name)
    #expect(inspection.vertexCount > 0 && inspection.triangleCount > 0)
    if let vertexCount { #expect(inspection.vertexCount == vertexCount) }
    #expect(inspection.description.contains("vertices"))
  }
}
