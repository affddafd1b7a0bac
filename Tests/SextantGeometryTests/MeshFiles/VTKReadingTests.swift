// VTK files that VTK itself wrote (Tests/References/vtk_files.py), in all encodings; our own .vtp files; and files that
// are cut off, hold a volume alone or are something else.

import Foundation
import SextantArrays
import SextantStorage
import SextantTestSupport
import Testing

@testable import SextantGeometry

@Suite struct VTKReadingTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/vtk")

  static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  /// What the files hold.
  private struct Expected: Decodable {
    struct Column: Decodable {
      let type: String
      let values: [Double?]

      init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        type = try container.decode(String.self)
        values = try container.decode([Double?].self)
      }
    }

    let positions: [SIMD3<Double>]
    let polygons: [[Int32]]
    let vertexProperties: [String: Column]
    let faceProperties: [String: Column]
  }

  private static let expected = Result {
    try JSONDecoder().decode(Expected.self, from: Data(contentsOf: folder.appendingPathComponent("expected.json")))
  }

  private static let names = [
    "text-42.vtk", "text-51.vtk", "binary-42.vtk", "binary-51.vtk", "surface-cells.vtk", "ascii.vtp", "binary.vtp",
    "binary-zlib.vtp", "appended.vtp", "appended-zlib.vtp", "appended-base64.vtp", "appended-base64-zlib.vtp",
    "big-endian.vtp", "surface.vtu",
  ]

  private static func expectSame(_ properties: [MeshProperty], _ columns: [String: Expected.Column]) {
    #expect(Set(properties.map(\.name)) == Set(columns.keys))
    for property in properties {
      guard let column = columns[property.name] else { continue }
      #expect(property.type.rawValue == column.type, "\(property.name)")
      #expect(property.values.count == column.values.count)
      for (found, wanted) in zip(property.values, column.values) {
        #expect(wanted.map { Double(Float($0)) == Double(Float(found)) } ?? found.isNaN, "\(property.name): \(found)")
      }
    }
  }

  @Test(arguments: names) func filesOfVTKHoldWhatItWrote(name: String) throws {
    let expected = try Self.expected.get()
    let document = try MeshFile.document(Self.path(name))
    #expect(document.positions == expected.positions)
    #expect((0..<document.polygons.count).map { Array(document.polygons[$0]) } == expected.polygons)
    Self.expectSame(document.vertexProperties, expected.vertexProperties)
    Self.expectSame(document.faceProperties, expected.faceProperties)
    #expect(document.comments.contains("TimeValue: 2.5") && document.omissions.isEmpty)
    #expect(MeshFormat.isRecognised(at: Self.path(name)) && MeshSource.formats.contains(document.source.format))
  }

  @Test func whatWasWrittenIsReadBack() throws {
    let folder = try ScratchFolder()
    var document = try MeshFile.document(Self.path("binary.vtp"))
    document.comments += ["made by hand", "sextant_seed: 7"]
    for cloud in [false, true] {
      var own = document
      if cloud { (own.polygons, own.faceProperties) = (PolygonList(), []) }
      let path = folder.path("own-\(cloud).vtp")
      try MeshFile.write(own, to: path)
      let read = try MeshFile.document(path)
      #expect(read.positions == own.positions && read.polygons == own.polygons && read.positionType == own.positionType)
      #expect(Set(read.vertexProperties.map(\.name)) == Set(own.vertexProperties.map(\.name)))
      for property in own.vertexProperties {
        let found = try read.vertexProperty(property.name)
        #expect(found.type == property.type)
        #expect(zip(found.values, property.values).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) })
      }
      #expect(read.faceProperties == own.faceProperties)
      #expect(read.comments.contains("made by hand") && read.comments.contains("sextant_seed: 7"))
    }
  }

  @Test func gzippedFilesAreUnpacked() throws {
    let folder = try ScratchFolder()
    for name in ["text-51.vtk", "binary.vtp"] {
      let path = try Gzip.pack(Self.path(name), into: folder, as: name + ".gz")
      let (plain, packed) = (try MeshFile.document(Self.path(name)), try MeshFile.document(path))
      #expect(packed.positions == plain.positions && packed.polygons == plain.polygons)
      #expect(MeshFormat.isRecognised(at: path))
    }
  }

  @Test func aVolumeAloneIsRefusedWithTheWayOut() throws {
    let text = complaint { _ = try MeshFile.document(Self.path("volume.vtu")) }
    for part in ["volume.vtu", "1 volume cells", "surface", "Extract Surface"] { #expect(text.contains(part), "\(text)") }
  }

  @Test func theSurfaceOfAMixedGridIsKeptAndTheRestIsSaid() throws {
    let expected = try Self.expected.get()
    let document = try MeshFile.document(Self.path("mixed.vtu"))
    #expect((0..<document.polygons.count).map { Array(document.polygons[$0]) } == expected.polygons)
    #expect(document.omissions == ["1 volume cells"])
    // Cells that are not kept have no values.
    Self.expectSame(document.faceProperties, expected.faceProperties)
  }

  @Test(arguments: ["text-51.vtk", "binary-51.vtk", "binary-42.vtk", "binary.vtp", "appended-zlib.vtp", "ascii.vtp", "surface.vtu"])
  func filesThatAreCutOffAreRefused(name: String) throws {
    let folder = try ScratchFolder()
    let whole = try [UInt8](Data(contentsOf: URL(fileURLWithPath: Self.path(name))))
    var refused = 0
    for length in stride(from: 40, to: whole.count - 40, by: 23) {
      let path = folder.path("cut-" + name)
      try Data(whole.prefix(length)).write(to: URL(fileURLWithPath: path))
      // A legacy file that ends between two arrays cannot be told from a whole one.
      guard let error = #expect(throws: (any Error).self, performing: { try Self.read(path, allowing: name.hasSuffix(".vtk")) })
      else { continue }
      if !(error is EndedBetweenArrays) {
        refused += 1
        #expect("\(error)".contains("cut-"), "\(length): \(error)")
      }
    }
    #expect(refused > 10)
  }

  private struct EndedBetweenArrays: Error {}

  /// Reads a file, which must fail or, if it is a legacy file, lack a part.
  private static func read(_ path: String, allowing isLegacy: Bool) throws {
    let document = try MeshFile.document(path)
    guard isLegacy else { return }
    let names = Set(document.vertexProperties.map(\.name))
    if document.polygons.count == 0 || names.count < 8 { throw EndedBetweenArrays() }
  }

  @Test func otherFilesOfVTKAreNamed() throws {
    let folder = try ScratchFolder()
    let image = try folder.write("# vtk DataFile Version 3.0\nx\nASCII\nDATASET STRUCTURED_POINTS\nDIMENSIONS 1 1 1\n", to: "image.vtk")
    let set = try folder.write("<?xml version=\"1.0\"?>\n<VTKFile type=\"vtkMultiBlockDataSet\"></VTKFile>\n", to: "set.vtm")
    #expect(complaint { _ = try MeshFile.document(image) }.contains("STRUCTURED_POINTS"))
    #expect(complaint { _ = try MeshFile.document(set) }.contains("vtkMultiBlockDataSet"))
    let packed = try folder.write(
      String(contentsOfFile: Self.path("binary-zlib.vtp"), encoding: .utf8)
        .replacingOccurrences(of: "vtkZLibDataCompressor", with: "vtkLZ4DataCompressor"), to: "lz4.vtp")
    #expect(complaint { _ = try MeshFile.document(packed) }.contains("vtkLZ4DataCompressor"))
    let corner = try folder.write(
      "# vtk DataFile Version 3.0\nx\nASCII\nDATASET POLYDATA\nPOINTS 3 float\n0 0 0 1 0 0 0 1 0\nPOLYGONS 1 4\n3 0 1 7\n",
      to: "corner.vtk")
    #expect(complaint { _ = try MeshFile.document(corner) }.contains("corner 7"))
  }
}

extension MeshSource {
  /// The formats of VTK.
  fileprivate static let formats: Set<MeshFormat> = [.vtk, .vtkXML]
}

/// Packs files by the program gzip.
enum Gzip {
  static func pack(_ path: String, into folder: ScratchFolder, as name: String) throws -> String {
    let target = folder.path(name)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "gzip -c \"$0\" > \"$1\"", path, target]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return target
  }
}
