// The files of answers in images: folders give folders, stacks give stacks, and spread, members and what is said of an answer stand
// beside it under names of their own.

import Foundation
import SextantArrays
import SextantImages
import SextantTestSupport
import Testing

@testable import SextantSignals

@Suite struct ImageAnswerTests {
  @Test func spreadStandsBesideTheImage() throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) {
      let path = try ImageCase(type: .uint16, bands: 3, ending: "png").write(to: folder)
      let document = try ImageSignalTests.open(path)
      try ImageSignalTests.restore(document, to: folder.path("out.png"), content: .estimates(1, hasSpread: true)) { record in
        record.spread = record.values.map { $0 / 7 }
      }
      let spread = try ImageSignalTests.open(folder.path("out.spread.tif"))
      #expect(spread.variables.map(\.name) == ["red", "green", "blue"])
      let values = try document.read([0]).values.scalars
      #expect(try spread.read([0]).values.scalars == values.map { $0 / 7 })
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
      let document = try ImageSignalTests.open(inner)
      #expect(document.labels.map { $0.text(of: "file") } == ["a.png", "b.png", "c.png"])
      #expect(document.remarks.contains { $0.topic == "other-files" && $0.text.contains("notes.txt") })
      let out = folder.path("restored")
      try ImageSignalTests.restore(document, to: out, content: .estimates(3, hasSpread: true))
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: out).sorted() == ["a.png", "about.json", "b.png", "c.png", "spread"])
      for name in ["a", "b", "c"] {
        let samples = try [inner, out].map { try ImageFile(path: "\($0)/\(name).png").samples(ofPage: 0) }
        #expect(samples[0] == samples[1])
        #expect(FileManager.default.fileExists(atPath: "\(out)/spread/\(name).tif"))
      }
      #expect(complaint { try ImageSignalTests.restore(document, to: out) }.contains("--overwrite"))
      #expect(complaint { try ImageSignalTests.restore(document, to: inner) } != "no complaint")
      let one = try formatsSelect(inner)
      try ImageSignalTests.restore(one, to: folder.path("one"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("one")) == ["about.json", "b.png"])
      _ = try ImageCase(type: .uint16, bands: 3, ending: "png").write(to: folder, name: "faces/d")
      let mixed = complaint { _ = try ImageSignalTests.open(inner) }
      #expect(mixed.contains("d.png") && mixed.contains("uint16"), "\(mixed)")
      // The others can be used where that is asked for, and what was left out is listed.
      try Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0]).write(to: URL(fileURLWithPath: inner + "/e.png"))
      let rest = try ImageSignalTests.open(inner, ["keep_going": "true"])
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
      let document = try ImageSignalTests.open(inner)
      let text = complaint { try ImageSignalTests.restore(document, to: folder.path("out"), content: .estimates(2, hasSpread: true)) }
      #expect(text.contains("a.png and a.tif") && text.contains("spread/a.tif") && text.contains("Rename"), "\(text)")
      #expect(!FileManager.default.fileExists(atPath: folder.path("out")))
      try ImageSignalTests.restore(document, to: folder.path("plain"))
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.path("plain")).sorted() == ["a.png", "a.tif", "about.json"])
      let stacks = folder.path("stacks")
      try FileManager.default.createDirectory(atPath: stacks, withIntermediateDirectories: true)
      for name in ["a", "b"] { try Self.writeStack(to: "\(stacks)/\(name).tif") }
      try ImageSignalTests.restore(try ImageSignalTests.open(stacks), to: folder.path("stacked"), content: .estimates(6, hasSpread: true))
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
    // A date as the codecs keep it: the place of its tag among those that are kept, its length, and the text.
    header.tiffTags = [7, 0, 0, 0, 20, 0, 0, 0] + Array("2020:01:02 03:04:05\0".utf8)
    let writer = try ImageWriter(creating: path, reportedAs: path, .tiff, header: header, pageCount: 6)
    for page in 0..<6 {
      var samples = ImageSamples(type: .uint16, count: 6)
      for pixel in 0..<6 { samples[pixel] = Double(10 * page + pixel) }
      try writer.append(samples)
    }
    try writer.close()
  }

  private func formatsSelect(_ path: String) throws -> any SignalDocument {
    try ImageSignalTests.formats.open(SignalRequest(path: path, select: ["file": ["b.png"]]))
  }

  @Test func stacksHaveChannelsAndFrames() throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) {
      let path = folder.path("in.tif")
      try Self.writeStack(to: path)
      let document = try ImageSignalTests.open(path)
      #expect(document.count == 3 && document.variables.map(\.name) == ["channel_1", "channel_2"])
      let read = try document.read([2])
      let wanted: [Float] = (0..<6).flatMap { pixel -> [Float] in [Float(40 + pixel), Float(50 + pixel)] }
      #expect(read.values.scalars == wanted)
      #expect(document.labels.map { $0.text(of: "frame") } == ["0", "1", "2"])
      try ImageSignalTests.restore(document, to: folder.path("out.tif"))
      let (first, second) = (try ImageFile(path: path), try ImageFile(path: folder.path("out.tif")))
      #expect(first.header == second.header && first.axes == second.axes)
      for page in 0..<6 { #expect(try first.samples(ofPage: page) == second.samples(ofPage: page)) }
      // The other parts, single precision and measured values have the same axes, and samples one more.
      let content = SignalContent.estimates(3, memberCount: 2, hasSpread: true, hasObserved: false)
      try ImageSignalTests.restore(document, to: folder.path("all.float.tif"), content: content) { record in
        record.members = Tensor(record.values + record.values, shape: [2, record.values.count])
      }
      try ImageSignalTests.restore(document, to: folder.path("noisy.tif"), content: .measurements(3, hasNoise: true)) { record in
        record.noise = record.values
      }
      for name in ["all.float.tif", "all.spread.tif", "noisy.tif", "noisy.noise.tif"] {
        let file = try ImageFile(path: folder.path(name))
        #expect(file.axes == first.axes && file.header.type == .float32 && file.header.description == first.header.description, "\(name)")
        #expect(file.header.tiffTags == first.header.tiffTags && file.header.tiffTags.count == 28, "\(name)")
        for page in 0..<6 { #expect(try file.samples(ofPage: page).numbers == first.samples(ofPage: page).numbers) }
      }
      let samples = try ImageFile(path: folder.path("all.samples.tif")).axes.axes
      #expect(samples.map { "\($0.name)\($0.count)" }.joined() == "T3Q2C2")
      #expect(complaint { _ = try ImageSignalTests.open(path, ["axes": "T4YX"]) }.contains("T4YX"))
    }
  }

  /// What is said of an answer stands in a JSON file beside it.
  @Test func howAnAnswerWasMadeStandsBesideIt() throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) {
      let document = try ImageSignalTests.open(ImageCase(type: .uint8).write(to: folder))
      let content = SignalContent.estimates(1, hasSpread: false, hasObserved: false)
      let sink = try ImageSignalTests.formats.sink(OutputRequest(path: folder.path("out.tif"), content: content), like: document)
      #expect(sink.paths == ["out.tif", "out.about.json"].map(folder.path))
      let description = OutputDescription(history: "a line", attributes: ["sextant_remarks": "note: a remark"])
      try sink.write(content, description: description, overwrite: false) {
        try $0.write(FieldRecord(try document.read([0])[0]), at: 0)
      }
      let texts = try JSONDecoder().decode(
        [String: String].self, from: Data(contentsOf: URL(fileURLWithPath: folder.path("out.about.json"))))
      #expect(texts == ["history": "a line", "sextant_remarks": "note: a remark"])
    }
  }

  /// Members are fractional, and keep the ending that says so.
  @Test func membersAreInSinglePrecision() throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) {
      let document = try ImageSignalTests.open(ImageCase(type: .uint8).write(to: folder))
      let content = SignalContent.estimates(1, memberCount: 2, hasSpread: false, hasObserved: false)
      for (output, member) in [("a.float.tif", "a_member002.float.tif"), ("b.tif", "b_member002.tif")] {
        let sink = try ImageSignalTests.formats.sink(
          OutputRequest(path: folder.path(output), content: content, splitsMembers: true), like: document)
        #expect(sink.paths.contains(folder.path(member)))
        try sink.write(content, description: OutputDescription(history: "by a test"), overwrite: false) { writer in
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
}
