// Numbers of cortical surfaces as signals: series, labels by their words in another file, lengths that do not fit, and
// curvature files as outputs. The files are those of SextantGeometryTests.

import Foundation
import SextantArrays
import SextantGeometry
import SextantSignals
import SextantTestSupport
import Testing

@Suite struct SurfaceDataTests {
  private static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("SextantGeometryTests/Fixtures/cortex/\(name)").path
  }

  private static func open(
    _ name: String, mesh: String? = "lh.white", missing: [String] = [], variables: [String]? = nil
  ) throws -> any SignalDocument {
    try FormatCase.formats.open(
      SignalRequest(
        path: path(name), geometry: mesh.map(path), variables: variables, missing: missing.map(MissingCondition.init)))
  }

  @Test func aTimeSeriesHasAFieldForEachTime() throws {
    let document = try Self.open("series.func.gii", mesh: "zlib.surf.gii")
    #expect(document.count == 3 && document.variables.map(\.name) == ["value"])
    #expect(try document.read([0, 2]).count == 2 && document.domain.vertexCount == 12)
  }

  @Test func wordsOfAnotherFileTakeValuesOut() throws {
    let all = try Self.open("lh.thickness").read([0])
    #expect(!all.isValid.contains(false))
    for (condition, out) in [
      ("\(Self.path("lh.parts.annot"))=unknown", [0, 1]), ("\(Self.path("parts.label.gii"))!=back", [0, 1, 2, 3, 4, 9, 10]),
      ("\(Self.path("lh.cortex.label"))=0", [0, 1]), ("thickness=0", [0, 1]),
    ] {
      let document = try Self.open("lh.thickness", missing: [condition])
      let read = try document.read([0])
      #expect(read.isValid.indices.filter { !read.isValid[$0] } == out, "\(condition)")
      #expect(condition.hasPrefix("thickness") || document.inputPaths.count == 3)
    }
    let wrong = complaint { _ = try Self.open("lh.thickness", missing: ["\(Self.path("lh.parts.annot"))=nowhere"]) }
    #expect(wrong.contains("nowhere") && wrong.contains("front lobe"), "\(wrong)")
  }

  @Test func lengthsThatDoNotFitAreRefusedWithBothNumbers() throws {
    let folder = try ScratchFolder()
    try MeshFile.write(MeshDocument(FormatCase.mesh()), to: folder.path("other.ply"))
    for name in ["lh.thickness", "zlib.shape.gii", "series.func.gii", "lh.parts.annot"] {
      let text = complaint {
        _ = try FormatCase.formats.open(SignalRequest(path: Self.path(name), geometry: folder.path("other.ply")))
      }
      #expect(text.contains("12 vertices") && text.contains("42") && text.contains(name), "\(text)")
    }
    #expect(complaint { _ = try Self.open("lh.thickness", mesh: nil) }.contains("--mesh"))
  }

  @Test func curvatureFilesHoldTheMeanAndTheSpreadBeside() throws {
    let folder = try ScratchFolder()
    let document = try Self.open("lh.thickness")
    let content = SignalContent.estimates(1, memberCount: 2)
    func sink(_ name: String, _ content: SignalContent) throws -> any SignalSink {
      try FormatCase.formats.sink(OutputRequest(path: folder.path(name), content: content), like: document)
    }
    let output = try sink("lh.filled.thickness", content)
    #expect(output.paths == ["lh.filled.thickness", "lh.filled.spread.thickness"].map { folder.path($0) })
    let record = try FormatCase.record(document, 0, content)
    try output.write(content, description: OutputDescription(history: "x"), overwrite: false) { try $0.write(record, at: 0) }
    for (name, values) in [("lh.filled.thickness", record.values), ("lh.filled.spread.thickness", record.spread ?? [])] {
      let read = try FormatCase.formats.open(
        SignalRequest(path: folder.path(name), geometry: Self.path("lh.white"), acceptsValues: true)).read([0])
      #expect(read.values.scalars == values)
    }
    let quantiles = complaint { _ = try sink("q.curv", .estimates(1, memberCount: 2, quantileLevels: [0.5])) }
    #expect(quantiles.contains("quantiles") && quantiles.contains(".gii"), "\(quantiles)")
    let measured = SignalContent.measurements(1, hasNoise: true)
    try sink("lh.holed.curv", measured).write(measured, description: OutputDescription(history: "x"), overwrite: false) {
      try $0.write(FormatCase.record(document, 0, measured), at: 0)
    }
    let holed = try FormatCase.formats.open(SignalRequest(path: folder.path("lh.holed.curv"), geometry: Self.path("lh.white")))
    #expect(try holed.companion("curv_noise", at: 0) == FormatCase.record(document, 0, measured).noise)
  }

  @Test func squareArraysAndArraysOfSeveralFields() throws {
    let folder = try ScratchFolder()
    try NPYFile.write(Tensor((0..<24).map(Float.init), shape: [2, 12]), to: folder.path("two.npy"))
    try NPYFile.write(Tensor((0..<24).map(Float.init), shape: [12, 2]), to: folder.path("columns.npy"))
    let domain = try MeshFile.document(Self.path("lh.white")).shape().domain()
    func open(_ name: String, _ variables: [String]? = nil) throws -> any SignalDocument {
      try FormatCase.formats.open(SignalRequest(path: folder.path(name), variables: variables, domain: domain))
    }
    let two = try open("two.npy", ["heat"])
    #expect(two.count == 2 && two.variables.map(\.name) == ["heat"] && two.labels.map(\.coordinates) == [["field": "0"], ["field": "1"]])
    #expect(try two.read([1]).values.scalars == (12..<24).map(Float.init))
    #expect(try open("columns.npy").count == 1)
    #expect(complaint { _ = try open("two.npy", ["heat", "salt"]) }.contains("2 columns"))
  }
}
