// GIFTI and FreeSurfer files that nibabel wrote and read again (Tests/References/cortical_surfaces.py), those that we
// write, and damaged ones.

import Foundation
import SextantStorage
import SextantTestSupport
import Testing

@testable import SextantGeometry

@Suite struct CorticalFileTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/cortex")

  private static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  /// What nibabel reads.
  private struct Expected: Decodable {
    let positions: [SIMD3<Double>]
    let triangles: [[Int32]]
    let thickness: [Double]
    let series: [[Double]]
    let labels: [Double]
    let names: [String]
    let cortex: [Int]
  }

  private static let expected = Result {
    try JSONDecoder().decode(Expected.self, from: Data(contentsOf: folder.appendingPathComponent("expected.json")))
  }

  @Test(arguments: ["text.surf.gii", "base64.surf.gii", "zlib.surf.gii", "both.gii", "lh.white"])
  func surfacesAreThoseOfNibabel(name: String) throws {
    let expected = try Self.expected.get()
    let document = try MeshFile.document(Self.path(name))
    // Text has six decimals.
    let tolerance = name.hasPrefix("text") ? 1e-6 : 0
    #expect(zip(document.positions, expected.positions).allSatisfy { (($0 - $1) * ($0 - $1)).sum().squareRoot() <= tolerance * 2 })
    #expect(document.positions.count == 12 && document.positionType == .float32)
    #expect((0..<document.polygons.count).map { Array(document.polygons[$0]) } == expected.triangles)
    #expect(MeshFormat.isRecognised(at: Self.path(name)) && SurfaceData.kind(of: Self.path(name)) == nil)
    if name == "both.gii" { #expect(try document.vertexProperty("thickness").values == expected.thickness) }
  }

  @Test(arguments: ["text.shape.gii", "base64.shape.gii", "zlib.shape.gii", "lh.thickness"])
  func numbersAreThoseOfNibabel(name: String) throws {
    let expected = try Self.expected.get()
    let data = try SurfaceData(path: Self.path(name), vertexCount: nil)
    #expect(data.columns.map(\.name) == ["thickness"] && !data.isSeries)
    let tolerance = name.hasPrefix("text") ? 1e-6 : 0
    #expect(zip(data.columns[0].values, expected.thickness).allSatisfy { abs($0 - $1) <= tolerance * 5 })
    #expect(data.vertexCount == 12 && !MeshFormat.isRecognised(at: Self.path(name)))
    // A file of numbers is no surface.
    #expect(complaint { _ = try MeshFile.document(Self.path(name)) }.contains(name))
  }

  @Test func seriesLabelsAndAnnotationsAreThoseOfNibabel() throws {
    let expected = try Self.expected.get()
    let series = try SurfaceData(path: Self.path("series.func.gii"), vertexCount: nil)
    #expect(series.isSeries && series.columns.map(\.values) == expected.series)
    for name in ["parts.label.gii", "lh.parts.annot"] {
      let labels = try SurfaceData(path: Self.path(name), vertexCount: nil).columns
      #expect(labels.map(\.name) == ["label"] && labels[0].values == expected.labels, "\(name)")
      #expect(expected.names.enumerated().allSatisfy { labels[0].words[Double($0.offset)] == $0.element })
    }
    let cortex = try SurfaceData(path: Self.path("lh.cortex.label"), vertexCount: 12).columns[0]
    #expect(cortex.values.indices.filter { cortex.values[$0] == 1 } == expected.cortex.sorted())
    #expect(complaint { _ = try SurfaceData(path: Self.path("lh.cortex.label"), vertexCount: nil) }.contains("--mesh"))
    #expect(complaint { _ = try SurfaceData(path: Self.path("lh.cortex.label"), vertexCount: 5) }.contains("5 vertices"))
  }

  @Test func whatWasWrittenIsReadBack() throws {
    let folder = try ScratchFolder()
    var document = try MeshFile.document(Self.path("both.gii"))
    document.comments = ["a line", "another", "sextant_seed: 7"]
    document.vertexProperties.append(MeshProperty(name: "few", type: .uint8, values: (0..<12).map(Double.init)))
    document.vertexProperties.append(MeshProperty(name: "fine", type: .float64, values: (0..<12).map { 1 + 1e-12 * Double($0) }))
    try MeshFile.write(document, to: folder.path("a.gii"))
    var read = try MeshFile.document(folder.path("a.gii"))
    read.path = document.path
    read.source = document.source
    #expect(read == document)
    try MeshFile.writeGIFTI(document, includingSurface: false, to: folder.path("b.gii"))
    let data = try SurfaceData(path: folder.path("b.gii"), vertexCount: nil)
    #expect(data.columns == document.vertexProperties && data.comments == document.comments)
    let bytes = FreeSurferCurvature.bytes(data.columns[0].values, triangleCount: 20)
    #expect(try Data(bytes) == Data(contentsOf: URL(fileURLWithPath: Self.path("lh.thickness"))))
  }

  @Test(arguments: [
    "lh.white", "lh.thickness", "lh.parts.annot", "both.gii", "zlib.shape.gii", "text.surf.gii", "series.func.gii",
  ]) func filesThatAreCutOffAreRefused(name: String) throws {
    let folder = try ScratchFolder()
    let whole = try [UInt8](Data(contentsOf: URL(fileURLWithPath: Self.path(name))))
    for length in [whole.count / 5, whole.count / 2, 4 * whole.count / 5, whole.count - 2] where length > 20 {
      let path = folder.path(name)
      try Data(whole.prefix(length)).write(to: URL(fileURLWithPath: path))
      let isSurface = name.contains("white") || name.contains("surf") || name.contains("both")
      let text = complaint {
        if isSurface { _ = try MeshFile.document(path) } else { _ = try SurfaceData(path: path, vertexCount: nil) }
      }
      #expect(text.contains(name) && text != "no complaint", "\(length): \(text)")
      #expect(!text.contains("HTML"), "\(text)")
      #expect(throws: (any Error).self) { try MeshFile.document(path) }
    }
  }

  @Test func arraysThatContradictTheirExtentsAreRefused() throws {
    let folder = try ScratchFolder()
    let text = try String(contentsOfFile: Self.path("both.gii"), encoding: .utf8)
    let short = try folder.write(
      text.replacingOccurrences(of: "Dim0=\"12\"", with: "Dim0=\"11\""), to: "short.gii")
    #expect(complaint { _ = try MeshFile.document(short) }.contains("11"))
    let huge = try folder.write(
      text.replacingOccurrences(of: "Dim0=\"12\"", with: "Dim0=\"4611686018427387904\""), to: "huge.gii")
    #expect(complaint { _ = try MeshFile.document(huge) }.contains("huge.gii"))
    let unknown = try folder.write(
      text.replacingOccurrences(of: "Base64Binary", with: "ExternalFileBinary"), to: "external.gii")
    #expect(complaint { _ = try MeshFile.document(unknown) }.contains("ExternalFileBinary"))
  }
}
