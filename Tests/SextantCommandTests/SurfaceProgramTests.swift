// The executable on meshes, from outside: signals are filled and drawn, data sets fetched, and wrong requests explained.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@Suite(.serialized, .enabled(if: Program.path != nil, "the executable was not built beside the tests"))
struct SurfaceProgramTests {
  /// A folder with egg.ply (heat, red, green, blue; 42 vertices) and heat.npy with gaps.
  static func folder() throws -> ScratchFolder {
    let folder = try ScratchFolder()
    let sphere = try SphereMesh.icosphere(subdivisions: 1)
    let positions = sphere.nodePositions.map { $0 * SIMD3(1, 1.4, 1) }
    var document = MeshDocument(TriangleMesh(positions: positions, triangles: sphere.triangles))
    let heat = positions.map { Float($0.x + $0.y) }
    try document.setVertexProperty(MeshProperty(name: "heat", values: heat))
    for (axis, name) in ["red", "green", "blue"].enumerated() {
      try document.setVertexProperty(
        MeshProperty(name: name, type: .uint8, values: positions.map { (100 + 50 * $0[axis]).rounded() }))
    }
    try MeshFile.write(document, to: folder.path("egg.ply"))
    try NPYFile.write(Tensor(heat.enumerated().map { $0 % 5 == 0 ? .nan : $1 }), to: folder.path("heat.npy"))
    return folder
  }

  static func isPNG(_ path: String) throws -> Bool {
    try Data(contentsOf: URL(fileURLWithPath: path)).starts(with: [0x89, 0x50, 0x4E, 0x47])
  }

  @Test func signalsOnMeshesAreFilledAndDrawn() throws {
    let folder = try Self.folder()
    let (mesh, array) = (folder.path("egg.ply"), folder.path("heat.npy"))
    let filled = try Program.run(
      "impute", array, "--mesh", mesh, "--method", "kriging", "--noise", "0.01", "--samples", "2", "--output",
      folder.path("filled.ply"), "--json")
    #expect(filled.code == 0 && filled.errors.isEmpty, "\(filled.errors)")
    #expect((filled.json as? [String: Any])?["method"] as? String == "Matérn kriging")
    let document = try MeshFile.document(folder.path("filled.ply"))
    let wanted = ["value_mean", "value_spread", "value_sample_000", "value_sample_001", "value_observed"]
    #expect(Array(document.vertexProperties.map(\.name).suffix(5)) == wanted)
    #expect(document.comments.contains { $0.contains("sextant impute") })
    let joint = try Program.run(
      "impute", mesh, "--property", "red,green,blue", "--missing", "heat>1", "--method", "harmonic", "-o",
      folder.path("filled.vtp"))
    #expect(joint.code == 0 && joint.output.contains("1 field filled by harmonic"), "\(joint.errors)")

    let pictures: [[String]] = [
      ["filled.ply", "--property", "value_mean", "--views", "front"], ["egg.ply", "--property", "red,green,blue"],
      ["egg.ply", "--up", "z"], ["heat.npy", "--mesh", mesh, "--diverging", "--views", "top,back"],
    ]
    for (place, words) in pictures.enumerated() {
      let picture = folder.path("\(place).png")
      let drawn = try Program(["draw", folder.path(words[0])] + words.dropFirst() + ["-o", picture]).end()
      #expect(try drawn.code == 0 && Self.isPNG(picture), "\(drawn.errors)")
    }
  }

  @Test func wrongRequestsAreExplained() throws {
    let folder = try Self.folder()
    let (mesh, array) = (folder.path("egg.ply"), folder.path("heat.npy"))
    let output = ["-o", folder.path("x.ply")]
    func complaint(_ arguments: [String], code: Int32) throws -> String {
      let end = try Program(arguments).end()
      #expect(end.code == code && end.output.isEmpty, "\(arguments): \(end.code) \(end.output)")
      return end.errors
    }
    let harmonic = ["--method", "harmonic"]
    #expect(try complaint(["impute", array] + harmonic + output, code: 64).contains("--mesh"))
    #expect(try complaint(["impute", mesh] + harmonic + output, code: 1).contains("heat, red, green, blue"))
    #expect(
      try complaint(["impute", mesh, "--variables", "heat"] + harmonic + output, code: 64).contains("--property"))
    #expect(try complaint(["impute", mesh, "--property", "heat"] + output, code: 64).contains("--model"))
    #expect(
      try complaint(["impute", mesh, "--property", "heat", "-o", "x.nc"] + harmonic, code: 64).contains(".vtp"))
    #expect(
      try complaint(["impute", mesh, "--property", "heat", "--method", "kriging"] + output, code: 1)
        .contains("--noise"))
    #expect(
      try complaint(["impute", mesh, "--property", "heat", "--missing", "heat"] + harmonic + output, code: 1)
        .contains("confidence<0.2"))
    #expect(try complaint(["draw", mesh, "--property", "red,green", "-o", "x.png"], code: 64).contains("red, green"))
    #expect(try complaint(["draw", mesh, "--views", "under", "-o", "x.png"], code: 64).contains("three-quarter"))
    #expect(try folder.names() == ["egg.ply", "heat.npy"])
  }

  // MARK: Data sets

  @Test func dataSetsAreFetchedOrRefused() throws {
    let folder = try ScratchFolder()
    let wrong = Data(repeating: 1, count: 4_894_286)
    let server = try LoopbackServer(["bunny.tar.gz": wrong])
    defer { server.stop() }
    let fetch = ["fetch", "bunny", "--from", server.address, "-o", folder.path]
    let refused = try Program(fetch).end()
    #expect(refused.code == 1 && refused.output.isEmpty && refused.errors.contains("SHA-256"), "\(refused.errors)")
    server.manners.cutsAfter = 1_000_000
    #expect(try Program(fetch).end().errors.contains("1000000 bytes are kept"))
    #expect(try Program(fetch).end().errors.contains("2000000 bytes are kept"))
    #expect(server.requests.map(\.firstByte) == [nil, nil, 1_000_000])
    #expect(try folder.names() == [".bunny.fetching"])
    #expect(try Program.run("fetch", "mnist", "--from", server.address, "-o", folder.path).errors.contains("404"))
    #expect(try Program.run("fetch", "celeba").code == 64)
  }
}
