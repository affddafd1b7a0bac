// What is written, seen by other programs: plyfile and VTK find the points, polygons and arrays that were meant.

import Foundation
import SextantStorage
import SextantTestSupport
import Testing

@testable import SextantGeometry

@Suite struct MeshWritingTests {
  /// What Tests/References/mesh_files.py says of a file.
  private struct Report: Decodable {
    struct Summary: Decodable, Equatable {
      var shape: [Int]
      var type: String
      var sum: Double
      var weighted: Double
    }
    var points: Summary
    var polygonSizes: [Int]
    var corners: Summary
    var pointArrays: [String: Summary]
    var cellArrays: [String: Summary]
    var fieldTexts: [String: [String]]?
    var vertexCells: Int?
    var normals: String?
  }

  /// A mesh with triangles and a square, a property of every type, colours, normals, a name that XML escapes, and comments.
  private static func document() throws -> MeshDocument {
    let sphere = try SphereMesh.fibonacci(vertexCount: 40).triangleMesh
    var document = MeshDocument(sphere)
    document.polygons.append([0, 1, 2, 3])
    let count = document.vertexCount
    func values(_ scale: Double) -> [Double] { (0..<count).map { Double($0 * $0 % 11) * scale } }
    for type in MeshScalarType.allCases {
      try document.setVertexProperty(
        MeshProperty(name: "v_\(type.rawValue)", type: type, values: values(type.isInteger ? 1 : 0.5)))
    }
    for (place, name) in ["red", "green", "blue"].enumerated() {
      try document.setVertexProperty(MeshProperty(name: name, type: .uint8, values: values(Double(place + 1))))
    }
    for (place, name) in ["nx", "ny", "nz"].enumerated() {
      try document.setVertexProperty(MeshProperty(name: name, values: sphere.positions.map { Float($0[place]) }))
    }
    document.faceProperties = [
      MeshProperty(name: "flag", type: .int16, values: (0..<document.polygons.count).map { Double($0) - 7 })
    ]
    try document.setVertexProperty(MeshProperty(name: "salt <&\">", values: (0..<count).map { Float($0) / 4 }))
    document.comments = ["zipped by hand", "seed: 7", "title: <&\"> in March", "by a second program", "empty: "]
    return document
  }

  private func check(_ report: Report, _ document: MeshDocument, _ properties: [MeshProperty], _ faces: [MeshProperty])
    throws
  {
    #expect(report.points.shape == [document.vertexCount, 3])
    #expect(report.polygonSizes == (0..<document.polygons.count).map { document.polygons[$0].count })
    let corners = document.polygons.corners.map(Double.init)
    #expect(report.corners.sum == corners.reduce(0, +) && report.corners.weighted == Self.weighted(corners))
    for property in properties {
      let found = try #require(report.pointArrays[property.name], "\(property.name)")
      #expect(found.type == property.type.rawValue && found.shape == [document.vertexCount])
      #expect(found.sum == property.values.reduce(0, +) && found.weighted == Self.weighted(property.values))
    }
    for property in faces {
      let found = try #require(report.cellArrays[property.name])
      #expect(found.type == property.type.rawValue && found.weighted == Self.weighted(property.values))
    }
  }

  private static func weighted(_ values: [Double]) -> Double {
    values.enumerated().reduce(0) { $0 + Double(($1.offset + 1) % 7) * $1.element }
  }

  private static func report(_ path: String) throws -> Report {
    try JSONDecoder().decode(Report.self, from: PythonReference.run("mesh_files.py", arguments: [path]))
  }

  /// The field data of ``document()``.
  private static let texts = [
    "history": ["zipped by hand", "by a second program"], "seed": ["7"], "title": ["<&\"> in March"], "empty": [""],
  ]

  @Test(.enabled(if: PythonReference.has(["numpy", "plyfile"]), "needs Python with plyfile: set SEXTANT_PYTHON"))
  func anotherProgramReadsPLY() throws {
    let folder = try ScratchFolder()
    let document = try Self.document()
    for encoding in [MeshEncoding.text, .littleEndian] {
      let path = folder.path("\(encoding).ply")
      try MeshFile.writePLY(document, encoding: encoding, to: path)
      let named = document.vertexProperties.map { property in
        var result = property
        result.name = property.name.replacingOccurrences(of: " ", with: "_")
        return result
      }
      try check(Self.report(path), document, named, document.faceProperties)
    }
  }

  @Test(.enabled(if: PythonReference.has(["numpy", "vtk"]), "needs Python with vtk: set SEXTANT_PYTHON"))
  func vtkReadsVTP() throws {
    let folder = try ScratchFolder()
    var document = try Self.document()
    let path = folder.path("a.vtp")
    try MeshFile.write(document, to: path)
    let report = try Self.report(path)
    let vectors = ["red", "green", "blue", "nx", "ny", "nz"]
    try check(
      report, document, document.vertexProperties.filter { !vectors.contains($0.name) }, document.faceProperties)
    #expect(report.fieldTexts == Self.texts)
    #expect(report.normals == "normals" && report.pointArrays["normals"]?.shape == [40, 3])
    let colours = try ["red", "green", "blue"].map { try document.vertexProperty($0).values }
    #expect(report.pointArrays["colours"]?.type == "uint8")
    #expect(report.pointArrays["colours"]?.weighted == Self.weighted((0..<40).flatMap { v in colours.map { $0[v] } }))
    // NumPy adds in another order.
    let places = Self.weighted(document.positions.flatMap { [$0.x, $0.y, $0.z] })
    #expect(abs(report.points.weighted - places) < 1e-12)

    // Edges are no polygons, and points alone are cells of their own.
    document.polygons = PolygonList(triangles: [SIMD3(0, 1, 2)])
    document.polygons.append([3, 4])
    document.faceProperties = [MeshProperty(name: "flag", type: .uint8, values: [7, 9])]
    try MeshFile.writeVTK(document, to: path, overwrite: true)
    #expect(try Self.report(path).cellArrays["flag"]?.sum == 7)
    document.polygons = PolygonList()
    document.faceProperties = []
    try MeshFile.writeVTK(document, to: path, overwrite: true)
    let cloud = try Self.report(path)
    #expect(cloud.vertexCells == 1 && cloud.polygonSizes.isEmpty && cloud.points.shape == [40, 3])
  }

  /// Without Python: the arrays are there, and their bytes are the numbers.
  @Test func arraysOfVTPFilesHoldTheirBytes() throws {
    let folder = try ScratchFolder()
    var document = MeshDocument(TriangleMesh(positions: SampleMeshes.corners, triangles: SampleMeshes.triangles))
    try document.setVertexProperty(MeshProperty(name: "a<b", values: [1, .nan, -2, 0.25]))
    let path = folder.path("a.vtp")
    try MeshFile.write(document, to: path)
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let start = try #require(text.range(of: "<DataArray type=\"Float32\" Name=\"a&lt;b\" format=\"binary\">"))
    let content = try #require(text[start.upperBound...].split(separator: "<").first)
    let bytes = [UInt8](try #require(Data(base64Encoded: String(content))))
    #expect(Array(bytes.prefix(8)) == [16, 0, 0, 0, 0, 0, 0, 0] && bytes.count == 24)
    #expect(MeshScalarType.float32.decode(bytes, at: 20, isBigEndian: false) == 0.25)
    #expect(MeshScalarType.float32.decode(bytes, at: 12, isBigEndian: false).isNaN)
    #expect(throws: FileError.exists(path: path)) { try MeshFile.write(document, to: path) }
    #expect(throws: GeometryError.self) { try MeshFile.write(document, to: folder.path("a.stl")) }
    try document.setVertexProperty(MeshProperty(name: "n", type: .int8, values: [0, 0, 0, 128]))
    #expect(throws: GeometryError.self) { try MeshFile.write(document, to: folder.path("b.vtp")) }
    #expect(try folder.names() == ["a.vtp"])
  }

  @Test func absentPropertiesAreNamed() throws {
    let document = try Self.document()
    let names = document.vertexProperties.map(\.name)
    #expect(throws: GeometryError.absentProperty(path: "", name: "cold", available: names)) {
      try document.vertexProperty("cold")
    }
  }

  /// Without Python: the texts of the field data are there, each with a zero byte at its end.
  @Test func commentsBecomeFieldData() throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.vtp")
    try MeshFile.write(Self.document(), to: path)
    #expect(try VTKTexts.read(path) == Self.texts)
    var bare = try Self.document()
    bare.comments = []
    try MeshFile.write(bare, to: path, overwrite: true)
    #expect(try !String(contentsOfFile: path, encoding: .utf8).contains("FieldData"))
  }
}
