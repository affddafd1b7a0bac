// What is wrong with an archive, or with settings beside it, is said before anything is learned from it.

import Foundation
import Sextant
import SextantTestSupport
import SextantYAML
import Testing

@testable import SextantModels
@testable import SextantRuns
@testable import SextantTraining

@Suite struct ArchiveChecks {
  /// A configuration of the small climate's archive, or of other files in the folder, which the texts call DIR.
  private static func configuration(
    _ folder: ScratchFolder, archive: String = "files: [DIR/archive.nc]", more: String = ""
  ) throws -> RunConfiguration {
    let text = "output: DIR/RUN\narchive: {\(archive)}\nprior: {kind: eof, modes: 5}\n\(more)"
    return try RunConfiguration.parse(text.replacingOccurrences(of: "DIR", with: folder.path), path: "run.yaml")
      .configuration
  }

  private static func archive(_ change: (SignalSet) -> SignalSet = { $0 }) throws -> ScratchFolder {
    let folder = try ScratchFolder()
    try SmallClimate.write(change(SmallClimate.fields().read(Array(0..<60))), to: folder.path("archive.nc"))
    return folder
  }

  // MARK: Ranges

  /// Ice in per cent with a range of shares, rain with a range of zero or less, temperatures in other units.
  @Test(arguments: [
    ("clt: {min: 0, max: 1}", ["max", "%", "units: \"1\""]),
    ("clt: {max: 50}", ["the range up to 50", "%"]),
    ("tas: {min: 300}", ["the range from 300 up", "K"]),
    ("tas: {min: 0, max: 40}", ["K"]),
    ("tas: {min: -20, max: 0, units: degC}", ["from 253.15 to 273.15"]),
    ("clt: {min: 0, max: 1, units: K}", ["cannot be converted", "\"K\"", "\"%\""]),
  ]) func rangesThatTheArchiveBreaksAreRefused(bounds: String, words: [String]) throws {
    let folder = try Self.archive { Self.inPercent($0) }
    let text = complaint {
      _ = try Self.configuration(folder, more: "bounds: {\(bounds)}").train(overwrite: false)
    }
    #expect(text.contains("bounds.\(bounds.prefix(3))"), "\(text)")
    for word in words { #expect(text.contains(word), "\(text)") }
    #expect(try !folder.names().contains("RUN"))
  }

  @Test(arguments: [
    ("clt: {min: 0, max: 100}", 1, 100), ("clt: {min: 0, max: 1, units: \"1\"}", 1, 100), ("clt: {max: 100.0}", 1, 100),
    ("tas: {min: -200, max: 100, units: degC}", 0, 373.15),
  ]) func rangesThatItObeysAreInItsUnits(bounds: String, channel: Int, maximum: Double) throws {
    let folder = try Self.archive { Self.inPercent($0) }
    let model = try Self.configuration(folder, more: "bounds: {\(bounds)}").train(overwrite: false)
    #expect(abs(Double(model.space.bounds[channel]?.maximum ?? 0) - maximum) < 1e-3)
    #expect(model.space.bounds[channel]?.units == nil)
  }

  private static func inPercent(_ fields: SignalSet) -> SignalSet {
    var fields = fields.mapping { $2 == 1 ? 100 * $3 : $3 }
    fields.variables[1].units = "%"
    return fields
  }

  /// Observed values outside a model's range: a few are said, many are refused, and those that noise explains are neither.
  @Test(arguments: [(0, 0), (5, 1), (200, 2)]) func observationsOutsideTheRange(count: Int, verdict: Int) throws {
    var check = BoundsCheck([Variable(name: "ice", units: "1")], bounds: [ValueBounds(minimum: 0, maximum: 1)])
    for index in 0..<1000 { check.note(index < count ? 40 : 1.3, channel: 0, tolerance: 5 * 0.1) }
    let result = Result { try check.checkObservations(of: "in.nc", model: "m") }
    switch verdict {
    case 0: #expect(try result.get().isEmpty)
    case 1: #expect(try result.get().map(\.topic) == ["bounds"])
    default: #expect(complaint { _ = try result.get() }.contains("in.nc: 20 % of the observed values of 'ice'"))
    }
  }

  @Test(arguments: [("tas", 0.5), ("tas", 1e6), ("clt", 5000)]) func peaksInOtherUnitsAreRefused(name: String, peak: Double) throws {
    let folder = try Self.archive()
    let scale = ["tas": name == "tas" ? peak : 100, "clt": name == "clt" ? peak : 1]
    let run = try Self.configuration(
      folder, archive: "files: [DIR/archive.nc], part: \"first:0.5\"",
      more: "evaluate: {methods: [eof], noise: \"tas=1K,clt=0.05\", scale: {tas: {peak: \(scale["tas"] ?? 0)}, clt: {peak: \(scale["clt"] ?? 0)}}}")
    let text = complaint { _ = try run.comparison(for: run.training.learn()) }
    #expect(text.contains("evaluate.scale.\(name).peak"), "\(text)")
  }

  // MARK: Gaps

  @Test(arguments: [(0, 0), (100, 1), (13, 1), (3, 2)]) func gapsAreCountedAndManyAreRefused(period: Int, verdict: Int) throws {
    let folder = try Self.archive { fields in
      period == 0 ? fields : fields.mapping { ($0 * 7 + $1 * 3) % period == 0 ? nil : $3 }
    }
    let run = try Self.configuration(folder)
    let accepting = try Self.configuration(folder, archive: "files: [DIR/archive.nc], gaps: accept")
    let share = period == 0 ? 0 : 1 / Double(period)
    if share > 0.05 {
      let words = complaint { _ = try run.train(overwrite: false) }
      #expect(words.contains("archive.gaps: accept") && words.contains("archive.measured"), "\(words)")
      #expect(try !folder.names().contains("RUN"))
    } else {
      #expect(try run.train(overwrite: false).provenance.remarks.map(\.kind) == (period == 0 ? [] : [.note]))
    }
    let model = try accepting.train(overwrite: true)
    #expect(abs((model.provenance.support?.gapShare ?? -1) - share) < 0.01)
    #expect(model.provenance.remarks.contains { $0.kind == .warning } == (share > 0.05))
    let text = try Inspection(path: folder.path("RUN")).description
    #expect(text.contains("gaps  ") == (period > 0), "\(text)")
  }

  // MARK: The order in time

  /// The first year of the small climate and its second, in files whose names sort the other way round.
  private static func years() throws -> ScratchFolder {
    let folder = try ScratchFolder()
    let count = SmallClimate.trainingCount / 2
    try SmallClimate.write(SmallClimate.fields().read(Array(0..<count)), to: folder.path("year_b.nc"))
    try SmallClimate.write(SmallClimate.fields().read(Array(count..<2 * count)), to: folder.path("year_a.nc"))
    return folder
  }

  private static func times(_ folder: ScratchFolder, _ files: [String], part: Split = .all) throws -> [String] {
    let (source, indices) = try DatasetSelection(files: files.map(folder.path), part: part).open(seed: 1)
    return indices.map { source.labels[$0].time ?? "" }
  }

  @Test func aWildcardIsInTheOrderOfTime() throws {
    let folder = try Self.years()
    let expected = try SmallClimate.fields().labels.prefix(SmallClimate.trainingCount).map { $0.time ?? "" }
    #expect(try Self.times(folder, ["year_*.nc"]) == expected)
    #expect(try Self.times(folder, ["year_*.nc"], part: .first(0.5)) == Array(expected.prefix(expected.count / 2)))
    #expect(try Self.times(folder, ["year_*.nc"], part: .last(0.5)) == Array(expected.suffix(expected.count / 2)))
    // A list is in the order in which it was written.
    #expect(try Self.times(folder, ["year_b.nc", "year_a.nc"]) == expected)
    #expect(try Self.times(folder, ["year_a.nc", "year_b.nc"])[0] == expected[expected.count / 2])
    // The fields are those of the labels.
    let (source, _) = try DatasetSelection(files: [folder.path("year_*.nc")]).open(seed: 1)
    #expect(try source.read([0]).values.scalars == SmallClimate.fields().read([0]).values.scalars)
  }

  @Test(arguments: [
    ("0009-12-31T00:00:00", "0010-01-01T00:00:00"), ("-0044-03-15T00:00:00", "0001-01-01T00:00:00"),
    ("9999-01-01T00:00:00", "115979-01-01T00:00:00"), ("-0100-01-01T00:00:00", "-0044-01-01T00:00:00"),
    ("2001-01-01T00:00:00", "2001-01-01T06:00:00"),
  ]) func timesAreOrderedInAllYears(earlier: String, later: String) throws {
    let (a, b) = (try #require(TimeKey(FieldLabel(time: earlier))), try #require(TimeKey(FieldLabel(time: later))))
    #expect(a < b && !(b < a) && a.days < b.days)
  }

  @Test func fieldsThatComeTwiceAreSaid() throws {
    let folder = try ScratchFolder()
    let fields = try SmallClimate.fields()
    try SmallClimate.write(fields.read(Array(0..<40)), to: folder.path("a.nc"))
    try SmallClimate.write(fields.read(Array(30..<60)), to: folder.path("b.nc"))
    let model = try Self.configuration(folder, archive: "files: [\"DIR/*.nc\"]").train(overwrite: false)
    let remark = try #require(model.provenance.remarks.first { $0.topic == "repeated-fields" })
    let time = try #require(fields.labels[30].time)
    for part in ["10 of 70", time, "a.nc", "b.nc"] { #expect(remark.text.contains(part), "\(remark.text)") }
    #expect(model.provenance.remarks.count == 1)
  }

  /// Files that interleave have no field twice, and are said all the same; files that follow each other are not.
  @Test(arguments: [(true, 1), (false, 0)]) func filesThatOverlapAreSaid(interleave: Bool, count: Int) throws {
    let folder = try ScratchFolder()
    let fields = try SmallClimate.fields().read(Array(0..<40))
    for (name, part) in [("a.nc", 0), ("b.nc", 1)] {
      let indices = (0..<40).filter { interleave ? $0 % 2 == part : ($0 < 20) == (part == 0) }
      try SmallClimate.write(fields.read(indices), to: folder.path(name))
    }
    let (source, indices) = try DatasetSelection(files: [folder.path("*.nc")]).open(seed: 0)
    let found = ArchiveOrder.remarks(on: source, indices: indices).filter { $0.topic == "overlapping-files" }
    #expect(found.count == count && found.allSatisfy { $0.text.contains("b.nc") && $0.text.contains("a.nc") }, "\(found)")
  }

  /// Angles are learned as numbers, which is said.
  @Test func anglesInAnArchiveAreSaid() throws {
    let folder = try ScratchFolder()
    var fields = try SmallClimate.fields().read(Array(0..<12)).selecting(["clt"])
    fields.variables = [Variable(name: "wdir", units: "degree", standardName: "wind_from_direction")]
    try SmallClimate.write(fields, to: folder.path("a.nc"))
    let model = try SmallClimate.training(from: folder.path("a.nc"), bounds: [:]).learn()
    #expect(model.provenance.remarks.contains { $0.topic == "nature" && $0.text.contains("--circular") })
  }

  @Test func stepsThatAreMissingAreSaid() throws {
    let fields = try SmallClimate.fields()
    let indices = Array(0..<20) + Array(26..<40)
    let remarks = ArchiveOrder.remarks(on: fields, indices: indices)
    #expect(remarks.map(\.topic) == ["missing-steps"])
    #expect(remarks.first?.text.contains(try #require(fields.labels[19].time)) == true)
    #expect(ArchiveOrder.remarks(on: fields, indices: Array(0..<60)).isEmpty)
  }

  // MARK: Labels

  /// Images are chosen by their classes, which one file beside one file of images gives.
  @Test func labelsChooseImages() throws {
    let folder = try ScratchFolder()
    func write(_ name: String, shape: [UInt8], _ content: [UInt8]) throws {
      let header: [UInt8] = [0, 0, 8, UInt8(shape.count)] + shape.flatMap { [0, 0, 0, $0] as [UInt8] }
      try Data(header + content).write(to: URL(fileURLWithPath: folder.path(name)))
    }
    try write("images", shape: [4, 2, 3], (0..<24).map { UInt8($0 * 10) })
    try write("labels", shape: [4], [7, 3, 7, 1])
    try write("few", shape: [3], [7, 3, 7])
    func fields(_ archive: String) throws -> (source: any SignalSource, indices: [Int]) {
      try Self.configuration(folder, archive: archive).archive.open(seed: 1)
    }
    #expect(try fields("files: [DIR/images], labels: DIR/labels, select: {digit: 7}").indices == [0, 2])
    #expect(try fields("files: [DIR/images], labels: DIR/labels, exclude: {digit: [7, 1]}").indices == [1])
    let without = complaint { _ = try fields("files: [DIR/images], select: {digit: 7}") }
    #expect(without.contains("No field is left of 4"), "\(without)")
    let two = complaint { _ = try fields("files: [DIR/images, DIR/images], labels: DIR/labels") }
    #expect(two.contains("archive.labels") && two.contains("2 files"), "\(two)")
    let short = complaint { _ = try fields("files: [DIR/images], labels: DIR/few") }
    #expect(short.contains("3") && short.contains("4"), "\(short)")
  }

  // MARK: Test fields

  @Test func theArchiveIsTestedUnlessOthersAreNamed() throws {
    let folder = try Self.archive()
    func fields(_ archive: String, _ own: String) throws -> DatasetSelection {
      try Self.configuration(folder, archive: archive, more: "evaluate: {fields: {\(own)}}").evaluate.fields
    }
    let files = [folder.path("archive.nc")]
    for own in ["", "part: \"last:0.2\"", "variables: [tas]", "select: {month: 1}"] {
      let found = try fields("files: [DIR/archive.nc], variables: [clt], select: {month: 2}, part: \"first:0.8\"", own)
      #expect(found.files == files && !found.isSynthetic && found.part == .last(0.2))
      #expect(found.variables == [own.contains("variables") ? "tas" : "clt"])
      #expect(found.select == ["month": own.contains("select") ? ["1"] : ["2"]])
    }
    for (part, rest) in [
      ("first:0.75", Split.last(0.25)), ("last:0.1", .first(0.9)), ("random:5", .exceptRandom(5)), ("except-random:7", .random(7)),
    ] { #expect(try fields("files: [DIR/archive.nc], part: \"\(part)\"", "").part == rest) }
    // Evenly spread test fields lie among those that are not learned from, and elsewhere where nothing is left.
    for (part, rest) in [
      ("first:0.75", "evenly:4 of last:0.25"), ("random:5", "evenly:4 of except-random:5"), ("all", "evenly:4"), ("evenly:9", "evenly:4"),
    ] {
      let found = try fields("files: [DIR/archive.nc], part: \"\(part)\"", "part: \"evenly:4\"").part
      #expect(found == (try Split(rest)) && found.description == rest)
    }
    #expect(try Split("evenly:3 of last:0.5").members(of: Array(0..<60), seed: 1) == [30, 44, 59])
    #expect(try fields("synthetic_years: 3", "").isSynthetic)
    #expect(try fields("files: [DIR/archive.nc]", "synthetic_years: 3").isSynthetic)
  }

  @Test(arguments: ["", "part: \"last:0.7\"", "part: \"evenly:4\"", "files: [DIR/archive.nc]"])
  func fieldsThatWereLearnedAreNoTest(own: String) throws {
    let folder = try Self.archive()
    let part = own.hasPrefix("part: \"last") ? ", part: \"first:0.5\"" : ""
    let run = try Self.configuration(
      folder, archive: "files: [DIR/archive.nc]\(part)",
      more: "evaluate: {fields: {\(own)}, noise: \"tas=1K,clt=0.05\", scale: {tas: {peak: 100}, clt: {peak: 1}}}")
    let words = complaint { try run.checkComparison() }
    #expect(words.contains("evaluate.fields") && words.contains("learns from"), "\(words)")
  }

  /// The line of the documentation, as it stands there.
  @Test func theLastFifthOfTheArchiveIsScored() throws {
    let folder = try Self.archive()
    let run = try Self.configuration(
      folder, archive: "files: [DIR/archive.nc], part: \"first:0.8\"",
      more: """
        evaluate:
          fields: {part: last:0.2}
          methods: [climatology, nearest]
          noise: tas=1K,clt=0.05
          samples: 0
          pictures: 0
          scale: {tas: {peak: 100}, clt: {peak: 1}}
        """)
    let (_, fields, indices) = try run.comparison(for: run.training.learn())
    let expected = try SmallClimate.fields().labels[48..<60].map(\.time)
    #expect(indices.map { fields.labels[$0].time } == expected)
    #expect(try run.runEvaluation(overwrite: false).text.contains("tas"))
  }

  @Test func parametersOfTheArchiveSayWhatTheyNeed() throws {
    let folder = try Self.archive()
    let run = try Self.configuration(folder).archive
    var training = Training(
      name: "x", archive: run, prior: GaussianPriorConfiguration(kind: .modes, modeCount: 5),
      parameters: .perArchive(missingShare: 0.6, noise: try NoiseSpecification(text: "5%")))
    training.formats = .standard
    let words = complaint { _ = try training.learn() }
    for part in ["prior.parameters: per-archive", "evaluate.noise", "tas, clt", "evaluate.scale"] {
      #expect(words.contains(part), "\(words)")
    }
  }
}
