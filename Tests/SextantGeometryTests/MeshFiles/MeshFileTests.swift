// Mesh files: what is written is read back, the contents and not the name tell the format, and what is broken is refused.

import Foundation
import SextantStorage
import SextantTestSupport
import Testing

@testable import SextantGeometry

@Suite struct MeshFileTests {
  @Test func whatIsWrittenIsReadBack() throws {
    let mesh = try SphereMesh.fibonacci(vertexCount: 50).triangleMesh
    let folder = try ScratchFolder()
    let (ply, off) = (folder.path("a.ply"), folder.path("a.off"))
    try MeshFile.writePLY(mesh, to: ply)
    try MeshFile.writeOFF(mesh, to: off)
    #expect(try MeshFile.read(ply) == mesh)
    #expect(try MeshFile.read(off) == mesh)
    #expect(throws: FileError.exists(path: ply)) { try MeshFile.writePLY(mesh, to: ply) }
    try MeshFile.writePLY(mesh, to: ply, overwrite: true)
    for path in [ply, off] {
      let inspection = try MeshInspection(path: path)
      #expect(inspection.vertexCount == 50 && inspection.distinctPositionCount == 50)
      #expect(inspection.triangleCount == 96 && inspection.topology.isClosed)
      #expect(inspection.topology.isolatedVertexCount == 0 && inspection.topology.componentCount == 1)
    }
  }

  /// One tetrahedron in each format, under names that lie.
  @Test(
    arguments: MeshFormat.allCases.filter { $0 != .other && $0 != .xyz },
    ["a.ply", "a.off", "a.obj", "a.stl", "a.gltf", "a.glb", "a", "a.dae"])
  func theContentsTellTheFormat(_ format: MeshFormat, _ name: String) throws {
    let folder = try ScratchFolder()
    let path = folder.path(name)
    try Data(SampleMeshes.tetrahedron(format)).write(to: URL(fileURLWithPath: path))
    let document = try MeshFile.document(path)
    #expect(document.source.format == format)
    #expect(document.vertexCount == 4 && document.polygons.count == 4)
    #expect(Set(document.positions) == Set(SampleMeshes.corners))
    #expect(try MeshInspection(document).topology.isClosed)
    #expect(MeshFormat.isRecognised(at: path))
  }

  @Test(arguments: [
    "", "hello", "ply\nformat ascii 1.0\n", "ply\nformat ascii 1.0\nelement vertex two\nend_header\n",
    "ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\nproperty float z\nend_header\n0 nan 0\n",
    "OFF\n1 1 0\n0 0 0\n3 0 1 2\n", "OFF\n3 1 0\n0 0 0\n1 0 0\n", "OFF\n3 1 0\n0 0 x\n", "OFF\n0 0 0\n",
    "OFF\n99999999999999999999 1 0\n", "OFF\n-1 1 0\n", "OFF\n3 1 0\n0 0 0\n1 0 0\ninf 0 0\n3 0 1 2\n",
    "v 0 0 0\nv 1 0 0\nf 1 2 3\n", "v 0 0\n", "v nan 0 0\nf 1 1 1\n", "{\"asset\": {\"version\": \"2.0\"}}",
    "solid a\nfacet\nendsolid\n", "glTF", "{\"a\": 1}", "<html></html>", "%PDF-1.4", "\u{1F}\u{8B}",
  ])
  func brokenFilesAreRefused(_ content: String) throws {
    let folder = try ScratchFolder()
    for name in ["broken.ply", "broken.off", "broken.obj", "broken.stl", "broken.gltf", "broken.glb", "broken"] {
      let path = try folder.write(content, to: name)
      let error = #expect(throws: GeometryError.self) { try MeshInspection(path: path) }
      #expect(error?.description.contains(path) == true)
    }
  }

  @Test func absentFilesAndFoldersAreNamed() throws {
    let folder = try ScratchFolder()
    let absent = folder.path("none.ply")
    #expect(throws: FileError.missing(path: absent)) { try MeshFile.document(absent) }
    #expect(throws: GeometryError.notAMesh(path: folder.path, found: "a folder")) { try MeshFile.document(folder.path) }
  }

  @Test func otherFilesAreNamed() throws {
    let folder = try ScratchFolder()
    for (text, phrase) in [("hello", "text"), ("", "an empty file (0 bytes)"), ("{\"a\": 1}", "JSON text")] {
      for name in ["a.ply", "a.obj", "a"] {
        let path = try folder.write(text, to: name)
        #expect(throws: GeometryError.notAMesh(path: path, found: phrase)) { try MeshFile.document(path) }
      }
    }
  }

  @Test func aCloudOfPointsIsInspectedAndHasNoTriangles() throws {
    let folder = try ScratchFolder()
    let path = try folder.write("OFF\n2 0 0\n0 0 0\n1 0 0\n", to: "cloud.off")
    let inspection = try MeshInspection(path: path)
    #expect(inspection.polygonCount == 0 && inspection.topology.isolatedVertexCount == 2)
    #expect(!inspection.topology.isClosed && inspection.description.contains("a cloud of points"))
    #expect(throws: GeometryError.noFaces(path: path)) { try MeshFile.read(path) }
    #expect(try MeshFile.document(path).shape().triangles.isEmpty)
  }

  @Test func whatIsUnusualIsCountedAndSurvived() throws {
    let folder = try ScratchFolder()
    // A square of two triangles, the second turned over; a third one on their edge; the first again; one without area;
    // two corners alike; a piece apart; a vertex on its own, where another is.
    let path = try folder.write(
      """
      OFF
      9 7 0
      0 0 0
      1 0 0
      1 1 0
      0 1 0
      0 0 1
      5 5 5
      6 5 5
      5 6 5
      0 0 0
      3 0 1 2
      3 0 3 2
      3 0 2 4
      3 2 0 1
      3 5 6 7
      3 5 5 6
      3 5 6 5

      """, to: "odd.off")
    let inspection = try MeshInspection(path: path)
    let topology = inspection.topology
    #expect(topology.nonManifoldEdgeCount == 2)
    // 0→1, 1→2 and 2→0 are gone along by the first and the fourth, 0→2 by the third alone, 3→2 by the second alone;
    // 5→6 by the last three, 6→5 by the last two.
    #expect(topology.repeatedDirectedEdgeCount == 5)
    #expect(topology.duplicateFaceCount == 2)
    #expect(topology.isolatedVertexCount == 1 && topology.componentCount == 2)
    #expect(inspection.degenerateTriangleCount == 2)
    #expect(inspection.distinctPositionCount == 8 && inspection.joinedTopology?.isolatedVertexCount == 0)
    #expect(try MeshFile.read(path).triangles.count == 7)
  }
}
