// What a PNG says beside its pixels is said by the answer, too: texts, gamma and chromaticities, each file its own.

import Foundation
import SextantImages
import SextantTestSupport
import Testing

@testable import SextantSignals

@Suite struct PNGChunkTests {
  private static func four(_ number: UInt32) -> [UInt8] {
    [UInt8(number >> 24), UInt8(number >> 16 & 255), UInt8(number >> 8 & 255), UInt8(number & 255)]
  }

  /// A chunk with its check sum.
  private static func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
    let body = Array(type.utf8) + content
    var sum: UInt32 = 0xFFFF_FFFF
    for byte in body {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = (sum >> 1) ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    return four(UInt32(content.count)) + body + four(~sum)
  }

  /// Writes an image of 3×4 pixels with chunks before and after them.
  private static func write(_ path: String, before: [UInt8], after: [UInt8]) throws {
    let header = ImageHeader(rows: 3, columns: 4, bands: 1, type: .uint8)
    let writer = try ImageWriter(creating: path, reportedAs: path, .png, header: header, pageCount: 1)
    try writer.append(ImageSamples(type: .uint8, bytes: (0..<12).map { UInt8(20 * $0) }))
    try writer.close()
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    // The header's chunk ends at byte 33, and the last chunk has 12 bytes.
    let end = bytes.count - 12
    let whole = Array(bytes[..<33]) + before + Array(bytes[33..<end]) + after + Array(bytes[end...])
    try Data(whole).write(to: URL(fileURLWithPath: path))
  }

  @Test func textsAndGammaAreKept() throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) {
      try FileManager.default.createDirectory(atPath: folder.path("in"), withIntermediateDirectories: true)
      let gamma = Self.chunk("gAMA", Self.four(45455))
      let title = Self.chunk("tEXt", Array("Title\0a face".utf8))
      let late = Self.chunk("iTXt", Array("Author\0\0\0de\0Autor\0Jörg".utf8))
      var damaged = Self.chunk("tEXt", Array("Comment\0of no use".utf8))
      damaged[10] ^= 1
      try Self.write(folder.path("in/a.png"), before: gamma + title + damaged, after: late)
      try Self.write(folder.path("in/b.png"), before: [], after: title)
      #expect(try ImageFile(path: folder.path("in/a.png")).header.pngChunks == gamma + title + late)
      let document = try ImageSignalTests.open(folder.path("in"))
      try ImageSignalTests.restore(document, to: folder.path("out")) { $0.values[2] += 7 }
      for name in ["a", "b"] {
        let (first, second) = (try ImageFile(path: folder.path("in/\(name).png")), try ImageFile(path: folder.path("out/\(name).png")))
        #expect(first.header == second.header && !second.header.pngChunks.isEmpty)
        #expect(try second.samples(ofPage: 0)[2] == 47)
      }
      // A TIFF has no place for them.
      let one = try ImageSignalTests.open(folder.path("in/a.png"))
      try ImageSignalTests.restore(one, to: folder.path("one.tif"))
      #expect(try ImageFile(path: folder.path("one.tif")).header.pngChunks.isEmpty)
    }
  }
}
