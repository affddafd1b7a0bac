// The canvas: what is drawn lies where it was put, files are valid PNG with the same bytes each time, and
// numbers that are not finite do no harm.

import Foundation
import SextantStorage
import Testing

@testable import SextantReport

@Suite struct CanvasTests {
  @Test(arguments: [1.0, 1.5, 2]) func fillsAndClipsWhereTold(_ resolution: Double) throws {
    let canvas = try Canvas(width: 40, height: 30, resolution: resolution)
    let red = Colour(red: 1, green: 0, blue: 0)
    canvas.clipped(to: Path(Rectangle(x: 0, y: 0, width: 20, height: 30))) {
      canvas.fill(Path(Rectangle(x: 10, y: 10, width: 20, height: 10)), with: red)
    }
    #expect(canvas.colour(at: SIMD2(15, 15)) == red)
    #expect(canvas.colour(at: SIMD2(25, 15)) == .white)
    #expect(canvas.colour(at: SIMD2(5, 15)) == .white)
    #expect(canvas.colour(at: SIMD2(40, 15)) == nil && canvas.colour(at: SIMD2(-1, 0)) == nil)
    canvas.fill(Path(circleAt: SIMD2(33, 15), radius: 5), with: Colour(grey: 0).withAlpha(0.5))
    #expect(abs(try #require(canvas.colour(at: SIMD2(33, 15))).red - 0.5) < 0.01)
  }

  @Test func imagesArePlacedByThePixel() throws {
    let canvas = try Canvas(width: 10, height: 10, resolution: 2)
    var image = PixelImage(width: 2, height: 1)
    image.pixels[0] = Colour(hexadecimal: 0x123456).packed
    try canvas.draw(image, atPixel: 5, 7)
    #expect(canvas.colour(at: SIMD2(2.75, 3.75)) == Colour(hexadecimal: 0x123456))
    #expect(canvas.colour(at: SIMD2(3.25, 3.75)) == .white)
  }

  @Test func textHasWidthAndInk() throws {
    let canvas = try Canvas(width: 100, height: 30)
    let (narrow, wide) = (canvas.width(of: "i"), canvas.width(of: "a long line"))
    #expect(narrow > 0 && wide > 3 * narrow)
    canvas.draw("H", at: SIMD2(50, 15), style: TextStyle(size: 20), anchor: TextAnchor(.centre, .middle))
    let inked = (30..<70).contains { x in
      (0..<30).contains { y in canvas.colour(at: SIMD2(Double(x), Double(y))) != .white }
    }
    #expect(inked)
    #expect(
      canvas.lines(of: "one two three", style: TextStyle(), width: canvas.width(of: "one two")) == ["one two", "three"])
  }

  @Test func nonsenseDoesNoHarm() throws {
    let canvas = try Canvas(width: 20, height: 20)
    canvas.stroke(
      Path(lines: [SIMD2(.nan, 1), SIMD2(2, .infinity), SIMD2(3, 3)]), with: .ink, width: 1, dashes: [0, 0])
    canvas.fill(Path(circleAt: SIMD2(1, 1), radius: -3), with: .ink)
    canvas.draw("", at: .zero)
    canvas.draw("x", at: SIMD2(.nan, 0))
    try canvas.checkStatus()
    #expect(throws: ReportError.self) { try Canvas(width: .nan, height: 3) }
    #expect(throws: ReportError.self) { try Canvas(width: 0, height: 3) }
    #expect(throws: ReportError.self) { try Canvas(width: 40_000, height: 3) }
  }

  @Test func filesArePNGAndAlwaysTheSame() throws {
    let folder = try TemporaryFolder()
    let files = try ["a.png", "b.png"].map { name in
      let canvas = try Canvas(width: 60, height: 40)
      canvas.draw("Sextant 280 K", at: SIMD2(2, 20))
      try canvas.writePNG(to: folder.path(name))
      return try Data(contentsOf: URL(fileURLWithPath: folder.path(name)))
    }
    #expect(files[0] == files[1])
    let bytes = [UInt8](files[0])
    #expect(Array(bytes.prefix(8)) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    func integer(_ offset: Int) -> Int { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
    #expect(integer(16) == 120 && integer(20) == 80)
    // Chunk after chunk to the last, which ends with the file.
    var (offset, names) = (8, [String]())
    while offset + 12 <= bytes.count {
      names.append(String(decoding: bytes[offset + 4..<offset + 8], as: UTF8.self))
      offset += 12 + integer(offset)
    }
    #expect(offset == bytes.count && names.first == "IHDR" && names.contains("IDAT") && names.last == "IEND")
  }

  @Test func aFolderThatCannotBeMadeIsReported() throws {
    let folder = try TemporaryFolder()
    try Data().write(to: URL(fileURLWithPath: folder.path("file")))
    #expect(throws: FileError.self) { try Canvas(width: 5, height: 5).writePNG(to: folder.path("file/x.png")) }
  }
}
