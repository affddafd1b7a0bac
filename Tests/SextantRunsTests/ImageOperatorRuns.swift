// Operators of images from file to file: a blur of which nothing is known beyond the frame, super-resolution, projections, and
// what is refused before anything is written.

import Foundation
import Sextant
import SextantTestSupport
import SextantYAML
import Testing

@testable import SextantPipelines

@Suite struct ImageOperatorRuns {
  /// A smooth image with a slope towards the frame, so that a mirror or the other side are wrong about what lies beyond.
  private static func value(_ row: Int, _ column: Int) -> Float {
    let (y, x) = (Double(row), Double(column))
    return Float(50 + 3 * x + 2 * y + 12 * sin(x / 3) * cos(y / 4))
  }

  private func signal(rows: Int, columns: Int, from first: Int = 0) throws -> SignalSet {
    let values = (0..<rows).flatMap { row in (0..<columns).map { Self.value(row + first, $0 + first) } }
    return SignalSet(
      domain: try ImageGrid(rows: rows, columns: columns), variables: [Variable(name: "value")],
      values: Tensor(values, shape: [1, rows * columns, 1]), isValid: [Bool](repeating: true, count: rows * columns),
      labels: [FieldLabel()])
  }

  private func write(_ set: SignalSet, to path: String) throws {
    let sink = try [any SignalFormat].standard.sink(OutputRequest(path: path, content: .fields(1)), like: set)
    try sink.write(.fields(1), description: OutputDescription(history: ""), overwrite: true) {
      try $0.write(FieldRecord(set[0]), at: 0)
    }
  }

  private func read(_ path: String) throws -> Signal {
    try SignalInput(path).open().read([0])[0]
  }

  private func impute(_ input: String, _ operation: String, to output: String, noise: String = "0.05") throws -> ImputationSummary {
    try Imputation(
      method: .kriging, samples: 0, noise: NoiseSpecification(text: noise), operation: AnyMeasurementDesign(operation), checkShare: 0
    ).run(SignalInput(input), model: nil, output: output, overwrite: true, history: "")
  }

  private func error(_ answer: Signal, from first: Int = 0, where isCounted: (Int, Int) -> Bool = { _, _ in true }) throws -> Double {
    let raster = try #require(answer.domain.raster)
    var (sum, count) = (0.0, 0)
    for row in 0..<raster.rows {
      for column in 0..<raster.columns where isCounted(row, column) {
        let difference = Double(answer.values.scalars[row * raster.columns + column] - Self.value(row + first, column + first))
        sum += difference * difference
        count += 1
      }
    }
    return (sum / Double(count)).squareRoot()
  }

  @Test func aBlurLeavesARimOfItsReach() throws {
    let folder = try ScratchFolder()
    try write(signal(rows: 14, columns: 11), to: folder.path("clean.tif"))
    let summary = try Degradation(mask: AnyMeasurementDesign("none"), operation: AnyMeasurementDesign("blur:box,size=5")).run(
      SignalInput(folder.path("clean.tif")), output: folder.path("blurred.tif"), overwrite: false, history: "")
    #expect(summary.fieldCount == 1)
    let blurred = try read(folder.path("blurred.tif"))
    for vertex in 0..<14 * 11 {
      let (row, column) = vertex.quotientAndRemainder(dividingBy: 11)
      #expect(blurred.isValid[vertex] == ((2..<12).contains(row) && (2..<9).contains(column)))
    }
    // The file is solved on the larger image, and the answer has its own size.
    _ = try impute(folder.path("blurred.tif"), "blur:box,size=5", to: folder.path("answer.tif"))
    let answer = try read(folder.path("answer.tif"))
    #expect(answer.domain.fingerprint == blurred.domain.fingerprint && !answer.isValid.contains(false))
    #expect(try error(answer) { row, column in (2..<12).contains(row) && (2..<9).contains(column) } < 2)
  }

  /// A model knows nothing beyond the frame. What `degrade` leaves out is missing, and no measured value that is not used.
  @Test func onlyMeasuredValuesBeyondTheFrameAreCounted() throws {
    let folder = try ScratchFolder()
    let operation = try AnyMeasurementDesign("blur:box,size=3")
    try FileManager.default.createDirectory(atPath: folder.path("archive"), withIntermediateDirectories: true)
    for number in 0..<12 {
      try write(signal(rows: 14, columns: 11, from: number), to: folder.path("archive/\(100 + number).tif"))
    }
    let model = try RunConfiguration.parse(
      """
      archive: {files: ["\(folder.path("archive"))"]}
      prior: {kind: eof, modes: 3}
      """, path: "test.yaml"
    ).configuration.training.learn()
    try write(signal(rows: 14, columns: 11, from: 2), to: folder.path("clean.tif"))
    _ = try Degradation(mask: AnyMeasurementDesign("none"), operation: operation).run(
      SignalInput(folder.path("clean.tif")), output: folder.path("degraded.tif"), overwrite: false, history: "")
    let remarks = try ["degraded", "clean"].map { name in
      try Imputation(method: .eof, samples: 0, noise: NoiseSpecification(text: "0.5"), operation: operation, checkShare: 0).run(
        SignalInput(folder.path("\(name).tif")), model: model, output: folder.path("\(name)-answer.tif"), overwrite: false, history: ""
      ).remarks.filter { $0.topic == "beyond-frame" }
    }
    #expect(remarks[0].isEmpty)
    #expect(remarks[1].count == 1 && remarks[1].first?.text.contains("46 of 154 measured values") == true, "\(remarks)")
  }

  /// A photograph is blurred by what lies beyond its frame. Taking that for a mirror puts an error at the frame, and taking it for
  /// unknown does not.
  @Test func nothingRingsAtTheFrame() throws {
    let folder = try ScratchFolder()
    try write(signal(rows: 24, columns: 22), to: folder.path("world.tif"))
    _ = try Degradation(mask: AnyMeasurementDesign("none"), operation: AnyMeasurementDesign("blur:box,size=5")).run(
      SignalInput(folder.path("world.tif")), output: folder.path("all.tif"), overwrite: false, history: "")
    let all = try read(folder.path("all.tif"))
    var photograph = try signal(rows: 20, columns: 18)
    photograph.values = Tensor(
      (2..<22).flatMap { row in (2..<20).map { all.values.scalars[row * 22 + $0] } }, shape: [1, 360, 1])
    try write(photograph, to: folder.path("photograph.tif"))
    func isAtFrame(_ row: Int, _ column: Int) -> Bool { row < 2 || column < 2 || row > 17 || column > 15 }
    let errors = try ["", ",boundary=reflect"].map { boundary in
      _ = try impute(folder.path("photograph.tif"), "blur:box,size=5" + boundary, to: folder.path("answer.tif"))
      return try error(read(folder.path("answer.tif")), from: 2, where: isAtFrame)
    }
    #expect(errors[0] < 1.5 && errors[1] > 2 * errors[0], "\(errors)")
  }

  @Test(arguments: ["reduce:2,filter=area", "reduce:2,filter=bicubic,boundary=reflect", "blur:box,size=3|reduce:2,filter=area"])
  func superResolutionHasTheLargerImage(text: String) throws {
    let folder = try ScratchFolder()
    try write(signal(rows: 16, columns: 20), to: folder.path("clean.tif"))
    _ = try Degradation(
      mask: AnyMeasurementDesign("none"), operation: AnyMeasurementDesign(text), noise: NoiseSpecification(text: "0.05"), seed: 3
    ).run(SignalInput(folder.path("clean.tif")), output: folder.path("small.tif"), overwrite: false, history: "")
    let small = try read(folder.path("small.tif"))
    #expect(small.domain.raster == Raster(rows: 8, columns: 10))
    _ = try impute(folder.path("small.tif"), text, to: folder.path("large.tif"))
    let large = try read(folder.path("large.tif"))
    #expect(large.domain.raster == Raster(rows: 16, columns: 20))
    let plain = (0..<320).reduce(0.0) { sum, vertex in
      let (row, column) = vertex.quotientAndRemainder(dividingBy: 20)
      let place = row / 2 * 10 + column / 2
      let difference = small.isValid[place] ? Double(small.values.scalars[place] - Self.value(row, column)) : 0
      return sum + difference * difference
    }
    #expect(try error(large) { $0 > 1 && $0 < 14 && $1 > 1 && $1 < 18 } < 0.7 * (plain / 320).squareRoot())
  }

  @Test func projectionsAreAColumnOfNumbers() throws {
    let folder = try ScratchFolder()
    try write(signal(rows: 9, columns: 8), to: folder.path("clean.tif"))
    let text = "compressed:count=40,rows=9,columns=8,seed=1"
    _ = try Degradation(mask: AnyMeasurementDesign("none"), operation: AnyMeasurementDesign(text)).run(
      SignalInput(folder.path("clean.tif")), output: folder.path("numbers.tif"), overwrite: false, history: "")
    #expect(try read(folder.path("numbers.tif")).domain.raster == Raster(rows: 40, columns: 1))
    let failure = #expect(throws: MeasurementError.self) {
      try impute(folder.path("numbers.tif"), "compressed:count=40,seed=1", to: folder.path("answer.tif"))
    }
    #expect(failure?.description.contains("rows=ROWS,columns=COLUMNS") == true)
    _ = try impute(folder.path("numbers.tif"), text, to: folder.path("answer.tif"), noise: "0.5")
    #expect(try read(folder.path("answer.tif")).domain.raster == Raster(rows: 9, columns: 8))
  }

  @Test(arguments: [
    ("blur:box,size=3|random:0.5", "drawn at random"), ("compressed:count=21,rows=5,columns=5,seed=1", "masks belong to --mask"),
    ("compressed:count=80,rows=5,columns=5,seed=1", "at most as many sums as there are places, 25"),
    ("reduce:2", "drawn"), ("blur:file=absent.txt", "absent.txt"), ("matrix:file=absent.npz", "absent.npz"),
  ])
  func whatDoesNotFitIsRefused(text: String, expected: String) throws {
    let folder = try ScratchFolder()
    try write(signal(rows: 10, columns: 8), to: folder.path("image.tif"))
    // A reduction fits every image: what refuses it is a mask of the same size that is not the same in every draw.
    let text = text == "reduce:2" ? "reduce:2|random:0.3" : text
    let error = try #require(throws: (any Error).self) {
      try impute(folder.path("image.tif"), text, to: folder.path("answer.tif"))
    }
    #expect("\(error)".contains(expected), "\(error)")
    #expect(!FileManager.default.fileExists(atPath: folder.path("answer.tif")))
  }
}
