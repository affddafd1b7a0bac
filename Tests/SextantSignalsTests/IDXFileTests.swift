// IDX files: what is written is read, gzipped or not, and what is no such file is named with what was expected.

import Foundation
import SextantArrays
import SextantGeometry
import SextantSignals
import SextantTestSupport
import Testing

@Suite struct IDXFileTests {
  /// The bytes of an IDX file of bytes.
  static func file(type: UInt8 = 8, shape: [Int], content: [UInt8]) -> Data {
    var data = Data([0, 0, type, UInt8(shape.count)])
    for extent in shape { for shift in [24, 16, 8, 0] { data.append(UInt8(extent >> shift & 255)) } }
    return data + Data(content)
  }

  static func write(_ data: Data, in folder: ScratchFolder, _ name: String) throws -> String {
    try data.write(to: URL(fileURLWithPath: folder.path(name)))
    return folder.path(name)
  }

  @Test func imagesAndLabelsAreRead() throws {
    let folder = try ScratchFolder()
    let path = try Self.write(
      Self.file(shape: [2, 2, 3], content: Array(0..<12).map { $0 * 20 }), in: folder, "images")
    let stack = try IDXFile(path: path)
    #expect((stack.count, stack.rows, stack.columns) == (2, 2, 3))
    #expect(stack.pixels(1) == [120, 140, 160, 180, 200, 220].map { Float($0) / 255 })
    let labels = try Self.write(Self.file(shape: [3], content: [7, 0, 9]), in: folder, "labels")
    #expect(try IDXFile.labels(path: labels) == [7, 0, 9])
  }

  @Test func gzippedFilesAreTheSame() throws {
    let folder = try ScratchFolder()
    let path = try Self.write(Self.file(shape: [1, 2, 2], content: [1, 2, 3, 4]), in: folder, "images")
    let gzip = Process()
    gzip.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    gzip.arguments = ["gzip", "-k", path]
    try gzip.run()
    gzip.waitUntilExit()
    #expect(gzip.terminationStatus == 0)
    #expect(try IDXFile(path: path + ".gz").pixels(0) == IDXFile(path: path).pixels(0))
  }

  static let hostile: [(String, Data, String)] = [
    ("empty", Data(), "an empty file"),
    ("text", Data("hello".utf8), "the bytes 68 65 6c 6c"),
    ("floats", file(type: 13, shape: [1, 2, 2], content: [0, 0, 0, 0]), "type 0xd"),
    ("labels", file(shape: [4], content: [1, 2, 3, 4]), "1 dimensions"),
    ("wide", file(shape: [1, 1, 1, 1, 1], content: [1]), "5 dimensions"),
    ("short", file(shape: [2, 2, 2], content: [1, 2, 3]), "expected 24 bytes, found 19"),
    ("header", Data([0, 0, 8, 3, 0, 0]), "truncated"),
    ("huge", file(shape: [0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF], content: []), "truncated"),
    ("flat", file(shape: [3, 0, 5], content: []), "0 × 5"),
  ]

  @Test(arguments: hostile) func whatIsNoStackOfImagesIsNamed(name: String, data: Data, reason: String) throws {
    let folder = try ScratchFolder()
    let path = try Self.write(data, in: folder, name)
    let said = complaint { _ = try IDXFile(path: path) }
    #expect(said.contains(path) && said.contains(reason), "\(said)")
  }

  @Test func aMissingFileIsNamed() {
    #expect(complaint { _ = try IDXFile(path: "/nowhere/images.gz") }.contains("/nowhere/images.gz"))
  }

  @Test func aMeshSeesTheImageUpright() throws {
    let folder = try ScratchFolder()
    // Brighter to the right by 40 a column, to below by 100 a row: linear, so that bilinear sampling is exact.
    let content = (0..<3).flatMap { row in (0..<3).map { UInt8(40 * $0 + 50 * row) } }
    let path = try Self.write(Self.file(shape: [1, 3, 3], content: content), in: folder, "images")
    // A box of 2 × 1 in x and y lies in the middle of the square; both sides of it get the same image.
    let mesh = TriangleMesh(
      positions: [SIMD3(0, 0, 0), SIMD3(2, 0, 0), SIMD3(2, 1, 0), SIMD3(0, 1, 5), SIMD3(0, 0, 5)],
      triangles: [SIMD3(0, 1, 2), SIMD3(2, 3, 4)])
    let fields = try ProjectedImages(IDXFile(path: path), on: SurfaceMesh(mesh), digits: [4]).read([0])
    func value(_ x: Double, _ y: Double) -> Float { Float(80 * x + 100 * (1 - y)) / 255 }
    let expected = [value(0, 0.25), value(1, 0.25), value(1, 0.75), value(0, 0.75), value(0, 0.25)]
    for (found, wanted) in zip(fields.values.scalars, expected) { #expect(abs(found - wanted) < 1e-6) }
    #expect(fields.labels[0].coordinates["digit"] == "4")
  }
}
