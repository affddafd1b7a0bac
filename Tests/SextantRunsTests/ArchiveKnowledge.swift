// A model knows what it learned: the seasons, the levels and the kind of statistic of its archive, through its file. It
// objects to fields of others.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@testable import SextantModels
@testable import SextantPipelines
@testable import SextantRuns
@testable import SextantTraining

@Suite struct ArchiveKnowledge {
  /// Fields of the small climate's temperature that `change` keeps, with the labels that it makes.
  private static func fields(_ change: (Int, FieldLabel) -> FieldLabel?) throws -> SignalSet {
    let all = try SmallClimate.fields()
    let labels = all.labels.enumerated().map(change)
    var kept = try all.read(labels.indices.filter { labels[$0] != nil }).selecting(["tas"])
    kept.labels = labels.compactMap(\.self)
    return kept
  }

  /// A model of fields, by way of files.
  private static func model(
    of fields: SignalSet, climatology: ClimatologyKind = .constant, select: [String: [String]] = [:]
  ) throws -> Model {
    let folder = try ScratchFolder()
    try SmallClimate.write(fields, to: folder.path("archive.nc"))
    let training = Training(
      name: "part", archive: DatasetSelection(files: [folder.path("archive.nc")], select: select),
      prior: GaussianPriorConfiguration(kind: .modes, modeCount: 5, climatology: climatology))
    _ = try training.run(folder: folder.path("RUN"), overwrite: false)
    return try Model(contentsOf: folder.path("RUN"))
  }

  private static func summer(_: Int, _ label: FieldLabel) -> FieldLabel? {
    (6...8).contains(label.month ?? 0) ? label : nil
  }

  @Test(arguments: [ClimatologyKind.constant, .monthly, .harmonic(order: 2)])
  func otherSeasonsAreRefused(climatology: ClimatologyKind) throws {
    let model = try Self.model(of: Self.fields(Self.summer), climatology: climatology)
    for month in 1...12 {
      let time = String(format: "2002-%02d-15T00:00:00", month)
      let objections = model.objections(to: FieldLabel(month: month, yearFraction: (Double(month) - 0.5) / 12, time: time))
        .filter { $0.remark.topic == "season" }
      let isNeighbour = [5, 9].contains(month) && climatology != .monthly
      #expect(objections.map(\.isRefusal) == ((6...8).contains(month) ? [] : [!isNeighbour]), "month \(month)")
      if let objection = objections.first {
        #expect(objection.remark.text.contains("June to August") && objection.remark.text.contains(time))
      }
      // Differences from a mean have no season.
      #expect(model.forAnomalies.objections(to: FieldLabel(month: month, time: time)).isEmpty)
    }
  }

  @Test func aFileOfAnotherSeasonIsRefusedUnlessItIsAccepted() throws {
    let model = try Self.model(of: Self.fields(Self.summer))
    let folder = try ScratchFolder()
    try SmallClimate.write(Self.fields { $1.month == 1 ? $1 : nil }, to: folder.path("winter.nc"))
    try SmallClimate.write(Self.fields { $1.month == 7 ? $1 : nil }, to: folder.path("july.nc"))
    let winter = try SignalInput(folder.path("winter.nc")).open()
    let words = complaint { _ = try model.objections(to: winter) }
    for part in ["winter.nc", "January", "June to August", "--anomalies", "more of \(winter.count) fields"] {
      #expect(words.contains(part), "\(words)")
    }
    let accepted = try model.objections(to: winter, extrapolates: true)
    #expect(!accepted.isEmpty && accepted.allSatisfy { $0.kind == .warning } && Set(accepted).count == accepted.count)
    #expect(try model.objections(to: SignalInput(folder.path("july.nc")).open()).isEmpty)
  }

  @Test func noFieldOfAnotherSeasonIsDrawn() throws {
    let model = try Self.model(of: Self.fields(Self.summer))
    for (month, isRefused) in [(1, true), (7, false), (nil, false)] as [(Int?, Bool)] {
      let words = complaint {
        _ = try PriorSampling(prior: .gaussian, count: 1, month: month).fields(folder: "/nowhere", model: model)
      }
      #expect(words.contains("January") == isRefused, "\(words)")
    }
  }

  @Test func aModelOfAllMonthsObjectsToNoMonth() throws {
    let model = try SmallClimate.model()
    for label in try SmallClimate.fields().labels { #expect(model.objections(to: label).isEmpty) }
    #expect(model.provenance.support?.season == "all months" && model.provenance.support?.gapShare == 0)
  }

  // MARK: Levels

  private static func onLevels(_ levels: [String]) -> (Int, FieldLabel) -> FieldLabel? {
    { index, label in
      var label = label
      label.coordinates["level"] = levels[index % levels.count]
      return label
    }
  }

  @Test(arguments: [
    ("500 hPa", false), ("50000 Pa", false), ("500", false), ("1000 hPa", true), ("499 hPa", true), ("2 m", true),
  ]) func anotherLevelIsRefused(level: String, isRefused: Bool) throws {
    let model = try Self.model(of: Self.fields(Self.onLevels(["500 hPa"])))
    let found = model.objections(to: FieldLabel(month: 1, coordinates: ["level": level]))
    #expect(found.map(\.isRefusal) == (isRefused ? [true] : []))
    if isRefused { #expect(found[0].remark.text.contains(level) && found[0].remark.text.contains("500 hPa")) }
    // A file that does not say its level is taken at the archive's, which is said.
    #expect(model.objections(to: FieldLabel(month: 1)).map(\.remark.kind) == [.assumption])
  }

  @Test func screenHeightsOfOtherServicesAreSaidAndAccepted() throws {
    let model = try Self.model(of: Self.fields(Self.onLevels(["2 m"])))
    #expect(model.objections(to: FieldLabel(month: 1, coordinates: ["level": "1.5 m"])).map(\.isRefusal) == [false])
    #expect(model.objections(to: FieldLabel(month: 1, coordinates: ["level": "10 m"])).map(\.isRefusal) == [true])
    #expect(try Self.model(of: Self.fields(Self.onLevels(["2 m", "1.5 m"]))).provenance.support?.levels == ["2 m", "1.5 m"])
    #expect(complaint { _ = try Self.model(of: Self.fields(Self.onLevels(["2 m", "10 m"]))) }.contains("2 levels"))
  }

  @Test func levelsAreNotPooledByAccident() throws {
    let fields = try Self.fields(Self.onLevels(["500 hPa", "850 hPa"]))
    let words = complaint { _ = try Self.model(of: fields) }
    #expect(words.contains("500 hPa, 850 hPa") && words.contains("select: {level: [\"500 hPa\"]}"), "\(words)")
    for (choice, levels) in [
      (["500"], ["500 hPa"]), (["85000 Pa"], ["850 hPa"]), (["500 hPa", "850"], ["500 hPa", "850 hPa"]),
    ] {
      #expect(try Self.model(of: fields, select: ["level": choice]).provenance.support?.levels == levels)
    }
    let none = complaint { _ = try Self.model(of: fields, select: ["level": ["700"]]) }
    #expect(none.contains("'level' is one of 500 hPa, 850 hPa"), "\(none)")
  }

  // MARK: The kind of statistic, and what a person sees

  @Test func anotherStatisticIsSaid() throws {
    func model(_ methods: String?) throws -> Model {
      let model = try SmallClimate.model()
      var variables = model.space.variables
      variables[0].cellMethods = methods
      let space = try FieldSpace(
        domain: model.space.domain, variables: variables, isInside: model.space.isInside, bounds: model.space.bounds)
      return try Model(space, provenance: model.provenance, gaussian: model.gaussian)
    }
    let folder = try ScratchFolder()
    try SmallClimate.write(SmallClimate.unseen(1), to: folder.path("in.nc"))
    let plain = try SignalInput(folder.path("in.nc")).open()
    struct Named: DocumentWrapper {
      let source: any SignalDocument
      let variables: [Variable]
      func read(_ indices: [Int]) throws -> SignalSet { try source.read(indices) }
    }
    func file(_ methods: String?) -> Named {
      var variables = plain.variables
      variables[0].cellMethods = methods
      return Named(source: plain, variables: variables)
    }
    let mean = try model("area: mean time: mean")
    #expect(try mean.objections(to: file("time: maximum")).map(\.topic) == ["statistic"])
    for same in ["time: mean", "time: mean realization: mean", nil, "area: mean"] {
      #expect(try mean.objections(to: file(same)).isEmpty)
    }
    #expect(try model(nil).objections(to: file("time: maximum")).isEmpty)
  }

  @Test func inspectionSaysWhatWasLearned() throws {
    let folder = try ScratchFolder()
    try SmallClimate.write(Self.fields { Self.summer($0, $1).flatMap { Self.onLevels(["500 hPa"])(0, $0) } }, to: folder.path("a.nc"))
    _ = try Training(
      name: "part", archive: DatasetSelection(files: [folder.path("a.nc")]),
      prior: GaussianPriorConfiguration(kind: .modes, modeCount: 5)
    ).run(folder: folder.path("RUN"), overwrite: false)
    let text = try Inspection(path: folder.path("RUN")).description
    for part in ["seasons     June to August", "level: 500 hPa", "hours       0", "parts       Gaussian prior"] {
      #expect(text.contains(part), "\(text)")
    }
    #expect(!text.contains("flow") && !text.contains("diffusion"))
    _ = try folder.write("", to: "RUN/diffusion.safetensors")
    _ = try folder.write("", to: "RUN/flow.last.safetensors")
    let more = try Inspection(path: folder.path("RUN")).description
    #expect(more.contains("Gaussian prior, diffusion prior, flow (its training is not finished"), "\(more)")
  }
}
