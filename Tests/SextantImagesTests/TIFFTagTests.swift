// TIFF files that other programs write: copies in reduced size, places on the Earth, planes with axes, and kinds that are refused.

import Foundation
import SextantTestSupport
import Testing

@testable import SextantImages

@Suite struct TIFFTagTests {
  typealias Entry = (tag: Int, type: Int, count: Int, value: [UInt8])

  private static func two(_ value: Int) -> [UInt8] { [UInt8(value & 255), UInt8(value >> 8 & 255)] }
  private static func four(_ value: Int) -> [UInt8] { two(value & 0xFFFF) + two(value >> 16) }
  private static func double(_ value: Double) -> [UInt8] { (0..<8).map { UInt8(value.bitPattern >> (8 * UInt64($0)) & 255) } }

  /// A little-endian TIFF with a square page of 8-bit grey for each side, whose pixels are the number of the page, and with other tags
  /// beside or in place of the usual ones.
  private static func tiff(sides: [Int], _ tags: [[Entry]]) -> Data {
    var bytes: [UInt8] = Array("II*\0".utf8) + four(8)
    for (index, side) in sides.enumerated() {
      var entries = tags[index]
      let usual: [(tag: Int, type: Int, value: Int)] = [
        (256, 3, side), (257, 3, side), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 0), (278, 3, side), (279, 4, side * side),
      ]
      for (tag, type, value) in usual where !entries.contains(where: { $0.tag == tag }) {
        entries.append((tag: tag, type: type, count: 1, value: four(value)))
      }
      entries.sort { $0.tag < $1.tag }
      // The pixels stand behind the directory, and behind them what does not fit into it.
      let place = bytes.count + 2 + 12 * entries.count + 4
      var rest = [UInt8](repeating: UInt8(index + 1), count: 16 * side * side)
      var directory = two(entries.count)
      for entry in entries {
        directory += two(entry.tag) + two(entry.type) + four(entry.count)
        if entry.tag == 273 {
          directory += four(place)
        } else if entry.value.count <= 4 {
          directory += entry.value + [UInt8](repeating: 0, count: 4 - entry.value.count)
        } else {
          directory += four(place + rest.count)
          rest += entry.value
        }
      }
      if rest.count % 2 == 1 { rest.append(0) }
      bytes += directory + four(index + 1 < sides.count ? place + rest.count : 0) + rest
    }
    return Data(bytes)
  }

  /// Calls `body` with the path of a file that is removed afterwards.
  private static func withFile(_ data: Data, _ body: (_ path: String) throws -> Void) throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) {
      try data.write(to: URL(fileURLWithPath: folder.path("a.tif")))
      try body(folder.path("a.tif"))
    }
  }

  @Test(arguments: [[4], [4, 2], [2, 4], [4, 2, 4], [4, 4, 2, 1]]) func copiesInReducedSizeAreNoPages(_ sides: [Int]) throws {
    let copy: [Entry] = [(tag: 254, type: 4, count: 1, value: Self.four(1))]
    try Self.withFile(Self.tiff(sides: sides, sides.map { $0 < 4 ? copy : [] })) { path in
      let file = try ImageFile(path: path, axes: "TYX")
      let whole = sides.indices.filter { sides[$0] == 4 }
      #expect(file.pageCount == whole.count && file.reducedCount == sides.count - whole.count && file.header.rows == 4)
      for (page, directory) in whole.enumerated() {
        #expect(try file.samples(ofPage: page).numbers == [Double](repeating: Double(directory + 1), count: 16))
      }
    }
    // Without the tag they are pages of another size.
    guard Set(sides).count > 1 else { return }
    try Self.withFile(Self.tiff(sides: sides, sides.map { _ in [] })) { path in
      #expect(throws: ImageFileError.self) { try ImageFile(path: path, axes: "TYX") }
    }
  }

  @Test func placesOnTheEarthAndDatesAreKept() throws {
    let scale = Self.double(30) + Self.double(-30) + Self.double(0)
    let corner = [0, 0, 0, 500_000.5, 4_100_000, 0].flatMap(Self.double)
    let keys = [1, 1, 0, 1, 1024, 0, 1, 1].flatMap(Self.two)
    let (text, metadata, date) = (Array("WGS 84|\0".utf8), Array("<GDALMetadata/>\0".utf8), Array("2020:01:02 03:04:05\0".utf8))
    let entries: [Entry] = [
      (tag: 306, type: 2, count: date.count, value: date), (tag: 33550, type: 12, count: 3, value: scale),
      (tag: 33922, type: 12, count: 6, value: corner), (tag: 34735, type: 3, count: 8, value: keys),
      (tag: 34736, type: 12, count: 1, value: Self.double(6_378_137)), (tag: 34737, type: 2, count: text.count, value: text),
      (tag: 42112, type: 2, count: metadata.count, value: metadata),
    ]
    try Self.withFile(Self.tiff(sides: [4], [entries])) { path in
      let file = try ImageFile(path: path)
      let samples = try file.samples(ofPage: 0)
      for pages in [1, 2] {
        let writer = try ImageWriter(creating: path, reportedAs: path, .tiff, header: file.header, pageCount: pages)
        for _ in 0..<pages { try writer.append(samples) }
        try writer.close()
        #expect(try ImageFile(path: path, axes: "TYX").header == file.header)
        let written = try Data(contentsOf: URL(fileURLWithPath: path))
        for entry in entries { #expect(written.range(of: Data(entry.value)) != nil, "tag \(entry.tag)") }
      }
    }
  }

  /// tifffile has the bands of a page in planes among the axes in front.
  @Test func theBandsOfPlanesAreNoAxisOfThePages() throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) { () throws -> Void in
      let path = folder.path("a.tif")
      var header = ImageHeader(rows: 5, columns: 4, bands: 3, type: .uint16)
      header.isPlanar = true
      func axes(pages: Int, _ description: String?, given: String? = nil) throws -> String {
        header.description = description
        let writer = try ImageWriter(creating: path, reportedAs: path, .tiff, header: header, pageCount: pages)
        for _ in 0..<pages { try writer.append(ImageFileTests.samples(.uint16, count: 60)) }
        try writer.close()
        let file = try ImageFile(path: path, axes: given)
        #expect(file.header == header && file.describedPageCount == nil)
        return file.axes.axes.map { "\($0.name)\($0.count)" }.joined()
      }
      #expect(try axes(pages: 2, #"{"shape": [2, 3, 5, 4], "axes": "TCYX"}"#) == "T2")
      #expect(try axes(pages: 1, #"{"shape": [3, 5, 4], "axes": "SYX"}"#) == "")
      #expect(try axes(pages: 2, ImageAxes.description([.init("T", 2)], header: header, names: ["a", "b", "c"])) == "T2")
      #expect(try axes(pages: 2, nil, given: "TCYX") == "T2")
      #expect(try axes(pages: 2, nil, given: "T2C3YX") == "T2")
      #expect(try axes(pages: 6, nil, given: "T2C3YX") == "T2C3")
      #expect(throws: ImageFileError.self) { try axes(pages: 2, nil, given: "TZCYX") }
    }
  }

  @Test func onePageIsSpokenOfInTheSingular() throws {
    try Self.withFile(Self.tiff(sides: [4], [[]])) { path in
      let error = #expect(throws: ImageFileError.self) { try ImageFile(path: path, axes: "T2YX") }
      let text = "\(error.map { "\($0)" } ?? "")"
      #expect(text.contains("the one page of the file") && text.contains("2 pages"), "\(text)")
    }
  }

  /// Whole files of a kind that is not read are no damaged files.
  @Test(arguments: [
    ([258: 64, 339: 2], "signed whole numbers of 64 bits"), ([258: 64, 339: 1], "unsigned whole numbers of 64 bits"),
    ([258: 64, 339: 6], "complex numbers of 64 bits"), ([258: 12], "unsigned whole numbers of 12 bits"), ([259: 50002], "50002 (JPEG XL)"),
  ])
  func otherTypesAndCompressionsAreNamed(_ tags: [Int: Int], _ name: String) throws {
    let entries: [Entry] = tags.map { (tag: $0.key, type: 3, count: 1, value: Self.four($0.value)) }
    try Self.withFile(Self.tiff(sides: [4], [entries])) { path in
      let error = #expect(throws: ImageFileError.self) { try ImageFile(path: path) }
      let text = "\(error.map { "\($0)" } ?? "")"
      #expect(text.contains(name) && !text.contains("copied whole"), "\(text)")
    }
  }
}
