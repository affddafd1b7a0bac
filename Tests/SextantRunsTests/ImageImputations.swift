// Images through the commands: exact pixels come back as they were, shares of the full scale are noise in the file's numbers, scores
// have a peak that is told, and pictures show the pixels.

import Foundation
import Sextant
import SextantImages
import SextantTestSupport
import Testing

@testable import SextantModels
@testable import SextantPipelines

@Suite(.serialized) struct ImageImputations {
  /// An image of 6×7 pixels with numbers of a type.
  @discardableResult
  private func write(
    _ name: String, in folder: ScratchFolder, type: SampleType = .uint8, bands: Int = 1, _ value: (Int) -> Double
  ) throws -> String {
    let path = folder.path(name)
    let header = ImageHeader(rows: 6, columns: 7, bands: bands, type: type)
    var samples = ImageSamples(type: type, count: header.sampleCount)
    for index in 0..<samples.count { samples[index] = try #require(type.nearest(value(index))) }
    let writer = try ImageWriter(
      creating: path, reportedAs: path, name.hasSuffix("png") ? .png : .tiff, header: header, pageCount: 1)
    try writer.append(samples)
    try writer.close()
    return path
  }

  private func fill(
    _ path: String, noise: String, to output: String, _ missing: [MissingCondition] = []
  ) throws -> ImputationSummary {
    try Imputation(method: .kriging, samples: 2, noise: NoiseSpecification(text: noise), seed: 1).run(
      SignalInput(path, missing: missing, acceptsValues: true), model: nil, output: output, overwrite: false, history: "by a test")
  }

  @Test(arguments: SampleType.allCases) func exactPixelsComeBackToTheLastBit(type: SampleType) throws {
    let folder = try ScratchFolder()
    let full = type.isWhole ? min(type.full, 4e9) : type == .float16 ? 1e4 : 1e6
    let path = try write("in.tif", in: folder, type: type) { index in
      let share = 0.5 + 0.45 * sin(Double(index) * 1.7)
      return type.isWhole ? (share * full).rounded() : share * full / 3
    }
    let summary = try fill(path, noise: "0", to: folder.path("out.tif"))
    #expect(summary.missingShare == 0)
    // Of pixels that are kept, neither their change nor their distance from the answer is told.
    #expect(!summary.remarks.contains { ["nothing-missing", "misfit"].contains($0.topic) }, "\(summary.remarks)")
    let (before, after) = (try ImageFile(path: path), try ImageFile(path: folder.path("out.tif")))
    #expect(before.header == after.header)
    #expect(try before.samples(ofPage: 0).bytes == after.samples(ofPage: 0).bytes)
    let spread = try ImageFile(path: folder.path("out.spread.tif")).samples(ofPage: 0).numbers
    #expect(spread.allSatisfy { $0 == 0 })
    // What is missing is filled, and the rest is left alone.
    guard type != .uint1 else { return }
    let limit = 0.6 * full / (type.isWhole ? 1 : 3)
    let holed = try fill(path, noise: "0", to: folder.path("holed.tif"), [MissingCondition("value>\(limit)")])
    #expect(holed.missingShare > 0)
    let filled = try ImageFile(path: folder.path("holed.tif")).samples(ofPage: 0)
    let numbers = try before.samples(ofPage: 0).numbers
    for index in numbers.indices where numbers[index] < limit { #expect(filled[index] == numbers[index]) }
  }

  /// Pixels with noise change, and that is said.
  @Test func theRemovalOfNoiseIsTold() throws {
    let folder = try ScratchFolder()
    let path = try write("in.png", in: folder) { (100 + 50 * sin(Double($0) * 0.9)).rounded() }
    let summary = try fill(path, noise: "3", to: folder.path("out.png"))
    #expect(summary.remarks.contains { $0.topic == "nothing-missing" })
  }

  @Test func sharesAreOfTheFullScale() throws {
    let folder = try ScratchFolder()
    func smooth(_ index: Int) -> Double { 100 + 10 * sin(Double(index) / 5) }
    for (place, (type, noise, deviation)) in [
      (SampleType.uint8, "5/255", 5.0), (.uint8, "2%", 5.1), (.uint16, "5/255", 1285), (.uint16, "2%", 1310.7),
    ].enumerated() {
      let path = try write("in\(place).tif", in: folder, type: type, smooth)
      let summary = try fill(path, noise: noise, to: folder.path("out\(place).float.tif"))
      #expect(abs((summary.noise["value"]?.deviation ?? 0) / deviation - 1) < 1e-4, "\(noise): \(summary.noise)")
      let remark = try #require(summary.remarks.first { $0.topic == "noise-percentage" })
      #expect(remark.text.contains("the largest number of the pixels' type"), "\(remark.text)")
    }
    // Numbers of single precision have no full scale: a share is one of their standard deviation, as in any other file.
    let path = try write("float.tif", in: folder, type: .float32, smooth)
    let remark = try #require(
      fill(path, noise: "2%", to: folder.path("float-out.tif")).remarks.first { $0.topic == "noise-percentage" })
    #expect(remark.text.contains("standard deviation"), "\(remark.text)")
  }

  /// Values beyond the range of the pixels' type are refused, or clipped and counted where that is asked for.
  @Test func valuesBeyondTheTypeAreClippedWhereAsked() throws {
    let folder = try ScratchFolder()
    let path = try write("in.png", in: folder) { (100 + 50 * sin(Double($0) * 0.9)).rounded() }
    // What was measured is half of the image, which therefore has numbers up to 300.
    var imputation = try Imputation(
      method: .kriging, samples: 0, noise: NoiseSpecification(text: "1"), operation: AnyMeasurementDesign("times:0.5"), checkShare: 0, seed: 1)
    func run(_ input: String, _ output: String) throws -> ImputationSummary {
      try imputation.run(SignalInput(input), model: nil, output: folder.path(output), overwrite: false, history: "by a test")
    }
    #expect(complaint { _ = try run(path, "out.png") }.contains("--clip"))
    _ = try run(path, "whole.float.tif")
    let whole = try ImageFile(path: folder.path("whole.float.tif")).samples(ofPage: 0).numbers
    let count = whole.count { $0 > 255 }
    #expect(count > 1)
    imputation.clips = true
    let summary = try run(path, "out.png")
    #expect(try ImageFile(path: folder.path("out.png")).samples(ofPage: 0).numbers == whole.map { min(255, $0.rounded(.toNearestOrEven)) })
    let remark = try #require(summary.remarks.first { $0.topic == "clipped" })
    #expect(remark.text.contains("\(count) values") && remark.text.contains("0 to 255"), "\(remark.text)")
    let fractions = try write("fractions.tif", in: folder, type: .float32) { Double($0) / 42 }
    #expect(complaint { _ = try run(fractions, "fractions-out.tif") }.contains("no image of whole numbers"))
  }

  /// The ends of 32-bit numbers are none of single precision.
  @Test(arguments: [SampleType.uint8, .int16, .uint32, .int32]) func whatIsClippedFitsTheType(type: SampleType) {
    var record = FieldRecord([-1e12, 0, 1e12, .nan])
    #expect(record.clip(to: type.range) == 2)
    #expect(record.values.dropLast().allSatisfy { type.nearest(Double($0)) != nil } && record.values[1] == 0 && record.values[3].isNaN)
  }

  /// What cannot fit into memory is refused before any work, with the number of samples that would.
  @Test func memoryIsEstimatedFirst() throws {
    let folder = try ScratchFolder()
    let path = try write("in.tif", in: folder) { Double($0 % 50) }
    let words = complaint {
      _ = try Imputation(method: .kriging, samples: 2_000_000_000, noise: NoiseSpecification(text: "5"), seed: 1).run(
        SignalInput(path), model: nil, output: folder.path("out.float.tif"), overwrite: false, history: "by a test")
    }
    #expect(words.contains("1008.0 GB of memory") && words.contains("--samples"), "\(words)")
    let large = AnswerMemory(valueCount: 672_000, samples: 128)
    #expect(large.activity == "imputing (at least 1.1 GB of memory)")
    try large.check(available: 1.2e9)
    #expect(complaint { try large.check(available: 1e9) }.contains("--samples 121 or fewer"))
    #expect(complaint { try large.check(available: 2.2e7) }.contains("--samples 0 for the mean"))
    let none = complaint { try large.check(available: 1e7) }
    #expect(none.contains("a smaller field") && !none.contains("--samples"), "\(none)")
    #expect(AnswerMemory(valueCount: 1000, samples: 128).activity == "imputing")
  }

  /// Networks compare images where their weights are given: a table without them says so, and weights with another hash than the stated
  /// one are refused.
  @Test func whatNeedsWeightsSaysSo() throws {
    let folder = try ScratchFolder()
    let truth = try write("truth.png", in: folder) { Double($0) }
    try write("answer.png", in: folder) { Double($0) + 1 }
    var scoring = Scoring(truth: SignalInput(truth))
    let scores = try scoring.run([folder.path("answer.png")])
    #expect(scores.remarks.contains { $0.topic == "no-weights" && $0.text.contains("--lpips") } && scores.perception.isEmpty)
    let weights = folder.path("weights.safetensors")
    try Data("not weights".utf8).write(to: URL(fileURLWithPath: weights))
    let digest = String(repeating: "0", count: 64)
    let stated = PerceptualScoring.Weights("\(weights)@\(digest)")
    #expect(stated == .init("\(weights)@\(digest.uppercased())") && stated.path == weights && stated.digest == digest)
    #expect(PerceptualScoring.Weights("a@b").path == "a@b")
    scoring.perception = PerceptualScoring(lpips: stated)
    let words = complaint { _ = try scoring.run([folder.path("answer.png")]) }
    #expect(words.contains("weights.safetensors: expected the SHA-256 000") && words.contains("found "), "\(words)")
    scoring.perception = PerceptualScoring(inception: .init(weights))
    #expect(complaint { _ = try scoring.run([folder.path("answer.png")]) }.contains("weights.safetensors"))
    scoring.perception = PerceptualScoring(features: weights)
    #expect(complaint { _ = try scoring.run([folder.path("answer.png")]) }.contains("--fid"))
  }

  /// Tables of images have no areas, and no column of what was not observed where nobody said what was; equal images have an infinite
  /// PSNR, and pixels without a scale a hint.
  @Test func tablesOfScoresAreThoseOfImages() throws {
    let folder = try ScratchFolder()
    let truth = try write("truth.png", in: folder) { Double($0 * 5) }
    // At the pixels of even numbers, which are missing, the errors are others than everywhere.
    let other = try write("other.png", in: folder) { Double($0 * 5 + $0 % 4) }
    let holed = try write("holed.tif", in: folder, type: .float32) { $0 % 2 == 0 ? .nan : Double($0) }
    func text(_ path: String, truth: String, observed: String? = nil) throws -> String {
      try Scoring(truth: SignalInput(truth, acceptsValues: true), observed: observed).run([path]).text
    }
    let same = try text(truth, truth: truth)
    #expect(same.contains("PSNR mean [dB]") && same.contains(" inf"), "\(same)")
    let table = try text(other, truth: truth)
    #expect(table.contains("RMSE ") && !table.contains("by area") && !table.contains("PSNR missing"), "\(table)")
    #expect(try text(other, truth: truth, observed: holed).contains("PSNR missing"))
    // A column belongs to what was observed, and not to its numbers: errors that are the same everywhere have it, too.
    let even = try write("even.png", in: folder) { Double($0 * 5 + 3) }
    #expect(try text(even, truth: truth, observed: holed).contains("PSNR missing"))
    #expect(try !text(even, truth: truth).contains("PSNR missing"))
    let numbers = try write("numbers.tif", in: folder, type: .float32) { Double($0) / 42 }
    #expect(try text(numbers, truth: numbers).contains("--peak"))
  }

  /// The bands of a colour image are scored together, too. The numbers are those of scikit-image 0.26 (mean_squared_error,
  /// peak_signal_noise_ratio, structural_similarity with channel_axis=2, gaussian_weights=True and use_sample_covariance=False).
  @Test func coloursAreScoredTogetherAsByScikitImage() throws {
    let folder = try ScratchFolder()
    func write(_ name: String, _ value: (Int) -> Int) throws -> String {
      let path = folder.path(name)
      let header = ImageHeader(rows: 16, columns: 18, bands: 3, type: .uint8)
      let bytes = (0..<header.sampleCount).map { UInt8(min(255, max(0, value($0)))) }
      let writer = try ImageWriter(creating: path, reportedAs: path, .png, header: header, pageCount: 1)
      try writer.append(ImageSamples(type: .uint8, bytes: bytes))
      try writer.close()
      return path
    }
    let truth = try write("truth.png") { $0 * 37 % 251 }
    let answer = try write("answer.png") { $0 * 37 % 251 + $0 * 7 % 13 - $0 % 3 * 2 }
    let scores = try Scoring(truth: SignalInput(truth)).run([answer])
    #expect(scores.fields.map(\.variable) == ["red", "green", "blue", "all bands"])
    let wanted: [(Double, Double, Double)] = [
      (49.875, 31.15197452173106, 0.9974925983467285), (29.552083333333332, 33.42492258111626, 0.9981278884105552),
      (17.96875, 35.58562494498186, 0.9985121236437579), (32.46527777777778, 33.01661237754623, 0.998044203467014),
    ]
    for (field, (error, ratio, similarity)) in zip(scores.fields, wanted) {
      #expect(abs((field[.meanSquareError] ?? .nan) - error) < 1e-9, "\(field.variable)")
      #expect(abs((field[.psnr] ?? .nan) - ratio) < 1e-9, "\(field.variable)")
      #expect(abs((field[.structuralSimilarity] ?? .nan) - similarity) < 1e-9, "\(field.variable)")
    }
    #expect(scores.text.contains("all bands\n\nMethod") && scores.text.contains(" MSE "), "\(scores.text)")
    // A grey image has no bands to be scored together.
    let grey = try self.write("grey.png", in: folder) { Double($0) }
    #expect(try Scoring(truth: SignalInput(grey)).run([grey]).fields.map(\.variable) == ["value"])
  }

  @Test func scoresHaveAPeakAndClipWhereAsked() throws {
    let folder = try ScratchFolder()
    let truth = try write("truth.png", in: folder) { $0 % 2 == 0 ? 250 : 10 }
    try write("answer.tif", in: folder, type: .float32) { $0 % 2 == 0 ? 265 : 10 }
    func score(_ clips: Bool, peak: Double? = nil) throws -> (error: Double, ratio: Double, text: String) {
      var scoring = Scoring(truth: SignalInput(truth), scale: peak.map { ($0, 0) })
      scoring.clips = clips
      let scores = try scoring.run([folder.path("answer.tif")])
      let field = try #require(scores.fields.first)
      let ratio = try #require(field[.psnr])
      return (try #require(field[.rootMeanSquareError]), ratio, try #require(scores.remarks.first { $0.topic == "peak" }).text)
    }
    let plain = try score(false)
    #expect(abs(plain.error - 15 / 2.0.squareRoot()) < 1e-4 && plain.text.contains("255, the largest") && plain.text.contains("without clipping"))
    #expect(abs(plain.ratio - 20 * log10(255 / plain.error)) < 1e-3)
    let clipped = try score(true)
    #expect(abs(clipped.error - 5 / 2.0.squareRoot()) < 1e-4 && clipped.text.contains("clipped to 0 to 255"), "\(clipped.text)")
    let own = try score(false, peak: 100)
    #expect(abs(own.ratio - 20 * log10(100 / own.error)) < 1e-3 && own.text.contains("is 100."), "\(own.text)")
  }

  /// A grid in degrees is of no use to an image.
  @Test func imagesHaveNoLatitudes() throws {
    let folder = try ScratchFolder()
    let path = try write("in.tif", in: folder) { Double($0 % 50) }
    let words = complaint {
      _ = try Imputation(method: .kriging, samples: 0, noise: NoiseSpecification(text: "5"), target: AnswerTarget(grid: "1deg")).run(
        SignalInput(path), model: nil, output: folder.path("out.nc"), overwrite: false, history: "by a test")
    }
    #expect(words.contains("--grid 1deg") && words.contains("6×7 image") && !words.contains("trained"), "\(words)")
  }

  /// A folder of images is no model.
  @Test func foldersOfImagesAreInspected() throws {
    let folder = try ScratchFolder()
    try FileManager.default.createDirectory(atPath: folder.path("images"), withIntermediateDirectories: true)
    for name in ["images/a.png", "images/b.png"] { try write(name, in: folder) { Double($0) } }
    let text = try Inspection(path: folder.path("images")).description
    #expect(text.contains("6×7 image"), "\(text)")
    // A folder with neither is taken for a run that has no model yet.
    try FileManager.default.createDirectory(atPath: folder.path("empty"), withIntermediateDirectories: true)
    #expect(complaint { _ = try Inspection(path: folder.path("empty")) }.contains("model.safetensors"))
  }

  /// The three numbers of a pixel of a picture.
  private func pixel(_ name: String, in folder: ScratchFolder, _ x: Int, _ y: Int) throws -> [Double] {
    let file = try ImageFile(path: folder.path(name))
    let numbers = try file.samples(ofPage: 0).numbers
    let start = (y * file.header.columns + x) * file.header.bands
    return Array(numbers[start..<start + 3])
  }

  /// Of an image with further bands its colours are drawn, and any one or three bands where they are named. The error has a panel of its
  /// own beside the truth.
  @Test func bandsCanBeChosenAndErrorsAreDrawn() throws {
    let folder = try ScratchFolder()
    let plain = try write("plain.tif", in: folder, bands: 5) { [200, 100, 50, 150, 250][$0 % 5] }
    try Drawing(SignalInput(plain, acceptsValues: true)).run(output: folder.path("first.png"), overwrite: false)
    #expect(try pixel("first.png", in: folder, 24, 70) == [200, 200, 200])
    let bands = ["band_3", "band_1", "band_2"]
    try Drawing(SignalInput(plain, variables: bands, acceptsValues: true)).run(output: folder.path("three.png"), overwrite: false)
    #expect(try pixel("three.png", in: folder, 24, 70) == [50, 200, 100])
    try Drawing(SignalInput(plain, variables: ["band_4"], acceptsValues: true)).run(output: folder.path("fourth.png"), overwrite: false)
    #expect(try pixel("fourth.png", in: folder, 24, 70) == [150, 150, 150])
    func words(_ names: [String]) -> String {
      complaint { try Drawing(SignalInput(plain, variables: names, acceptsValues: true)).run(output: folder.path("none.png"), overwrite: false) }
    }
    #expect(words(["band_1", "band_2"]).contains("2 were named") && words(["band_9"]).contains("band_9"))
    let colours = try write("colours.tif", in: folder, bands: 4) { [200, 100, 50, 150][$0 % 4] }
    try Drawing(SignalInput(colours, acceptsValues: true)).run(output: folder.path("colours.png"), overwrite: false)
    #expect(try pixel("colours.png", in: folder, 24, 70) == [200, 100, 50])
    // The panels truth, image and error are 112 pixels wide and 12 apart; an error of the same size everywhere has the darkest colour.
    let other = try write("other.tif", in: folder, bands: 5) { [200, 100, 50, 90, 250][$0 % 5] }
    for (band, isError) in [("band_1", false), ("band_4", true)] {
      var drawing = Drawing(SignalInput(other, variables: [band], acceptsValues: true))
      drawing.companions = [("truth", plain)]
      try drawing.run(output: folder.path("\(band).png"), overwrite: false)
      #expect(try ImageFile(path: folder.path("\(band).png")).header.columns == 2 * 16 + 3 * 112 + 2 * 12)
      let colour = try pixel("\(band).png", in: folder, 24 + 2 * 124, 70)
      let middle = try #require(colour.min())
      #expect((middle < 200) == isError, "\(colour)")
    }
  }

  /// Greys of a small part of their type's range are told apart, unless a scale is stated; wide ones and colours keep their type's scale.
  @Test func narrowGreysHaveAScaleOfTheirOwn() throws {
    let folder = try ScratchFolder()
    let narrow = try write("narrow.tif", in: folder, type: .uint16) { [33_000, 33_500, 34_000][$0 % 3] }
    func first(_ path: String, peak: Double? = nil, origin: Double? = nil) throws -> [Double] {
      var drawing = Drawing(SignalInput(path, acceptsValues: true))
      (drawing.peak, drawing.origin) = (peak, origin)
      try drawing.run(output: folder.path("drawn.png"), overwrite: true)
      return try pixel("drawn.png", in: folder, 24, 70)
    }
    #expect(try first(narrow) == [0, 0, 0])
    #expect(try first(narrow, peak: 33_000) == [255, 255, 255])
    #expect(try first(narrow, peak: 1000, origin: 32_000) == [255, 255, 255])
    #expect(try abs(first(narrow, origin: 0)[0] - 255 * 33_000 / 65_535) <= 1)
    let colours = try write("narrow-colours.tif", in: folder, bands: 3) { [100, 105, 110][$0 % 3] }
    #expect(try first(colours) == [100, 105, 110])
  }

  @Test func picturesShowThePixels() throws {
    let folder = try ScratchFolder()
    let grey = try write("grey.png", in: folder) { $0 == 0 ? 255 : $0 == 1 ? 51 : 0 }
    try Drawing(SignalInput(grey)).run(output: folder.path("grey-drawn.png"), overwrite: false)
    for drawing in [Drawing(SignalInput(grey), isDiverging: true), Drawing(SignalInput(grey), projection: .robinson)] {
      #expect(throws: RunError.self) { try drawing.run(output: folder.path("map-of-image.png"), overwrite: false) }
    }
    func pixel(_ name: String, _ x: Int, _ y: Int) throws -> [Double] { try self.pixel(name, in: folder, x, y) }
    // The image begins at (16, 62), and a pixel is 16 pixels wide.
    #expect(try pixel("grey-drawn.png", 24, 70) == [255, 255, 255] && pixel("grey-drawn.png", 40, 70) == [51, 51, 51])
    #expect(try pixel("grey-drawn.png", 56, 86) == [0, 0, 0])
    let colour = try write("colour.png", in: folder, bands: 3) { [200, 100, 50][$0 % 3] }
    try Drawing(SignalInput(colour)).run(output: folder.path("colour-drawn.png"), overwrite: false)
    #expect(try pixel("colour-drawn.png", 24, 70) == [200, 100, 50])
    // Of a signed type, the least number is black.
    let signed = try write("signed.tif", in: folder, type: .int8) { $0 == 0 ? 127 : $0 == 1 ? 0 : -128 }
    try Drawing(SignalInput(signed, acceptsValues: true)).run(output: folder.path("signed-drawn.png"), overwrite: false)
    #expect(try pixel("signed-drawn.png", 24, 70) == [255, 255, 255] && pixel("signed-drawn.png", 56, 86) == [0, 0, 0])
    #expect(try abs(pixel("signed-drawn.png", 40, 70)[0] - 128) <= 1)
    // A picture is PNG whatever it is called, and is not called anything else.
    let words = complaint { try Drawing(SignalInput(grey)).run(output: folder.path("grey.jpg"), overwrite: false) }
    #expect(words.contains("written as PNG") && !FileManager.default.fileExists(atPath: folder.path("grey.jpg")), "\(words)")
    // Truth, observed, mean, error, spread and two samples are seven panels.
    _ = try fill(grey, noise: "3", to: folder.path("filled.float.tif"))
    var strip = Drawing(SignalInput(folder.path("filled.float.tif")))
    strip.companions = [("truth", grey), ("observed", grey)]
    try strip.run(output: folder.path("strip.png"), overwrite: false)
    let columns = try ImageFile(path: folder.path("strip.png")).header.columns
    #expect(columns == 2 * 16 + 7 * 90 + 6 * 12, "\(columns)")
    // The pictures cannot stand beside another domain.
    strip.companions = [("truth", colour)]
    #expect(complaint { try strip.run(output: folder.path("no.png"), overwrite: false) }.contains("expected an image like"))
    // None of them may be replaced by the picture.
    let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.path("strip.png")))
    var drawing = Drawing(SignalInput(grey))
    drawing.companions = [("truth", folder.path("strip.png"))]
    let refusal = complaint { try drawing.run(output: folder.path("strip.png"), overwrite: true) }
    #expect(refusal.contains("the output is the input"), "\(refusal)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path("strip.png"))) == bytes)
  }

  /// The coverage in a file of another size is refused with both sizes: positions of pixels mean nothing to those of another image.
  @Test func aCoverageOfAnotherSizeIsRefused() throws {
    let folder = try ScratchFolder()
    let path = try ImageLearning.write(in: folder, count: 1) + "/100.tif"
    let domain = try ImageGrid(rows: 6, columns: 8)
    let text = complaint {
      try MeasurementInputs(on: domain, landShare: nil).check([AnyMeasurementDesign("file:\(path)")], on: domain)
    }
    for word in [path, "6×8", "8×8"] { #expect(text.contains(word), "\(text)") }
  }
}
