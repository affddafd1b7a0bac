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

  /// Gaps and noise are made, told, and found by `impute` without another word.
  @Test(arguments: ["ply", "vtp", "npy"]) func signalsOnMeshesAreDegraded(ending: String) throws {
    let folder = try Self.folder()
    let (mesh, output) = (folder.path("egg.ply"), folder.path("holed.\(ending)"))
    let degrade = ["degrade", mesh, "--property", "heat", "--mask", "random:0.5", "--noise", "0.1", "-o", output]
    let end = try Program(degrade).end()
    #expect(end.code == 0 && end.output.contains("1 field, random:0.5") && end.output.contains("noise of heat: 0.1"))
    #expect(try Program(degrade).end().errors.contains("exists already"))
    let values =
      ending == "npy"
      ? try NPYFile.read(output).scalars : try MeshFile.document(output).vertexProperty("heat").values.map(Float.init)
    #expect(values.count == 42 && values.count(where: \.isNaN) == 21)
    let truth = try MeshFile.document(mesh).vertexProperty("heat").values.map(Float.init)
    let errors = zip(values, truth).filter { !$0.0.isNaN }.map { abs($0 - $1) }
    #expect(errors.allSatisfy { $0 > 0 && $0 < 0.5 })
    // The noise is found in the mesh, or in the array beside the array.
    let place = ending == "npy" ? ["--mesh", mesh] : ["--variables", "heat"]
    let filled = try Program(
      ["impute", output, "--method", "kriging", "--samples", "0", "-o", folder.path("filled.npy")] + place
    ).end()
    #expect(filled.code == 0 && filled.output.contains("50.0 % missing"), "\(filled.errors)")
    #expect(filled.output.contains("noise of \(ending == "npy" ? "value" : "heat"): 0.1"), "\(filled.output)")
  }

  /// Quantiles are properties, and of samples that nobody asked for a mesh gets few.
  @Test func meshesGetQuantilesAndFewSamples() throws {
    let folder = try Self.folder()
    let words = [
      "impute", folder.path("heat.npy"), "--mesh", folder.path("egg.ply"), "--method", "kriging", "--noise", "0.01",
      "--quantiles", "0.1,0.9",
    ]
    func names(_ more: [String]) throws -> [String] {
      let output = folder.path("filled.ply")
      let end = try Program(words + ["--overwrite", "-o", output] + more).end()
      #expect(end.code == 0, "\(end.errors)")
      return try MeshFile.document(output).vertexProperties.map(\.name).filter { $0.hasPrefix("value_") }
    }
    let few = ["mean", "spread", "quantile_0.1", "quantile_0.9"].map { "value_" + $0 }
    func samples(_ count: Int) -> [String] { (0..<count).map { "value_sample_00\($0)" } }
    #expect(try names([]) == few + samples(4) + ["value_observed"])
    #expect(try names(["--samples", "6"]) == few + samples(6) + ["value_observed"])
    #expect(try names(["--no-ensemble"]) == few + ["value_observed"])
    #expect(
      try Program(words + ["--samples", "0", "-o", "x.ply"]).end().errors.contains("--quantiles needs --samples"))
    let arrays = try Program(words + ["-o", folder.path("filled.npy")]).end()
    #expect(arrays.code == 0, "\(arrays.errors)")
    #expect(try NPYFile.read(folder.path("filled.quantiles.npy")).shape == [2, 42])
    #expect(try NPYFile.read(folder.path("filled.samples.npy")).shape == [128, 42])
    #expect(try Program.run("impute", "--help").output.contains("of which a mesh file gets 4"))
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
      try complaint(["impute", mesh, "--variables", "heat", "--property", "heat"] + harmonic + output, code: 64)
        .contains("--property"))
    #expect(
      try complaint(["impute", mesh, "--variables", "heat,heat"] + harmonic + output, code: 64).contains("twice"))
    #expect(try complaint(["impute", mesh, "--property", "heat"] + output, code: 64).contains("--model"))
    #expect(
      try complaint(["impute", mesh, "--property", "heat", "-o", "x.nc"] + harmonic, code: 64).contains(".vtp"))
    #expect(
      try complaint(["impute", mesh, "--property", "heat", "--method", "kriging"] + output, code: 1)
        .contains("--noise"))
    #expect(
      try complaint(["impute", mesh, "--property", "heat", "--missing", "heat"] + harmonic + output, code: 1)
        .contains("confidence<0.2"))
    let degrade = ["degrade", mesh, "--mask", "random:0.5"]
    #expect(try complaint(degrade + output, code: 1).contains("heat, red, green, blue"))
    #expect(try complaint(degrade + ["--property", "heat", "-o", "x.nc"], code: 64).contains(".vtp"))
    #expect(try complaint(degrade + ["--variables", "cold"] + output, code: 1).contains("heat, red, green, blue"))
    #expect(try complaint(["degrade", array, "--mask", "random:0.5"] + output, code: 64).contains("--mesh"))
    #expect(
      try complaint(["degrade", mesh, "--property", "heat", "--mask", "land"] + output, code: 1).contains("land"))
    #expect(try complaint(["draw", mesh, "--property", "red,green", "-o", "x.png"], code: 1).contains("red, green"))
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
