// All meshes that lie beside the repository: counts as their headers declare them, topology as the table beside them says.
// The numbers are read from there: none is written here.

import Foundation
import SextantTestSupport
import Testing

@testable import SextantGeometry

@Suite(.enabled(if: SharedMeshes.arePresent, "\(SharedMeshes.absence)"))
struct SharedMeshTests {
  /// All files that may be meshes, by their path in the folder.
  static let names: [String] = {
    let all = FileManager.default.enumerator(atPath: SharedMeshes.folder ?? "")?.compactMap { $0 as? String } ?? []
    return all.filter { ["ply", "off", "obj", "stl", "gltf", "glb"].contains(URL(fileURLWithPath: $0).pathExtension) }
      .sorted()
  }()

  /// Vertices and polygons by the header, or by counting lines or bytes; nil for vertices where none are counted.
  private static func declared(_ path: String) throws -> (vertices: Int?, polygons: Int) {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
    func number(after prefix: String) -> Int? {
      lines.first { $0.hasPrefix(prefix) }.flatMap { Int($0.dropFirst(prefix.count).filter(\.isNumber)) }
    }
    func count(_ prefix: String) -> Int { lines.count { $0.drop { $0 == " " }.hasPrefix(prefix) } }
    switch URL(fileURLWithPath: path).pathExtension {
    case "ply": return (number(after: "element vertex"), try #require(number(after: "element face")))
    case "off":
      let words = lines.prefix(2).joined(separator: " ").split(separator: " ").compactMap { Int($0) }
      return (words[0], words[1])
    case "obj": return (count("v "), count("f "))
    case "stl": return (nil, data.starts(with: Data("solid ".utf8)) ? count("endfacet") : (data.count - 84) / 50)
    case "gltf": return try accessors(data)
    default:
      let length = data[12..<16].reversed().reduce(0) { $0 << 8 | Int($1) }
      return try accessors(data[20..<20 + length])
    }
  }

  /// The sums over all nodes of the counts of their meshes' positions and indices.
  private static func accessors(_ json: Data) throws -> (vertices: Int?, polygons: Int) {
    let root = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
    func list(_ name: String) -> [[String: Any]] { root[name] as? [[String: Any]] ?? [] }
    let counts = list("accessors").map { $0["count"] as? Int ?? 0 }
    var (vertices, indices) = (0, 0)
    for node in list("nodes") {
      guard let mesh = node["mesh"] as? Int else { continue }
      for primitive in list("meshes")[mesh]["primitives"] as? [[String: Any]] ?? [] {
        let attributes = try #require(primitive["attributes"] as? [String: Int])
        vertices += counts[try #require(attributes["POSITION"])]
        indices += counts[try #require(primitive["indices"] as? Int)]
      }
    }
    return (vertices, indices / 3)
  }

  @Test func thereAreMeshes() { #expect(Self.names.count >= 16) }

  @Test(arguments: names) func countsAreThoseOfTheHeader(_ name: String) throws {
    let path = SharedMeshes.path(name)
    let (vertices, polygons) = try Self.declared(path)
    let document = try MeshFile.document(path)
    #expect(document.polygons.count == polygons)
    if let vertices { #expect(document.vertexCount == vertices) }
    #expect(document.vertexProperties.allSatisfy { $0.values.count == document.vertexCount })
    let inspection = try MeshInspection(document)
    #expect(inspection.triangleCount >= polygons && inspection.degenerateTriangleCount == 0)
    #expect(try document.triangleMesh().triangles.count == inspection.triangleCount)
    // Every mesh of a scene alone, and all of them together.
    let parts = try document.parts.map { try document.part(named: $0.name) }
    if !parts.isEmpty { #expect(parts.reduce(0) { $0 + $1.polygons.count } == polygons) }
  }

  @Test(arguments: names) func everythingIsWrittenAndReadBack(_ name: String) throws {
    let folder = try ScratchFolder()
    let path = folder.path("copy.ply")
    for encoding in [MeshEncoding.littleEndian, .text] {
      var document = try MeshFile.document(SharedMeshes.path(name))
      try MeshFile.writePLY(document, encoding: encoding, to: path, overwrite: true)
      document.path = path
      document.source = MeshSource(format: .ply, encoding: encoding)
      (document.parts, document.omissions) = ([], [])
      #expect(try MeshFile.document(path) == document)
    }
  }

  @Test func topologyIsThatOfTheTable() throws {
    let text = try String(contentsOfFile: SharedMeshes.path("PROVENANCE.md"), encoding: .utf8)
    let rows = text.components(separatedBy: "## Topology").dropFirst().joined().split(separator: "\n")
      .map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
      .filter { $0.count == 7 && Int($0[1]) != nil }
    #expect(rows.count >= 7)
    for row in rows {
      let inspection = try MeshInspection(path: SharedMeshes.path(row[0]))
      let topology = inspection.topology
      let found = [
        inspection.vertexCount, inspection.polygonCount, topology.isolatedVertexCount, topology.boundaryEdgeCount,
        topology.nonManifoldEdgeCount, topology.repeatedDirectedEdgeCount,
      ]
      #expect(found == row.dropFirst().compactMap { Int($0) }, "\(row[0])")
    }
  }

  @Test func countsThatTheTaskNamesAreFound() throws {
    let suzanne = try MeshInspection(path: SharedMeshes.path("suzanne.ply"))
    #expect(suzanne.polygonCount == 500 && suzanne.triangleCount == 968)
    #expect(try MeshInspection(path: SharedMeshes.path("spot.obj")).vertexCount == 2930)
    let bunny = try MeshFile.document(SharedMeshes.path("bunny/bun_zipper_res3.ply"))
    #expect(bunny.vertexProperties.map(\.name) == ["confidence", "intensity"])
    let truck = try MeshInspection(path: SharedMeshes.path("CesiumMilkTruck.glb"))
    #expect(truck.parts.map(\.name) == ["Cesium_Milk_Truck", "Wheels", "Wheels (2)"])
    #expect(truck.format == .glb && truck.joinedTopology != nil)
  }

  @Test func aSceneWithoutItsBufferNamesIt() throws {
    let folder = try ScratchFolder()
    let path = folder.path("TestScene.gltf")
    try FileManager.default.copyItem(atPath: SharedMeshes.path("TestScene.gltf"), toPath: path)
    #expect(throws: GeometryError.missingBuffer(path: path, buffer: "TestScene.bin", reason: "is missing")) {
      try MeshFile.document(path)
    }
  }
}
