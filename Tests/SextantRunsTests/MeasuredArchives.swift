// Learning from an archive of measurements with gaps and noise, from the settings to the answers: it beats taking gaps for the
// climatology, its noise may be unknown, its scores may come from hidden values, it goes on after an interruption, and what is
// wrong with it is said before anything is learned.

import Foundation
import Sextant
import SextantTestSupport
import SextantYAML
import Testing

@testable import SextantModels
@testable import SextantPipelines
@testable import SextantRuns
@testable import SextantTraining

@Suite struct MeasuredArchives {
  /// A folder with `archive.nc`: the temperatures of two years with gaps and noise of 2 K, and `truth.nc`: four fields of the third.
  private static func folder(
    missing: String = "random:0.6", noise: String = "tas=2K", change: (SignalSet) throws -> SignalSet = { $0 }
  ) throws -> ScratchFolder {
    let folder = try ScratchFolder()
    let fields = try SmallClimate.fields().read(Array(0..<SmallClimate.trainingCount)).selecting(["tas"])
    try SmallClimate.observe(fields, mask: missing, noise: noise, to: folder.path("observed.nc"))
    try SmallClimate.write(
      change(GriddedFile(path: folder.path("observed.nc"), variables: ["tas"]).readAll()), to: folder.path("archive.nc"))
    try SmallClimate.write(SmallClimate.unseen(4).selecting(["tas"]), to: folder.path("truth.nc"))
    return folder
  }

  private static func configuration(
    _ folder: ScratchFolder, archive: String = "measured: {noise: 2K}", prior: String = "kind: two-scale, modes: 20",
    evaluate: String = "fields: {files: [DIR/truth.nc]}, masks: [\"random:0.6\"]", more: String = ""
  ) throws -> RunConfiguration {
    let text = """
      output: DIR/RUN
      archive: {files: [DIR/archive.nc], variables: [tas], \(archive)}
      climatology: {kind: harmonic, order: 1}
      prior: {\(prior)}
      evaluate: {\(evaluate), methods: [two-scale], noise: 2K, samples: 20, pictures: 0, scale: {tas: {peak: 100, origin: 220}}}
      \(more)
      """
    return try RunConfiguration.parse(text.replacingOccurrences(of: "DIR", with: folder.path), path: "run.yaml")
      .configuration
  }

  private static func score(_ run: RunConfiguration, _ model: Model) throws -> ScoreSummary {
    let (comparison, fields, indices) = try run.comparison(for: model)
    return try #require(
      try comparison.run(model: model, fields: fields, indices: indices).scores.summaries().first)
  }

  private static func mean(_ summary: ScoreSummary, _ score: Score) throws -> Double {
    try #require(summary[score]?.mean)
  }

  /// A measured value may lie outside the range of its variable by its noise; a signal may not.
  @Test func noiseReachesBeyondTheBounds() throws {
    let folder = try Self.folder()
    let clean = try SmallClimate.fields().read(Array(0..<SmallClimate.trainingCount)).selecting(["tas"]).values.scalars
    let (low, high) = (try #require(clean.min()), try #require(clean.max()))
    func learn(_ archive: String) throws -> Model {
      try Self.configuration(
        folder, archive: archive, prior: "kind: eof, modes: 5", more: "bounds: {tas: {min: \(low), max: \(high)}}"
      ).training.learn()
    }
    #expect(try learn("measured: {noise: 2K}").space.bounds.count == 1)
    #expect(complaint { _ = try learn("gaps: accept") }.contains("bounds.tas"))
    // Noise that is far too small does not explain the values beyond.
    #expect(complaint { _ = try learn("measured: {noise: 0.01K}") }.contains("bounds.tas"))
  }

  @Test func measurementsTeachMoreThanFilledGaps() throws {
    let folder = try Self.folder()
    let run = try Self.configuration(folder)
    let model = try run.train(overwrite: false)
    let filled = try Self.configuration(folder, archive: "gaps: accept").training.learn()
    let (own, other) = (try Self.score(run, model), try Self.score(run, filled))
    let (error, otherError) = (try Self.mean(own, .rootMeanSquareError), try Self.mean(other, .rootMeanSquareError))
    #expect(error < 0.97 * otherError, "\(error), \(otherError)")
    #expect((0.8...0.98).contains(try Self.mean(own, .coverage90)))
    #expect(model.provenance.remarks.map(\.topic).contains("measured-rounds"))
    #expect(try folder.names().contains("RUN") && !FileManager.default.fileExists(atPath: folder.path("RUN/prior.last.safetensors")))

    // The same test fields as measurements: hidden values rank the two as the truth does.
    let held = try Self.configuration(
      folder, evaluate: "fields: {files: [DIR/held.nc], measured: {noise: 2K}}, masks: [\"random:0.3\"]")
    try SmallClimate.observe(
      SmallClimate.unseen(4).selecting(["tas"]), mask: "random:0.4", noise: "tas=2K", to: folder.path("held.nc"))
    let (hidden, otherHidden) = (try Self.score(held, model), try Self.score(held, filled))
    let (hiddenError, otherHiddenError) = (
      try Self.mean(hidden, .rootMeanSquareError), try Self.mean(otherHidden, .rootMeanSquareError)
    )
    #expect(hiddenError < otherHiddenError)
    // What is scored has the noise of 2 K, and the prediction says so.
    #expect(hiddenError > 2 && hiddenError > error)
    #expect((0.8...0.98).contains(try Self.mean(hidden, .coverage90)))
    // A value times a number is none of the values of which a prediction could be compared with one that was hidden.
    let scaled = try Self.configuration(
      folder, evaluate: "fields: {files: [DIR/held.nc], measured: {noise: 2K}}, masks: [\"times:0.5|random:0.3\"]")
    let text = complaint { _ = try Self.score(scaled, model) }
    #expect(text.contains("is not a mask"), "\(text)")
  }

  /// What a prior from measurements is tested on is no part of its learning, so that one model serves for other measurements.
  @Test func otherTestMeasurementsNeedNoOtherModel() throws {
    let folder = try Self.folder()
    var run = try Self.configuration(folder, prior: "kind: two-scale, modes: 10, parameters: per-archive")
    let identity = try run.training.identity
    run.evaluate.noise = try NoiseSpecification(text: "5K")
    #expect(try run.training.identity == identity)
  }

  /// A mixture groups draws of the fields' posterior coefficients, and is worth as much as the two-scale prior that it consists of.
  @Test func aMixtureIsLearnedFromMeasurements() throws {
    let folder = try Self.folder()
    var run = try Self.configuration(folder, prior: "kind: mixture, components: month, modes: 20")
    run.evaluate.methods = [.twoScale, .mixture]
    let model = try run.training.learn()
    let (comparison, fields, indices) = try run.comparison(for: model)
    let summaries = try comparison.run(model: model, fields: fields, indices: indices).scores.summaries()
    let errors = try summaries.map { try Self.mean($0, .rootMeanSquareError) }
    #expect(errors.count == 2 && errors[1] < 1.05 * errors[0], "\(errors)")
  }

  /// Values cannot vary less than their noise: that is said, and of the right noise nothing is.
  @Test func noiseLargerThanTheValuesIsNamed() throws {
    let folder = try Self.folder { try $0.read(Array(0..<30)) }
    for (noise, count) in [("2K", 0), ("1e9K", 1), ("auto", 0)] {
      let model = try Self.configuration(folder, archive: "measured: {noise: \(noise)}", prior: "kind: eof, modes: 5").training.learn()
      let found = model.provenance.remarks.filter { $0.topic == "large-noise" }
      #expect(found.count == count, "\(noise): \(found)")
      #expect(found.allSatisfy { $0.kind == .warning && $0.variable == "tas" && $0.text.contains("1e+09 K") })
    }
  }

  @Test func unknownNoiseIsFound() throws {
    let folder = try Self.folder(missing: "random:0.5")
    let model = try Self.configuration(folder, archive: "measured: {noise: auto}", prior: "kind: eof, modes: 20").training.learn()
    let text = try #require(model.provenance.remarks.first { $0.topic == "measured-noise" }).text
    let level = try #require(text.firstMatch(of: /: ([0-9.]+) K/).flatMap { Double($0.1) })
    #expect(abs(level - 2) < 0.4, "\(text)")
  }

  /// 120 fields of 12×16 places: six smooth patterns, noise, and gaps.
  private static func smoothWorld(noise: Double) throws -> ScratchFolder {
    let (rows, columns, count) = (12, 16, 120)
    let template = try SmallClimate.fields().read(Array(0..<count)).selecting(["tas"])
    let domain = try LatitudeLongitudeGrid(
      latitudes: (0..<rows).map { 51 - Double($0) }, longitudes: (0..<columns).map(Double.init))
    let stream = RandomStream(seed: 21)
    var (values, isValid): ([Float], [Bool]) = ([], [])
    for field in 0..<count {
      var random = stream.split(field)
      let factors = (0..<6).map { _ in random.normal() }
      for row in 0..<rows {
        for column in 0..<columns {
          var value = 285 + noise * random.normal()
          for (j, factor) in factors.enumerated() {
            let along = 0.7 * Double(j % 3) * Double(column) / Double(columns)
            let across = 0.9 * Double(j / 3) * Double(row) / Double(rows)
            let amplitude = 2 / (1 + 0.3 * Double(j))
            value += amplitude * factor * cos(2 * Double.pi * (along + across) + Double(j))
          }
          values.append(Float(value))
          isValid.append(random.uniform() >= 0.4)
        }
      }
    }
    let folder = try ScratchFolder()
    try SmallClimate.write(
      SignalSet(
        domain: domain, variables: template.variables, values: Tensor(values, shape: [count, rows * columns, 1]),
        isValid: isValid, labels: template.labels), to: folder.path("archive.nc"))
    return folder
  }

  /// Within 10 %, where the modes are able to hold the signal.
  @Test func unknownNoiseIsFoundWithinATenth() throws {
    let folder = try Self.smoothWorld(noise: 0.5)
    let model = try Self.configuration(folder, archive: "measured: {noise: auto}", prior: "kind: eof, modes: 10").training.learn()
    let level = try #require(model.provenance.estimatedNoise?["tas"])
    #expect(abs(level / 0.5 - 1) < 0.1, "\(level) K")
  }

  /// Exact values have no noise that could be correlated, and a complete archive has no gaps to tell of.
  @Test func nothingIsSaidOfWhatIsNotThere() throws {
    let folder = try Self.cleanFolder()
    func remarks(_ archive: String) throws -> [Remark] {
      try Self.corruptedRun(folder, archive: "files: [DIR/clean.nc], variables: [tas], \(archive)").training.learn()
        .provenance.remarks
    }
    let exact = try remarks("corrupted: {mask: \"random:0.3\"}, measured: {noise: 0}")
    #expect(!exact.contains { $0.topic == "correlated-noise" }, "\(exact)")
    #expect(exact.contains { $0.topic == "archive-measured" && $0.text.contains("% of the archive's values") })
    let complete = try remarks("corrupted: {noise: 2K}, measured: {noise: 2K}")
    #expect(complete.contains { $0.topic == "archive-measured" && !$0.text.contains("%") }, "\(complete)")
    // A percentage is stated as the number that it is, too.
    let measured = try Self.folder { try $0.read(Array(0..<20)) }
    let model = try Self.configuration(measured, archive: "measured: {noise: 5%}", prior: "kind: eof, modes: 5").training.learn()
    let percentage = try #require(model.provenance.remarks.first { $0.topic == "noise-percentage" })
    #expect(percentage.text.contains(/is [0-9.]+ K, 5 % of the standard deviation/), "\(percentage.text)")
  }

  /// Stopped after some steps, by any number of tries, a training ends with the same file as one that was not.
  @Test func anInterruptedTrainingGoesOnToTheSameBits() throws {
    let folder = try Self.folder { try $0.read(Array(0..<60)) }
    func train(_ output: String, stopAt limit: Int = .max) throws -> Bool {
      var run = try Self.configuration(folder)
      run.output = folder.path(output)
      let stopper = Resumption.Stopper(after: limit)
      do {
        _ = try run.train(overwrite: false, progress: stopper, interruption: stopper.interruption)
        return true
      } catch is InterruptionError {
        return false
      }
    }
    #expect(try train("WHOLE"))
    // Each try gets further by itself, because what was done is not done again.
    var tries = 1
    while try tries < 20 && !train("PARTS", stopAt: 2000) { tries += 1 }
    #expect((2..<20).contains(tries))
    let files = try ["WHOLE", "PARTS"].map { try SafetensorsFile(path: folder.path("\($0)/model.safetensors")) }
    let bytes = try ["WHOLE", "PARTS"].map { try Data(contentsOf: URL(fileURLWithPath: folder.path("\($0)/model.safetensors"))) }
    #expect(files[0].metadata == files[1].metadata)
    #expect(bytes[0] == bytes[1])
  }

  @Test func aCheckpointOfOtherSettingsIsRefused() throws {
    let folder = try Self.folder { try $0.read(Array(0..<60)) }
    let stopper = Resumption.Stopper(after: 1900)
    #expect(throws: InterruptionError.self) {
      _ = try Self.configuration(folder).train(overwrite: false, progress: stopper, interruption: stopper.interruption)
    }
    let other = try Self.configuration(folder, prior: "kind: two-scale, modes: 19")
    #expect(complaint { _ = try other.train(overwrite: false) }.contains("prior.last.safetensors"))
    _ = try other.train(overwrite: true)
  }

  /// What was learned of the files as they were is not gone on with when they have changed.
  @Test func aCheckpointOfChangedFilesIsRefused() throws {
    let folder = try Self.folder { try $0.read(Array(0..<60)) }
    let stopper = Resumption.Stopper(after: 1900)
    #expect(throws: InterruptionError.self) {
      _ = try Self.configuration(folder).train(overwrite: false, progress: stopper, interruption: stopper.interruption)
    }
    #expect(FileManager.default.fileExists(atPath: folder.path("RUN/prior.last.safetensors")))
    let path = folder.path("archive.nc")
    let fields = try GriddedFile(path: path, variables: ["tas"]).readAll().mapping { $3 + 1 }
    try FileManager.default.removeItem(atPath: path)
    try SmallClimate.write(fields, to: path)
    let text = complaint { _ = try Self.configuration(folder).train(overwrite: false) }
    #expect(text.contains("prior.last.safetensors") && text.contains("data") && text.contains("--overwrite"), "\(text)")
    _ = try Self.configuration(folder).train(overwrite: true)
  }

  // MARK: Archives that are corrupted for a trial

  private static let clean =
    "files: [DIR/clean.nc], variables: [tas], part: \"first:0.8\", corrupted: {mask: \"random:0.6\", noise: 2K}, measured: {noise: 2K}"

  private static func cleanFolder() throws -> ScratchFolder {
    let folder = try ScratchFolder()
    try SmallClimate.write(SmallClimate.fields().read(Array(0..<60)).selecting(["tas"]), to: folder.path("clean.nc"))
    return folder
  }

  private static func corruptedRun(
    _ folder: ScratchFolder, archive: String = clean, more: String = ""
  ) throws -> RunConfiguration {
    try RunConfiguration.parse(
      """
      output: DIR/RUN
      archive: {\(archive)}
      climatology: {kind: harmonic, order: 1}
      prior: {kind: eof, modes: 10}
      evaluate: {methods: [eof], noise: 2K, samples: 20, pictures: 0, scale: {tas: {peak: 100, origin: 220}}}
      \(more)
      """.replacingOccurrences(of: "DIR", with: folder.path), path: "run.yaml"
    ).configuration
  }

  /// The archive has the gaps and the noise that were asked for, the same whatever is read with a field; the test fields are clean.
  @Test func aCorruptedArchiveHasItsOwnGapsAndNoise() throws {
    let folder = try Self.cleanFolder()
    let run = try Self.corruptedRun(folder)
    let (source, indices) = try run.archive.open(seed: 1)
    #expect(indices.count == 48)
    let (measured, truth) = (try source.read(Array(0..<60)), try run.archive.openClean(seed: 1).source.read(Array(0..<60)))
    let seen = measured.isValid.indices.filter { measured.isValid[$0] }
    #expect(abs(Double(seen.count) / Double(measured.isValid.count) - 0.4) < 0.02)
    let errors = seen.map { Double(measured.values.scalars[$0] - truth.values.scalars[$0]) }
    let deviation = (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot()
    #expect(abs(deviation - 2) < 0.1, "\(deviation)")
    let (one, two) = (try source.read([7])[0], try source.read([3, 7])[1])
    #expect(one.isValid == two.isValid && one.values == two.values)
    #expect(run.evaluate.fields.measured == nil && run.evaluate.fields.corrupted == nil)
    let model = try run.train(overwrite: false)
    #expect(model.provenance.remarks.contains { $0.topic == "archive-measured" })
    // Scores are against the clean fields, not against measured values that are held out.
    #expect(try run.comparison(for: model).comparison.measured == nil)
    #expect(try Self.mean(Self.score(run, model), .rootMeanSquareError).isFinite)
    // Fields that were learned from are not tested on, corrupted or not.
    let other = try Self.corruptedRun(folder, archive: Self.clean.replacing("first:0.8", with: "all"))
    #expect(complaint { _ = try other.checkComparison() }.contains("are fields that the model learns from"))
  }

  /// The file of a mask or an operator is learned from as the archive is.
  @Test func theFilesOfDesignsAreKnown() throws {
    let folder = try Self.cleanFolder()
    let (cover, fields) = (folder.path("cover.nc"), try SmallClimate.unseen(1).selecting(["tas"]))
    try SmallClimate.write(fields, to: cover)
    let run = try Self.corruptedRun(folder, archive: Self.clean.replacing("random:0.6", with: "file:DIR/cover.nc"))
    let model = try run.train(overwrite: false)
    #expect(model.provenance.fileDigests?.count == 2)
    #expect(try run.training.changedFiles(since: model).isEmpty)
    try FileManager.default.removeItem(atPath: cover)
    #expect(try run.training.changedFiles(since: model) == [cover])
    try SmallClimate.write(fields.mapping { $3 + 1 }, to: cover)
    #expect(try run.training.changedFiles(since: model) == [cover])
    let designs = ["matrix:file=a.npz", "blur:file=b.npy|random:0.5", "random:0.1+file:c.nc:seen", "blur:box,size=3"]
    #expect(try designs.map { try AnyMeasurementDesign($0).files } == [["a.npz"], ["b.npy"], ["c.nc"], []])
  }

  @Test(arguments: [
    ("corrupted: {}", ["mask", "noise", "operator"]), ("corrupted: {noise: 5%}", ["archive.corrupted.noise", "0.3K"]),
    ("corrupted: {mask: [\"random:0.2\", \"random:0.4\"]}", ["one mask", "2"]),
    ("corrupted: {operator: \"reduce:2\"}", ["reduce:2", "image"]),
  ]) func corruptionsThatCannotBeAreRefused(text: String, words: [String]) throws {
    let folder = try Self.cleanFolder()
    let found = complaint {
      let run = try Self.corruptedRun(folder, archive: "files: [DIR/clean.nc], \(text), measured: {noise: 2K}")
      _ = try run.train(overwrite: false)
    }
    for word in words { #expect(found.contains(word), "\(found)") }
    #expect(try !folder.names().contains("RUN"))
  }

  @Test func aCompleteAndExactArchiveIsLearnedFromAsItIs() throws {
    let folder = try ScratchFolder()
    try SmallClimate.write(SmallClimate.fields().read(Array(0..<60)).selecting(["tas"]), to: folder.path("archive.nc"))
    let model = try Self.configuration(folder, archive: "measured: {noise: 0}").training.learn()
    #expect(model.provenance.remarks.contains { $0.topic == "archive-complete" })
    let ordinary = try Self.configuration(folder, archive: "part: all").training.learn()
    #expect(model.gaussian?.prior.functions.scaledModes == ordinary.gaussian?.prior.functions.scaledModes)
  }

  /// Fields that are seen through a diffusion of 1500 km, with gaps: the answers are nearer to the truth where the archive's operator
  /// is stated than where its values are taken for the fields' own.
  @Test func whatLiesBeneathAnOperatorIsLearned() throws {
    let folder = try ScratchFolder()
    try SmallClimate.write(
      SmallClimate.fields().read(Array(0..<SmallClimate.trainingCount)).selecting(["tas"]), to: folder.path("archive.nc"))
    try SmallClimate.write(SmallClimate.unseen(8).selecting(["tas"]), to: folder.path("truth.nc"))
    let blur = "blur:heat,sigma=1500km"
    let errors = try ["measured: {noise: 0.5K, operator: \"\(blur)\"}", "measured: {noise: 0.5K}"].map { measured in
      let run = try Self.configuration(
        folder, archive: "corrupted: {operator: \"\(blur)\", mask: \"random:0.3\", noise: 0.5K}, \(measured)")
      return try Self.mean(Self.score(run, run.training.learn()), .rootMeanSquareError)
    }
    #expect(errors[0] < 0.95 * errors[1], "\(errors)")
  }

  /// Places that no field has measured are outside of the domain; training says so, and so does filling where something was measured there.
  @Test func placesThatAreNeverMeasuredAreTold() throws {
    let folder = try Self.folder { try $0.read(Array(0..<40)).mapping { (40..<44).contains($1) ? nil : $3 } }
    let model = try Self.configuration(folder, prior: "kind: eof, modes: 5").train(overwrite: false)
    let count = model.space.domain.vertexCount
    let remark = try #require(model.provenance.remarks.first { $0.topic == "never-measured" })
    #expect(remark.text.hasPrefix("tas: 4 of \(count) places") && remark.text.contains("archive.symmetries"), "\(remark.text)")
    #expect(try Inspection(path: folder.path("RUN")).description.contains(remark.text))
    func said(mask: String) throws -> String? {
      let (input, output) = (folder.path("input.nc"), folder.path("output.nc"))
      for path in [input, output] { try WholeFile.remove(path) }
      try SmallClimate.observe(SmallClimate.unseen(1).selecting(["tas"]), mask: mask, noise: "tas=2K", to: input)
      let summary = try Imputation(method: .eof, samples: 4, quantileLevels: [], seed: 1).run(
        SignalInput(input), model: model, output: output, overwrite: false, history: "test")
      return summary.remarks.first { $0.topic == "outside-model" }?.text
    }
    #expect(try said(mask: "none")?.hasPrefix("4 of \(count) measured values") == true)
    try SmallClimate.write(
      SmallClimate.unseen(1).selecting(["tas"]).mapping { (40..<44).contains($1) ? nil : $3 }, to: folder.path("cover.nc"))
    #expect(try said(mask: "file:\(folder.path("cover.nc"))") == nil)
  }

  /// Measured test fields have noise of their own: no share of a peak is taken, and noise that was stated for nothing is mentioned.
  @Test func measuredTestFieldsNeedNoPeak() throws {
    let folder = try Self.folder { try $0.read(Array(0..<20)) }
    func run(_ noise: String) throws -> RunConfiguration {
      try RunConfiguration.parse(
        """
        output: DIR/RUN
        archive: {files: [DIR/archive.nc], variables: [tas], part: "first:0.8", measured: {noise: 2K}}
        prior: {kind: eof, modes: 5}
        evaluate: {methods: [eof], masks: ["random:0.2"], samples: 4, pictures: 0\(noise)}
        """.replacingOccurrences(of: "DIR", with: folder.path), path: "run.yaml"
      ).configuration
    }
    let usual = try run("")
    try usual.checkComparison()
    let model = try usual.training.learn()
    #expect(try Self.mean(Self.score(usual, model), .rootMeanSquareError).isFinite)
    func remarks(_ run: RunConfiguration) throws -> [Remark] { try run.comparison(for: model).comparison.remarks }
    #expect(try !remarks(usual).contains { $0.topic == "unused-noise" })
    let remark = try #require(try remarks(run(", noise: 7K")).first { $0.topic == "unused-noise" })
    #expect(remark.text.contains("7 K") && remark.text.contains("2 K"), "\(remark.text)")
  }

  // MARK: Bad input

  /// What is wrong with an archive of measurements.
  enum Fault: String, CaseIterable, Sendable {
    case twoFields, exactRepetitions, noiseWithGaps, noNoise, unknownOperator, acceptedGaps, network, trend, transformedAuto
    case operatorOfZeros, emptyFields, constant, unknownVariable, anotherVariable, differingPole, negative
    case operatorElsewhere, operatorOfModes, operatorWithAuto, operatorOfNothing, operatorThatIsAMask, nothingMeasured

    func files() throws -> ScratchFolder {
      switch self {
      case .twoFields: return try folder { try $0.read([0, 1]) }
      case .emptyFields:
        return try folder { try $0.read(Array(0..<20)).mapping { field, _, _, value in field < 3 ? value : nil } }
      case .constant: return try folder { try $0.read(Array(0..<20)).mapping { _, _, _, _ in 280 } }
      case .differingPole:
        // The first 18 values are those of the pole.
        return try folder {
          try $0.read(Array(0..<20)).mapping { _, vertex, _, value in vertex < 18 ? value + 0.3 * Float(vertex) : value }
        }
      case .operatorOfZeros:
        let result = try folder { try $0.read(Array(0..<20)) }
        let count = try SmallClimate.grid().vertexCount
        try Data("%%MatrixMarket matrix coordinate real general\n\(count) \(count) 1\n1 1 0.0\n".utf8)
          .write(to: URL(fileURLWithPath: result.path("zero.mtx")))
        return result
      case .exactRepetitions:
        return try folder { fields in
          var fields = try fields.read(Array(0..<20))
          fields.labels[7] = fields.labels[3]
          return fields
        }
      case .noiseWithGaps:
        let result = try folder { try $0.read(Array(0..<20)) }
        try FileManager.default.removeItem(atPath: result.path("archive.nc"))
        // Temperatures with gaps, and the noise beside them with others.
        var fields = try SmallClimate.fields().read(Array(0..<20)).mapping { _, vertex, channel, value in
          channel == 1 ? (vertex % 11 == 3 ? nil : 2) : (vertex % 5 == 0 ? nil : value)
        }
        (fields.variables[1].name, fields.variables[1].units) = ("sigma", "K")
        try SmallClimate.write(fields, to: result.path("archive.nc"))
        return result
      case .nothingMeasured: return try folder { try $0.read(Array(0..<20)).mapping { _, _, _, _ in nil } }
      default: return try folder { try $0.read(Array(0..<20)) }
      }
    }

    private func folder(_ change: (SignalSet) throws -> SignalSet) throws -> ScratchFolder {
      try MeasuredArchives.folder(missing: "random:0.2", change: change)
    }

    /// The settings of the archive, the prior and more.
    var settings: (archive: String, prior: String, more: String) {
      let usual = "kind: two-scale, modes: 10"
      return switch self {
      case .twoFields: ("measured: {noise: 2K}", usual, "")
      case .network: ("measured: {noise: auto}", usual, "diffusion: {}")
      case .exactRepetitions: ("measured: {noise: 0}", usual, "")
      case .noiseWithGaps: ("measured: {noise: \"variable:sigma\"}", usual, "")
      case .noNoise: ("measured: {}", usual, "")
      case .unknownOperator: ("measured: {noise: 2K, operator: \"blur:3\"}", usual, "")
      case .operatorElsewhere: ("measured: {noise: 2K, operator: \"compressed:share=0.5,seed=1\"}", usual, "")
      case .operatorOfModes:
        ("measured: {noise: 2K, operator: \"blur:heat,sigma=1000km\"}", "kind: eof, modes: 10", "")
      case .operatorWithAuto: ("measured: {noise: auto, operator: \"blur:heat,sigma=1000km\"}", usual, "")
      case .operatorOfNothing: ("measured: {noise: 2K, operator: \"band:-90..90\"}", usual, "")
      case .operatorOfZeros: ("measured: {noise: 2K, operator: \"matrix:file=DIR/zero.mtx\"}", usual, "")
      case .emptyFields, .constant: ("measured: {noise: 2K}", usual, "")
      case .unknownVariable: ("measured: {noise: \"tas=2K,w=1\"}", usual, "")
      case .anotherVariable: ("measured: {noise: \"foo=0.5K\"}", usual, "")
      case .differingPole: ("measured: {noise: 0}", usual, "")
      case .negative: ("measured: {noise: -1K}", usual, "")
      case .operatorThatIsAMask: ("measured: {noise: 2K, operator: \"random:0.6\"}", usual, "")
      case .nothingMeasured: ("measured: {noise: 2K}", usual, "")
      case .acceptedGaps: ("gaps: accept, measured: {noise: 2K}", usual, "")
      case .trend: ("measured: {noise: 2K}", "kind: matern", "")
      case .transformedAuto: ("measured: {noise: auto}", usual, "variables: {tas: {transform: normal-score}}")
      }
    }

    /// What the complaint has to name.
    var words: [String] {
      switch self {
      case .twoFields: ["2 fields", "8"]
      case .exactRepetitions: ["archive.nc", "tas", "differs", "auto"]
      case .noiseWithGaps: ["archive.nc", "tas", "variable:sigma"]
      case .noNoise: ["run.yaml:2", "archive.measured", "0.3K"]
      case .unknownOperator: ["run.yaml:2", "operator"]
      case .operatorElsewhere: ["archive.measured.operator", "compressed", "archive.measured.signals"]
      case .operatorOfModes: ["archive.measured.operator", "prior.kind", "two-scale"]
      case .operatorWithAuto: ["auto", "operator", "tas=LEVEL"]
      case .operatorOfNothing: ["band"]
      case .operatorOfZeros: ["archive.measured.operator", "zero.mtx", "sees nothing"]
      case .emptyFields: ["3 fields have at least one measured value (of 20", "at least 8"]
      case .constant: ["every measured value of 'tas' is 280 K"]
      case .unknownVariable: ["no variable 'w'", "tas"]
      case .anotherVariable: ["no variable 'foo'", "tas"]
      case .differingPole: ["archive.nc", "'tas'", "one place", "auto"]
      case .negative: ["run.yaml:2", "'archive.measured.noise': '-1K': expected a number of 0 or more", "found -1."]
      case .operatorThatIsAMask: ["run.yaml:2", "archive.measured.operator", "archive.corrupted.mask", "random:0.6"]
      case .nothingMeasured: ["measured values of tas", "none in 20 fields"]
      case .acceptedGaps: ["archive", "both"]
      case .network: ["run.yaml", "diffusion", "noise: auto"]
      case .trend: ["run.yaml", "matern", "two-scale, mixture or eof"]
      case .transformedAuto: ["tas", "transform"]
      }
    }
  }

  @Test(arguments: Fault.allCases) func badArchivesAreRefused(_ fault: Fault) throws {
    let folder = try fault.files()
    let settings = fault.settings
    let text = complaint {
      _ = try Self.configuration(folder, archive: settings.archive, prior: settings.prior, more: settings.more)
        .train(overwrite: false)
    }
    for word in fault.words { #expect(text.contains(word), "\(fault): \(text)") }
    #expect(try !folder.names().contains("RUN"))
  }

  @Test(arguments: [
    ("measured: {noise: auto}", "random:0.3", ["auto", "0.3K"]), ("measured: {noise: 2K}", "none", ["hides nothing"]),
  ]) func heldOutScoresThatCannotBeAreRefused(measured: String, mask: String, words: [String]) throws {
    let folder = try Self.folder { try $0.read(Array(0..<20)) }
    let run = try Self.configuration(
      folder, evaluate: "fields: {files: [DIR/observed.nc], variables: [tas], \(measured)}, masks: [\"\(mask)\"]")
    let text = complaint { try run.checkComparison() }
    for word in words { #expect(text.contains(word), "\(text)") }
  }
}
