// The gate: a domain, a file format and a measurement that this package does not know go through training, imputation, evaluation,
// sampling and scoring. Everything about them is in this file, and reaches the pipelines in `Catalogue` values alone.

import Foundation
import Sextant
import SextantTestSupport
import SextantYAML
import Testing

// MARK: A domain: V vertices on a circle, which is no surface and not on the Earth

private struct Ring: Domain {
  struct Record: DomainRecord {
    static let kind = "ring"
    var size: Int
    var claimedVertexCount: Int? { size }
    func makeDomain() throws -> any Domain { Ring(size: size) }
  }

  let size: Int
  private var step: Double { 2 * .pi / Double(size) }

  var vertexCount: Int { size }
  var nodeCount: Int { size }
  var nodeOfVertex: [Int32] { (0..<Int32(size)).map { $0 } }
  var nodePositions: [SIMD3<Double>] {
    (0..<size).map { SIMD3(3 * cos(step * Double($0)), 3 * sin(step * Double($0)), 0) }
  }
  var areaWeights: [Double] { [Double](repeating: step, count: size) }
  var stiffness: SparseMatrix {
    var entries: [(row: Int, column: Int, value: Double)] = []
    for vertex in 0..<size {
      entries.append((vertex, vertex, 2 / step))
      for shift in [1, size - 1] { entries.append((vertex, (vertex + shift) % size, -1 / step)) }
    }
    return SparseMatrix(rowCount: size, columnCount: size, entries: entries)
  }
  var fingerprint: String { "ring\(size)" }
  var summary: String { "ring of \(size) vertices" }
  var stored: StoredDomain? { StoredDomain(Record(size: size)) }

  /// Each vertex with the next on both sides; every second vertex is kept.
  func neighbourhoods(levelCount: Int) throws -> NeighbourhoodHierarchy? {
    var levels: [NeighbourhoodHierarchy.Level] = []
    var count = Int32(size)
    for place in 0..<levelCount {
      let isLast = place == levelCount - 1 || count % 2 == 1 || count < 8
      let vertices = 0..<count
      levels.append(
        NeighbourhoodHierarchy.Level(
          neighbours: vertices.flatMap { [($0 + count - 1) % count, $0, ($0 + 1) % count] },
          kept: isLast ? [] : vertices.filter { $0 % 2 == 0 }, coarse: isLast ? [] : vertices.map { $0 / 2 }))
      if isLast { break }
      count /= 2
    }
    return NeighbourhoodHierarchy(width: 3, levels: levels)
  }
}

// MARK: A format: two lines of text, "ring NAME" and the values, with "-" where one is missing

private struct RingText: SignalFormat {
  var name: String { "ring text" }
  var help: String { "two lines of text: ring NAME, and the values" }
  var writtenEndings: [String] { ["ring"] }

  func recognises(_ path: String) -> Bool {
    (try? String(contentsOfFile: path, encoding: .utf8))?.hasPrefix("ring ") ?? false
  }

  func open(_ request: SignalRequest) throws -> any SignalDocument {
    let (name, values) = try Self.read(request.path)
    let fields = SignalSet(
      domain: Ring(size: values.count), variables: [Variable(name: name, units: "K")],
      values: Tensor(values.map { $0.isNaN ? 0 : $0 }, shape: [1, values.count, 1]), isValid: values.map { !$0.isNaN },
      labels: [FieldLabel()])
    return StoredSignals(
      path: request.path, inputPaths: [request.path], format: self, fields: fields, columnNames: [name + "_noise"],
      columns: { companion in
        let beside = request.path + ".noise"
        guard companion == name + "_noise", FileManager.default.fileExists(atPath: beside) else { return nil }
        let noise = try Self.read(beside).values
        return FieldCompanion(name: companion, isConstant: true) { _ in noise }
      })
  }

  func sink(_ output: OutputRequest, like source: any SignalSource) throws -> any SignalSink {
    guard output.content.fieldCount == 1 else {
      throw SignalFormatError.unwritable(path: output.path, format: name, reason: "a file holds one field.")
    }
    return Sink(output: output, name: source.variables[0].name)
  }

  private static func read(_ path: String) throws -> (name: String, values: [Float]) {
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    return (String(lines[0].dropFirst(5)), lines[1].split(separator: " ").map { Float($0) ?? .nan })
  }

  struct Sink: SignalSink {
    let output: OutputRequest
    let name: String
    var paths: [String] { [output.path] + (output.content.hasNoise ? [output.path + ".noise"] : []) }

    func write(
      _ content: SignalContent, description: OutputDescription, overwrite: Bool,
      _ body: (any FieldWriter) throws -> Void
    ) throws {
      let writer = Writer()
      try body(writer)
      let record = try #require(writer.record)
      for (path, values) in zip(paths, [record.values, record.noise ?? []]) {
        try WholeFile.write(Data(RingText.text(name, values).utf8), to: path, overwrite: overwrite)
      }
    }
  }

  final class Writer: FieldWriter {
    var record: FieldRecord?
    func write(_ field: FieldRecord, at index: Int) throws { record = field }
  }

  static func text(_ name: String, _ values: [Float]) -> String {
    "ring \(name)\n" + values.map { $0.isNaN ? "-" : "\($0)" }.joined(separator: " ") + "\n"
  }
}

// MARK: A measurement: every value is mixed with its neighbours, known by its action alone

private struct RingBlur: LinearOperator {
  let inputCount: Int
  let turns: Int
  var outputCount: Int { inputCount }

  func apply(_ signals: Tensor<Float>) -> Tensor<Float> {
    let (size, turns) = (inputCount, turns)
    var result = signals
    result.withUnsafeMutableScalars { values in
      for row in 0..<values.count / size {
        for _ in 0..<turns {
          let old = Array(values[row * size..<(row + 1) * size])
          for i in 0..<size {
            values[row * size + i] = 0.25 * old[(i + size - 1) % size] + 0.5 * old[i] + 0.25 * old[(i + 1) % size]
          }
        }
      }
    }
    return result
  }

  // The kernel is symmetric.
  func applyAdjoint(_ measurements: Tensor<Float>) -> Tensor<Float> { apply(measurements) }
}

private struct BlurDesign: MeasurementDesign {
  let turns: Int
  var mayHide: Bool { false }
  var description: String { "ring-blur:\(turns)" }

  func draw(in context: MeasurementContext, using random: inout RandomStream) throws -> any LinearOperator {
    RingBlur(inputCount: context.entryCount, turns: turns)
  }

  static let kind = MeasurementDesignKind(
    name: "ring-blur", help: "mixes each value with its neighbours", example: "ring-blur:2"
  ) { text in
    BlurDesign(turns: Int(try text.takeNumber("turns", in: 1...9, fallback: 1, orPositional: true)))
  }
}

// MARK: The gate

@Suite(.serialized) struct ForeignDomainTests {
  private static let size = 32
  private static let catalogue = Catalogue(
    domains: .standard + [StoredDomainKind(Ring.Record.self)], formats: .standard + [RingText()],
    designs: .standard + [BlurDesign.kind])

  /// Field n of smooth ones.
  private static func field(_ number: Int) -> [Float] {
    var random = RandomStream(seed: 9).split(number)
    let waves = (1...4).map { k in (Double(k), random.normal() / Double(k), random.normal() / Double(k)) }
    return (0..<size).map { vertex in
      let angle = 2 * Double.pi * Double(vertex) / Double(size)
      return Float(280 + waves.reduce(0) { $0 + $1.1 * sin($1.0 * angle) + $1.2 * cos($1.0 * angle) })
    }
  }

  private static let trained = Result {
    let folder = try ScratchFolder()
    for number in 0..<40 {
      _ = try folder.write(
        RingText.text("heat", field(number)), to: String(format: "archive%02d.ring", number))
    }
    _ = try folder.write(RingText.text("heat", field(100)), to: "truth.ring")
    let run = try configuration(folder)
    return (folder, run, try run.train(overwrite: false, catalogue: catalogue))
  }

  private static func configuration(_ folder: ScratchFolder, more: String = "") throws -> RunConfiguration {
    let files = folder.path("archive*.ring")
    return try RunConfiguration.parse(
      """
      output: \(folder.path("run"))
      archive: {files: ["\(files)"], part: "first:0.9"}
      prior: {kind: eof, modes: 8}
      diffusion: {steps: 3, batch: 4, widths: [8, 8]}
      flow: {pairs: 16, folds: 2, masks: ["random:0.3"], widths: [8, 8], steps: 3, batch: 4}
      solvers: {samples: 4, dps: {steps: 5, step_size: 0.3}, ddnm: {steps: 5}}
      evaluate:
        fields: {files: ["\(files)"], part: "last:0.1"}
        methods: [climatology, nearest, inverse-distance, harmonic, kriging, eof, two-scale, flow, dps, ddnm]
        masks: ["random:0.3"]
        noise: "0.05"
        samples: 8
        scale: {heat: {peak: 10, origin: 275}}
        \(more)
      """, path: "ring.yaml", catalogue: catalogue
    ).configuration
  }

  private func fill(
    _ input: String, _ method: Method, to output: String, operation: String? = nil, model: Model? = nil,
    samples: Int = 0
  ) throws -> ImputationSummary {
    let (folder, _, learned) = try Self.trained.get()
    return try Imputation(
      method: method, samples: samples,
      operation: operation.map { try AnyMeasurementDesign($0, kinds: Self.catalogue.designs) }, seed: 3
    ).run(
      SignalInput(folder.path(input)), model: model ?? learned, output: folder.path(output), overwrite: true,
      history: "by a test", catalogue: Self.catalogue)
  }

  private func degrade(_ mask: String, operation: String? = nil, to output: String) throws {
    let (folder, _, _) = try Self.trained.get()
    _ = try Degradation(
      mask: AnyMeasurementDesign(mask),
      operation: operation.map { try AnyMeasurementDesign($0, kinds: Self.catalogue.designs) },
      noise: NoiseSpecification(text: "0.02"), seed: 5
    ).run(
      SignalInput(folder.path("truth.ring")), output: folder.path(output), overwrite: true, history: "by a test",
      catalogue: Self.catalogue)
  }

  @Test func aModelOfTheRingIsStoredAndOpened() throws {
    let (folder, _, model) = try Self.trained.get()
    #expect(model.parts == [.gaussian, .diffusion, .flow])
    let opened = try Model(contentsOf: folder.path("run"), domains: Self.catalogue.domains)
    #expect(opened.space.domain.fingerprint == "ring32" && opened.flow != nil)
    #expect(complaint { _ = try Model(contentsOf: folder.path("run")) }.contains("ring"))
    #expect(try Inspection(path: folder.path("run"), catalogue: Self.catalogue).description.contains("ring of 32"))
    let file = try Inspection(path: folder.path("truth.ring"), catalogue: Self.catalogue)
    #expect(file.description.contains("ring text") && file.description.contains("heat"))
  }

  @Test(arguments: [Method.eof, .kriging, .harmonic, .twoScale, .flow, .dps])
  func gapsOnTheRingAreFilled(method: Method) throws {
    let (folder, _, _) = try Self.trained.get()
    try degrade("random:0.4", to: "holed.ring")
    let summary = try fill("holed.ring", method, to: "filled.ring", samples: method.traits.drawsSamples ? 4 : 0)
    #expect(summary.fieldCount == 1 && abs(summary.missingShare - 0.4) < 0.02)
    // Without a model only where none is needed.
    if !method.learnsFromArchive { _ = try fill("holed.ring", method, to: "alone.ring") }
    // Any other format that can hold the values is as good.
    _ = try fill("holed.ring", method, to: "filled.npy")
    #expect(try NPYFile.read(folder.path("filled.npy")).shape == [32])
    let scores = try Scoring(
      truth: SignalInput(folder.path("truth.ring")), observed: folder.path("holed.ring"), scale: (10, 275)
    ).run([folder.path("filled.ring"), folder.path("filled.npy")], catalogue: Self.catalogue)
    // Of the field's deviation, which is about 1.
    #expect(scores.fields.count == 2)
    for score in scores.fields {
      let error = try #require(score[.rootMeanSquareError])
      // Five steps of a sampler are no estimate to be proud of.
      #expect(error < (method == .dps ? 5 : 0.8), "\(error)")
    }
  }

  @Test(arguments: [Method.eof, .twoScale, .dps]) func aBlurIsUndone(method: Method) throws {
    let (folder, _, _) = try Self.trained.get()
    try degrade("random:0.2", operation: "ring-blur:3", to: "blurred.ring")
    _ = try fill("blurred.ring", method, to: "sharp.ring", operation: "ring-blur:3", samples: 4)
    _ = try fill("blurred.ring", method, to: "unaware.ring", samples: 4)
    func error(_ name: String) throws -> Double {
      let fields = try Self.catalogue.formats.open(SignalRequest(path: folder.path(name))).read([0])
      return rootMeanSquareDifference(fields.values.scalars, Self.field(100))
    }
    let sharp = try error("sharp.ring")
    if method == .dps {
      #expect(sharp < 5, "\(sharp)")
    } else {
      #expect(try sharp < 0.8 && sharp < error("unaware.ring"), "\(sharp)")
    }
    // A network that learned from masks is not asked about a blur.
    #expect(
      complaint { _ = try fill("blurred.ring", .flow, to: "x.ring", operation: "ring-blur:3") }.contains("flow"))
    #expect(
      complaint { _ = try fill("blurred.ring", method, to: "x.ring", operation: "random:0.5") }.contains("--mask"))
  }

  @Test func methodsAreComparedOnTheRing() throws {
    let (folder, run, _) = try Self.trained.get()
    let outcome = try run.runEvaluation(overwrite: true, catalogue: Self.catalogue)
    #expect(outcome.result.methodNames.count == 10)
    var own = try Self.configuration(folder, more: "operator: ring-blur:2")
    own.evaluate.methods = [.climatology, .eof, .twoScale, .dps]
    let second = try own.runEvaluation(overwrite: true, catalogue: Self.catalogue)
    #expect(second.result.scores.fields.allSatisfy { $0.label.group == "ring-blur:2|random:0.3" })
    func error(_ name: String) throws -> Double {
      let summary = try #require(second.result.scores.summaries().first { $0.method == name })
      return try #require(summary[.rootMeanSquareError]?.mean)
    }
    #expect(try error("eof") < error("climatology"))
  }

  @Test(arguments: SampledPrior.allCases) func fieldsAreDrawnOnTheRing(prior: SampledPrior) throws {
    let (folder, _, model) = try Self.trained.get()
    let request = PriorSampling(prior: prior, count: 1, steps: 4)
    _ = try request.run(
      folder: folder.path("run"), model: model, output: folder.path("drawn.ring"), overwrite: true, history: "test",
      catalogue: Self.catalogue)
    let drawn = try Self.catalogue.formats.open(SignalRequest(path: folder.path("drawn.ring"))).read([0])
    #expect(drawn.values.scalars.allSatisfy { (260...300).contains($0) } && Set(drawn.values.scalars).count > 20)
    var several = request
    several.count = 3
    let refusal = complaint {
      _ = try several.run(
        folder: folder.path("run"), model: model, output: folder.path("drawn.ring"), overwrite: true, history: "test",
        catalogue: Self.catalogue)
    }
    #expect(refusal.contains("one field"), "\(refusal)")
    _ = try several.run(
      folder: folder.path("run"), model: model, output: folder.path("drawn.npy"), overwrite: true, history: "test",
      catalogue: Self.catalogue)
    #expect(try NPYFile.read(folder.path("drawn.npy")).shape == [3, 32, 1])
  }
}
