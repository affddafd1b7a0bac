// The same options mean the same for every format: noise that a method does not use is not asked for, noise that does not fit is
// an error, values are held out and excluded, chosen by labels and written one member a file, on grids and on meshes.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@testable import SextantModels
@testable import SextantPipelines

@Suite(.serialized) struct OnePipeline {
  /// A folder with in.nc (two fields of tas and clt, half of them missing, without noise) and clean.nc.
  static func grid(noise: String? = nil) throws -> ScratchFolder {
    let folder = try ScratchFolder()
    let truth = try SmallClimate.unseen(2)
    try SmallClimate.write(truth, to: folder.path("clean.nc"))
    _ = try Degradation(
      mask: AnyMeasurementDesign("random:0.5"), noise: noise.map { try NoiseSpecification(text: $0) }, seed: 1
    ).run(SignalInput(folder.path("clean.nc")), output: folder.path("in.nc"), overwrite: false, history: "test")
    return folder
  }

  @discardableResult
  static func fill(
    _ folder: ScratchFolder, _ input: SignalInput, _ method: Method = .eof, model: Model? = nil, to output: String,
    change: (inout Imputation) throws -> Void = { _ in }
  ) throws -> ImputationSummary {
    var request = Imputation(method: method, samples: 3, seed: 2)
    try change(&request)
    return try request.run(
      input, model: model ?? SmallClimate.model(), output: folder.path(output), overwrite: false, history: "test")
  }

  // MARK: Noise

  @Test(arguments: [Method].standard.filter { !$0.traits.usesNoise })
  func methodsThatUseNoNoiseNeedNone(method: Method) throws {
    let folder = try Self.grid()
    let summary = try Self.fill(folder, SignalInput(folder.path("in.nc")), method, to: "out.nc")
    #expect(summary.fieldCount == 2 && summary.noise.isEmpty)
    let refusal = complaint { try Self.fill(folder, SignalInput(folder.path("in.nc")), to: "x.nc") }
    #expect(refusal.contains("tas_noise") && refusal.contains("--noise"), "\(refusal)")
  }

  /// The field tas of in.nc with the noise of so many fields beside it; 0: with words in its place.
  static func rewrite(_ folder: ScratchFolder, noise fields: Int) throws -> String {
    let source = try GriddedFile(path: folder.path("in.nc"), variables: ["tas"])
    let axes = try #require(source.domain.geography?.gridAxes)
    let output = try NetCDFFileWriter(creating: folder.path("noisy.nc"), reportedAs: "noisy.nc")
    let sizes = [
      ("time", source.count), ("latitude", axes.rows), ("longitude", axes.columns), ("noise_time", max(1, fields)),
    ]
    let dimensions = try sizes.map { try output.defineDimension($0, length: $1) }
    var ids: [(Int32, String, [Double], [Int])] = []
    for (index, values) in [(1, axes.latitudes), (2, axes.longitudes)] {
      let id = try output.defineVariable(sizes[index].0, type: .double, dimensions: [dimensions[index]])
      try output.setAttribute("units", .text(index == 1 ? "degrees_north" : "degrees_east"), of: id)
      ids.append((id, sizes[index].0, values, [values.count]))
    }
    let tas = try output.defineVariable("tas", type: .float, dimensions: Array(dimensions[0...2]))
    try output.setAttribute("units", .text("K"), of: tas)
    try output.setAttribute("_FillValue", .numbers([-1], .float), of: tas)
    let set = try source.readAll()
    ids.append(
      (
        tas, "tas", zip(set.values.scalars, set.isValid).map { $1 ? Double($0) : -1 },
        [source.count, axes.rows, axes.columns]
      ))
    let count = axes.rows * axes.columns
    switch fields {
    case 0:
      // Words are no noise.
      _ = try output.defineVariable("tas_noise", type: .string, dimensions: [dimensions[0]])
    case 1:
      let id = try output.defineVariable("tas_noise", type: .float, dimensions: Array(dimensions[1...2]))
      ids.append((id, "tas_noise", [Double](repeating: 2, count: count), [axes.rows, axes.columns]))
    default:
      let time = fields == source.count ? dimensions[0] : dimensions[3]
      let id = try output.defineVariable("tas_noise", type: .float, dimensions: [time] + dimensions[1...2])
      ids.append(
        (
          id, "tas_noise", (0..<fields).flatMap { [Double](repeating: Double($0 + 1), count: count) },
          [fields, axes.rows, axes.columns]
        ))
    }
    try output.endDefinitions()
    for (id, name, values, shape) in ids {
      try output.put(values, variable: id, name: name, start: shape.map { _ in 0 }, count: shape)
    }
    try output.close()
    return folder.path("noisy.nc")
  }

  @Test(arguments: [1, 3]) func everyFieldHasItsOwnNoiseOrAllHaveOne(fields: Int) throws {
    let folder = try ScratchFolder()
    try SmallClimate.observe(SmallClimate.unseen(3).selecting(["tas"]), to: folder.path("in.nc"))
    let path = try Self.rewrite(folder, noise: fields)
    let model = try SmallClimate.model(of: SmallClimate.fields().selecting(["tas"]), kind: .modes)
    let summary = try Self.fill(folder, SignalInput(path), model: model, to: "out.nc")
    #expect(abs(try #require(summary.noise["tas"]).deviation - 2) < 0.05)
    // `variable:NAME` is the same, field by field.
    let named = try Self.fill(folder, SignalInput(path), model: model, to: "named.nc") {
      $0.noise = try NoiseSpecification(text: "variable:tas_noise")
    }
    #expect(named.noise["tas"]?.deviation == summary.noise["tas"]?.deviation)
    #expect(
      try SmallClimate.values("tas", in: folder.path("out.nc"))
        == SmallClimate.values("tas", in: folder.path("named.nc")))
  }

  @Test(arguments: [(2, "2 fields, but there are 3"), (0, "tas_noise")])
  func noiseThatDoesNotFitIsAnError(fields: Int, words: String) throws {
    let folder = try ScratchFolder()
    try SmallClimate.observe(SmallClimate.unseen(3).selecting(["tas"]), to: folder.path("in.nc"))
    let path = try Self.rewrite(folder, noise: fields)
    let model = try SmallClimate.model(of: SmallClimate.fields().selecting(["tas"]), kind: .modes)
    let refusal = complaint { try Self.fill(folder, SignalInput(path), model: model, to: "out.nc") }
    #expect(refusal.contains(words) && !refusal.contains("--noise"), "\(refusal)")
    #expect(!(try folder.names().contains("out.nc")))
  }

  // MARK: Values that count, and values that are held out

  @Test func valuesAreHeldOutOnGrids() throws {
    let folder = try Self.grid(noise: "tas=1K,clt=0.05")
    let input = SignalInput(folder.path("in.nc"))
    let summary = try Self.fill(folder, input, to: "out.nc") { $0.heldOut = try AnyMeasurementDesign("random:0.3") }
    let errors = try #require(summary.hidden)
    #expect(errors.keys.sorted() == ["clt", "tas"])
    for told in errors.values { #expect(told.count > 50 && told.error.isFinite && told.spread != nil) }
    #expect(try #require(errors["tas"]).error < 8)
    // What was held out was not observed.
    let plain = try Self.fill(folder, input, to: "plain.nc")
    #expect(plain.hidden == nil && summary.missingShare > plain.missingShare + 0.1)
    let observed = try ["out.nc", "plain.nc"].map {
      try SmallClimate.values("tas_observed", in: folder.path($0)).flatMap { $0 }.reduce(0, +)
    }
    #expect(abs(observed[0] / observed[1] - 0.7) < 0.02)
    let coarse = try Model(FieldSpace(domain: SmallClimate.grid(step: 30), variables: SyntheticClimate.variables))
    let regridded = complaint {
      try Self.fill(folder, input, .kriging, model: coarse, to: "x.nc") {
        $0.heldOut = try AnyMeasurementDesign("random:0.3")
        $0.regrid = .model
      }
    }
    #expect(regridded.contains("--regrid input"), "\(regridded)")
  }

  @Test func conditionsExcludeValuesOnGrids() throws {
    let folder = try Self.grid(noise: "tas=1K,clt=0.05")
    let input = SignalInput(folder.path("in.nc"), missing: [try MissingCondition("tas<270")])
    _ = try Self.fill(folder, input, to: "out.nc")
    let (values, observed) = (
      try SmallClimate.values("tas", in: folder.path("in.nc")),
      try SmallClimate.values("tas_observed", in: folder.path("out.nc"))
    )
    for (before, after) in zip(values.flatMap { $0 }, observed.flatMap { $0 }) {
      #expect(after == (before >= 270 ? 1 : 0))
    }
    let absent = complaint {
      try Self.fill(
        folder, SignalInput(folder.path("in.nc"), missing: [MissingCondition("sst<1")]), to: "x.nc")
    }
    #expect(absent.contains("sst") && absent.contains("tas_noise"), "\(absent)")
  }

  // MARK: What is written

  @Test func answersSayHowTheyWereMade() throws {
    let folder = try Self.grid(noise: "tas=1K,clt=0.05")
    _ = try Self.fill(folder, SignalInput(folder.path("in.nc")), .twoScale, to: "out.nc")
    let file = try NetCDFFile(path: folder.path("out.nc"))
    #expect(file.text("sextant_method") == Method.twoScale.title && file.text("sextant_seed") == "2")
    #expect(file.text("sextant_version") == ProgramVersion.current && file.text("sextant_model") == "small")
    #expect(file.text("sextant_model_fingerprint")?.isEmpty == false)
    #expect(file.text("sextant_domain") == (try SmallClimate.grid()).fingerprint)
    // The same line of one command is there once, those of others are kept.
    #expect(file.text("history") == "test")
    let parameters = try #require(file.text("sextant_parameters"))
    #expect(parameters.contains("="), "\(parameters)")
  }

  /// The answers in every format that can hold them are the same numbers.
  @Test func theFormatOfTheOutputChangesNoNumber() throws {
    let folder = try SurfaceImputations.folder()
    let input = try SurfaceImputations.scan(folder)
    for name in ["a.ply", "a.npy", "a.csv"] {
      _ = try Imputation(
        method: .kriging, samples: 3, noise: NoiseSpecification(text: "0.01"), quantileLevels: [0.25], seed: 3
      ).run(input, model: nil, output: folder.path(name), overwrite: false, history: "test")
    }
    let mesh = try MeshFile.document(folder.path("a.ply"))
    let table = try VertexValues(table: folder.path("a.csv"))
    let array = try NPYFile.read(folder.path("a.npy")).scalars
    #expect(try mesh.vertexProperty("heat_mean").values.map(Float.init) == array)
    #expect(table.variables.map(\.name) == mesh.vertexProperties.map(\.name).filter { $0.hasPrefix("heat_") })
    for (channel, variable) in table.variables.enumerated() {
      let column = (0..<SurfaceImputations.count).map { table.values[0, $0, channel] }
      #expect(try mesh.vertexProperty(variable.name).values.map(Float.init) == column, "\(variable.name)")
    }
    #expect(try NPYFile.read(folder.path("a.samples.npy")).shape == [3, SurfaceImputations.count])
    #expect(try NPYFile.read(folder.path("a.quantiles.npy")).shape == [1, SurfaceImputations.count])
    // A grid's answers as arrays.
    let grid = try Self.grid(noise: "tas=1K,clt=0.05")
    for name in ["out.nc", "out.npy"] { try Self.fill(grid, SignalInput(grid.path("in.nc")), to: name) }
    let means = try NPYFile.read(grid.path("out.npy"))
    let expected = try SmallClimate.values("clt", in: grid.path("out.nc"))
    for field in 0..<2 {
      for vertex in expected[field].indices { #expect(means[field, vertex, 1] == expected[field][vertex]) }
    }
  }

  @Test(arguments: ["ply", "npy", "csv"]) func membersAreSplitOnMeshesToo(ending: String) throws {
    let folder = try SurfaceImputations.folder()
    func fill(_ name: String, splits: Bool) throws {
      _ = try Imputation(
        method: .kriging, samples: 3, noise: NoiseSpecification(text: "0.01"), splitsMembers: splits, seed: 3
      ).run(
        SurfaceImputations.scan(folder), model: nil, output: folder.path(name), overwrite: false, history: "test")
    }
    try fill("whole.npy", splits: false)
    try fill("out.\(ending)", splits: true)
    let samples = try NPYFile.read(folder.path("whole.samples.npy"))
    for member in 0..<3 {
      let document = try [any SignalFormat].standard.open(
        SignalRequest(
          path: folder.path("out_member00\(member + 1).\(ending)"), geometry: folder.path("scan.ply"),
          variables: ["heat"]))
      #expect(try document.read([0]).values.scalars == samples.rows(member..<member + 1).scalars)
    }
    #expect(!(try folder.names().contains("out.\(ending)")))
  }

  @Test func fieldsOfArraysAreChosenByNumber() throws {
    let folder = try SurfaceImputations.folder()
    var random = RandomStream(seed: 6)
    let fields: Tensor<Float> = random.normals([3, SurfaceImputations.count, 1])
    try NPYFile.write(fields, to: folder.path("fields.npy"))
    var input = SignalInput(folder.path("fields.npy"), mesh: folder.path("scan.ply"))
    _ = try Imputation(method: .nearest).run(
      input, model: nil, output: folder.path("all.npy"), overwrite: false, history: "test")
    input.select = ["field": ["2"]]
    _ = try Imputation(method: .nearest).run(
      input, model: nil, output: folder.path("one.ply"), overwrite: false, history: "test")
    #expect(
      try SurfaceImputations.values("value_mean", in: folder.path("one.ply"))
        == NPYFile.read(folder.path("all.npy")).rows(2..<3).scalars)
  }

  // MARK: Samples and scores on meshes

  @Test func priorsAreDrawnAndFilledFilesScoredOnMeshes() throws {
    let folder = try ScratchFolder()
    try SurfaceRuns.write(in: folder)
    let run = try DiffusionSolverRuns.configuration(
      in: folder, prior: .diffusion, methods: "eof", more: "diffusion: {steps: 3, batch: 4, widths: [8, 8]}")
    let model = try run.train(overwrite: false)
    for (count, name) in [(1, "one.ply"), (2, "two.ply"), (2, "two.npy"), (2, "two.csv")] {
      let summary = try PriorSampling(count: count, steps: 3).run(
        folder: folder.path("run"), model: model, output: folder.path(name), overwrite: false, history: "test")
      #expect(summary.files == [folder.path(name)])
    }
    let one = try SurfaceImputations.values("image", in: folder.path("one.ply"))
    let two = try MeshFile.document(folder.path("two.ply"))
    #expect(two.vertexProperties.map(\.name) == ["image_sample_000", "image_sample_001"])
    #expect(try NPYFile.read(folder.path("two.npy")).rows(0..<1).scalars == two.vertexProperties[0].values.map(Float.init))
    #expect(rootMeanSquareDifference(one, two.vertexProperties[0].values.map(Float.init)) < 1e-3)
    #expect(two.comments.contains { $0.contains("Samples of a prior") })

    // A field of the archive, degraded, filled, and scored against itself.
    let field = try run.archive.open(seed: 1).source.read([79])
    let mesh = folder.path("mesh.ply")
    try NPYFile.write(field.values.reshaped(to: [field.vertexCount]), to: folder.path("truth.npy"))
    let truth = SignalInput(folder.path("truth.npy"), mesh: mesh, variables: ["image"])
    _ = try Degradation(mask: AnyMeasurementDesign("random:0.4"), noise: NoiseSpecification(text: "0.05"), seed: 2).run(
      truth, output: folder.path("holed.ply"), overwrite: false, history: "test")
    let names = ["filled.ply", "filled.npy", "filled.csv"]
    for name in names {
      _ = try Imputation(method: .eof, samples: 6, seed: 1).run(
        SignalInput(folder.path("holed.ply")), model: model, output: folder.path(name), overwrite: false,
        history: "test")
    }
    let scores = try Scoring(truth: truth, observed: folder.path("holed.ply"), scale: (1, 0)).run(
      names.map(folder.path))
    let errors = try names.map { name in
      try #require(
        scores.fields.first { $0.label.method == folder.path(name) }?[.rootMeanSquareError, in: .missing])
    }
    #expect(errors[0] > 0 && errors[0] < 0.2 && errors.allSatisfy { $0 == errors[0] }, "\(errors)")
    // The ensemble was found in each of them.
    let ranks = try names.map { name in
      try #require(scores.fields.first { $0.label.method == folder.path(name) }?[.crps])
    }
    #expect(ranks.allSatisfy { $0 == ranks[0] }, "\(ranks)")
  }
}
