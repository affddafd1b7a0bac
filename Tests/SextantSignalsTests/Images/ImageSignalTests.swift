// Images as signals: the pixels that go in come out, what is missing is missing, and what a file cannot hold is refused. Not here: folders
// and stacks (ImageAnswerTests), and images in files of other kinds (ByteAndArrayImageTests).

import Foundation
import SextantArrays
import SextantGeometry
import SextantImages
import SextantStorage
import SextantTestSupport
import Testing

@testable import SextantSignals

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
    try sink.write(content, description: OutputDescription(history: "by a test"), overwrite: false) { writer in
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
