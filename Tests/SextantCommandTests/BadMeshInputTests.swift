// The list of bad input of issue 4, one by one, against the executable: one line that names the file and what is wrong with it, and
// nothing is left behind.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@Suite(.serialized, .enabled(if: Program.path != nil, "the executable was not built beside the tests"))
struct BadMeshInputTests {
  private static func ply(
    vertices: String = "3", faces: String = "1", x: String = "0", face: String = "3 0 1 2", body: String? = nil
  ) -> String {
    """
    ply
    format ascii 1.0
    element vertex \(vertices)
    property float x
    property float y
    property float z
    element face \(faces)
    property list uchar int vertex_indices
    end_header
    \(body ?? "\(x) 0 0\n1 0 0\n0 1 0\n\(face)\n")
    """
  }

  /// The mesh files of issue 4's list, with what has to be said of each.
  static let badMeshes: [(name: String, text: String, reason: String)] = [
    ("out-of-range.ply", ply(face: "3 0 1 7"), "7"), ("negative.ply", ply(face: "3 0 1 -1"), "-1"),
    ("nan.ply", ply(x: "nan"), "nan"), ("infinite.ply", ply(x: "inf"), "inf"), ("empty.ply", "", "empty"),
    ("page.ply", "<html><body>404</body></html>", "page.ply"),
    ("huge.ply", ply(vertices: "2147483648"), "2147483648"),
    ("huger.ply", ply(vertices: "99999999999999999999"), "99999999999999999999"),
    ("less-than-none.ply", ply(vertices: "-3"), "-3"), ("faces-of-air.ply", ply(faces: "2147483648"), "2147483648"),
    ("cut.ply", ply(body: "0 0 0\n1 0"), "cut.ply"),
    (
      "no-buffer.gltf",
      """
      {"asset": {"version": "2.0"}, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}],
       "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
       "buffers": [{"uri": "absent.bin", "byteLength": 36}], "bufferViews": [{"buffer": 0, "byteLength": 36}],
       "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}]}
      """, "absent.bin"
    ),
  ]

  @Test(arguments: badMeshes.map(\.name)) func badMeshesAreRefusedWithAReason(name: String) throws {
    let folder = try ScratchFolder()
    let bad = try #require(Self.badMeshes.first { $0.name == name })
    let path = try folder.write(bad.text, to: name)
    let array = folder.path("a.npy")
    try NPYFile.write(Tensor<Float>.zeros([3]), to: array)
    for arguments in [
      ["inspect", path], ["convert", path, "-o", folder.path("x.ply")], ["draw", array, "--mesh", path, "-o", "x.png"],
      ["impute", array, "--mesh", path, "--method", "harmonic", "-o", folder.path("x.ply")],
    ] {
      let end = try Program(arguments, prelude: "ulimit -v 4000000;").end()
      #expect(end.code == 1 && end.output.isEmpty, "\(arguments[0]): \(end.code) \(end.output)")
      #expect(end.errors.contains(bad.reason) && end.errors.contains(name), "\(arguments[0]): \(end.errors)")
      #expect(end.errors.hasPrefix("sextant: error: ") && end.errors.filter { $0 == "\n" }.count == 1)
    }
    #expect(try folder.names() == ["a.npy", name])
  }

  @Test func aMeshWithoutFacesIsACloud() throws {
    let folder = try ScratchFolder()
    let path = try folder.write(Self.ply(faces: "0", body: "0 0 0\n1 0 0\n0 1 0\n"), to: "cloud.ply")
    #expect(try Program.run("inspect", path).code == 0)
    let array = folder.path("a.npy")
    try NPYFile.write(Tensor<Float>.zeros([3]), to: array)
    let end = try Program.run("impute", array, "--mesh", path, "--method", "harmonic", "-o", folder.path("x.ply"))
    #expect(end.code == 0 && end.output.contains("cloud.ply") && end.output.contains("no faces"), "\(end.errors)")
    let line = try folder.write(Self.ply(faces: "0", body: "0 0 0\n1 0 0\n2 0 0\n"), to: "line.ply")
    let none = try folder.write(Self.ply(vertices: "0", faces: "0", body: ""), to: "none.ply")
    for (mesh, reason) in [(line, "no surface"), (none, "no vertices")] {
      let end = try Program.run("impute", array, "--mesh", mesh, "--method", "harmonic", "-o", folder.path("y.ply"))
      #expect(end.code == 1 && end.errors.contains(reason), "\(end.errors)")
    }
  }

  @Test func aWrongEndingDoesNotMatter() throws {
    let folder = try SurfaceProgramTests.folder()
    try FileManager.default.copyItem(atPath: folder.path("egg.ply"), toPath: folder.path("egg.stl"))
    let end = try Program.run("inspect", folder.path("egg.stl"), "--json")
    #expect(end.code == 0 && end.output.contains("\"PLY\""), "\(end.errors)")
  }

  @Test func aSignalOfAnotherLengthIsToldWithBothNumbers() throws {
    let folder = try SurfaceProgramTests.folder()
    try NPYFile.write(Tensor<Float>.zeros([40]), to: folder.path("short.npy"))
    let end = try Program.run(
      "impute", folder.path("short.npy"), "--mesh", folder.path("egg.ply"), "--method", "nearest", "-o", "x.ply")
    #expect(end.code == 1 && end.errors.contains("40") && end.errors.contains("42"), "\(end.errors)")
  }

  // MARK: What models are learned from

  /// A configuration on a mesh.
  private static func configuration(_ folder: ScratchFolder, archive: String) throws -> String {
    try folder.write(
      """
      output: \(folder.path("RUN"))
      archive: {mesh: "\(folder.path("egg.ply"))", \(archive)}
      prior: {kind: eof, modes: 3}
      """, to: "run.yaml")
  }

  @Test func aModelOfAnotherMeshIsRefused() throws {
    let folder = try SurfaceProgramTests.folder()
    var random = RandomStream(seed: 1)
    let fields = (0..<12 * 42).map { _ in Float(random.normal()) }
    try NPYFile.write(Tensor(fields, shape: [12, 42, 1]), to: folder.path("fields.npy"))
    let run = try Self.configuration(folder, archive: "files: [\"\(folder.path("fields.npy"))\"], variables: [heat]")
    let trained = try Program.run("train", run)
    #expect(trained.code == 0, "\(trained.errors)")
    var words = ["impute", folder.path("egg.ply"), "--model", folder.path("RUN"), "--noise", "0.1"]
    words += ["--method", "eof", "--samples", "2"]
    let own = try Program(words + ["-o", folder.path("own.ply")]).end()
    #expect(own.code == 0, "\(own.errors)")
    // One vertex moved by a hundredth is another mesh.
    var document = try MeshFile.document(folder.path("egg.ply"))
    document.positions[7].x += 0.01
    try MeshFile.write(document, to: folder.path("moved.ply"))
    words[1] = folder.path("moved.ply")
    let refused = try Program(words + ["-o", folder.path("other.ply")]).end()
    let prints = try ["egg.ply", "moved.ply"].map {
      try SurfaceMesh(MeshFile.read(folder.path($0))).fingerprint.prefix(8)
    }
    #expect(refused.code == 1 && refused.errors.contains("moved.ply") && prints[0] != prints[1])
    #expect(prints.allSatisfy { refused.errors.contains($0) }, "\(refused.errors)")
    #expect(!(try folder.names().contains("other.ply")))
  }

  @Test(arguments: [
    (Data(), "empty"), (Data("GIF89a".utf8), "IDX"), (Data([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2]), "truncated"),
    (Data([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3]), "expected 24 bytes, found 19"),
    (Data([0, 0, 8, 3] + [UInt8](repeating: 255, count: 12)), "truncated"),
    (Data([0, 0, 13, 3] + [UInt8](repeating: 0, count: 12)), "0xd"),
  ]) func imagesThatAreNoneAreRefused(bytes: Data, reason: String) throws {
    let folder = try SurfaceProgramTests.folder()
    try bytes.write(to: URL(fileURLWithPath: folder.path("digits")))
    let run = try Self.configuration(folder, archive: "images: \"\(folder.path("digits"))\"")
    let end = try Program(["train", run], prelude: "ulimit -v 4000000;").end()
    #expect(end.code == 1 && end.errors.contains("digits") && end.errors.contains(reason), "\(end.errors)")
  }

  @Test(arguments: ["0", "-1", "nan", "inf"]) func stepsThatAreNoneAreRefused(size: String) throws {
    let folder = try SurfaceProgramTests.folder()
    let run = try Self.configuration(folder, archive: "files: [\"\(folder.path("heat.npy"))\"]")
    for key in ["flow.learning_rate", "diffusion.learning_rate"] {
      let end = try Program.run("train", run, "--set", "\(key)=\(size)")
      #expect(end.code == 1 && end.errors.contains(key) && end.errors.contains(size), "\(end.errors)")
    }
  }
}
