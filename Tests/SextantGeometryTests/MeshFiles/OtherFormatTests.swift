// OFF, OBJ, STL and glTF: what each can hold is kept, and what each can do wrong is named.

import Foundation
import SextantTestSupport
import Testing

@testable import SextantGeometry

@Suite struct OtherFormatTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func document(_ text: String, _ name: String) throws -> MeshDocument {
    try MeshFile.document(try folder.write(text, to: name))
  }

  // MARK: OFF

  @Test func coloursOfOFFFilesAreKept() throws {
    let whole = try document(
      """
      # a comment before
      COFF # and one behind
      3 2 # no number of edges

      0 0 0  255 0 0
      1 0 0  0 255 0 # green
      1 1 0  0 0 255
      3 0 1 2  10 20 30
      3 2 1 0  11 21 31
      """, "whole.off")
    #expect(whole.vertexProperties.map(\.name) == ["red", "green", "blue"])
    #expect(whole.vertexProperties.allSatisfy { $0.type == .uint8 })
    #expect(whole.vertexProperties.map(\.values) == [[255, 0, 0], [0, 255, 0], [0, 0, 255]])
    #expect(whole.faceProperties.map(\.values) == [[10, 11], [20, 21], [30, 31]] && whole.polygons.count == 2)
    let fractions = try document(
      "COFF\n3 1 3\n0 0 0 1 0 0 1\n1 0 0 0.5 0 0 1\n1 1 0 0 0 0 1\n3 0 1 2\n", "fractions.off")
    #expect(fractions.vertexProperties.map(\.name) == ["red", "green", "blue", "alpha"])
    #expect(fractions.vertexProperties[0] == MeshProperty(name: "red", type: .float64, values: [1, 0.5, 0]))
    let black = try document("COFF\n3 1 3\n0 0 0 1 1 1\n1 0 0 0 0 0\n1 1 0 0 0 0\n3 0 1 2\n", "black.off")
    #expect(black.vertexProperties[0].type == .float64)
  }

  @Test func normalsAndTextureOfOFFFilesAreKept() throws {
    let all = try document(
      "STCNOFF\n3 1 0\n0 0 0 0 0 1 9 8 7 .1 .2\n1 0 0 0 0 1 9 8 7 .3 .4\n1 1 0 0 0 1 9 8 7 .5 .6\n3 0 1 2", "a")
    #expect(all.vertexProperties.map(\.name) == ["nx", "ny", "nz", "s", "t", "red", "green", "blue"])
    #expect(try all.vertexProperty("t").values == [0.2, 0.4, 0.6] && all.vertexProperty("blue").values == [7, 7, 7])
    #expect(try all.vertexProperty("nz").values == [1, 1, 1])
  }

  @Test(arguments: [
    "OFF\n3 1 0\n0 0 0 1 2 3\n1 0 0 1 2 3\n1 1 0 1 2 3\n3 0 1 2\n", "COFF\n3 1 0\n0 0 0\n1 0 0\n1 1 0\n3 0 1 2\n",
    "OFF BINARY\n3 1 0\n", "4OFF\n3 1 0\n0 0 0 1\n1 0 0 1\n1 1 0 1\n3 0 1 2\n",
    "OFF\n3 1 0\n0 0 0\n1 0 0\n1 1 0\n3 0 1 3\n",
    "OFF\n3 1 0\n0 0 0\n1 0 0\n1 1 0\n3 0 1 -1\n", "OFF\n3 1 0\n0 0 0\n1 0 0\n1 1 0\n99999999999 0 1 2\n",
    "OFF\n3 2147483648 0\n0 0 0\n1 0 0\n1 1 0\n3 0 1 2\n", "OFF\n9223372036854775807 9223372036854775807 0\n0 0 0\n",
    "OFF\n3 1 x\n0 0 0\n1 0 0\n1 1 0\n3 0 1 2\n", "OFF",
  ])
  func brokenOFFFilesAreRefused(_ text: String) throws {
    #expect(throws: GeometryError.self) { try document(text, "a.off") }
  }

  // MARK: OBJ

  @Test func verticesOfOBJFilesAreTheirLines() throws {
    let mesh = try document(
      """
      # two objects that share vertices, and a vertex that none uses
      o left part
      v 0 0 0 1 0 0
      v 1 0 0 0 1 0
      v 1 1 0 0 0 1
      v 0 1 0 0.5 0.5 0.5
      v 9 9 9 0 0 0
      vt 0 0
      vt 1 0
      vt 1 1
      vn 0 0 1
      f 1/1/1 2/2/1 \\
        3/3/1 4/1/1
      o right
      v 2 0 0 1 1 1
      f 2//1 -1//1 3//1
      f -5 -1 3
      l 1 2
      """, "a.obj")
    #expect(mesh.positions.count == 6 && mesh.positions[4] == SIMD3(9, 9, 9))
    #expect((0..<3).map { Array(mesh.polygons[$0]) } == [[0, 1, 2, 3], [1, 5, 2], [1, 5, 2]])
    #expect(try mesh.vertexProperty("green").values == [0, 1, 0, 0.5, 0, 1])
    #expect(mesh.parts.map(\.name) == ["left part", "right"] && mesh.parts[1].polygons == [1, 2])
    #expect(mesh.omissions == ["1 lines \"l\"", "1 lines \"vn\"", "3 lines \"vt\""])
    let right = try mesh.part(named: "right")
    #expect(right.positions == [SIMD3(1, 0, 0), SIMD3(1, 1, 0), SIMD3(2, 0, 0)])
    #expect(Array(right.polygons[0]) == [0, 2, 1] && right.polygons.count == 2)
    #expect(try right.vertexProperty("red").values == [0, 0, 1])
    #expect(throws: GeometryError.absentMeshPart(path: mesh.path, name: "middle", available: ["left part", "right"])) {
      try MeshFile.document(mesh.path, selecting: .named("middle"))
    }
  }

  @Test(arguments: [
    "f 1 2 0", "f 1 2 x", "f 1 2 4", "f -4 1 2", "f 1 2 99999999999999999999", "v 1", "v 1 2 3 4 5", "v 1 2 x",
  ])
  func brokenLinesOfOBJFilesAreNamed(_ line: String) throws {
    let error = #expect(throws: GeometryError.self) { try document("v 0 0 0\nv 1 0 0\nv 0 1 0\n\(line)\n", "a.obj") }
    let text = try #require(error?.description)
    #expect(text.contains("line 4") || text.contains("face number 1"))
  }

  // MARK: STL

  @Test func solidsOfSTLFilesAreMeshes() throws {
    func solid(_ name: String, _ z: Double) -> String {
      let facets = SampleMeshes.triangles.map { t in
        let vertices = (0..<3).map { k -> String in
          let p = SampleMeshes.corners[Int(t[k])]
          return "      vertex \(p.x) \(p.y) \(p.z + z)"
        }
        return "  facet normal 0 0 0\n    outer loop\n\(vertices.joined(separator: "\n"))\n    endloop\n  endfacet"
      }
      return "solid \(name)\n\(facets.joined(separator: "\n"))\nendsolid \(name)\n"
    }
    let mesh = try document(solid("one", 0) + solid("two", 3), "a.stl")
    #expect(mesh.vertexCount == 8 && mesh.polygons.count == 8 && mesh.parts.map(\.name) == ["one", "two"])
    #expect(mesh.source == MeshSource(format: .stl, encoding: .text))
    let two = try mesh.part(named: "two")
    #expect(Set(two.positions) == Set(SampleMeshes.corners.map { $0 + SIMD3(0, 0, 3) }) && two.polygons.count == 4)
    #expect(try MeshInspection(two).topology.isClosed)
  }

  @Test func binarySTLFilesMayBeginWithSolid() throws {
    for header in ["solid", "solid facet normal", "", "COLOR=\u{1}\u{2}"] {
      let path = folder.path("a.stl")
      let bytes = SampleMeshes.binarySTL(header: header)
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let mesh = try MeshFile.document(path)
      #expect(mesh.vertexCount == 4 && mesh.polygons.count == 4)
      #expect(mesh.source == MeshSource(format: .stl, encoding: .littleEndian) && mesh.positionType == .float32)
      try Data(bytes.dropLast(10)).write(to: URL(fileURLWithPath: path))
      #expect(throws: GeometryError.self) { try MeshFile.document(path) }
    }
    let path = folder.path("cut.stl")
    try Data(SampleMeshes.binarySTL(header: "x").dropLast(10)).write(to: URL(fileURLWithPath: path))
    #expect(
      throws: GeometryError.meshTooShort(
        path: path, declared: "the 4 triangles of a binary STL file", neededBytes: 284, foundBytes: 274)
    ) { try MeshFile.document(path) }
  }

  // MARK: glTF

  @Test func nodesPlaceAndNameTheirMeshes() throws {
    let nodes = """
      "nodes": [{"name": "Pair", "children": [1, 2], "scale": [2, 2, 2]}, {"name": "Thing", "mesh": 0},
        {"name": "Thing", "mesh": 0, "translation": [0, 0, 5]}],
      """
    let uri = "data:application/octet-stream;base64," + Data(SampleMeshes.buffer).base64EncodedString()
    let text = SampleMeshes.gltf(
      buffer: uri, changes: [("\"nodes\": [{\"name\": \"Tetrahedron\", \"mesh\": 0}],", nodes)])
    let mesh = try document(text, "a.gltf")
    #expect(mesh.parts.map(\.name) == ["Thing", "Thing (2)"])
    #expect(mesh.vertexCount == 8 && mesh.polygons.count == 8)
    let second = try MeshFile.document(mesh.path, selecting: .named("Thing (2)"))
    #expect(second.positions == SampleMeshes.corners.map { ($0 + SIMD3(0, 0, 5)) * 2 })
    #expect(try second.triangleMesh().triangles == SampleMeshes.triangles)
    #expect(try MeshFile.read(mesh.path, selecting: .named("Thing")).positions == SampleMeshes.corners.map { $0 * 2 })
  }

  @Test func aMissingBufferIsNamed() throws {
    let path = try folder.write(SampleMeshes.gltf(buffer: "some%20where.bin"), to: "a.gltf")
    #expect(throws: GeometryError.missingBuffer(path: path, buffer: "some where.bin", reason: "is missing")) {
      try MeshFile.document(path)
    }
    _ = try folder.write("too short", to: "some where.bin")
    #expect(
      throws: GeometryError.missingBuffer(
        path: path, buffer: "some where.bin", reason: "should have 72 bytes, but has 9")
    ) {
      try MeshFile.document(path)
    }
    try Data(SampleMeshes.buffer).write(to: URL(fileURLWithPath: folder.path("some where.bin")))
    #expect(try MeshFile.document(path).vertexCount == 4)
    let lie = try folder.write(SampleMeshes.gltf(buffer: "some%20where.bin"), to: "a.obj")
    #expect(try MeshFile.document(lie).source.format == .gltf)
    for uri in ["http://127.0.0.1/a.bin", "data:text/plain,hello", "data:application/octet-stream;base64,AAAA"] {
      let path = try folder.write(SampleMeshes.gltf(buffer: uri), to: "b.gltf")
      #expect(throws: GeometryError.self) { try MeshFile.document(path) }
    }
  }

  @Test(arguments: [
    ("\"byteLength\": 48", "\"byteLength\": 4800"), ("\"byteLength\": 24", "\"byteLength\": -24"),
    ("\"byteOffset\": 48", "\"byteOffset\": 49"), ("\"count\": 4", "\"count\": 2147483648"),
    ("\"count\": 12", "\"count\": 1e30"), ("\"count\": 12", "\"count\": 13"),
    ("\"bufferView\": 1", "\"bufferView\": 7"),
    ("\"POSITION\": 0", "\"POSITION\": 9"), ("\"indices\": 1", "\"indices\": 2"), ("\"mesh\": 0", "\"mesh\": 1"),
    ("\"mesh\": 0", "\"mesh\": 0, \"children\": [0]"), ("\"nodes\": [0]", "\"nodes\": [3]"),
    ("\"version\": \"2.0\"", "\"version\": \"1.0\""), ("VEC3", "VEC9"), ("5126", "5"),
    ("\"asset\"", "\"extensionsRequired\": [\"KHR_draco_mesh_compression\"], \"asset\""),
    ("5123", "5125"),
  ])
  func glTFFilesThatReferToNothingAreRefused(_ old: String, _ new: String) throws {
    let path = folder.path("a.glb")
    try Data(SampleMeshes.glb(changes: [(old, new)])).write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: GeometryError.self) { try MeshFile.document(path) }
    #expect(error?.description.contains(path) == true)
  }

  @Test func cutGLBFilesAreRefused() throws {
    let bytes = SampleMeshes.tetrahedron(.glb)
    let path = folder.path("a.glb")
    for length in stride(from: 4, to: bytes.count, by: 11) {
      try Data(bytes.prefix(length)).write(to: URL(fileURLWithPath: path))
      #expect(throws: GeometryError.self) { try MeshFile.document(path) }
    }
  }
}
