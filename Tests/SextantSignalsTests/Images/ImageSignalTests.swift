// Images as signals: what goes in comes out, what is missing is missing, and what a file cannot hold is refused.

import Foundation
import SextantArrays
import SextantGeometry
import SextantImages
import SextantStorage
import SextantTestSupport
import Testing

@testable import SextantSignals

/// A kind of image that a test makes, with samples of its whole range.
struct ImageCase: Sendable, CustomTestStringConvertible {
  var type: SampleType
  var bands = 1
  var alpha: Int?
  var isPremultiplied = false
  var isMinWhite = false
  var noData: String?
  var hasKey = false
  var ending = "tif"

  var testDescription: String {
    "\(type.rawValue) × \(bands) .\(ending)" + (alpha.map { ", opacity \($0)" } ?? "")
      + (isPremultiplied ? ", premultiplied" : "")
      + (isMinWhite ? ", min-is-white" : "") + (noData.map { ", no data \($0)" } ?? "") + (hasKey ? ", key" : "")
  }

  static let all: [ImageCase] =
    SampleType.allCases.flatMap { type in
      [
        ImageCase(type: type), ImageCase(type: type, bands: 3), ImageCase(type: type, isMinWhite: true),
        ImageCase(type: type, noData: type.isSigned ? "-1" : "1"),
      ]
    }
    + [SampleType.uint8, .uint16, .float32].flatMap { type in
      [
        ImageCase(type: type, bands: 4, alpha: 3), ImageCase(type: type, bands: 4, alpha: 3, isPremultiplied: true),
        ImageCase(type: type, bands: 5, alpha: 3), ImageCase(type: type, bands: 2, alpha: 1),
      ]
    }
    + [SampleType.uint8, .uint16].flatMap { type in
      [
        ImageCase(type: type, ending: "png"), ImageCase(type: type, bands: 2, alpha: 1, ending: "png"),
        ImageCase(type: type, bands: 3, hasKey: true, ending: "png"),
        ImageCase(type: type, bands: 4, alpha: 3, ending: "png"),
      ]
    }
    + [SampleType.uint1, .uint2, .uint4].map { ImageCase(type: $0, hasKey: true, ending: "png") }

  var header: ImageHeader {
    var header = ImageHeader(rows: 7, columns: 9, bands: bands, type: type)
    header.colour = isMinWhite ? .minIsWhite : bands >= 3 ? .rgb : .grey
    (header.alpha, header.isPremultiplied, header.noData) = (alpha, isPremultiplied, noData)
    header.orientation = 6
    if ending == "tif" { header.profile = [7, 8, 9] }
    if hasKey { header.key = (0..<bands).map { _ in 1 } }
    return header
  }

  /// Writes the image to a folder.
  func write(to folder: ScratchFolder, name: String = "in") throws -> String {
    let path = folder.path("\(name).\(ending)")
    var samples = ImageSamples(type: type, count: header.sampleCount)
    let range = type.isWhole ? type.range : -3.25...1000
    for index in 0..<samples.count {
      let share = Double(index * 11 % 63) / 62
      samples[index] = type.nearest(range.lowerBound + share * (range.upperBound - range.lowerBound)) ?? 0
      // Opacities are between 0 and the full one, and some pixels are clear.
      if index % bands == alpha { samples[index] = type.nearest(type.full * Double(index / bands % 4) / 3) ?? 0 }
    }
    if noData != nil { samples[5] = type.isSigned ? -1 : 1 }
    if hasKey { for band in 0..<bands { samples[6 * bands + band] = 1 } }
    if !type.isWhole, alpha == nil { samples[bands * 3] = .nan }
    let writer = try ImageWriter(
      creating: path, reportedAs: path, ending == "png" ? .png : .tiff, header: header, pageCount: 1)
    try writer.append(samples)
    try writer.close()
    return path
  }
}

@Suite struct ImageSignalTests {
  static let formats: [any SignalFormat] = .standard

  static func open(_ path: String, _ settings: [String: String] = [:]) throws -> any SignalDocument {
    try formats.open(SignalRequest(path: path, settings: settings, acceptsValues: true))
  }

  /// Writes fields as estimates, changed by `change`.
  static func restore(
    _ document: any SignalDocument, to path: String, content: SignalContent? = nil,
    _ change: (inout FieldRecord) -> Void = { _ in }
  ) throws {
    let content = content ?? .estimates(document.count, hasSpread: false, hasObserved: false)
    let sink = try formats.sink(OutputRequest(path: path, content: content), like: document)
    try sink.write(content, description: FieldFileDescription(history: "by a test"), overwrite: false) { writer in
      for index in (0..<document.count).reversed() {
        var record = FieldRecord(try document.read([index])[0])
        record.spread = record.values
        change(&record)
        try writer.write(record, at: index)
      }
    }
  }

  @Test(arguments: ImageCase.all) func whatGoesInComesOut(_ image: ImageCase) throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) {
      let path = try image.write(to: folder)
      let document = try Self.open(path)
      let out = folder.path("out.\(image.ending)")
      try Self.restore(document, to: out)
      let (first, second) = (try ImageFile(path: path), try ImageFile(path: out))
      #expect(first.header == second.header)
      let (before, after) = (try first.samples(ofPage: 0), try second.samples(ofPage: 0))
      #expect(before.bytes == after.bytes)
      let missing = try document.read([0]).isValid.filter { !$0 }.count
      let hasGaps = image.alpha != nil || image.hasKey || image.noData != nil || !image.type.isWhole
      #expect((missing > 0) == hasGaps)
    }
  }

  @Test(arguments: [SampleType.uint8, .int16, .uint16, .float32], [false, true])
  func changedPixelsAreRoundedToTheType(_ type: SampleType, _ isMinWhite: Bool) throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) {
      let path = try ImageCase(type: type, isMinWhite: isMinWhite).write(to: folder)
      let document = try Self.open(path)
      let out = folder.path("out.tif")
      try Self.restore(document, to: out) { record in
        record.values[4] = 100.25
        if !type.isWhole { record.values[3] = 5 }
      }
      let read = try Self.open(out).read([0])
      #expect(read.values.scalars[4] == (type.isWhole ? 100 : 100.25))
      #expect(!read.isValid.contains(false))
    }
  }

  @Test func whatATypeCannotHoldIsRefusedWithItsCountAndPlace() throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) {
      for (ending, wrong) in [("png", Float(-3)), ("tif", 300), ("tif", .nan)] {
        let path = try ImageCase(type: .uint8, ending: ending).write(to: folder)
        let document = try Self.open(path)
        func change(_ record: inout FieldRecord) {
          record.values[11] = wrong
          record.values[30] = wrong
        }
        let text = complaint { try Self.restore(document, to: folder.path("out.\(ending)"), change) }
        #expect(text.contains("2 values") && text.contains("row 2, column 3") && text.contains(".float.tif"), "\(text)")
        #expect(!FileManager.default.fileExists(atPath: folder.path("out.\(ending)")))
        let other = folder.path("out\(ending)\(wrong).float.tif")
        try Self.restore(document, to: other, change)
        let read = try Self.open(other).read([0])
        #expect(wrong.isNaN ? !read.isValid[11] : read.values.scalars[11] == wrong)
      }
      let path = try ImageCase(type: .uint8, ending: "png").write(to: folder)
      let document = try Self.open(path)
      for output in ["out.jpg", "out.jpeg"] {
        #expect(complaint { try Self.restore(document, to: folder.path(output)) }.contains(".tif"))
      }
      #expect(
        complaint {
          try Self.restore(document, to: folder.path("noisy.png"), content: .measurements(1, hasNoise: false))
        }.contains(".tif"))
    }
  }

  @Test func spreadStandsBesideTheImage() throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) {
      let path = try ImageCase(type: .uint16, bands: 3, ending: "png").write(to: folder)
      let document = try Self.open(path)
      try Self.restore(document, to: folder.path("out.png"), content: .estimates(1, hasSpread: true)) { record in
        record.spread = record.values.map { $0 / 7 }
      }
      let spread = try Self.open(folder.path("out.spread.tif"))
      #expect(spread.variables.map(\.name) == ["red", "green", "blue"])
      let values = try document.read([0]).values.scalars
      #expect(try spread.read([0]).values.scalars == values.map { $0 / 7 })
    }
  }

  @Test func maskImagesHaveTwoNumbersAndTheSizeOfTheImage() throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) {
      let path = try ImageCase(type: .uint8).write(to: folder)
      func mask(_ header: ImageHeader, _ numbers: [Double]) throws -> String {
        let path = folder.path("mask.png")
        try? FileManager.default.removeItem(atPath: path)
        var samples = ImageSamples(type: header.type, count: header.sampleCount)
        for index in 0..<samples.count { samples[index] = numbers[index % numbers.count] }
        let writer = try ImageWriter(creating: path, reportedAs: path, .png, header: header, pageCount: 1)
        try writer.append(samples)
        try writer.close()
        return path
      }
      var header = ImageHeader(rows: 7, columns: 9, bands: 1, type: .uint8)
      header.orientation = 6
      for (missing, remainder) in [("white", 1), ("black", 0)] {
        let settings = ["mask": try mask(header, [0, 255]), "missing_where": missing]
        let read = try Self.open(path, settings).read([0])
        let wanted = read.isValid.indices.map { $0 % 2 != remainder }
        #expect(read.isValid == wanted)
      }
      let several = try mask(header, [0, 128, 255])
      let text = complaint { _ = try Self.open(path, ["mask": several, "missing_where": "white"]) }
      #expect(text.contains("3 different numbers") && text.contains("128: 21"), "\(text)")
      #expect(complaint { _ = try Self.open(path, ["mask": several]) }.contains("white or black"))
      #expect(complaint { _ = try Self.open(path, ["mask": folder.path, "missing_where": "white"]) }.contains("found a folder"))
      header.orientation = 1
      let turned = try mask(header, [0, 255])
      #expect(
        complaint { _ = try Self.open(path, ["mask": turned, "missing_where": "white"]) }.contains("orientation"))
      (header.orientation, header.columns) = (6, 8)
      let small = try mask(header, [0, 255])
      #expect(complaint { _ = try Self.open(path, ["mask": small, "missing_where": "white"]) }.contains("7×8"))
    }
  }

  @Test func foldersAreArchivesAndGiveFolders() throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) {
      let inner = folder.path("faces")
      try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
      for name in ["b", "a", "c"] {
        _ = try ImageCase(type: .uint8, bands: 3, ending: "png").write(to: folder, name: "faces/\(name)")
      }
      try Data("notes".utf8).write(to: URL(fileURLWithPath: inner + "/notes.txt"))
      let document = try Self.open(inner)
      #expect(document.labels.map { $0.text(of: "file") } == ["a.png", "b.png", "c.png"])
      #expect(document.remarks.contains { $0.topic == "other-files" && $0.text.contains("notes.txt") })
      let out = folder.path("restored")
      try Self.restore(document, to: out, content: .estimates(3, hasSpread: true))
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: out).sorted() == ["a.png", "about.json", "b.png", "c.png", "spread"])
      for name in ["a", "b", "c"] {
        let samples = try [inner, out].map { try ImageFile(path: "\($0)/\(name).png").samples(ofPage: 0) }
        #expect(samples[0] == samples[1])
        #expect(FileManager.default.fileExists(atPath: "\(out)/spread/\(name).tif"))
      }
      #expect(complaint { try Self.restore(document, to: out) }.contains("--overwrite"))
      #expect(complaint { try Self.restore(document, to: inner) } != "no complaint")
      let one = try formatsSelect(inner)
      try Self.restore(one, to: folder.path("one"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("one")) == ["about.json", "b.png"])
      _ = try ImageCase(type: .uint16, bands: 3, ending: "png").write(to: folder, name: "faces/d")
      let mixed = complaint { _ = try Self.open(inner) }
      #expect(mixed.contains("d.png") && mixed.contains("uint16"), "\(mixed)")
      // The others can be used where that is asked for, and what was left out is listed.
      try Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0]).write(to: URL(fileURLWithPath: inner + "/e.png"))
      let rest = try Self.open(inner, ["keep_going": "true"])
      #expect(rest.labels.map { $0.text(of: "file") } == ["a.png", "b.png", "c.png"])
      let left = try #require(rest.remarks.first { $0.topic == "images-left-out" })
      #expect(left.text.contains("2 of 5") && left.text.contains("d.png") && left.text.contains("e.png"), "\(left.text)")
    }
  }

  /// Names that differ in their endings alone would have one answer, or one spread; the fields of a stack have one file.
  @Test func answersOfAFolderHaveNamesOfTheirOwn() throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) {
      let inner = folder.path("pair")
      try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
      _ = try ImageCase(type: .uint8, ending: "png").write(to: folder, name: "pair/a")
      _ = try ImageCase(type: .uint8).write(to: folder, name: "pair/a")
      let document = try Self.open(inner)
      let text = complaint { try Self.restore(document, to: folder.path("out"), content: .estimates(2, hasSpread: true)) }
      #expect(text.contains("a.png and a.tif") && text.contains("spread/a.tif") && text.contains("Rename"), "\(text)")
      #expect(!FileManager.default.fileExists(atPath: folder.path("out")))
      try Self.restore(document, to: folder.path("plain"))
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.path("plain")).sorted() == ["a.png", "a.tif", "about.json"])
      let stacks = folder.path("stacks")
      try FileManager.default.createDirectory(atPath: stacks, withIntermediateDirectories: true)
      for name in ["a", "b"] { try Self.writeStack(to: "\(stacks)/\(name).tif") }
      try Self.restore(try Self.open(stacks), to: folder.path("stacked"), content: .estimates(6, hasSpread: true))
      for name in ["a", "b"] {
        let (first, second) = (try ImageFile(path: "\(stacks)/\(name).tif"), try ImageFile(path: folder.path("stacked/\(name).tif")))
        #expect(first.header == second.header && first.axes == second.axes)
        for page in 0..<6 { #expect(try first.samples(ofPage: page) == second.samples(ofPage: page)) }
        #expect(try ImageFile(path: folder.path("stacked/spread/\(name).tif")).axes.fieldCount == 3)
      }
    }
  }

  /// A stack of three frames of two channels, as ImageJ describes it.
  static func writeStack(to path: String) throws {
    var header = ImageHeader(rows: 2, columns: 3, bands: 1, type: .uint16)
    header.description = "ImageJ=1.53t\nimages=6\nchannels=2\nframes=3\nhyperstack=true\n"
    let writer = try ImageWriter(creating: path, reportedAs: path, .tiff, header: header, pageCount: 6)
    for page in 0..<6 {
      var samples = ImageSamples(type: .uint16, count: 6)
      for pixel in 0..<6 { samples[pixel] = Double(10 * page + pixel) }
      try writer.append(samples)
    }
    try writer.close()
  }

  private func formatsSelect(_ path: String) throws -> any SignalDocument {
    try Self.formats.open(SignalRequest(path: path, select: ["file": ["b.png"]]))
  }

  @Test func stacksHaveChannelsAndFrames() throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) {
      let path = folder.path("in.tif")
      try Self.writeStack(to: path)
      let document = try Self.open(path)
      #expect(document.count == 3 && document.variables.map(\.name) == ["channel_1", "channel_2"])
      let read = try document.read([2])
      let wanted: [Float] = (0..<6).flatMap { pixel -> [Float] in [Float(40 + pixel), Float(50 + pixel)] }
      #expect(read.values.scalars == wanted)
      #expect(document.labels.map { $0.text(of: "frame") } == ["0", "1", "2"])
      try Self.restore(document, to: folder.path("out.tif"))
      let (first, second) = (try ImageFile(path: path), try ImageFile(path: folder.path("out.tif")))
      #expect(first.header == second.header && first.axes == second.axes)
      for page in 0..<6 { #expect(try first.samples(ofPage: page) == second.samples(ofPage: page)) }
      // The other parts, single precision and measured values have the same axes, and samples one more.
      let content = SignalContent.estimates(3, memberCount: 2, hasSpread: true, hasObserved: false)
      try Self.restore(document, to: folder.path("all.float.tif"), content: content) { record in
        record.members = Tensor(record.values + record.values, shape: [2, record.values.count])
      }
      try Self.restore(document, to: folder.path("noisy.tif"), content: .measurements(3, hasNoise: true)) { record in
        record.noise = record.values
      }
      for name in ["all.float.tif", "all.spread.tif", "noisy.tif", "noisy.noise.tif"] {
        let file = try ImageFile(path: folder.path(name))
        #expect(file.axes == first.axes && file.header.type == .float32 && file.header.description == first.header.description, "\(name)")
        for page in 0..<6 { #expect(try file.samples(ofPage: page).numbers == first.samples(ofPage: page).numbers) }
      }
      let samples = try ImageFile(path: folder.path("all.samples.tif")).axes.axes
      #expect(samples.map { "\($0.name)\($0.count)" }.joined() == "T3Q2C2")
      #expect(complaint { _ = try Self.open(path, ["axes": "T4YX"]) }.contains("T4YX"))
    }
  }

  @Test func onlyColoursAreDividedByTheOpacity() throws {
    var header = ImageHeader(rows: 1, columns: 2, bands: 5, type: .uint8)
    (header.colour, header.alpha, header.isPremultiplied) = (.rgb, 3, true)
    let samples = ImageSamples(type: .uint8, bytes: [10, 20, 30, 51, 40, 1, 2, 3, 0, 4])
    let pixels = ImagePixels(header)
    let values = pixels.values(of: samples)
    #expect(Array(values.prefix(4)) == [50, 100, 150, 40] && values.suffix(4).allSatisfy(\.isNaN))
    // The opacity stays; a pixel that was clear becomes opaque.
    var misfit = ImagePixels.Misfit()
    let written = pixels.samples(of: [50, 200, 150, 41, 7, 8, 9, 10], from: samples, misfit: &misfit)
    #expect(misfit.count == 0 && written.bytes == [10, 40, 30, 51, 41, 7, 8, 9, 255, 10])
  }

  @Test func inspectionSaysWhatTheFileIs() throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) {
      let path = try ImageCase(type: .uint16, isMinWhite: true).write(to: folder)
      let text = try Self.formats.inspect(InspectionRequest(path: path)).description
      for word in [
        "7×9", "uint16", "min-is-white", "turned over", "orientation tag 6", "a colour profile", "0 to 65535",
      ] {
        #expect(text.contains(word), "\(text)")
      }
      let stack = folder.path("stack.tif")
      let header = ImageHeader(rows: 2, columns: 3, bands: 1, type: .uint8)
      let writer = try ImageWriter(creating: stack, reportedAs: stack, .tiff, header: header, pageCount: 4)
      for _ in 0..<4 { try writer.append(ImageSamples(type: .uint8, count: 6)) }
      try writer.close()
      let unnamed = try Self.formats.inspect(InspectionRequest(path: stack)).description
      #expect(unnamed.contains("4 fields") && unnamed.contains("--axes"), "\(unnamed)")
    }
  }

  /// What is said of an answer stands in a JSON file beside it.
  @Test func howAnAnswerWasMadeStandsBesideIt() throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) {
      let document = try Self.open(ImageCase(type: .uint8).write(to: folder))
      let content = SignalContent.estimates(1, hasSpread: false, hasObserved: false)
      let sink = try Self.formats.sink(OutputRequest(path: folder.path("out.tif"), content: content), like: document)
      #expect(sink.paths == ["out.tif", "out.about.json"].map(folder.path))
      let description = FieldFileDescription(history: "a line", attributes: ["sextant_remarks": "note: a remark"])
      try sink.write(content, description: description, overwrite: false) {
        try $0.write(FieldRecord(try document.read([0])[0]), at: 0)
      }
      let texts = try JSONDecoder().decode(
        [String: String].self, from: Data(contentsOf: URL(fileURLWithPath: folder.path("out.about.json"))))
      #expect(texts == ["history": "a line", "sextant_remarks": "note: a remark"])
    }
  }

  /// IDX files without a mesh are images: grey ones, and colours side by side or in planes.
  @Test func idxFilesAreImages() throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) {
      func file(_ name: String, _ shape: [Int], _ content: [UInt8]) throws -> String {
        try ImageStackTests.write(ImageStackTests.file(shape: shape, content: content), in: folder, name)
      }
      let grey = try Self.open(file("grey", [2, 2, 3], (0..<12).map { UInt8($0 * 20) }))
      #expect(grey.variables.map(\.name) == ["value"] && grey.count == 2 && grey.fullScale == 255)
      #expect(try grey.read([1]).values.scalars == [120, 140, 160, 180, 200, 220])
      #expect(grey.domain.raster == Raster(rows: 2, columns: 3) && grey.domain.surface == nil)
      let bytes = (0..<150).map { UInt8($0) }
      let mixed = try Self.open(file("mixed", [2, 5, 5, 3], bytes))
      #expect(mixed.variables.map(\.name) == ["red", "green", "blue"])
      #expect(try mixed.read([1]).values.scalars == bytes[75...].map { Float($0) })
      let planes = try Self.open(file("planes", [2, 3, 5, 5], bytes))
      let wanted: [Float] = (0..<75).map { (place: Int) -> Float in
        let (pixel, band) = place.quotientAndRemainder(dividingBy: 3)
        return Float(75 + 25 * band + pixel)
      }
      #expect(try planes.read([1]).values.scalars == wanted)
      let labels = try file("labels", [2], [7, 3])
      let labelled = try Self.open(file("named", [2, 2, 3], (0..<12).map { UInt8($0) }), ["labels": labels])
      #expect(labelled.labels.map { $0.text(of: "digit") } == ["7", "3"])
      #expect(complaint { _ = try Self.open(file("plain", [1, 2, 2], [1, 2, 3, 4]), ["drop_last": "2"]) }.contains("--mesh"))
      #expect(complaint { _ = try Self.open(file("none", [1, 2, 2, 0], [])) }.contains("2 × 2 × 0"))
    }
  }

  /// What comes from bytes is answered in bytes, and can therefore be a PNG; measured values are not.
  @Test func answersToIDXFilesHaveEightBits() throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) {
      for (shape, name) in [([1, 4, 5], "grey"), ([1, 4, 5, 3], "colour")] {
        let count = shape.reduce(1, *)
        let path = try ImageStackTests.write(
          ImageStackTests.file(shape: shape, content: (0..<count).map { UInt8($0 * 4) }), in: folder, name)
        let document = try Self.open(path)
        try Self.restore(document, to: folder.path("\(name).png")) { $0.values[2] += 0.25 }
        let file = try ImageFile(path: folder.path("\(name).png"))
        #expect(file.header.type == .uint8 && file.header.bands == document.variables.count)
        #expect(try file.samples(ofPage: 0).bytes == (0..<count).map { UInt8($0 * 4) })
        let text = complaint { try Self.restore(document, to: folder.path("\(name)-high.png")) { $0.values[2] = 300 } }
        #expect(text.contains("uint8") && text.contains(".float.tif"), "\(text)")
        #expect(
          complaint {
            try Self.restore(document, to: folder.path("\(name)-noisy.png"), content: .measurements(1, hasNoise: false))
          }.contains(".tif"))
        try Self.restore(document, to: folder.path("\(name)-high.float.tif")) { $0.values[2] = 300 }
        #expect(try ImageFile(path: folder.path("\(name)-high.float.tif")).header.type == .float32)
      }
    }
  }

  /// Members are fractional, and keep the ending that says so.
  @Test func membersAreInSinglePrecision() throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) {
      let document = try Self.open(ImageCase(type: .uint8).write(to: folder))
      let content = SignalContent.estimates(1, memberCount: 2, hasSpread: false, hasObserved: false)
      for (output, member) in [("a.float.tif", "a_member002.float.tif"), ("b.tif", "b_member002.tif")] {
        let sink = try Self.formats.sink(
          OutputRequest(path: folder.path(output), content: content, splitsMembers: true), like: document)
        #expect(sink.paths.contains(folder.path(member)))
        try sink.write(content, description: FieldFileDescription(history: "by a test"), overwrite: false) { writer in
          var record = FieldRecord(try document.read([0])[0])
          record.members = Tensor(record.values.map { $0 - 0.5 } + record.values.map { $0 + 0.5 }, shape: [2, record.values.count])
          try writer.write(record, at: 0)
        }
        let file = try ImageFile(path: folder.path(member))
        #expect(file.header.type == .float32)
        #expect(try file.samples(ofPage: 0).numbers == document.read([0]).values.scalars.map { Double($0) + 0.5 })
      }
    }
  }

  /// In an array, images have rows and columns, and they are read again where the pixels or the names of the axes are known.
  @Test(arguments: [1, 3], [1, 2]) func arraysOfImagesHaveRowsAndColumns(_ bands: Int, _ count: Int) throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) {
      let image = ImageCase(type: .uint8, bands: bands, ending: "png")
      let inner = folder.path("in")
      try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
      for index in 0..<count { _ = try image.write(to: folder, name: "in/\(index)") }
      let document = try Self.open(inner)
      let content = SignalContent.estimates(count, memberCount: 2, hasSpread: true, hasObserved: false)
      try Self.restore(document, to: folder.path("out.npy"), content: content) { record in
        record.members = Tensor(record.values + record.values, shape: [2, record.values.count])
      }
      let fields: [Int] = count == 1 ? [] : [count]
      let pixels: [Int] = [7, 9] + (bands == 1 ? [] : [bands])
      #expect(try NPYFile.read(folder.path("out.npy")).shape == fields + pixels)
      #expect(try NPYFile.read(folder.path("out.spread.npy")).shape == fields + pixels)
      #expect(try NPYFile.read(folder.path("out.samples.npy")).shape == fields + [2] + pixels)
      let letters = (count == 1 ? "" : "T") + "YX" + (bands == 1 ? "" : "C")
      let wanted = try document.read(Array(0..<count))
      for request in [
        SignalRequest(path: folder.path("out.npy"), settings: ["axes": letters]),
        SignalRequest(path: folder.path("out.npy"), domain: document.domain),
      ] {
        let again = try Self.formats.open(request)
        #expect(again.count == count && again.domain.fingerprint == document.domain.fingerprint)
        #expect(try again.read(Array(0..<count)).values == wanted.values)
      }
      for wrong in ["Z" + letters, "XY", "", "YXYX"] {
        let text = complaint { _ = try Self.formats.open(SignalRequest(path: folder.path("out.npy"), settings: ["axes": wrong])) }
        #expect(text.contains("YX"), "\(text)")
      }
      #expect(complaint { _ = try Self.formats.open(SignalRequest(path: folder.path("out.npy"))) }.contains("--axes"))
    }
  }

  @Test func cifarBatchesHaveLabels() throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) {
      let path = folder.path("data_batch.bin")
      var bytes: [UInt8] = []
      for record in 0..<3 {
        bytes.append(UInt8(record + 4))
        for band in 0..<3 { for pixel in 0..<1024 { bytes.append(UInt8((pixel + 7 * record + 80 * band) % 256)) } }
      }
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let document = try Self.open(path)
      #expect(document.count == 3 && document.labels.map { $0.text(of: "label") } == ["4", "5", "6"])
      let read = try document.read([1])
      #expect(Array(read.values.scalars[3 * 33..<3 * 34]) == [40, 120, 200])
      try Data(bytes.dropLast()).write(to: URL(fileURLWithPath: path))
      #expect(complaint { _ = try Self.open(path) } != "no complaint")
    }
  }

  @Test func numbersCalledMissingAreComparedInTheTypeOfThePixels() throws {
    var header = ImageHeader(rows: 1, columns: 2, bands: 1, type: .float32)
    header.noData = "-3.4028234663852886e+38"
    #expect(ImagePixels(header).gap == -Double(Float.greatestFiniteMagnitude))
    header.noData = "0.1"
    #expect(ImagePixels(header).gap == Double(Float(0.1)))
    header.noData = "nan"
    #expect(ImagePixels(header).gap == nil)
    header.type = .uint8
    for (text, gap) in [("nan", nil), ("-9999", nil), ("255", 255), ("0.5", nil)] as [(String, Double?)] {
      header.noData = text
      #expect(ImagePixels(header).gap == gap)
      let unused: String? = text == "nan" || gap != nil ? nil : text
      #expect(ImagePixels(header).unusedTag == unused)
    }
  }

  @Test func aNoDataTagThatFitsNoPixelIsMentioned() throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) {
      for (text, isTold) in [("255.4", true), ("none", true), ("1", false), (" 1", false), ("nan", false)] {
        var header = ImageHeader(rows: 2, columns: 3, bands: 1, type: .uint8)
        header.noData = text
        let path = folder.path("a.tif")
        let writer = try ImageWriter(creating: path, reportedAs: path, .tiff, header: header, pageCount: 1)
        try writer.append(ImageSamples(type: .uint8, bytes: [0, 1, 2, 3, 4, 255]))
        try writer.close()
        let document = try Self.open(path)
        let remark = document.remarks.first { $0.topic == "no-data" }
        #expect((remark != nil) == isTold && remark?.text.contains(text) != false, "\(text)")
        #expect(try document.read([0]).isValid.contains(false) == text.contains("1"))
      }
    }
  }
}
