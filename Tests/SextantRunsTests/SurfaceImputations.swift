// Signals on a mesh are filled: by interpolators and by what was learned, from properties, tables and arrays, into meshes and
// arrays; what is missing by a condition or a mask counts as missing; and what does not fit is named.

import Foundation
import Sextant
import SextantTestSupport
import SextantYAML
import Testing

@testable import SextantModels
@testable import SextantPipelines
@testable import SextantRuns

@Suite(.serialized) struct SurfaceImputations {
  static let count = 162

  /// The mesh of SurfaceRuns.
  static func mesh(scale: Double = 1) throws -> TriangleMesh {
    let sphere = try SphereMesh.icosphere(subdivisions: 2)
    return TriangleMesh(
      positions: sphere.nodePositions.map { $0 * SIMD3(2, 1, 0.5) * scale }, triangles: sphere.triangles)
  }

  /// A smooth signal on the mesh.
  static func truth(_ channel: Int = 0) throws -> [Float] {
    try mesh().positions.map { Float(0.5 + 0.3 * sin($0.x + Double(channel)) * cos(2 * $0.y)) }
  }

  /// Every third vertex is bad, and its numbers are nonsense.
  static let isBad = (0..<count).map { $0 % 3 == 1 }

  /// A folder with scan.ply (heat, salt, quality), and heat.npy and heat.csv with not-a-numbers.
  static func folder() throws -> ScratchFolder {
    let folder = try ScratchFolder()
    let heat = try truth()
    var document = MeshDocument(try mesh())
    document.comments = ["a scan"]
    let nonsense = zip(heat, isBad).map { $1 ? 99 : $0 }
    try document.setVertexProperty(MeshProperty(name: "heat", values: nonsense))
    try document.setVertexProperty(MeshProperty(name: "salt", values: truth(1)))
    try document.setVertexProperty(
      MeshProperty(name: "quality", type: .uint8, values: isBad.map { $0 ? 3 : 200 }))
    try MeshFile.write(document, to: folder.path("scan.ply"))
    let holed = zip(heat, isBad).map { $1 ? Float.nan : $0 }
    try NPYFile.write(Tensor(holed), to: folder.path("heat.npy"))
    _ = try folder.write((["heat"] + holed.map { "\($0)" }).joined(separator: "\n"), to: "heat.csv")
    return folder
  }

  @discardableResult
  static func fill(
    _ input: SignalInput, _ method: Method, model: Model? = nil, noise: String? = "0.01", mask: String? = nil,
    samples: Int = 2, to output: String
  ) throws -> ImputationSummary {
    try Imputation(
      method: method, samples: samples, noise: noise.map { try NoiseSpecification(text: $0) },
      heldOut: mask.map { try AnyMeasurementDesign($0) }, seed: 3
    ).run(input, model: model, output: output, overwrite: false, history: "by a test")
  }

  static func scan(_ folder: ScratchFolder) throws -> SignalInput {
    SignalInput(folder.path("scan.ply"), variables: ["heat"], missing: [try MissingCondition("quality<100")])
  }

  static func values(_ name: String, in path: String) throws -> [Float] {
    try MeshFile.document(path).vertexProperty(name).values.map(Float.init)
  }

  // MARK: Without a model

  @Test(arguments: [Method].standard.filter { !$0.learnsFromArchive })
  func aPropertyIsFilledWhereItIsBad(method: Method) throws {
    let folder = try Self.folder()
    let summary = try Self.fill(Self.scan(folder), method, to: folder.path("out.ply"))
    #expect(summary.fieldCount == 1 && abs(summary.missingShare - 1.0 / 3) < 1e-9)
    let (before, after) = (
      try MeshFile.document(folder.path("scan.ply")), try MeshFile.document(folder.path("out.ply"))
    )
    #expect(Array(after.vertexProperties.prefix(3)) == before.vertexProperties)
    #expect(after.positions == before.positions && after.polygons == before.polygons)
    #expect(after.comments.prefix(2) == ["a scan", "by a test"])
    #expect(after.comments.contains("sextant_seed: 3") && after.comments.contains("sextant_method: \(method.title)"))
    var names = ["heat", "salt", "quality", "heat_mean"]
    if method.traits.drawsSamples { names += ["heat_spread", "heat_sample_000", "heat_sample_001"] }
    #expect(after.vertexProperties.map(\.name) == names + ["heat_observed"])
    #expect(try after.vertexProperty("heat_observed").values == Self.isBad.map { $0 ? 0 : 1 })

    let (truth, mean) = (try Self.truth(), try Self.values("heat_mean", in: folder.path("out.ply")))
    func error(_ wanted: Bool) -> Double {
      rootMeanSquareDifference(
        mean.indices.filter { Self.isBad[$0] == wanted }.map { mean[$0] },
        mean.indices.filter { Self.isBad[$0] == wanted }.map { truth[$0] })
    }
    // The signal varies by 0.2 about its mean; what was seen is kept within the noise.
    #expect(error(true) < 0.1, "\(error(true))")
    #expect(error(false) < 0.012, "\(error(false))")
  }

  /// A VTK file holds the texts that a PLY file has as comments.
  private static func expectSameTexts(_ vtp: String, _ ply: String, including names: [String]) throws {
    let texts = try VTKTexts.read(vtp)
    #expect(Set(texts.keys).isSuperset(of: names), "\(texts.keys)")
    for comment in try MeshFile.document(ply).comments where comment.hasPrefix("sextant_") {
      let parts = comment.split(separator: ":", maxSplits: 1)
      #expect(texts[String(parts[0])] == [String(parts[1].dropFirst())], "\(comment)")
    }
    #expect(texts["history"]?.last == "by a test")
  }

  @Test func aVTKFileTellsHowItWasMade() throws {
    let folder = try Self.folder()
    for ending in ["ply", "vtp"] { try Self.fill(Self.scan(folder), .kriging, to: folder.path("out.\(ending)")) }
    try Self.expectSameTexts(
      folder.path("out.vtp"), folder.path("out.ply"),
      including: ["sextant_version", "sextant_seed", "sextant_method", "sextant_domain", "sextant_parameters"])
    #expect(try VTKTexts.read(folder.path("out.vtp"))["history"] == ["a scan", "by a test"])
  }

  @Test func krigingDoesNotDependOnTheUnitOfLength() throws {
    let folder = try Self.folder()
    let means = try [1, 1024].map { (scale: Double) -> [Float] in
      let path = folder.path("mesh\(scale).ply")
      try MeshFile.writePLY(Self.mesh(scale: scale), to: path)
      try Self.fill(
        SignalInput(folder.path("heat.npy"), mesh: path), .kriging, to: folder.path("out\(scale).npy"))
      return try NPYFile.read(folder.path("out\(scale).npy")).scalars
    }
    #expect(rootMeanSquareDifference(means[0], means[1]) < 1e-5)
  }

  @Test func propertiesTablesAndArraysGiveTheSameAnswer() throws {
    let folder = try Self.folder()
    try Self.fill(Self.scan(folder), .harmonic, noise: nil, to: folder.path("1.npy"))
    let expected = try NPYFile.read(folder.path("1.npy"))
    #expect(expected.shape == [Self.count])
    for (place, name) in ["heat.npy", "heat.csv"].enumerated() {
      let output = folder.path("\(place + 2).npy")
      try Self.fill(
        SignalInput(folder.path(name), mesh: folder.path("scan.ply")), .harmonic, noise: nil, to: output)
      let found = try NPYFile.read(output)
      #expect(found.shape == expected.shape)
      #expect(rootMeanSquareDifference(found.scalars, expected.scalars) < 1e-6, "\(name)")
    }
    // Conditions on a column of the table itself, and on the mesh beside it.
    let table = try zip(Self.truth(), Self.isBad).map { "\($1 ? 7 : $0),\($1 ? 1 : 0)" }
    let path = try folder.write((["depth,flag"] + table).joined(separator: "\n"), to: "flagged.csv")
    for (place, condition) in ["flag=1", "quality<=3", "depth > 5"].enumerated() {
      let output = folder.path("flagged\(place).npy")
      try Self.fill(
        SignalInput(
          path, mesh: folder.path("scan.ply"), variables: ["depth"], missing: [try MissingCondition(condition)]
        ),
        .harmonic, noise: nil, to: output)
      #expect(rootMeanSquareDifference(try NPYFile.read(output).scalars, expected.scalars) < 1e-6, "\(condition)")
    }
  }

  @Test func severalFieldsOfSeveralVariablesAreAnArrayAgain() throws {
    let folder = try Self.folder()
    let fields = Tensor<Float>(
      try (0..<3).flatMap { field in
        let columns = try (0..<2).map { try Self.truth($0 + field) }
        return (0..<Self.count).flatMap { vertex in
          columns.map { (vertex + field) % 4 == 0 ? Float.nan : $0[vertex] }
        }
      }, shape: [3, Self.count, 2])
    try NPYFile.write(fields, to: folder.path("fields.npy"))
    let input = SignalInput(folder.path("fields.npy"), mesh: folder.path("scan.ply"), variables: ["a", "b"])
    let summary = try Self.fill(input, .sparseMatern, noise: "a=0.01,b=0.02", samples: 4, to: folder.path("out.npy"))
    #expect(summary.fieldCount == 3 && summary.noise.keys.sorted() == ["a", "b"])
    let mean = try NPYFile.read(folder.path("out.npy"))
    #expect(mean.shape == [3, Self.count, 2] && mean.scalars.allSatisfy(\.isFinite))
    #expect(rootMeanSquareDifference(mean.scalars, fields.scalars) < 0.02 && summary.hidden == nil)
    let hidden = try Self.fill(
      input, .sparseMatern, noise: "a=0.01,b=0.02", mask: "random:0.2", to: folder.path("masked.npy")
    ).hidden
    for told in try [#require(hidden?["a"]), #require(hidden?["b"])] {
      #expect(told.count > 60 && told.error < 0.1 && (0.001...0.3).contains(told.spread ?? 0), "\(told)")
    }
    #expect(try NPYFile.read(folder.path("out.spread.npy")).shape == [3, Self.count, 2])
    #expect(try NPYFile.read(folder.path("out.samples.npy")).shape == [3, 4, Self.count, 2])
    #expect(!(try folder.names().contains(".out.npy.fields")))
    #expect(
      complaint { try Self.fill(input, .harmonic, noise: nil, to: folder.path("out.ply")) }.contains("3 fields"))
    #expect(complaint { try Self.fill(input, .harmonic, to: folder.path("out.npy")) }.contains("--overwrite"))
  }

  @Test func coloursAreFilledTogether() throws {
    let folder = try ScratchFolder()
    var document = MeshDocument(try Self.mesh())
    let names = ["red", "green", "blue"]
    for (channel, name) in names.enumerated() {
      try document.setVertexProperty(
        MeshProperty(name: name, type: .uint8, values: Self.truth(channel).map { Double($0 * 255).rounded() }))
    }
    try MeshFile.write(document, to: folder.path("paint.ply"))
    let input = SignalInput(folder.path("paint.ply"), variables: names)
    let summary = try Self.fill(input, .harmonic, noise: nil, mask: "random:0.4", to: folder.path("out.vtp"))
    #expect(abs(summary.missingShare - 0.4) < 0.01)
    #expect(summary.hidden?.keys.sorted() == names.sorted())
    try Self.fill(input, .harmonic, noise: nil, mask: "random:0.4", to: folder.path("out.ply"))
    let hidden = try names.map { try Self.values("\($0)_observed", in: folder.path("out.ply")) }
    #expect(hidden[0] == hidden[1] && hidden[1] == hidden[2] && hidden[0].contains(0))
    for (channel, name) in names.enumerated() {
      // Answers have the scale of the file, and errors that of intensities.
      let mean = try Self.values("\(name)_mean", in: folder.path("out.ply")).map { $0 / 255 }
      let truth = try Self.truth(channel).map { ($0 * 255).rounded() / 255 }
      let places = mean.indices.filter { hidden[0][$0] == 0 }
      let error = rootMeanSquareDifference(places.map { mean[$0] }, places.map { truth[$0] })
      let told = try #require(summary.hidden?[name])
      #expect(error < 0.1 && abs(told.error - error) < 1e-6 && told.spread == nil, "\(name): \(error)")
      #expect(told.count == places.count)
    }
  }

  @Test func aMaskCanBeAFileOfNumbers() throws {
    let folder = try Self.folder()
    try NPYFile.write(Tensor(Self.isBad.map { $0 ? 0 : 1 }), to: folder.path("seen.npy"))
    try Self.fill(
      SignalInput(folder.path("scan.ply"), variables: ["heat"], acceptsValues: true), .nearest, noise: nil,
      mask: "file:\(folder.path("seen.npy"))", to: folder.path("out.ply"))
    #expect(try Self.values("heat_observed", in: folder.path("out.ply")) == Self.isBad.map { $0 ? 0 : 1 })
  }

  @Test func noiseMayStandInTheMesh() throws {
    let folder = try Self.folder()
    #expect(
      complaint { try Self.fill(Self.scan(folder), .kriging, noise: nil, to: folder.path("a.ply")) }
        .contains("'heat_noise'"))
    var document = try MeshFile.document(folder.path("scan.ply"))
    try document.setVertexProperty(
      MeshProperty(name: "heat_noise", values: [Float](repeating: 0.05, count: Self.count)))
    try MeshFile.write(document, to: folder.path("noisy.ply"))
    var input = try Self.scan(folder)
    input.path = folder.path("noisy.ply")
    for (place, noise) in [nil, "variable:heat_noise", "0.05"].enumerated() {
      let summary = try Self.fill(input, .kriging, noise: noise, samples: 0, to: folder.path("\(place).npy"))
      #expect(abs((summary.noise["heat"]?.deviation ?? 0) - 0.05) < 1e-6)
    }
    let answers = try (0..<3).map { try NPYFile.read(folder.path("\($0).npy")).scalars }
    #expect(answers[0] == answers[1] && answers[0] == answers[2])
  }

  // MARK: With a model

  @Test func whatWasLearnedOnAMeshFillsIt() throws {
    let folder = try Self.folder()
    try SurfaceRuns.write(in: folder)
    let model = try SurfaceRuns.configuration(in: folder).train(overwrite: false)
    let truth = try SurfaceRuns.configuration(in: folder).archive.open(seed: 1).source.read([79])[0].values.scalars
    let holed = zip(truth, Self.isBad).map { $1 ? Float.nan : $0 }
    try NPYFile.write(Tensor(holed), to: folder.path("digit.npy"))
    for method in [Method.eof, .flow, .climatology] {
      // The model knows its mesh, and what its variable is called.
      let output = folder.path("\(method.name).ply")
      try Self.fill(
        SignalInput(folder.path("digit.npy")), method, model: model, noise: "0.05", samples: 16, to: output)
      let mean = try Self.values("image_mean", in: output)
      #expect(mean.allSatisfy { $0.isFinite && $0 >= 0 && $0 <= 1 })
      if method != .climatology { #expect(rootMeanSquareDifference(mean, truth) < 0.15) }
    }
    #expect(rootMeanSquareDifference(try Self.values("image_mean", in: folder.path("climatology.ply")), truth) > 0.15)
    try Self.fill(
      SignalInput(folder.path("digit.npy")), .eof, model: model, noise: "0.05", samples: 16, to: folder.path("eof.vtp"))
    try Self.expectSameTexts(
      folder.path("eof.vtp"), folder.path("eof.ply"), including: ["sextant_model", "sextant_model_fingerprint"])

    // The mesh of the model in another file is the same mesh; another mesh is refused, both named.
    let same = SignalInput(folder.path("digit.npy"), mesh: folder.path("scan.ply"))
    try Self.fill(same, .eof, model: model, noise: "0.05", samples: 0, to: folder.path("same.npy"))
    try MeshFile.writePLY(Self.mesh(scale: 1.1), to: folder.path("larger.ply"))
    let larger = SignalInput(folder.path("digit.npy"), mesh: folder.path("larger.ply"))
    let refusal = complaint { try Self.fill(larger, .eof, model: model, to: folder.path("x.npy")) }
    let other = try SurfaceMesh(Self.mesh(scale: 1.1)).fingerprint
    #expect(refusal.contains("digit.npy") && refusal.contains("'\(model.provenance.name)'"), "\(refusal)")
    #expect(refusal.contains(other.prefix(8)) && refusal.contains(model.space.domain.fingerprint.prefix(8)), "\(refusal)")
    let holes = complaint {
      var denoising = Imputation(
        method: .noise2score, samples: 0, noise: try NoiseSpecification(text: "0.01"), seed: 3)
      denoising.solvers.prior = .gaussian
      _ = try denoising.run(
        SignalInput(folder.path("digit.npy")), model: model, output: folder.path("x.npy"), overwrite: false,
        history: "by a test")
    }
    #expect(
      holes.contains("digit.npy") && holes.contains("of 162 values are missing") && holes.contains("ddnm"), "\(holes)")
    let two = SignalInput(folder.path("scan.ply"), variables: ["heat", "salt"], acceptsValues: true)
    #expect(complaint { try Self.fill(two, .eof, model: model, to: folder.path("x.npy")) }.contains("heat, salt"))
  }

  @Test func propertiesAreRecoveredFromEachOther() throws {
    let folder = try Self.folder()
    // Fields of two correlated variables: two waves of random size, which both have.
    var random = RandomStream(seed: 5)
    let positions = try Self.mesh().positions
    let fields = (0..<60).map { _ -> [Float] in
      let (a, b) = (random.normal(), random.normal())
      return positions.flatMap { p in
        let (wave, other) = (a * sin(p.x) + b * cos(2 * p.y), a * sin(p.x) - b * cos(2 * p.y))
        return [Float(wave), Float(3 * other)]
      }
    }
    let archive = Tensor<Float>(fields.prefix(59).flatMap { $0 }, shape: [59, Self.count, 2])
    try NPYFile.write(archive.rows(0..<30), to: folder.path("part1.npy"))
    try NPYFile.write(archive.rows(30..<59), to: folder.path("part2.npy"))
    let run = try RunConfiguration.parse(
      """
      output: \(folder.path("run"))
      archive: {mesh: "\(folder.path("scan.ply"))", files: ["\(folder.path("part*.npy"))"], variables: [heat, salt]}
      prior: {kind: eof, modes: 5}
      evaluate: {scale: {heat: {peak: 1}, salt: {peak: 1}}, noise: "0.01"}
      """, path: "test.yaml"
    ).configuration
    let model = try run.train(overwrite: false)
    #expect(model.provenance.fieldCount == 59 && model.space.variables.map(\.name) == ["heat", "salt"])
    #expect(model.provenance.archiveFiles.contains(folder.path("scan.ply")))
    // Heat is nowhere, salt at two vertices in three.
    let last = try #require(fields.last)
    let holed = last.enumerated().map { entry, value in
      entry % 2 == 0 || Self.isBad[entry / 2] ? Float.nan : value
    }
    try NPYFile.write(Tensor(holed, shape: [Self.count, 2]), to: folder.path("in.npy"))
    try Self.fill(
      SignalInput(folder.path("in.npy")), .eof, model: model, noise: "0.01", to: folder.path("out.ply"))
    for (channel, name) in ["heat", "salt"].enumerated() {
      let truth = stride(from: channel, to: last.count, by: 2).map { last[$0] }
      #expect(rootMeanSquareDifference(try Self.values("\(name)_mean", in: folder.path("out.ply")), truth) < 0.1)
    }
    _ = try folder.write("heat\n1\n", to: "part3.csv")
    #expect(complaint { _ = try run.archive.open(seed: 1) } == "no complaint")
    var short = run.archive
    short.files.append(folder.path("part3.csv"))
    #expect(complaint { _ = try short.open(seed: 1) }.contains("salt"))
    short.variables = nil
    #expect(complaint { _ = try short.open(seed: 1) }.contains("part3.csv"))
  }

  // MARK: What does not fit

  @Test func whatDoesNotFitIsNamed() throws {
    let folder = try Self.folder()
    func refusal(_ input: SignalInput, _ output: String = "x.ply", mask: String? = nil) -> String {
      complaint { try Self.fill(input, .harmonic, noise: nil, mask: mask, to: folder.path(output)) }
    }
    try NPYFile.write(Tensor<Float>.zeros([7]), to: folder.path("short.npy"))
    let short = refusal(SignalInput(folder.path("short.npy"), mesh: folder.path("scan.ply")))
    #expect(short.contains("values for 7 vertices") && short.contains("162") && short.contains("short.npy"), "\(short)")
    #expect(refusal(SignalInput(folder.path("heat.npy"))).contains("--mesh"))
    #expect(refusal(SignalInput(folder.path("scan.ply"))).contains("heat, salt, quality"))
    #expect(refusal(SignalInput(folder.path("scan.ply"), variables: ["heta"])).contains("heta"))
    #expect(refusal(SignalInput(folder.path("scan.ply"), variables: ["heat", "heat"])).contains("twice"))
    #expect(refusal(try Self.scan(folder), "x.stl").contains(".vtp"))
    var unknown = try Self.scan(folder)
    unknown.missing = [try MissingCondition("depth<1")]
    #expect(refusal(unknown).contains("depth"))
    unknown.missing = [try MissingCondition("quality>0")]
    #expect(refusal(unknown).contains("leaves nothing"))
    unknown.missing = []
    unknown.acceptsValues = true
    #expect(refusal(unknown, mask: "band:-20..20").contains("latitudes"))
    #expect(try folder.names() == ["heat.csv", "heat.npy", "scan.ply", "short.npy"])
  }
}
