// Models on disk: what was written is read back to the same answers, and what is no model, cut short or tampered with is
// refused with a reason, never crashed on.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@testable import SextantModels

@Suite struct ModelFiles {
  /// The bytes of a model's file with another description; nil leaves the text as it is.
  static func tampered(_ bytes: Data, _ change: (String) -> String) throws -> Data {
    let length = Int(bytes.prefix(8).enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * $1.offset) })
    let header = try #require(String(data: bytes[8..<8 + length], encoding: .utf8))
    let changed = Data(change(header).utf8)
    return withUnsafeBytes(of: UInt64(changed.count).littleEndian) { Data($0) } + changed
      + bytes.dropFirst(8 + length)
  }

  /// A small model in a folder: one variable, few modes.
  struct StoredModel {
    let folder: ScratchFolder
    let bytes: Data
    let model: Model

    init() throws {
      folder = try ScratchFolder()
      let fields = SyntheticClimate().fields(count: 12, on: try SmallClimate.grid(step: 30))
      model = try SmallClimate.model(of: fields)
      try model.write(toFolder: folder.path, overwrite: false)
      bytes = try Data(contentsOf: URL(fileURLWithPath: folder.path("model.safetensors")))
    }

    /// What opening these bytes, and filling a field by them, complains of.
    func complaint(of bytes: Data) throws -> String {
      let path = folder.path("tampered.safetensors")
      try bytes.write(to: URL(fileURLWithPath: path))
      return SextantTestSupport.complaint {
        let model = try Model(contentsOf: path)
        let solver = try model.prior.configuration.kind.method.solver(for: model)
        let count = model.space.isInside.count
        var random = RandomStream(seed: 1)
        _ = try solver.posterior(
          given: FieldMeasurement(
            values: [280], noise: [1],
            operation: SelectionOperator(observed: (0..<count).map { $0 == 40 })), samples: 2, using: &random)
      }
    }
  }

  @Test func aModelReadBackGivesTheSameAnswers() throws {
    let folder = try ScratchFolder()
    let model = try SmallClimate.model()
    try model.write(toFolder: folder.path("RUN"), overwrite: false)
    let again = try Model(contentsOf: folder.path("RUN"))
    #expect(try ModelDescription(again) == ModelDescription(model))
    let fields = try SmallClimate.unseen(1)
    let paths = try [model, again].enumerated().map { number, model in
      try AnswerLaws.fill(fields, model: model, method: .eof, in: folder, name: "\(number).nc")
    }
    for name in ["tas", "tas_ensemble", "clt_spread"] {
      #expect(try SmallClimate.values(name, in: paths[0]) == SmallClimate.values(name, in: paths[1]))
    }
  }

  /// Files of earlier versions do not say whose land it is: without files it is that of the synthetic climate.
  @Test func theLandOfAModelIsTheOneThatTheFileNames() throws {
    let folder = try ScratchFolder()
    let space = try SmallClimate.model().space
    for (hasOwnLand, files) in [(false, []), (true, []), (false, ["a.nc"]), (true, ["a.nc"])] {
      let land = (0..<space.domain.vertexCount).map { Float($0 % 3) / 2 }
      let model = try Model(
        FieldSpace(
          domain: space.domain, variables: space.variables, isInside: space.isInside, landShare: land,
          hasOwnLand: hasOwnLand, bounds: space.bounds),
        provenance: .init(archiveFiles: files, fieldCount: SmallClimate.trainingCount), gaussian: SmallClimate.model().gaussian)
      try model.write(toFolder: folder.path, overwrite: true)
      #expect(try Model(contentsOf: folder.path).space.hasOwnLand == hasOwnLand)
      let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.path(Model.fileName)))
      let old = try Self.tampered(bytes) { $0.replacing(",\\\"hasOwnLand\\\":\(hasOwnLand)", with: "") }
      #expect(old.count < bytes.count)
      try old.write(to: URL(fileURLWithPath: folder.path(Model.fileName)))
      #expect(try Model(contentsOf: folder.path).space.hasOwnLand == files.isEmpty)
    }
  }

  @Test func whatIsNoModelIsNamed() throws {
    let folder = try ScratchFolder()
    #expect(complaint { _ = try Model(contentsOf: folder.path("absent")) }.contains("no such file"))
    #expect(complaint { _ = try Model(contentsOf: folder.path) }.contains("no model.safetensors there"))
    var writer = SafetensorsWriter(metadata: ["format": "pt"])
    writer.add("encoder.weight", Tensor<Float>([1, 2, 3]))
    try writer.write(to: folder.path("network.safetensors"), overwrite: false)
    let words = complaint { _ = try Model(contentsOf: folder.path("network.safetensors")) }
    #expect(words.contains("not a Sextant model") && words.contains("encoder.weight"), "\(words)")
    let text = try folder.write("name: run\n", to: "run.yaml")
    #expect(complaint { _ = try Model(contentsOf: text) }.contains("run.yaml"))
  }

  @Test func aModelThatIsCutAnywhereIsRefused() throws {
    let stored = try StoredModel()
    #expect(try stored.complaint(of: stored.bytes) == "no complaint")
    for share in stride(from: 0.0, to: 1, by: 0.04) {
      let words = try stored.complaint(of: stored.bytes.prefix(Int(share * Double(stored.bytes.count))))
      #expect(words.contains("tampered.safetensors"), "\(share): \(words)")
    }
    #expect(try stored.complaint(of: stored.bytes + Data([0])) != "no complaint")
  }

  /// Changes of a model's header, each with a part of what must be said of it.
  static let changes: [(from: String, to: String, words: String)] = [
    ("\\\"formatVersion\\\":2", "\\\"formatVersion\\\":9", "Update Sextant"),
    ("\\\"formatVersion\\\":2", "\\\"formatVersion\\\":\\\"x\\\"", "cannot be read"),
    ("\\\"seed\\\":1", "\\\"seed\\\":-1", "cannot be read"),
    ("\\\"latitudes\\\":[90,", "\\\"latitudes\\\":[", "does not fit together"),
    ("\\\"latitudes\\\":[90,", "\\\"latitudes\\\":[91,", "atitude"),
    ("\\\"latitudes\\\":[90,", "\\\"latitudes\\\":[89,", "fingerprint"),
    ("\\\"latitudes\\\":[90,", "\\\"latitudes\\\":[1e300,", "atitude"),
    ("\\\"longitudes\\\":[0,", "\\\"longitudes\\\":[-1e300,", "ongitude"),
    ("\\\"name\\\":\\\"tas\\\"", "\\\"name\\\":7", "cannot be read"),
    (
      "\\\"parameters\\\":{\\\"fixed\\\":{\\\"_0\\\":[", "\\\"parameters\\\":{\\\"fixed\\\":{\\\"_0\\\":[1,",
      "parameters"
    ),
    ("\\\"climatology\\\":{\\\"constant\\\":{}}", "\\\"climatology\\\":{\\\"monthly\\\":{}}", "climatology"),
    (
      "\\\"climatology\\\":{\\\"constant\\\":{}}",
      "\\\"climatology\\\":{\\\"harmonic\\\":{\\\"order\\\":4611686018427387904}}", "harmonic of order"
    ),
    (
      "\\\"climatology\\\":{\\\"constant\\\":{}}", "\\\"climatology\\\":{\\\"harmonic\\\":{\\\"order\\\":-1}}",
      "harmonic of order"
    ),
    ("\"inside\":", "\"outside\":", "inside"),
    ("\"modes\":", "\"nodes\":", "modes"),
  ]

  @Test func tamperedDescriptionsAreRefused() throws {
    let stored = try StoredModel()
    for (from, to, expected) in Self.changes {
      let bytes = try Self.tampered(stored.bytes) { header in
        #expect(header.contains(from), "\(from) is not in \(header.prefix(2000))")
        return header.replacingOccurrences(of: from, with: to)
      }
      let words = try stored.complaint(of: bytes)
      #expect(words.contains(expected), "\(to): \(words)")
    }
  }

  @Test(arguments: [
    #"{"curvilinear":{"rows":4611686018427387904,"columns":8,"latitudes":[0],"longitudes":[0]}}"#,
    #"{"curvilinear":{"rows":-7,"columns":-12,"latitudes":[0],"longitudes":[0]}}"#,
    #"{"icosphere":{"subdivisions":40}}"#, #"{"fibonacci":{"vertexCount":1000000000000}}"#,
    #"{"fibonacci":{"vertexCount":9223372036854775807}}"#, #"{"fibonacci":{"vertexCount":-1}}"#,
    #"{"scattered":{"_0":[]}}"#, #"{"sphereMesh":{"positions":[],"triangles":[]}}"#,
    #"{"latitudeLongitude":{"latitudes":[],"longitudes":[]}}"#, #"{"torus":{}}"#,
  ]) func gridsThatTheFileDoesNotBackAreRefused(grid: String) throws {
    let stored = try StoredModel()
    let escaped = grid.replacingOccurrences(of: "\"", with: "\\\"")
    let bytes = try Self.tampered(stored.bytes) { header in
      guard let start = header.range(of: "\\\"grid\\\":"), let end = header.range(of: ",\\\"name\\\":\\\"small")
      else { return header }
      return header.replacingCharacters(in: start.upperBound..<end.lowerBound, with: escaped)
    }
    #expect(try stored.complaint(of: bytes).contains("does not fit together"))
  }

  @Test func numbersThatAreNoneAreRefused() throws {
    let stored = try StoredModel()
    let file = try SafetensorsFile(path: stored.folder.path("model.safetensors"))
    for name in ["climatology", "scales", "modes", "mode_deviations", "residual_variance", "channel_correlation"] {
      var writer = SafetensorsWriter(metadata: file.metadata)
      for other in file.names where other != name {
        if other == "inside" {
          writer.add(other, booleans: try file.booleans(other))
        } else {
          writer.add(other, try file.floats(other))
        }
      }
      var broken = try file.floats(name)
      broken.withUnsafeMutableScalars { $0[$0.count / 2] = .nan }
      writer.add(name, broken)
      let path = stored.folder.path("broken.safetensors")
      try writer.write(to: path, overwrite: true)
      let words = complaint { _ = try Model(contentsOf: path) }
      #expect(words.contains("does not fit together"), "\(name): \(words)")
    }
  }
}
