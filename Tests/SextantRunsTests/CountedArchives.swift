// Archives of values that were counted: the noise of each value is right although no clean value is known, the pairs that a flow learns from
// are independent, whole trainings use them, and values that no instrument counts are refused.

import Foundation
import Sextant
import SextantTestSupport
import SextantYAML
import Synchronization
import Testing

@testable import SextantModels
@testable import SextantPipelines
@testable import SextantRuns
@testable import SextantTraining

@Suite struct CountedArchives {
  private static let (gain, offset) = (2.0, 10.0)

  /// Smooth fields of some tens of counts of 2 behind an offset of 10, of which every fifth value is missing; the truth is beside them.
  private static func world(_ count: Int) throws -> (measured: SignalSet, truth: [Float]) {
    let template = try SmallClimate.unseen(1).selecting(["tas"])
    let positions = template.domain.positions
    let law = NoiseLaw.poisson(gain: gain, offset: offset)
    var (truth, values): ([Float], [Float]) = ([], [])
    for field in 0..<count {
      var random = RandomStream(seed: 9).split(field)
      let (slope, level) = (8 * random.normal(), 60 + 5 * random.normal())
      for position in positions {
        let clean = max(20, level + slope * position.z + 6 * position.x)
        truth.append(Float(clean))
        values.append(Float(law.measured(clean, using: &random)))
      }
    }
    let shape = [count, positions.count, 1]
    let set = SignalSet(
      domain: template.domain, variables: template.variables, values: Tensor(values, shape: shape),
      isValid: values.indices.map { $0 % 5 != 0 }, labels: [FieldLabel](repeating: template.labels[0], count: count))
    return (set, truth)
  }

  private static func noise(_ set: SignalSet) throws -> MeasuredNoise {
    try MeasuredNoise(NoiseSpecification(text: "poisson:2@10"), of: set)
  }

  /// Errors over the stated deviations have the mean square 1, however low or high the measured value is.
  @Test func theNoiseIsThatOfTheCleanValue() throws {
    let count = 60
    let (set, truth) = try Self.world(count)
    let noise = try Self.noise(set)
    #expect(noise.remarks.map(\.topic) == ["counted-noise"])
    var ratios: [Double] = []
    // Of the values above their truth, and of those below: a variance at the value itself would tell them apart.
    var sides: [(sum: Double, count: Int)] = [(0, 0), (0, 0)]
    for field in 0..<count {
      let signal = try set.read([field])[0]
      let levels = try noise(field, isValid: signal.isValid)
      for entry in levels.indices where signal.isValid[entry] {
        let clean = Double(truth[field * levels.count + entry])
        let variance = Self.gain * (clean - Self.offset)
        let ratio = Double(levels[entry] * levels[entry]) / variance
        ratios.append(ratio)
        let side = Double(signal.values.scalars[entry]) > clean ? 1 : 0
        sides[side] = (sides[side].sum + ratio, sides[side].count + 1)
      }
    }
    let mean = ratios.reduce(0, +) / Double(ratios.count)
    #expect(abs(mean - 1) < 0.02, "\(mean)")
    let (low, high) = (sides[0].sum / Double(sides[0].count), sides[1].sum / Double(sides[1].count))
    #expect(abs(low - high) < 0.05, "\(low) and \(high)")
  }

  /// Whoever holds a field gives it, and has the same noise as those for whom it is read.
  @Test func aFieldThatIsGivenIsNotReadAgain() throws {
    let source = CountingSource(try Self.world(3).measured)
    let field = try source.fields.read([1])[0]
    let noise = try MeasuredNoise(NoiseSpecification(text: "poisson:2@10"), of: source)
    let own = try noise(1, of: field)
    #expect(source.readCount == 0)
    #expect(try noise(1, isValid: field.isValid) == own)
    #expect(source.readCount == 1)
    // The noise of a moved copy is that of the field, moved with its values.
    let moved = try SymmetricSource(source, symmetries: [.northSouth])
    let ofCopies = try MeasuredNoise(NoiseSpecification(text: "poisson:2@10"), of: moved)
    #expect(try ofCopies(2, of: field) == own)
    #expect(try ofCopies(3, of: moved.read([3])[0]) == moved.moved(own, asField: 3))
  }

  /// Inputs and targets are two measurements with independent noise of the stated sizes, with a mask and without, and with normal noise
  /// added.
  @Test(arguments: [("none", Float(0)), ("random:0.4", 0), ("none", 15)]) func pairsAreIndependent(
    mask: String, added: Float
  ) throws {
    let count = 80
    let (set, truth) = try Self.world(count)
    let noise = try Self.noise(set)
    let simulation = TrainingPairs(
      count: 100, foldCount: 2, folds: .blocks, validationShare: 0.1, masks: [try AnyMeasurementDesign(mask)],
      inputs: MeasurementInputs(), noise: [added], seed: 3)
    let size = set.vertexCount
    var (inputs, targets, products, hidden): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
    for field in 0..<count {
      let signal = try set.read([field])[0]
      let views = try simulation.views(
        ofMeasured: signal, noise: noise(field, isValid: signal.isValid), counted: noise.counted(in: field),
        number: field)
      #expect(views.count == 2)
      #expect(views[0].measurement.values != views[1].measurement.values)
      for view in views {
        let entries = try #require(view.measurement.operation.selectedEntries)
        #expect(view.target.signs.allSatisfy { $0 == 0 })
        for (row, entry) in entries.enumerated() {
          let x = truth[field * size + entry]
          inputs.append(Double((view.measurement.values[row] - x) / view.measurement.noise[row]))
          targets.append(Double((view.target.values[entry] - x) / view.target.variances[entry].squareRoot()))
          products.append(inputs[inputs.count - 1] * targets[targets.count - 1])
        }
        let isInput = Set(entries)
        for entry in 0..<size where view.target.isKnown[entry] && !isInput.contains(entry) {
          hidden.append(
            Double(
              (view.target.values[entry] - truth[field * size + entry]) / view.target.variances[entry].squareRoot()))
        }
      }
    }
    func mean(_ x: [Double]) -> Double { x.reduce(0, +) / Double(x.count) }
    // Two views of one value have most of their errors in common, so that a half of the numbers counts.
    let error = (2 / Double(inputs.count)).squareRoot()
    for errors in [inputs, targets] + (hidden.isEmpty ? [] : [hidden]) {
      let own = (2 / Double(errors.count)).squareRoot()
      #expect(abs(mean(errors)) < 4.5 * own, "\(mean(errors))")
      #expect(
        abs(mean(errors.map { $0 * $0 }) - 1) < 0.03 + 4.5 * own * 2.0.squareRoot(), "\(mean(errors.map { $0 * $0 }))")
    }
    #expect(abs(mean(products)) < 4.5 * error, "\(mean(products)) ± \(error)")
    #expect(hidden.isEmpty == (mask == "none"))
  }

  // MARK: Whole trainings

  /// An archive of temperatures that were counted, and a clean truth.
  private static func run(
    _ folder: ScratchFolder, measured: String, corrupted: String = "poisson:0.1@200", more: String = ""
  ) throws -> RunConfiguration {
    let archive = folder.path("archive.nc")
    if !FileManager.default.fileExists(atPath: archive) {
      try SmallClimate.write(SmallClimate.fields().read(Array(0..<60)).selecting(["tas"]), to: archive)
      try SmallClimate.write(SmallClimate.unseen(6).selecting(["tas"]), to: folder.path("truth.nc"))
    }
    return try RunConfiguration.parse(
      """
      output: DIR/RUN
      archive:
        files: [DIR/archive.nc]
        corrupted: {mask: "random:0.3", noise: "\(corrupted)"}
        measured: {noise: "\(measured)"}
      climatology: {kind: harmonic, order: 1}
      prior: {kind: eof, modes: 10}
      evaluate:
        fields: {files: [DIR/truth.nc]}
        methods: [eof]
        masks: ["random:0.4"]
        noise: "poisson:0.1@200"
        pictures: 0
        scale: {tas: {peak: 100, origin: 220}}
      \(more)
      """.replacingOccurrences(of: "DIR", with: folder.path), path: "run.yaml"
    ).configuration
  }

  /// The closed form learns from counts as well as from normal noise of the right size, with read noise and without.
  @Test func theClosedFormLearnsFromCounts() throws {
    let folder = try ScratchFolder()
    func error(_ measured: String, _ corrupted: String) throws -> Double {
      let run = try Self.run(folder, measured: measured, corrupted: corrupted)
      let model = try run.training.learn()
      #expect(model.provenance.remarks.contains { $0.topic == "counted-noise" } == measured.hasPrefix("poisson"))
      let (comparison, fields, indices) = try run.comparison(for: model)
      let summary = try #require(
        comparison.run(model: model, fields: fields, indices: indices).scores.summaries().first)
      return try #require(summary[.rootMeanSquareError]?.mean)
    }
    // √(0.1·80) = 2.8 K.
    let counted = try error("poisson:0.1@200", "poisson:0.1@200")
    let normal = try error("2.8K", "2.8K")
    #expect(counted < 1.1 * normal, "\(counted) K, \(normal) K")
    let (both, ofBoth) = (try error("poisson:0.1+1@200", "poisson:0.1+1@200"), try error("3K", "3K"))
    #expect(both < 1.1 * ofBoth, "\(both) K, \(ofBoth) K")
  }

  /// A flow learns from counts and corrects the Gaussian, whose normal noise of one size for each place it cannot see to be wrong.
  @Test func aFlowLearnsFromCounts() throws {
    let folder = try ScratchFolder()
    let run = try Self.run(
      folder, measured: "poisson:0.1@200",
      more: "flow: {pairs: 60, folds: 2, steps: 60, batch: 8, widths: [8, 8], masks: [\"random:0.2\"]}")
    let model = try run.train(overwrite: false)
    let records = try TrainingLog(path: folder.path("RUN/flow.jsonl")).records()
    #expect(records.allSatisfy { $0.validation?.isFinite == true })
    try SmallClimate.observe(
      SmallClimate.unseen(2).selecting(["tas"]), noise: "tas=poisson:0.1@200", to: folder.path("observed.nc"))
    /// The error of a method's answers, in kelvin.
    func error(_ method: SextantSolvers.Method) throws -> Double {
      var imputation = Imputation(method: method, samples: 8, quantileLevels: [], seed: 1)
      imputation.noise = try NoiseSpecification(text: "poisson:0.1@200")
      let output = folder.path("\(method.name).nc")
      _ = try imputation.run(
        SignalInput(folder.path("observed.nc")), model: model, output: output, overwrite: false, history: "test")
      let truth = try SmallClimate.unseen(2).selecting(["tas"]).values(ofChannel: 0)
      return try zip(truth, SmallClimate.values("tas", in: output)).reduce(0.0) {
        $0 + rootMeanSquareDifference($1.0, $1.1)
      } / 2
    }
    let (own, gaussian) = (try error(.flow), try error(.eof))
    #expect(own < 1.1 * gaussian, "\(own) K, \(gaussian) K")
  }

  @Test(arguments: [
    // Negative and fractional counts, by a wrong offset and a wrong gain.
    ("poisson:0.1@280", "poisson:0.1@200", "", ["field 1", "'tas'", "280 plus", "read noise"]),
    ("poisson:0.07@200", "poisson:0.1@200", "", ["field 1", "200 plus", "0.07", "poisson:0.07+0.3@200"]),
    ("poisson:0.1@200", "2K", "flow: {widths: [8, 8]}", ["field 1", "200 plus"]),
    (
      "poisson:0.1+1@200", "poisson:0.1+1@200", "flow: {widths: [8, 8]}",
      ["run.yaml", "flow", "without read noise", "variable:NAME"]
    ),
    ("poisson:-1", "poisson:0.1@200", "", ["run.yaml", "poisson"]),
  ]) func whatWasNotCountedIsRefused(measured: String, corrupted: String, more: String, words: [String]) throws {
    let folder = try ScratchFolder()
    let text = complaint {
      _ = try Self.run(folder, measured: measured, corrupted: corrupted, more: more).train(overwrite: false)
    }
    for word in words { #expect(text.contains(word), "\(text)") }
    #expect(!FileManager.default.fileExists(atPath: folder.path("RUN/model.safetensors")))
  }
}

/// Fields that count how often they are read.
private final class CountingSource: SignalSource {
  let fields: SignalSet
  private let reads = Mutex(0)

  init(_ fields: SignalSet) { self.fields = fields }

  var domain: any Domain { fields.domain }
  var variables: [Variable] { fields.variables }
  var labels: [FieldLabel] { fields.labels }
  var readCount: Int { reads.withLock { $0 } }

  func read(_ indices: [Int]) throws -> SignalSet {
    reads.withLock { $0 += 1 }
    return try fields.read(indices)
  }
}
