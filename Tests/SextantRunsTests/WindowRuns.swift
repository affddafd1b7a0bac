// An image that is larger than the model's is filled in windows of the model's size, says so, and is refused where that is turned off.

import Foundation
import Sextant
import SextantImages
import SextantTestSupport
import Testing

@testable import SextantModels
@testable import SextantPipelines

@Suite(.serialized) struct WindowRuns {
  /// A smooth image; each number has other waves.
  private static func write(_ number: Int, rows: Int, columns: Int, emptyPages: Int = 0, to path: String) throws {
    let header = ImageHeader(rows: rows, columns: columns, bands: 1, type: .float32)
    var samples = ImageSamples(type: .float32, count: header.sampleCount)
    for index in 0..<samples.count {
      let (row, column) = (Double(index / columns), Double(index % columns))
      let phase = Double(number) * 1.3
      let waves: Double = 20 * sin(row / 3 + phase) + 15 * cos(column / 4 + 2 * phase)
      let ripple: Double = 5 * sin((row + column) / 2 - phase)
      samples[index] = Double(Float(100 + waves + ripple))
    }
    let writer = try ImageWriter(creating: path, reportedAs: path, .tiff, header: header, pageCount: 1 + emptyPages)
    try writer.append(samples)
    for index in 0..<samples.count { samples[index] = .nan }
    for _ in 0..<emptyPages { try writer.append(samples) }
    try writer.close()
  }

  private static let model: Result<Model, any Error> = Result {
    let folder = try ScratchFolder()
    let inner = folder.path("archive")
    try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
    for number in 0..<40 { try write(number, rows: 8, columns: 8, to: inner + String(format: "/%02d.tif", number)) }
    return try Training(
      name: "small", archive: DatasetSelection(files: [inner]),
      prior: GaussianPriorConfiguration(kind: .twoScale, modeCount: 12), seed: 1
    ).learn()
  }

  private func fill(
    _ path: String, to output: String, windows: Bool = true, noise: String = "2", time: TimeUse? = nil, axes: String? = nil
  ) throws -> ImputationSummary {
    var request = try Imputation(
      method: .twoScale, samples: 8, noise: NoiseSpecification(text: noise), heldOut: AnyMeasurementDesign("random:0.3"), seed: 2)
    request.usesWindows = windows
    request.time = time
    var input = SignalInput(path)
    input.settings["axes"] = axes
    return try request.run(
      input, model: Self.model.get(), output: output, overwrite: false, history: "by a test")
  }

  @Test func aLargeImageIsFilledInWindows() throws {
    let folder = try ScratchFolder()
    let path = folder.path("large.tif")
    try Self.write(77, rows: 21, columns: 30, to: path)
    let summary = try fill(path, to: folder.path("out.tif"))
    let remark = try #require(summary.remarks.first { $0.topic == "windows" })
    #expect(remark.text.contains("21×30") && remark.text.contains("8×8") && remark.text.contains("windows"), "\(remark.text)")
    let hidden = try #require(summary.hidden?["value"])
    // The image varies by about 18.
    #expect(hidden.count > 150 && hidden.error < 8, "\(hidden)")
    #expect(summary.check["value"]?.coverage90 != nil)
    let (mean, spread) = (try ImageFile(path: folder.path("out.tif")), try ImageFile(path: folder.path("out.spread.tif")))
    #expect(mean.header.rows == 21 && mean.header.columns == 30)
    #expect(try spread.samples(ofPage: 0).numbers.allSatisfy { $0 > 0 })
    #expect(try ImageFile(path: folder.path("out.samples.tif")).pageCount == 8)
    // An image of the model's size is filled as it is.
    try Self.write(78, rows: 8, columns: 8, to: folder.path("same.tif"))
    #expect(try !fill(folder.path("same.tif"), to: folder.path("same-out.tif")).remarks.contains { $0.topic == "windows" })
  }

  @Test func anEmptyImageIsWhatTheModelExpects() throws {
    let folder = try ScratchFolder()
    try Self.write(77, rows: 10, columns: 12, emptyPages: 1, to: folder.path("two.tif"))
    let summary = try fill(folder.path("two.tif"), to: folder.path("out.tif"), axes: "IYX")
    #expect(summary.remarks.contains { $0.topic == "empty-field" && $0.text.contains("what the model knows") }, "\(summary.remarks)")
    // The output names its pages no more than the input did.
    let means = try ImageFile(path: folder.path("out.tif"), axes: "IYX")
    let spreads = try ImageFile(path: folder.path("out.spread.tif"), axes: "IYX")
    let (mean, spread) = (try means.samples(ofPage: 1).numbers, try spreads.samples(ofPage: 1).numbers)
    // The images of the archive vary by about 18 around 100.
    #expect(mean.allSatisfy { abs($0 - 100) < 30 } && spread.allSatisfy { $0 > 8 && $0 < 40 }, "\(mean.prefix(5)), \(spread.prefix(5))")
  }

  /// What does not fit the images of a model is said in numbers of values and of bands.
  @Test func whatDoesNotFitTheModelIsCounted() throws {
    let folder = try ScratchFolder()
    let model = try Self.model.get()
    func words(_ path: String, _ operation: String?) -> String {
      complaint {
        _ = try Imputation(
          method: .twoScale, samples: 0, noise: NoiseSpecification(text: "2"), operation: operation.map { try AnyMeasurementDesign($0) }
        ).run(SignalInput(path), model: model, output: folder.path("no.tif"), overwrite: false, history: "")
      }
    }
    try Self.write(77, rows: 3, columns: 3, to: folder.path("small.tif"))
    let reduced = words(folder.path("small.tif"), "reduce:4,filter=area")
    for part in ["--operator reduce:4", "8×8", "4 values", "9 values"] { #expect(reduced.contains(part), "\(reduced)") }
    #expect(!reduced.contains("fingerprint"))
    let projected = words(folder.path("small.tif"), "compressed:share=0.25,seed=1")
    for part in ["8×8", "16 values", "9 values"] { #expect(projected.contains(part), "\(projected)") }
    let colour = folder.path("colour.png")
    let header = ImageHeader(rows: 8, columns: 8, bands: 3, type: .uint8)
    var samples = ImageSamples(type: .uint8, count: header.sampleCount)
    for index in 0..<samples.count { samples[index] = Double(80 + index % 50) }
    let writer = try ImageWriter(creating: colour, reportedAs: colour, .png, header: header, pageCount: 1)
    try writer.append(samples)
    try writer.close()
    #expect(words(colour, nil).contains("the image has 3 bands (red, green, blue), the model's 1 (value)"), "\(words(colour, nil))")
  }

  @Test func whatWindowsCannotDoIsRefused() throws {
    let folder = try ScratchFolder()
    let path = folder.path("large.tif")
    try Self.write(77, rows: 10, columns: 12, to: path)
    for (words, request) in [
      (["--noise auto", "windows"], { try fill(path, to: folder.path("no.tif"), noise: "auto") }),
      (["--time joint", "windows"], { try fill(path, to: folder.path("no.tif"), time: .joint) }),
      (["10×12", "8×8", "--windows none", "--method patches"], { try fill(path, to: folder.path("no.tif"), windows: false) }),
    ] as [([String], () throws -> ImputationSummary)] {
      let text = complaint { _ = try request() }
      for word in words { #expect(text.contains(word), "\(text)") }
    }
    try Self.write(77, rows: 7, columns: 12, to: folder.path("flat.tif"))
    #expect(complaint { _ = try fill(folder.path("flat.tif"), to: folder.path("no.tif")) }.contains("8×8"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("no.tif")))
  }
}
