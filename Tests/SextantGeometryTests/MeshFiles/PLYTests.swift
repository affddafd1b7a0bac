// PLY files: every type of number in every encoding comes back, other elements are passed over, and no header is trusted.

import Foundation
import SextantTestSupport
import Testing

@testable import SextantGeometry

@Suite struct PLYTests {
  /// A document with a property of every type, with the ends of its range among the values.
  private static func document() throws -> MeshDocument {
    var document = MeshDocument(
      positions: [SIMD3(0, 0, 0), SIMD3(1, 0, 0.1), SIMD3(1, 1, 0), SIMD3(0, 1, -2.5), SIMD3(9, 9, 9)],
      polygons: PolygonList(triangles: [SIMD3(0, 1, 2)]))
    document.polygons.append([0, 1, 2, 3])
    for type in MeshScalarType.allCases {
      let range = type.wholeRange ?? (type == .float32 ? Double(-Float.pi)...Double(Float.infinity) : -.pi...1e300)
      let values = [range.lowerBound, 0, 1, range.upperBound, 7]
      try document.setVertexProperty(MeshProperty(name: "v_\(type.rawValue)", type: type, values: values))
      document.faceProperties.append(
        MeshProperty(name: "f_\(type.rawValue)", type: type, values: [range.upperBound, 3]))
    }
    document.comments = ["by hand", "  two spaces"]
    document.objectInformation = ["num_cols 512"]
    return document
  }

  @Test(arguments: [MeshEncoding.text, .littleEndian])
  func everyPropertyIsReadBack(_ encoding: MeshEncoding) throws {
    let folder = try ScratchFolder()
    for type in [MeshScalarType.float64, .float32] {
      var document = try Self.document()
      document.positionType = type
      document.path = folder.path("\(type).ply")
      document.source.encoding = encoding
      if type == .float32 {
        document.positions = document.positions.map { p in
          SIMD3(Double(Float(p.x)), Double(Float(p.y)), Double(Float(p.z)))
        }
      }
      try MeshFile.writePLY(document, encoding: encoding, to: document.path)
      #expect(try MeshFile.document(document.path) == document)
    }
  }

  @Test func notANumberIsReadBack() throws {
    let folder = try ScratchFolder()
    for encoding in [MeshEncoding.text, .littleEndian] {
      var document = try Self.document()
      document.vertexProperties = [MeshProperty(name: "gap", values: [1, .nan, 3, 4, .nan])]
      let path = folder.path("\(encoding).ply")
      try MeshFile.writePLY(document, encoding: encoding, to: path)
      let property = try MeshFile.document(path).vertexProperty("gap")
      #expect(property.values.map(\.isNaN) == [false, true, false, false, true] && property.range == 1...4)
    }
  }

  /// What the reader must cope with, for every type of count and index, in all encodings.
  private static func file(_ encoding: String, count: MeshScalarType, index: MeshScalarType) -> [UInt8] {
    let text = """
      ply\r
      format \(encoding) 1.0\r
      comment before
      obj_info num_cols 512
      element camera 2
      property \(count.plyName) id
      property list uchar \(index.rawValue) weights
      element vertex 4
      property \(index.rawValue) tag
      property float z
      property list \(count.rawValue) short names
      property float x
      property double y
      element nothing 2147483648
      element face 2
      property uchar flag
      property list \(count.plyName) \(index.plyName) vertex_index
      property list uchar float texcoord
      element material 1
      property int ambient
      end_header\r

      """
    var bytes = Array(text.utf8)
    let isBigEndian = encoding == "binary_big_endian"
    func put(_ value: Double, _ type: MeshScalarType) {
      guard encoding != "ascii" else {
        bytes += Array((type.isInteger ? "\(Int(value)) " : "\(value)\n").utf8)
        return
      }
      var own: [UInt8] = []
      type.appendLittleEndian(value, to: &own)
      bytes += isBigEndian ? own.reversed() : own
    }
    func list(_ values: [Double], _ type: MeshScalarType, count: MeshScalarType) {
      put(Double(values.count), count)
      for value in values { put(value, type) }
    }
    for k in 0..<2 {
      put(Double(k), count)
      list([1, 2, 3], index, count: .uint8)
    }
    for k in 0..<4 {
      put(Double(10 + k), index)
      put(Double(k) - 0.5, .float32)
      list(Array(repeating: -1, count: k), .int16, count: count)
      put(Double(2 * k), .float32)
      put(0.1 * Double(k), .float64)
    }
    for (k, polygon) in [[0.0, 1, 2, 3], [2, 1, 0]].enumerated() {
      put(Double(200 + k), .uint8)
      list(polygon, index, count: count)
      list([0.5, 0.25], .float32, count: .uint8)
    }
    put(5, .int32)
    return bytes
  }

  @Test(
    arguments: ["ascii", "binary_little_endian", "binary_big_endian"],
    MeshScalarType.allCases.filter(\.isInteger))
  func listsOfEveryTypeAreRead(_ encoding: String, _ count: MeshScalarType) throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.ply")
    for index in MeshScalarType.allCases {
      let bytes = Self.file(encoding, count: count, index: index)
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let document = try MeshFile.document(path)
      let places = (0..<4).map(Double.init).map { k in SIMD3(2 * k, 0.1 * k, k - 0.5) }
      #expect(document.positions == places)
      #expect(document.vertexProperties == [MeshProperty(name: "tag", type: index, values: [10, 11, 12, 13])])
      #expect(document.faceProperties == [MeshProperty(name: "flag", type: .uint8, values: [200, 201])])
      #expect((0..<2).map { Array(document.polygons[$0]) } == [[0, 1, 2, 3], [2, 1, 0]])
      #expect(document.comments == ["before"] && document.objectInformation == ["num_cols 512"])
      #expect(document.omissions.count == 4)
      // Elements without lists are kept, and are written as they are.
      #expect(
        document.otherElements == [
          MeshElement(name: "material", count: 1, properties: [MeshProperty(name: "ambient", type: .int32, values: [5])])
        ])
      try MeshFile.writePLY(document, to: folder.path("copy.ply"), overwrite: true)
      #expect(try MeshFile.document(folder.path("copy.ply")).otherElements == document.otherElements)
      // Every cut is noticed.
      for length in stride(from: 0, to: bytes.count - 8, by: 41) {
        try Data(bytes.prefix(length)).write(to: URL(fileURLWithPath: path))
        #expect(throws: GeometryError.self) { try MeshFile.document(path) }
      }
    }
  }

  @Test func linesMayEndWithACarriageReturnAlone() throws {
    let folder = try ScratchFolder()
    let text = String(decoding: SampleMeshes.tetrahedron(.ply), as: UTF8.self)
    let path = try folder.write(text.replacingOccurrences(of: "\n", with: "\r"), to: "a.ply")
    #expect(try MeshFile.read(path) == TriangleMesh(positions: SampleMeshes.corners, triangles: SampleMeshes.triangles))
  }

  /// A header that declares `declaration`, with a body of a few bytes.
  private static func hostile(_ encoding: String, _ declaration: String) -> [UInt8] {
    Array("ply\nformat \(encoding) 1.0\n\(declaration)\nend_header\n0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0".utf8)
  }

  @Test(arguments: ["ascii", "binary_little_endian", "binary_big_endian"])
  func hostileHeadersAreRefusedBeforeAnythingIsAllocated(_ encoding: String) throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.ply")
    let xyz = "property float x\nproperty float y\nproperty float z"
    func refusal(_ declaration: String) throws -> GeometryError? {
      try Data(Self.hostile(encoding, declaration)).write(to: URL(fileURLWithPath: path))
      return #expect(throws: GeometryError.self) { try MeshFile.document(path) }
    }
    for count in ["2147483648", "4611686018427387904", "9223372036854775807"] {
      let error = try refusal("element vertex \(count)\n\(xyz)")
      guard case .meshTooShort(path, let declared, let needed, let found) = error else {
        Issue.record("\(count): \(String(describing: error))")
        continue
      }
      #expect(declared.contains(count) && needed > 1 << 31 && found == 39)
      _ = try refusal("element vertex 1\n\(xyz)\nelement face \(count)\nproperty list uchar int vertex_indices")
      _ = try refusal("element junk \(count)\nproperty list uint double a\nelement vertex 1\n\(xyz)")
    }
    // In binary, "0 0 " as a count is about 540 million.
    if encoding != "ascii" {
      _ = try refusal("element vertex 1\n\(xyz)\nelement face 1\nproperty list uint int vertex_indices")
    }
    for line in [
      "element vertex -1", "element vertex 1e9", "element vertex 99999999999999999999", "element vertex",
      "property float x",
      "element vertex 1\nproperty half x", "element vertex 1\nproperty list float int x",
      "element vertex 1\nproperty float x\nproperty float x", "format ascii 2.0", "format utf 1.0", "nonsense",
      "element vertex 1\n\(xyz)\nelement face 1\nproperty uchar n", "element vertex 1\nproperty float x",
    ] { _ = try refusal(line) }
  }

  @Test func negativeListsAreRefused() throws {
    let folder = try ScratchFolder()
    let path = try folder.write(
      "ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\nproperty float z\nelement face 1\nproperty list char int vertex_indices\nend_header\n0 0 0\n-3 0 0 0\n",
      to: "a.ply")
    let error = #expect(throws: GeometryError.self) { try MeshFile.document(path) }
    #expect(error?.description.contains("-3") == true)
  }

  @Test(arguments: [-1, 4, 2_147_483_648, 4_294_967_295])
  func cornersThatAreNoVerticesAreNamed(_ corner: Int) throws {
    let folder = try ScratchFolder()
    let text = String(decoding: SampleMeshes.tetrahedron(.ply), as: UTF8.self)
      .replacingOccurrences(of: "uchar int", with: corner < 0 ? "uchar int" : "uchar uint")
      .replacingOccurrences(of: "3 1 2 3", with: "3 1 2 \(corner)")
    let path = try folder.write(text, to: "a.ply")
    #expect(throws: GeometryError.cornerOutsideMesh(path: path, face: 2, corner: corner, vertexCount: 4)) {
      try MeshFile.document(path)
    }
  }

  @Test func numbersThatTheirTypeCannotHoldAreRefused() throws {
    let folder = try ScratchFolder()
    var document = MeshDocument(TriangleMesh(positions: SampleMeshes.corners, triangles: SampleMeshes.triangles))
    try document.setVertexProperty(MeshProperty(name: "red", type: .uint8, values: [0, 1, 2, 300]))
    let path = folder.path("a.ply")
    #expect(throws: GeometryError.self) { try MeshFile.writePLY(document, to: path) }
    #expect(try folder.names().isEmpty)
    #expect(throws: GeometryError.wrongValueCount(name: "short", expected: 4, found: 3)) {
      try document.setVertexProperty(MeshProperty(name: "short", values: [1, 2, 3]))
    }
    let text = String(decoding: SampleMeshes.tetrahedron(.ply), as: UTF8.self)
      .replacingOccurrences(of: "float z", with: "uchar z").replacingOccurrences(of: "0.0 0.0 1.0", with: "0 0 256")
    let broken = try folder.write(text, to: "b.ply")
    #expect(throws: GeometryError.self) { try MeshFile.document(broken) }
  }
}
