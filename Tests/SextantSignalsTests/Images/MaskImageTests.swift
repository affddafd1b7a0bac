// Masks of two colours: the brighter is white, wherever the colours come from.

import Foundation
import SextantImages
import SextantTestSupport
import Testing

@testable import SextantSignals

@Suite struct MaskImageTests {
  /// Of the two colours of a mask the brighter is white, and so it is where they come from a palette, in whatever order.
  @Test func masksMayBeColoured() throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) {
      let header = ImageHeader(rows: 2, columns: 3, bands: 1, type: .uint8)
      func write(_ name: String, _ header: ImageHeader, _ bytes: [UInt8]) throws -> String {
        let path = folder.path(name)
        try? FileManager.default.removeItem(atPath: path)
        let writer = try ImageWriter(creating: path, reportedAs: path, .png, header: header, pageCount: 1)
        try writer.append(ImageSamples(type: .uint8, bytes: bytes))
        try writer.close()
        return path
      }
      let image = try write("image.png", header, [1, 2, 3, 4, 5, 6])
      func isValid(_ mask: String, _ missing: String) throws -> [Bool] {
        try ImageSignalTests.open(image, ["mask": mask, "missing_where": missing]).read([0]).isValid
      }
      var colour = header
      (colour.bands, colour.colour) = (3, .rgb)
      let (dark, bright): ([UInt8], [UInt8]) = ([200, 0, 0], [0, 200, 0])
      let marks = [true, false, false, true, true, false]
      let two = try write("mask.png", colour, marks.flatMap { $0 ? bright : dark })
      #expect(try isValid(two, "white") == marks.map { !$0 } && isValid(two, "black") == marks)
      let alike = try write("mask.png", colour, marks.flatMap { _ in bright })
      #expect(try isValid(alike, "white") == marks.map { _ in false } && !isValid(alike, "black").contains(false))
      let three = try write("mask.png", colour, dark + bright + [9, 9, 9] + dark + bright + dark)
      let words = complaint { _ = try isValid(three, "white") }
      #expect(words.contains("3 different colours") && words.contains("(9, 9, 9): 1"), "\(words)")
      var clear = header
      (clear.bands, clear.alpha) = (2, 1)
      let opacity = try write("mask.png", clear, marks.flatMap { mark -> [UInt8] in [mark ? 255 : 0, 255] })
      #expect(try isValid(opacity, "white") == marks.map { !$0 })
      let holed = try write("mask.png", clear, marks.flatMap { mark -> [UInt8] in [255, mark ? 255 : 0] })
      #expect(complaint { _ = try isValid(holed, "white") }.contains("transparent"))
      // A PNG of 2×3 pixels with a palette, of which white is the first colour and black the second (made by Python's zlib).
      let palette = folder.path("palette.png")
      try Data(Self.palettePNG).write(to: URL(fileURLWithPath: palette))
      #expect(try ImageFile(path: palette).header.hadPalette)
      #expect(try isValid(palette, "white") == [false, true, true, false, false, true])
      #expect(try isValid(palette, "black") == [true, false, false, true, true, false])
    }
  }

  /// The indices 0 1 1 and 0 0 1, of the colours white and black.
  static let palettePNG: [UInt8] = [
    0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00, 0x00, 0x00, 0x0D, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00, 0x03,
    0x00, 0x00, 0x00, 0x02, 0x08, 0x03, 0x00, 0x00, 0x00, 0xAA, 0xAA, 0x96, 0x28, 0x00, 0x00, 0x00, 0x06, 0x50, 0x4C, 0x54,
    0x45, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x55, 0xC2, 0xD3, 0x7E, 0x00, 0x00, 0x00, 0x10, 0x49, 0x44, 0x41, 0x54, 0x78,
    0x9C, 0x63, 0x60, 0x60, 0x64, 0x64, 0x60, 0x60, 0x60, 0x04, 0x00, 0x00, 0x14, 0x00, 0x04, 0x87, 0xA5, 0x7D, 0x69, 0x00,
    0x00, 0x00, 0x00, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82,
  ]
}
