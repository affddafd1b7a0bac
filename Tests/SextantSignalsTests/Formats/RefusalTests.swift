// What a format cannot hold or honour is refused with the reason and what to do.

import Foundation
import SextantArrays
import SextantGeometry
import SextantSignals
import SextantStorage
import SextantTestSupport
import Testing

@Suite struct RefusalTests {
  private static func sink(_ name: String, _ content: SignalContent, like source: any SignalSource) -> String {
    complaint { _ = try FormatCase.formats.sink(OutputRequest(path: name, content: content), like: source) }
  }

  @Test func aMeshFileAndATableHoldOneField() throws {
    let fields = try FormatCase(ending: "npy", holdsSeveral: true, isOnGrid: false).fields(channels: 1)
    for name in ["x.ply", "x.vtp", "x.csv"] {
      let refusal = Self.sink(name, .estimates(fields.count), like: fields)
      #expect(refusal.contains("3 fields") && refusal.contains(".npy") && refusal.contains("--select"), "\(refusal)")
    }
  }

  @Test func aMeshNeedsASurfaceAndNetCDFNeedsAGrid() throws {
    let grid = try FormatCase(ending: "nc", holdsSeveral: true, isOnGrid: true).fields(channels: 1).read([0])
    let noSurface = Self.sink("x.ply", .estimates(1), like: grid)
    #expect(noSurface.contains("latitude–longitude") && noSurface.contains("no surface"), "\(noSurface)")
    let mesh = try FormatCase(ending: "ply", holdsSeveral: false, isOnGrid: false).fields(channels: 1)
    let noGrid = Self.sink("x.nc", .estimates(1), like: mesh)
    #expect(noGrid.contains("42") && noGrid.contains(".ply") && noGrid.contains(".npy"), "\(noGrid)")
    #expect(Self.sink("x.stl", .estimates(1), like: mesh).contains(".vtp"))
  }

  @Test func numbersNeedAMesh() throws {
    let folder = try ScratchFolder()
    try NPYFile.write(Tensor<Float>.zeros([42]), to: folder.path("a.npy"))
    let table = try folder.write("heat\n" + String(repeating: "1\n", count: 42), to: "a.csv")
    try FormatCase.mesh().writePLY(to: folder.path("m.ply"))
    for path in [folder.path("a.npy"), table] {
      #expect(throws: SignalFormatError.meshUnknown(path: path)) {
        try FormatCase.formats.open(SignalRequest(path: path))
      }
      let document = try FormatCase.formats.open(SignalRequest(path: path, geometry: folder.path("m.ply")))
      #expect(document.inputPaths == [path, folder.path("m.ply")])
      #expect(document.domain.surface != nil)
    }
    let short = try folder.write("1\n2\n", to: "short.csv")
    let wrong = complaint {
      _ = try FormatCase.formats.open(SignalRequest(path: short, geometry: folder.path("m.ply")))
    }
    #expect(wrong.contains("2 vertices") && wrong.contains("42"), "\(wrong)")
  }

  @Test func optionsThatMeanNothingAreRefused() throws {
    let folder = try TestFolder()
    let grid = try WriterTests.template(folder)
    for request in [
      SignalRequest(path: grid, geometry: "m.ply"), SignalRequest(path: grid, settings: ["drop_last": "1"]),
    ] {
      let refusal = complaint { _ = try FormatCase.formats.open(request) }
      #expect(refusal.contains("in.nc") && refusal.contains("NetCDF"), "\(refusal)")
      #expect(refusal.contains("--mesh") || refusal.contains("drop_last"), "\(refusal)")
    }
    try FormatCase.mesh().writePLY(to: folder.path("m.ply"))
    try NPYFile.write(Tensor<Float>.zeros([42]), to: folder.path("a.npy"))
    let months = SignalRequest(path: folder.path("a.npy"), geometry: folder.path("m.ply"), monthVariable: "month")
    #expect(complaint { _ = try FormatCase.formats.open(months) }.contains("month_variable"))
    let twice = SignalRequest(path: grid, variables: ["tas", "tas"])
    #expect(complaint { _ = try FormatCase.formats.open(twice) }.contains("twice"))
  }

  @Test func aMeshWithSeveralPropertiesAsksWhich() throws {
    let folder = try ScratchFolder()
    var document = MeshDocument(try FormatCase.mesh())
    for name in ["heat", "heat_noise"] {
      try document.setVertexProperty(MeshProperty(name: name, values: [Float](repeating: 1, count: 42)))
    }
    let path = folder.path("m.ply")
    try MeshFile.write(document, to: path)
    // The noise of a variable is none itself.
    #expect(try FormatCase.formats.open(SignalRequest(path: path)).variables.map(\.name) == ["heat"])
    try document.setVertexProperty(MeshProperty(name: "salt", values: [Float](repeating: 1, count: 42)))
    try MeshFile.write(document, to: path, overwrite: true)
    #expect(throws: SignalFormatError.variablesUnclear(path: path, available: ["heat", "salt"])) {
      try FormatCase.formats.open(SignalRequest(path: path))
    }
    let expected = SignalRequest(path: path, expectedVariables: [Variable(name: "salt", units: "g/kg")])
    #expect(try FormatCase.formats.open(expected).variables.map(\.units) == ["g/kg"])
  }

  @Test func theSyntheticClimateIsAPathWithoutAFile() throws {
    let document = try FormatCase.formats.open(SignalRequest(path: "synthetic:1", variables: ["clt"]))
    #expect(document.count == SyntheticClimate.fieldsPerYear && document.variables.map(\.name) == ["clt"])
    #expect(document.inputPaths.isEmpty)
    for (path, part) in [("synthetic:0", "1 to 1000"), ("synthetic:many", "'many'")] {
      #expect(complaint { _ = try FormatCase.formats.open(SignalRequest(path: path)) }.contains(part))
    }
    #expect(
      complaint { _ = try FormatCase.formats.open(SignalRequest(path: "synthetic:1", variables: ["sst"])) }
        .contains("tas"))
  }

  @Test func theHistoryHasOneLineACommand() throws {
    let folder = try TestFolder()
    let path = try WriterTests.template(folder)
    for (output, history) in [("a.nc", "first"), ("b.nc", "first"), ("c.nc", "second")] {
      let input = output == "a.nc" ? path : folder.path(output == "b.nc" ? "a.nc" : "b.nc")
      let document = try FormatCase.formats.open(SignalRequest(path: input))
      let content = SignalContent.fields(document.count)
      try FormatCase.formats.sink(OutputRequest(path: folder.path(output), content: content), like: document)
        .write(content, description: OutputDescription(history: history), overwrite: false) { writer in
          for index in 0..<document.count { try writer.write(FieldRecord(document.read([index])[0]), at: index) }
        }
    }
    #expect(try NetCDFFile(path: folder.path("c.nc")).text("history") == "made by hand\nfirst\nsecond")
  }

  @Test func attributesAreKeptWhereThereIsAPlace() throws {
    let folder = try ScratchFolder()
    let description = OutputDescription(history: "a line", attributes: ["sextant_seed": "7"])
    // Arrays have no place, and images keep the description of the image that was filled.
    for format in FormatCase.all where format.ending != "npy" && !format.isImage {
      let fields = try format.fields(channels: 1)
      let path = folder.path("out.\(format.ending)")
      for _ in 0..<2 {
        _ = try format.write(.fields(fields.count), of: fields, to: path, overwrite: true, description: description)
      }
      switch format.ending {
      case "nc": #expect(try NetCDFFile(path: path).text("sextant_seed") == "7")
      case "ply", "vtp": #expect(try MeshFile.document(path).comments == ["a line", "sextant_seed: 7"])
      case "gii":
        #expect(try SurfaceData(path: path, vertexCount: nil).comments == ["a line", "sextant_seed: 7"])
      default:
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.prefix(2) == ["# a line", "# sextant_seed: 7"])
      }
    }
    // In the form that VTK's own programs show.
    let mesh = try FormatCase.all.first { $0.ending == "ply" }?.fields(channels: 1)
    _ = try FormatCase.all[0].write(
      .fields(1), of: #require(mesh), to: folder.path("texts.vtp"), description: description)
    #expect(try VTKTexts.read(folder.path("texts.vtp")) == ["history": ["a line"], "sextant_seed": ["7"]])
  }
}

extension TriangleMesh {
  func writePLY(to path: String) throws { try MeshFile.writePLY(self, to: path) }
}
