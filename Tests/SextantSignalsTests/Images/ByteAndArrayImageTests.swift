// Images in files that are no images: IDX files and CIFAR batches of bytes, and arrays with axes of rows and columns.

import Foundation
import SextantArrays
import SextantGeometry
import SextantImages
import SextantTestSupport
import Testing

@testable import SextantSignals

@Suite struct ByteAndArrayImageTests {
  /// IDX files without a mesh are images: grey ones, and colours side by side or in planes.
  @Test func idxFilesAreImages() throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) {
      func file(_ name: String, _ shape: [Int], _ content: [UInt8]) throws -> String {
        try IDXFileTests.write(IDXFileTests.file(shape: shape, content: content), in: folder, name)
      }
      let grey = try ImageSignalTests.open(file("grey", [2, 2, 3], (0..<12).map { UInt8($0 * 20) }))
      #expect(grey.variables.map(\.name) == ["value"] && grey.count == 2 && grey.fullScale == 255)
      #expect(try grey.read([1]).values.scalars == [120, 140, 160, 180, 200, 220])
      #expect(grey.domain.raster == Raster(rows: 2, columns: 3) && grey.domain.surface == nil)
      let bytes = (0..<150).map { UInt8($0) }
      let mixed = try ImageSignalTests.open(file("mixed", [2, 5, 5, 3], bytes))
      #expect(mixed.variables.map(\.name) == ["red", "green", "blue"])
      #expect(try mixed.read([1]).values.scalars == bytes[75...].map { Float($0) })
      let planes = try ImageSignalTests.open(file("planes", [2, 3, 5, 5], bytes))
      let wanted: [Float] = (0..<75).map { (place: Int) -> Float in
        let (pixel, band) = place.quotientAndRemainder(dividingBy: 3)
        return Float(75 + 25 * band + pixel)
      }
      #expect(try planes.read([1]).values.scalars == wanted)
      let labels = try file("labels", [2], [7, 3])
      let labelled = try ImageSignalTests.open(file("named", [2, 2, 3], (0..<12).map { UInt8($0) }), ["labels": labels])
      #expect(labelled.labels.map { $0.text(of: "digit") } == ["7", "3"])
      #expect(complaint { _ = try ImageSignalTests.open(file("plain", [1, 2, 2], [1, 2, 3, 4]), ["drop_last": "2"]) }.contains("--mesh"))
      #expect(complaint { _ = try ImageSignalTests.open(file("none", [1, 2, 2, 0], [])) }.contains("2 × 2 × 0"))
    }
  }

  /// What comes from bytes is answered in bytes, and can therefore be a PNG; measured values are not.
  @Test func answersToIDXFilesHaveEightBits() throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) {
      for (shape, name) in [([1, 4, 5], "grey"), ([1, 4, 5, 3], "colour")] {
        let count = shape.reduce(1, *)
        let path = try IDXFileTests.write(
          IDXFileTests.file(shape: shape, content: (0..<count).map { UInt8($0 * 4) }), in: folder, name)
        let document = try ImageSignalTests.open(path)
        try ImageSignalTests.restore(document, to: folder.path("\(name).png")) { $0.values[2] += 0.25 }
        let file = try ImageFile(path: folder.path("\(name).png"))
        #expect(file.header.type == .uint8 && file.header.bands == document.variables.count)
        #expect(try file.samples(ofPage: 0).bytes == (0..<count).map { UInt8($0 * 4) })
        let text = complaint { try ImageSignalTests.restore(document, to: folder.path("\(name)-high.png")) { $0.values[2] = 300 } }
        #expect(text.contains("uint8") && text.contains(".float.tif"), "\(text)")
        #expect(
          complaint {
            try ImageSignalTests.restore(document, to: folder.path("\(name)-noisy.png"), content: .measurements(1, hasNoise: false))
          }.contains(".tif"))
        try ImageSignalTests.restore(document, to: folder.path("\(name)-high.float.tif")) { $0.values[2] = 300 }
        #expect(try ImageFile(path: folder.path("\(name)-high.float.tif")).header.type == .float32)
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
      let document = try ImageSignalTests.open(inner)
      let content = SignalContent.estimates(count, memberCount: 2, hasSpread: true, hasObserved: false)
      try ImageSignalTests.restore(document, to: folder.path("out.npy"), content: content) { record in
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
        let again = try ImageSignalTests.formats.open(request)
        #expect(again.count == count && again.domain.fingerprint == document.domain.fingerprint)
        #expect(try again.read(Array(0..<count)).values == wanted.values)
      }
      for wrong in ["Z" + letters, "XY", "", "YXYX"] {
        let text = complaint { _ = try ImageSignalTests.formats.open(SignalRequest(path: folder.path("out.npy"), settings: ["axes": wrong])) }
        #expect(text.contains("YX"), "\(text)")
      }
      #expect(complaint { _ = try ImageSignalTests.formats.open(SignalRequest(path: folder.path("out.npy"))) }.contains("--axes"))
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
      let document = try ImageSignalTests.open(path)
      #expect(document.count == 3 && document.labels.map { $0.text(of: "label") } == ["4", "5", "6"])
      let read = try document.read([1])
      #expect(Array(read.values.scalars[3 * 33..<3 * 34]) == [40, 120, 200])
      try Data(bytes.dropLast()).write(to: URL(fileURLWithPath: path))
      #expect(complaint { _ = try ImageSignalTests.open(path) } != "no complaint")
    }
  }
}
