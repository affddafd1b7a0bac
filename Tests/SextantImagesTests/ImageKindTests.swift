// Kinds of files that break naive readers, made by Tests/References/image_kinds.py: their numbers are those that went in,
// or those that Pillow reads.

import Foundation
import Testing

@testable import SextantImages

@Suite struct ImageKindTests {
  struct Kind: Codable {
    var bands: Int
    var numbers: [Double]
  }

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")

  /// The numbers of each file; nil for a file that must be refused.
  static func kinds() throws -> [String: Kind?] {
    try JSONDecoder().decode([String: Kind?].self, from: Data(contentsOf: folder.appendingPathComponent("kinds.json")))
  }

  @Test(arguments: try kinds().keys.sorted()) func eachKindIsReadOrRefused(_ name: String) throws {
    let path = Self.folder.appendingPathComponent(name).path
    guard let kind = try Self.kinds()[name] ?? nil else {
      #expect(throws: ImageFileError.self) { try ImageFile(path: path).samples(ofPage: 0) }
      return
    }
    let file = try ImageFile(path: path)
    #expect(file.header.bands == kind.bands && file.pageCount == 1)
    #expect(try file.samples(ofPage: 0).numbers == kind.numbers)
  }

  @Test func tagsAreReadAsTheyAre() throws {
    func header(_ name: String) throws -> ImageHeader {
      try ImageFile(path: Self.folder.appendingPathComponent(name).path).header
    }
    #expect(try header("turned.jpg").orientation == 6)
    #expect(try header("bits.tif").colour == .minIsWhite && header("bits.tif").type == .uint1)
    #expect(try header("palette.png").hadPalette && header("palette.png").alpha == 3)
    #expect(try header("half.tif").type == .float16 && header("zstd.tif").type == .uint32)
    #expect(try ImageFile(path: Self.folder.appendingPathComponent("rgb16.tif").path).container == .png)
    // libtiff leaves out the orientation 0, which has no meaning.
    #expect(try (header("orientation0.tif").orientation ?? 0) == 0 && header("orientation6.tif").orientation == 6)
    #expect(try header("key.png").key?.count == 1 && header("interlaced.png").key == nil)
    let ink = #expect(throws: ImageFileError.self) { try header("ink.jpg") }
    #expect("\(ink.map { "\($0)" } ?? "")".contains("CMYK"))
  }
}
