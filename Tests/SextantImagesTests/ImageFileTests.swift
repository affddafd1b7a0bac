// Files of images that the tests make themselves: what is written comes back, sample by sample and tag by tag.

import Foundation
import SextantTestSupport
import Testing

@testable import SextantImages

/// Calls `body` with the path of a folder that is removed afterwards.
private func inScratchFolder(_ body: (_ folder: String) throws -> Void) throws {
  let folder = try ScratchFolder()
  try withExtendedLifetime(folder) { try body(folder.path) }
}

@Suite struct ImageFileTests {
  /// Samples over the whole range of a type.
  static func samples(_ type: SampleType, count: Int) -> ImageSamples {
    var samples = ImageSamples(type: type, count: count)
    let range = type.isWhole ? type.range : -3.25...1000
    for index in 0..<count {
      let share = Double(index * 7 % count) / Double(max(1, count - 1))
      samples[index] = type.nearest(range.lowerBound + share * (range.upperBound - range.lowerBound)) ?? 0
    }
    return samples
  }

  @Test(arguments: SampleType.allCases, [(5, 7, 1), (1, 1, 1), (4, 9, 3), (3, 5, 2)])
  func whatIsWrittenAsTIFFComesBack(_ type: SampleType, _ shape: (Int, Int, Int)) throws {
    try inScratchFolder { folder in
      let path = "\(folder)/a.tif"
      var header = ImageHeader(rows: shape.0, columns: shape.1, bands: shape.2, type: type)
      header.orientation = 6
      header.resolution = ImageResolution(unit: 3, x: 400, y: 200)
      header.profile = [1, 2, 3, 4]
      header.noData = "-9999"
      if shape.2 == 2 { header.alpha = 1 }
      let samples = Self.samples(type, count: header.sampleCount)
      for isPlanar in shape.2 > 1 ? [false, true] : [false] {
        header.isPlanar = isPlanar
        let writer = try ImageWriter(creating: path, reportedAs: path, .tiff, header: header, pageCount: 1)
        try writer.append(samples)
        try writer.close()
        let file = try ImageFile(path: path)
        #expect(file.header == header && file.pageCount == 1)
        #expect(try file.samples(ofPage: 0) == samples)
      }
    }
  }

  /// Planes of more than one strip each.
  @Test func largePlanesComeBack() throws {
    try inScratchFolder { folder in
      let path = "\(folder)/a.tif"
      var header = ImageHeader(rows: 401, columns: 397, bands: 3, type: .uint16)
      header.isPlanar = true
      let samples = Self.samples(.uint16, count: header.sampleCount)
      let writer = try ImageWriter(creating: path, reportedAs: path, .tiff, header: header, pageCount: 1)
      try writer.append(samples)
      try writer.close()
      #expect(try ImageFile(path: path).samples(ofPage: 0) == samples)
    }
  }

  @Test(arguments: [SampleType.uint1, .uint2, .uint4, .uint8, .uint16], 1...4)
  func whatIsWrittenAsPNGComesBack(_ type: SampleType, _ bands: Int) throws {
    try inScratchFolder { folder in
      let path = "\(folder)/a.png"
      var header = ImageHeader(rows: 6, columns: 11, bands: bands, type: type)
      if bands % 2 == 0 { header.alpha = bands - 1 } else { header.key = (0..<bands).map { $0 % 2 } }
      header.orientation = 6
      header.resolution = ImageResolution(unit: 4, x: 3000, y: 2000)
      let samples = Self.samples(type, count: header.sampleCount)
      if type.bits < 8, bands > 1 {
        #expect(throws: ImageFileError.self) {
          try ImageWriter(creating: path, reportedAs: path, .png, header: header, pageCount: 1)
        }
        return
      }
      let writer = try ImageWriter(creating: path, reportedAs: path, .png, header: header, pageCount: 1)
      try writer.append(samples)
      try writer.close()
      let file = try ImageFile(path: path)
      #expect(file.header == header)
      #expect(try file.samples(ofPage: 0) == samples)
      let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      try bytes.prefix(bytes.count * 2 / 3).write(to: URL(fileURLWithPath: path))
      #expect(throws: ImageFileError.self) { try ImageFile(path: path).samples(ofPage: 0) }
    }
  }

  /// PNG allows one chunk of Exif data, here with the orientation; texts stand beside it once, too.
  @Test func aPNGHasOneChunkOfExifData() throws {
    try inScratchFolder { folder in
      let path = "\(folder)/a.png"
      var header = ImageHeader(rows: 4, columns: 5, bands: 3, type: .uint8)
      header.orientation = 6
      header.resolution = ImageResolution(unit: 4, x: 3000, y: 2000)
      // The text "Title: a" with its check sum.
      header.pngChunks = [0, 0, 0, 7] + Array("tEXtTitle\0a".utf8) + [0x4D, 0x15, 0xE5, 0xFA]
      let writer = try ImageWriter(creating: path, reportedAs: path, .png, header: header, pageCount: 1)
      try writer.append(Self.samples(.uint8, count: header.sampleCount))
      try writer.close()
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      var types: [String] = []
      var place = 8
      while place + 12 <= bytes.count {
        types.append(String(decoding: bytes[place + 4..<place + 8], as: UTF8.self))
        place += 12 + bytes[place..<place + 4].reduce(0) { 256 * $0 + Int($1) }
      }
      for type in ["IHDR", "eXIf", "pHYs", "tEXt", "IEND"] { #expect(types.filter { $0 == type }.count == 1, "\(type) of \(types)") }
      #expect(try ImageFile(path: path).header == header)
    }
  }

  @Test(arguments: [SampleType.int8, .int16, .uint32, .int32, .float16, .float32, .float64])
  func aPNGRefusesWhatItCannotHold(_ type: SampleType) throws {
    let header = ImageHeader(rows: 2, columns: 2, bands: 1, type: type)
    #expect(
      ImageWriter.refusal(.png, header, pageCount: 1) != nil && ImageWriter.refusal(.tiff, header, pageCount: 1) == nil)
    #expect(ImageWriter.refusal(.png, ImageHeader(rows: 2, columns: 2, bands: 3, type: .uint16), pageCount: 1) == nil)
    #expect(ImageWriter.refusal(.png, ImageHeader(rows: 2, columns: 2, bands: 3, type: .uint8), pageCount: 2) != nil)
    #expect(ImageWriter.refusal(.jpeg, ImageHeader(rows: 2, columns: 2, bands: 3, type: .uint8), pageCount: 1) != nil)
  }

  @Test func pagesHaveNamedAxes() throws {
    try inScratchFolder { folder in
      let path = "\(folder)/a.tif"
      func write(_ description: String?) throws {
        var header = ImageHeader(rows: 2, columns: 3, bands: 1, type: .uint16)
        header.description = description
        let writer = try ImageWriter(creating: path, reportedAs: path, .tiff, header: header, pageCount: 6)
        for page in 0..<6 {
          var samples = ImageSamples(type: .uint16, count: 6)
          samples[0] = Double(page)
          try writer.append(samples)
        }
        try writer.close()
      }
      func axes(_ given: String? = nil) throws -> String {
        try ImageFile(path: path, axes: given).axes.axes.map { "\($0.name)\($0.count)" }.joined()
      }
      try write(nil)
      #expect(throws: ImageFileError.unnamedAxes(path: path, pages: 6)) { try axes() }
      #expect(try axes("TYX") == "T6" && axes("t3cyx") == "T3C2" && axes("C2ZYX") == "C2Z3")
      let unclear = #expect(throws: ImageFileError.self) { try axes("ABYX") }
      let text = unclear.map { "\($0)" } ?? ""
      #expect(text.contains("A and B are none of T"), "\(text)")
      for wrong in ["T4CYX", "TCYX", "T6", "TTYX", "0YX", "T7YX"] {
        #expect(throws: ImageFileError.self) { try axes(wrong) }
      }
      try write("ImageJ=1.53t\nimages=6\nchannels=2\nframes=3\nhyperstack=true\n")
      #expect(try axes() == "T3C2")
      try write("ImageJ=1.53t\nimages=6\nslices=6\n")
      #expect(try axes() == "Z6")
      try write(#"{"shape": [3, 2, 2, 3], "axes": "TCYX"}"#)
      #expect(try axes() == "T3C2")
      try write(
        #"<?xml version="1.0"?><OME><Image><Pixels DimensionOrder="XYZCT" SizeX="3" SizeY="2" SizeZ="1" SizeC="2" SizeT="3" Type="uint16"><Channel ID="a" Name="actin" SamplesPerPixel="1"/><Channel ID="b" Name="tubulin"/></Pixels></Image></OME>"#
      )
      #expect(try axes() == "T3C2")
      let file = try ImageFile(path: path)
      #expect(file.axes.channelNames == ["actin", "tubulin"])
      for field in 0..<3 {
        for channel in 0..<2 {
          let page = file.axes.page(ofField: field, channel: channel)
          #expect(try file.samples(ofPage: page)[0] == Double(2 * field + channel))
        }
      }
    }
  }

  /// A stack that is cut off between its pages is no shorter stack, and a description that names other pages is mentioned.
  @Test func aStackThatIsCutOffIsNoShorterStack() throws {
    try inScratchFolder { folder in
      let path = "\(folder)/a.tif"
      func write(pages: Int, _ description: String?) throws {
        var header = ImageHeader(rows: 20, columns: 30, bands: 1, type: .uint16)
        header.description = description
        let writer = try ImageWriter(creating: path, reportedAs: path, .tiff, header: header, pageCount: pages)
        for _ in 0..<pages { try writer.append(Self.samples(.uint16, count: 600)) }
        try writer.close()
      }
      try write(pages: 5, #"{"shape": [5, 20, 30], "axes": "TYX"}"#)
      let whole = try ImageFile(path: path)
      #expect(whole.pageCount == 5 && whole.describedPageCount == nil)
      let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      for part in [2, 3, 4] {
        try bytes.prefix(bytes.count * part / 5).write(to: URL(fileURLWithPath: path))
        for axes in [nil, "TYX"] as [String?] {
          let error = #expect(throws: ImageFileError.self) { try ImageFile(path: path, axes: axes) }
          #expect("\(error.map { "\($0)" } ?? "")".contains("cut off"))
        }
      }
      for description in [#"{"shape": [5, 20, 30], "axes": "TYX"}"#, "ImageJ=1.53t\nimages=5\nframes=5\n"] {
        try write(pages: 3, description)
        #expect(throws: ImageFileError.otherPageCount(path: path, described: 5, pages: 3)) { try ImageFile(path: path) }
        let told = try ImageFile(path: path, axes: "TYX")
        #expect(told.pageCount == 3 && told.describedPageCount == 5)
      }
    }
  }

  /// ImageJ takes the samples of the second page, and of those after it, from behind those of the first, whatever the directories say.
  @Test(arguments: [SampleType.uint8, .uint16, .float32], [(5, 7, 1), (5, 7, 3), (401, 397, 1)])
  func thePagesOfAStackFollowEachOther(_ type: SampleType, _ shape: (Int, Int, Int)) throws {
    try inScratchFolder { folder in
      let path = "\(folder)/a.tif"
      var header = ImageHeader(rows: shape.0, columns: shape.1, bands: shape.2, type: type)
      header.description = "ImageJ=1.53t\nimages=3\nframes=3\n"
      let pages = (1...3).map { page in
        var samples = Self.samples(type, count: header.sampleCount)
        samples[0] = Double(page)
        return samples
      }
      for isBig in [false, true] {
        header.isBig = isBig
        let writer = try ImageWriter(creating: path, reportedAs: path, .tiff, header: header, pageCount: 3)
        for page in pages { try writer.append(page) }
        try writer.close()
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(whole.range(of: Data(pages.flatMap(\.bytes))) != nil)
        let file = try ImageFile(path: path)
        #expect(file.header == header && file.pageCount == 3)
        for page in 0..<3 { #expect(try file.samples(ofPage: page) == pages[page]) }
      }
    }
  }

  @Test func anImageJStackWithOneDirectoryHasAllItsFrames() throws {
    try inScratchFolder { folder in
      let path = "\(folder)/a.tif"
      // A big-endian TIFF with one directory for the first of three frames of 2×2 pixels.
      func two(_ value: Int) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }
      func four(_ value: Int) -> [UInt8] { two(value >> 16) + two(value & 0xFFFF) }
      let text = Array("ImageJ=1.53t\nimages=3\nframes=3\n\0".utf8)
      let entries: [(Int, Int, Int, [UInt8])] = [
        (256, 3, 1, two(2) + [0, 0]), (257, 3, 1, two(2) + [0, 0]), (258, 3, 1, two(16) + [0, 0]),
        (259, 3, 1, two(1) + [0, 0]), (262, 3, 1, two(1) + [0, 0]), (270, 2, text.count, four(8 + 2 + 9 * 12 + 4)),
        (273, 4, 1, four(8 + 2 + 9 * 12 + 4 + text.count)), (278, 3, 1, two(2) + [0, 0]), (279, 4, 1, four(8)),
      ]
      var bytes = Array("MM\0*".utf8) + four(8) + two(entries.count)
      for (tag, type, count, value) in entries { bytes += two(tag) + two(type) + four(count) + value }
      bytes += four(0) + text
      for value in 0..<12 { bytes += two(300 * value) }
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let file = try ImageFile(path: path)
      #expect(file.pageCount == 3 && file.axes.fieldCount == 3)
      for page in 0..<3 {
        let wanted: [Double] = (4 * page..<4 * page + 4).map { Double(300 * $0) }
        #expect(try file.samples(ofPage: page).numbers == wanted)
      }
      try Data(bytes.dropLast(3)).write(to: URL(fileURLWithPath: path))
      #expect(throws: ImageFileError.self) { try ImageFile(path: path) }
    }
  }

  /// Of an animation libpng shows the first frame alone; a PNG whose animation has one frame is an image.
  @Test func animationsAreRefused() throws {
    try inScratchFolder { folder in
      let path = "\(folder)/a.png"
      let header = ImageHeader(rows: 4, columns: 5, bands: 1, type: .uint8)
      let writer = try ImageWriter(creating: path, reportedAs: path, .png, header: header, pageCount: 1)
      try writer.append(Self.samples(.uint8, count: 20))
      try writer.close()
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      // The chunk with its own check sum, after the header's 33 bytes.
      for (frames, sum) in [(2, [0xF3, 0x8D, 0x93, 0x70]), (1, [0xB4, 0x2D, 0xE9, 0xA0])] as [(UInt8, [UInt8])] {
        let chunk: [UInt8] = [0, 0, 0, 8] + Array("acTL".utf8) + [0, 0, 0, frames, 0, 0, 0, 0] + sum
        try Data(Array(bytes[..<33]) + chunk + Array(bytes[33...])).write(to: URL(fileURLWithPath: path))
        guard frames > 1 else {
          #expect(try ImageFile(path: path).samples(ofPage: 0) == Self.samples(.uint8, count: 20))
          continue
        }
        let error = #expect(throws: ImageFileError.self) { try ImageFile(path: path) }
        #expect("\(error.map { "\($0)" } ?? "")".contains("2 frames"))
      }
    }
  }

  @Test func imagesOfOtherKindsAreNamed() throws {
    try inScratchFolder { folder in
      let kinds: [(String, [UInt8])] = [
        ("GIF", Array("GIF89a".utf8) + [5, 0, 4, 0, 0, 0]), ("BMP", Array("BM".utf8) + [118, 2, 0, 0, 0, 0, 0, 0, 54, 0]),
        ("WebP", Array("RIFF".utf8) + [96, 0, 0, 0] + Array("WEBPVP8 ".utf8)),
      ]
      for (kind, bytes) in kinds {
        let path = "\(folder)/a.png"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: ImageFileError.self) { try ImageFile(path: path) }
        let text = "\(error.map { "\($0)" } ?? "")"
        #expect(text.contains("a \(kind) image") && text.contains("convert it to PNG or TIFF"), "\(text)")
      }
    }
  }

  @Test func filesThatAreNoImagesAreNamed() throws {
    try inScratchFolder { folder in
      let path = "\(folder)/a.tif"
      for bytes in [
        [], Array("hello".utf8), [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], Array("II*\0".utf8),
        [0xFF, 0xD8, 0xFF, 0xE0],
      ] as [[UInt8]] {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        #expect(throws: ImageFileError.self) { try ImageFile(path: path) }
      }
    }
  }
}
