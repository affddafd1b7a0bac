// Archives of values whose noise has a law (counts, speckle, shares of trials): the noise of each value is right although no clean value is
// known, the pairs that a flow learns from are independent, whole trainings use them, and values that the law does not give are refused.

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
  /// Counts of 2 behind an offset of 10, speckle of many looks, whose own value tells little of its noise, and shares of some trials.
  static let laws = [NoiseLaw.poisson(gain: 2, offset: 10), .gamma(looks: 150), .binomial(trials: 40)]

  /// Smooth fields, of some tens of counts or of probabilities about a half, of which every fifth value is missing; the truth is beside them.
  private static func world(_ count: Int, law: NoiseLaw = CountedArchives.laws[0]) throws -> (measured: SignalSet, truth: [Float]) {
    let template = try SmallClimate.unseen(1).selecting(["tas"])
    let positions = template.domain.positions
    var (truth, values): ([Float], [Float]) = ([], [])
    for field in 0..<count {
      var random = RandomStream(seed: 9).split(field)
      let (slope, level) = (8 * random.normal(), 60 + 5 * random.normal())
      for position in positions {
        let smooth = max(20, level + slope * position.z + 6 * position.x)
        let clean = if case .binomial = law { min(0.95, smooth / 120) } else { smooth }
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

  private static func noise(_ set: SignalSet, law: NoiseLaw) throws -> MeasuredNoise {
    try MeasuredNoise(NoiseSpecification(text: "\(law)"), of: set)
  }

  /// Errors over the stated deviations have the mean square 1, however low or high the measured value is.
  @Test(arguments: laws) func theNoiseIsThatOfTheCleanValue(law: NoiseLaw) throws {
    let count = 60
    let (set, truth) = try Self.world(count, law: law)
    let noise = try Self.noise(set, law: law)
    #expect(noise.remarks.map(\.topic) == ["counted-noise"])
    var ratios: [Double] = []
    // Of the values above their truth, and of those below: a variance at the value itself would tell them apart.
    var sides: [(sum: Double, count: Int)] = [(0, 0), (0, 0)]
    for field in 0..<count {
      let signal = try set.read([field])[0]
      let levels = try noise(field, isValid: signal.isValid)
      for entry in levels.indices where signal.isValid[entry] {
        let clean = Double(truth[field * levels.count + entry])
        let ratio = Double(levels[entry] * levels[entry]) / law.variance(at: clean)
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
  @Test(arguments: [("none", Float(0)), ("random:0.4", 0), ("none", 15)], laws) func pairsAreIndependent(
    how: (String, Float), law: NoiseLaw
  ) throws {
    let (mask, added) = how
    let count = 80
    let (set, truth) = try Self.world(count, law: law)
    let noise = try Self.noise(set, law: law)
    let simulation = TrainingPairs(
      count: 100, foldCount: 2, folds: .blocks, validationShare: 0.1, masks: [try AnyMeasurementDesign(mask)],
      inputs: MeasurementInputs(), noise: [added], seed: 3)
    let size = set.vertexCount
    var (inputs, targets, products, hidden): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
    for field in 0..<count {
      let signal = try set.read([field])[0]
      let views = try simulation.views(
        ofMeasured: signal, noise: noise(field, isValid: signal.isValid), dependent: noise.dependent(in: field),
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
      #expect(model.provenance.remarks.contains { $0.topic == "counted-noise" } == measured.contains(":"))
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
    // 280/√10000 = 2.8 K.
    let speckled = try error("gamma:10000", "gamma:10000")
    #expect(speckled < 1.1 * normal, "\(speckled) K, \(normal) K")
  }

  /// A file is degraded by a law; one that it cannot be about is refused with the number of such values and the first place.
  @Test func aFileIsDegradedByALaw() throws {
    let folder = try ScratchFolder()
    try SmallClimate.write(SmallClimate.unseen(2).selecting(["tas"]), to: folder.path("clean.nc"))
    func degrade(_ noise: String, to name: String) throws -> Degradation.Summary {
      try Degradation(mask: AnyMeasurementDesign("none"), noise: NoiseSpecification(text: noise), seed: 1).run(
        SignalInput(folder.path("clean.nc")), output: folder.path(name), overwrite: false, history: "")
    }
    let summary = try degrade("gamma:10000", to: "speckled.nc")
    #expect(abs((summary.noise["tas"] ?? 0) - 2.8) < 0.3, "\(summary.noise)")
    #expect(summary.remarks.contains { $0.topic == "counting-noise" && $0.text.contains("gamma:10000") })
    let text = complaint { _ = try degrade("binomial:20", to: "shares.nc") }
    for word in ["field 1", "binomial:20", "from 0 to 1", "others", "'tas' at vertex 1:"] { #expect(text.contains(word), "\(text)") }
    #expect(!FileManager.default.fileExists(atPath: folder.path("shares.nc")))
  }

  /// A flow learns from counts, or beneath speckle, and corrects the Gaussian, whose normal noise of one size for each place it cannot see to
  /// be wrong.
  @Test(arguments: ["poisson:0.1@200", "gamma:10000"]) func aFlowLearnsFromValuesOfALaw(noise: String) throws {
    let folder = try ScratchFolder()
    let run = try Self.run(
      folder, measured: noise, corrupted: noise,
      more: "flow: {pairs: 60, folds: 2, steps: 60, batch: 8, widths: [8, 8], masks: [\"random:0.2\"]}")
    let model = try run.train(overwrite: false)
    let records = try TrainingLog(path: folder.path("RUN/flow.jsonl")).records()
    #expect(records.allSatisfy { $0.validation?.isFinite == true })
    try SmallClimate.observe(
      SmallClimate.unseen(2).selecting(["tas"]), noise: "tas=\(noise)", to: folder.path("observed.nc"))
    /// The error of a method's answers, in kelvin.
    func error(_ method: SextantSolvers.Method) throws -> Double {
      var imputation = Imputation(method: method, samples: 8, quantileLevels: [], seed: 1)
      imputation.noise = try NoiseSpecification(text: noise)
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
    // Temperatures are no shares, and a single trial is not split.
    ("binomial:20", "2K", "", ["field 1", "'tas'", "binomial:20", "20 trials", "as a share"]),
    ("gamma:4", "binomial:20", "", ["field ", "binomial:20", "from 0 to 1", "'tas' at vertex"]),
    ("binomial:1", "binomial:1", "flow: {widths: [8, 8]}", ["run.yaml", "flow", "two trials or more", "binomial:TRIALS"]),
    ("gamma:0", "gamma:4", "", ["run.yaml", "gamma:LOOKS"]),
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
