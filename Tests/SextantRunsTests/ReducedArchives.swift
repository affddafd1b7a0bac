// Archives whose values lie elsewhere than the signals: coarser images, and a few random sums. What is learned is a prior on the grid of
// the signals that knows more than each field's own values do, where that grid is found, and what is refused. Not here: values in their places
// (MeasuredArchives).

import Foundation
import Sextant
import SextantTestSupport
import SextantYAML
import Testing

@testable import SextantModels
@testable import SextantPipelines
@testable import SextantRuns
@testable import SextantTraining

@Suite struct ReducedArchives {
  private static let size = 12
  private static let noise = 4

  /// A folder with `images`: sums of four waves over 12×12 pixels, whose sizes are random, and a little roughness.
  private static func folder(_ count: Int) throws -> ScratchFolder {
    let folder = try ScratchFolder()
    let fields = (0..<count).flatMap { index -> [Float] in
      var random = RandomStream(seed: 31).split(index)
      let (a, b, c, d) = (random.normal(), random.normal(), random.normal(), random.normal())
      return (0..<size * size).map { pixel in
        let (y, x) = (Double(pixel / size), Double(pixel % size))
        let first: Double = a * cos(0.9 * x + 0.4 * y) + b * cos(0.5 * x - y + 1)
        let second: Double = c * sin(1.1 * x + 0.2 * y) + d * cos(0.2 * x + 1.1 * y + 0.5)
        return Float(50 + 4 * (first + second) + 0.5 * random.normal())
      }
    }
    try write(
      SignalSet(
        domain: try ImageGrid(rows: size, columns: size), variables: [Variable(name: "value")],
        values: Tensor(fields, shape: [count, size * size, 1]), isValid: [Bool](repeating: true, count: fields.count),
        labels: [FieldLabel](repeating: FieldLabel(), count: count)), to: folder.path("images"))
    return folder
  }

  /// Writes each field as an image of a folder.
  private static func write(_ fields: any SignalSource, to path: String) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for index in fields.labels.indices {
      let set = try fields.read([index])
      let sink = try [any SignalFormat].standard.sink(
        OutputRequest(path: "\(path)/\(100 + index).tif", content: .fields(1)), like: set)
      try sink.write(.fields(1), description: OutputDescription(history: ""), overwrite: true) {
        try $0.write(FieldRecord(set[0]), at: 0)
      }
    }
  }

  private static func run(
    _ folder: ScratchFolder, _ archive: String, files: String = "images", output: String = "RUN", evaluated: String = "reduce:2",
    more: String = ""
  ) throws -> RunConfiguration {
    try RunConfiguration.parse(
      """
      output: DIR/\(output)
      archive: {files: [DIR/\(files)], part: "first:0.8", \(archive)}
      climatology: {kind: constant}
      prior: {kind: two-scale, modes: 10, parameters: per-archive}
      evaluate:
        methods: [climatology, kriging, two-scale]
        operator: "\(evaluated)"
        masks: [none]
        noise: "\(noise)"
        samples: 16
        pictures: 0
        scale: {value: {peak: 100}}
      \(more)
      """.replacingOccurrences(of: "DIR", with: folder.path), path: "run.yaml"
    ).configuration
  }

  private static func both(_ operation: String) -> String {
    "corrupted: {operator: \"\(operation)\", noise: \(noise)}, measured: {operator: \"\(operation)\", noise: \(noise)}"
  }

  /// From noisy values alone, none of which is that of a pixel, a prior of the pixels is learned that fills new fields from such values
  /// better than the mean does and than a field whose range and size are fitted to each of them.
  @Test(arguments: ["reduce:2", "compressed:share=0.5,seed=1"])
  func fieldsAreLearnedFromValuesElsewhere(_ operation: String) throws {
    let folder = try Self.folder(150)
    let run = try Self.run(folder, Self.both(operation), evaluated: operation)
    try run.checkComparison()
    let model = try run.train(overwrite: false)
    #expect(model.space.domain.raster == Raster(rows: Self.size, columns: Self.size))
    #expect(model.space.isInside.allSatisfy { $0 })
    let topics = model.provenance.remarks.map(\.topic)
    #expect(topics.contains("measured-elsewhere") && topics.contains("measured-rounds"), "\(topics)")
    #expect(!topics.contains("measured-factors") && !topics.contains("correlated-noise"), "\(topics)")
    let (comparison, fields, indices) = try run.comparison(for: model)
    let summaries = try comparison.run(model: model, fields: fields, indices: indices).scores.summaries()
    func error(_ method: String) throws -> Double {
      try #require(summaries.first { $0.method == method }?[.rootMeanSquareError]?.mean)
    }
    let (mean, single, learned) = (try error("climatology"), try error("kriging"), try error("two-scale"))
    #expect(learned < mean, "\(learned), climatology \(mean)")
    #expect(learned < single, "\(learned), kriging \(single)")
  }

  /// The grid of the signals is that of the clean fields, of a finer image, of a file, or of the size that the operator states, and what is
  /// learned on it is the same.
  @Test(arguments: [
    ("reduce:2", "operator: \"reduce:2\""),
    ("compressed:share=0.5,seed=1", "operator: \"compressed:share=0.5,seed=1\", signals: DIR/images/100.tif"),
    ("compressed:share=0.5,seed=1", "operator: \"compressed:share=0.5,rows=12,columns=12,seed=1\""),
  ])
  func theGridOfTheSignalsIsFound(_ operation: String, _ measured: String) throws {
    let folder = try Self.folder(40)
    let trial = try Self.run(folder, Self.both(operation))
    try Self.write(trial.archive.open(seed: trial.seed).source, to: folder.path("values"))
    let filed = try Self.run(folder, "measured: {\(measured), noise: \(Self.noise)}", files: "values")
    let (one, other) = (try trial.training.learn(), try filed.training.learn())
    #expect(one.space.domain.fingerprint == other.space.domain.fingerprint)
    let priors = (try one.requireGaussian().prior, try other.requireGaussian().prior)
    #expect(priors.0.functions.scaledModes == priors.1.functions.scaledModes)
    #expect(priors.0.space.climatology.coefficients == priors.1.space.climatology.coefficients)
    #expect(try filed.training.identity.contains("signals") == measured.contains("signals"))
  }

  /// The file of the signals' domain is learned from as the archive is.
  @Test func theFileOfTheSignalsIsKnown() throws {
    let folder = try Self.folder(20)
    let operation = "compressed:share=0.5,seed=1"
    try Self.write(Self.run(folder, Self.both(operation)).archive.open(seed: 1).source, to: folder.path("values"))
    let run = try Self.run(
      folder, "measured: {operator: \"\(operation)\", noise: \(Self.noise), signals: DIR/images/100.tif}", files: "values")
    let model = try run.train(overwrite: false)
    #expect(try run.training.changedFiles(since: model).isEmpty)
    try FileManager.default.removeItem(atPath: folder.path("images/100.tif"))
    #expect(try run.training.changedFiles(since: model) == [folder.path("images/100.tif")])
  }

  /// Stopped after each round, a training ends with the same file as one that was not.
  @Test func anInterruptedTrainingGoesOnToTheSameBits() throws {
    let folder = try Self.folder(50)
    func train(_ output: String, stopAt limit: Int = .max) throws -> Bool {
      let run = try Self.run(folder, Self.both("reduce:2"), output: output)
      let stopper = Resumption.Stopper(after: limit)
      do {
        _ = try run.train(overwrite: false, progress: stopper, interruption: stopper.interruption)
        return true
      } catch is InterruptionError {
        return false
      }
    }
    #expect(try train("WHOLE"))
    var tries = 1
    while try tries < 25 && !train("PARTS", stopAt: 125) { tries += 1 }
    #expect((2..<25).contains(tries), "\(tries)")
    let bytes = try ["WHOLE", "PARTS"].map { try Data(contentsOf: URL(fileURLWithPath: folder.path("\($0)/model.safetensors"))) }
    #expect(bytes[0] == bytes[1])
  }

  // MARK: Bad input

  /// What is wrong with an archive whose values lie elsewhere.
  enum Fault: String, CaseIterable, Sendable {
    case unknownGrid, signalsWithoutOperator, anotherSize, anotherOperator, symmetries, patches, corruptedAlone, noSuchFile

    /// The settings of the archive of files of 6×6 values, or of their fields, and more.
    var settings: (files: String, archive: String, more: String) {
      let noise = ReducedArchives.noise
      return switch self {
      case .unknownGrid: ("values", "measured: {operator: \"compressed:share=0.5,seed=1\", noise: \(noise)}", "")
      case .signalsWithoutOperator: ("values", "measured: {noise: \(noise), signals: DIR/images/100.tif}", "")
      case .anotherSize:
        ("values", "measured: {operator: \"reduce:3\", noise: \(noise), signals: DIR/images/100.tif}", "")
      case .anotherOperator:
        ("images", "corrupted: {operator: \"reduce:2\"}, measured: {operator: \"blur:box,size=3\", noise: \(noise)}", "")
      case .symmetries: ("images", "\(ReducedArchives.both("reduce:2")), symmetries: [left-right]", "")
      case .patches: ("images", ReducedArchives.both("reduce:2"), "patches: {side: 4, components: 2}")
      case .corruptedAlone: ("images", "corrupted: {operator: \"reduce:2\"}, measured: {noise: \(noise)}", "")
      case .noSuchFile:
        ("values", "measured: {operator: \"reduce:2\", noise: \(noise), signals: DIR/absent.tif}", "")
      }
    }

    /// What the complaint has to name.
    var words: [String] {
      switch self {
      case .unknownGrid: ["archive.measured.operator", "compressed", "archive.measured.signals: FILE", "rows=ROWS", "6×6"]
      case .signalsWithoutOperator: ["run.yaml:2", "archive.measured.signals", "an operator beside it", "100.tif"]
      case .anotherSize: ["archive.measured.operator", "reduce:3", "12×12", "4×4", "6×6", "archive.measured.signals"]
      case .anotherOperator: ["archive.measured.operator", "blur:box", "12×12", "6×6"]
      case .symmetries: ["archive.symmetries", "reduce:2", "6×6"]
      case .patches: ["patches", "archive.measured.operator", "6×6"]
      case .corruptedAlone: ["archive.corrupted", "reduce:2", "archive.measured.operator"]
      case .noSuchFile: ["absent.tif"]
      }
    }
  }

  @Test(arguments: Fault.allCases) func whatCannotBeLearnedIsRefused(_ fault: Fault) throws {
    let folder = try Self.folder(12)
    try Self.write(Self.run(folder, Self.both("reduce:2")).archive.open(seed: 1).source, to: folder.path("values"))
    let (files, archive, more) = fault.settings
    let text = complaint { _ = try Self.run(folder, archive, files: files, more: more).train(overwrite: false) }
    for word in fault.words { #expect(text.contains(word), "\(fault): \(text)") }
    #expect(try !folder.names().contains("RUN"))
  }
}
