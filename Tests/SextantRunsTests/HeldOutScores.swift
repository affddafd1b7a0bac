// The whole way from an archive to scores on fields that it does not have: the order of the methods, honest intervals, and
// what an evaluation leaves on disk.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@testable import SextantModels
@testable import SextantPipelines

@Suite struct HeldOutScores {
  @Test func methodsComeInTheirOrderAndIntervalsAreHonest() throws {
    let grid = try SmallClimate.grid(step: 30)
    let fields = SyntheticClimate().fields(count: SmallClimate.trainingCount + 60, on: grid)
    let model = try SmallClimate.model(of: fields, fixesParameters: false)
    let comparison = try Comparison(
      methods: [.climatology, .eof, .twoScale], masks: [AnyMeasurementDesign("random:0.6")], noise: [1, 0.05], samples: 40,
      scales: [(peak: 100, origin: 220), (peak: 1, origin: 0)], seed: 5)
    let indices = (0..<4).map { SmallClimate.trainingCount + 5 + 14 * $0 }
    let summaries = try comparison.run(model: model, fields: fields, indices: indices).scores.summaries()
    func score(_ method: Method, _ variable: String, _ score: Score) throws -> Double {
      let summary = try #require(summaries.first { $0.method == method.name && $0.variable == variable })
      return try #require(summary[score]?.mean)
    }
    for variable in SmallClimate.variables {
      let errors = try [Method.twoScale, .eof, .climatology].map {
        try score($0, variable, .rootMeanSquareError)
      }
      #expect(errors[0] < errors[1] && errors[1] < errors[2], "\(variable): \(errors)")
      let coverage = try score(.twoScale, variable, .coverage90)
      #expect((0.8...0.97).contains(coverage), "\(variable): \(coverage)")
    }
  }

  @Test func anEvaluationLeavesTablesScoresAndPictures() throws {
    let folder = try ScratchFolder()
    let fields = try SyntheticClimate().fields(count: 40, on: SmallClimate.grid(step: 30)).selecting(["tas"])
    let model = try SmallClimate.model(of: fields.read(Array(0..<36)))
    func report(pictures: Int) throws -> EvaluationOutcome {
      let comparison = try Comparison(
        methods: [.climatology, .eof], masks: [AnyMeasurementDesign("random:0.6")], noise: [1], samples: 20,
        scales: [(peak: 100, origin: 220)], seed: 5)
      return try comparison.report(
        model: model, fields: fields, indices: [36, 39], folder: folder.path("evaluation"), overwrite: false,
        pictures: pictures)
    }
    // Drawing takes twenty seconds where optimisation is off.
    let draws = isOptimized
    let outcome = try report(pictures: draws ? 1 : 0)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("evaluation"))
    #expect(names.contains("table.md") && names.contains("scores.json"))
    #expect(Set(outcome.pictures.map { URL(fileURLWithPath: $0).lastPathComponent }).isSubset(of: names))
    for kind in ["map-1-tas", "calibration", "latitude", "ranks-eof"] where draws {
      #expect(outcome.pictures.contains { $0.contains(kind) }, "\(kind): \(outcome.pictures)")
    }
    for picture in outcome.pictures {
      let head = try #require(FileHandle(forReadingAtPath: picture)).read(upToCount: 8)
      #expect(head == Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
    }
    let json = try Data(contentsOf: URL(fileURLWithPath: folder.path("evaluation/scores.json")))
    let again = try JSONDecoder().decode(ComparisonScores.self, from: json)
    #expect(again.scores.fields.count == 2 * 2)
    let table = try String(contentsOfFile: folder.path("evaluation/table.md"), encoding: .utf8)
    #expect(table.contains("EOF optimal interpolation") && table.contains("### tas, random:0.6"), "\(table)")
    // A second one does not replace the first unasked.
    #expect(complaint { _ = try report(pictures: 0) }.contains("--overwrite"))
  }

  @Test func addingAMethodOrAMaskChangesNoOtherNumber() throws {
    func scores(_ methods: [Method], _ masks: [String]) throws -> [FieldScores] {
      let comparison = try Comparison(
        methods: methods, masks: masks.map { try AnyMeasurementDesign($0) }, noise: [1, 0.05], samples: 9,
        scales: [(peak: 100, origin: 220), (peak: 1, origin: 0)], seed: 5)
      let result = try comparison.run(model: SmallClimate.model(), fields: SmallClimate.unseen(2), indices: [1])
      return result.scores.fields.filter { $0.label.method == "eof" && $0.label.group == "random:0.5" }
    }
    let alone = try scores([.eof], ["random:0.5"])
    #expect(alone.count == 2)
    #expect(try scores([.nearest, .eof], ["band:-20..20", "random:0.5"]) == alone)
  }

  /// Grids on which an evaluation once had no similarity, or one that counted the seam twice.
  enum Grid: String, CaseIterable, Sendable {
    case curvilinear, repeatedSeam

    func domain() throws -> any Domain {
      switch self {
      case .curvilinear:
        var (latitudes, longitudes): ([Double], [Double]) = ([], [])
        for i in 0..<12 {
          for j in 0..<15 {
            latitudes.append(40 + Double(i) + 0.3 * Double(j))
            longitudes.append(-10 + 1.5 * Double(j) - 0.4 * Double(i))
          }
        }
        return try CurvilinearGrid(rows: 12, columns: 15, latitudes: latitudes, longitudes: longitudes)
      case .repeatedSeam: return try SmallClimate.grid(step: 15, repeatsColumn: true)
      }
    }
  }

  @Test(arguments: Grid.allCases)
  func evaluationsAndScoredFilesHaveOneSimilarity(_ grid: Grid) throws {
    let domain = try grid.domain()
    func fields(on domain: some Domain) -> SignalSet { SyntheticClimate().fields(count: 1, on: domain) }
    let truth = try fields(on: domain).selecting(["tas"])
    let comparison = try Comparison(
      methods: [.nearest], masks: [AnyMeasurementDesign("random:0.4")], noise: [1], samples: 0,
      scales: [(peak: 100, origin: 220)], seed: 5)
    var answers: [[Float]] = []
    let scored = try comparison.run(
      model: Model(FieldSpace(truth)), fields: truth, indices: [0],
      visit: { answers += $0.answers.map(\.posterior.mean) })
    let variables = [ScoredVariable(name: "tas", units: "K", channels: [0], peak: 100, origin: 220)]
    let scores = try Scorer(on: domain, variables: variables, channelCount: 1).scores(
      of: ScoredEstimate(mean: try #require(answers.first)),
      against: ScoredTruth(
        values: truth.values.scalars, isValid: truth.isValid, isObserved: truth.isValid.map { _ in false }),
      label: ScoreLabel(method: "file", field: "0", group: ""), breakingTiesWith: RandomStream(seed: 0))
    for score in [Score.structuralSimilarity, .structuralSimilarityWithoutWrap] {
      let value = try #require(scores[0][score, of: .mean])
      #expect(try #require(scored.scores.fields.first)[score, of: .mean] == value)
    }
  }

  @Test func degradedFilesSayWhatWasDoneToThem() throws {
    let folder = try ScratchFolder()
    let truth = try SmallClimate.unseen(3)
    try SmallClimate.write(truth, to: folder.path("clean.nc"))
    let summary = try Degradation(
      mask: AnyMeasurementDesign("random:0.6"), noise: NoiseSpecification(text: "tas=2K,clt=0.05"), seed: 4
    ).run(SignalInput(folder.path("clean.nc")), output: folder.path("obs.nc"), overwrite: false, history: "test")
    #expect(summary.fieldCount == 3 && summary.noise["tas"] == 2)
    let observed = try SmallClimate.values("tas", in: folder.path("obs.nc"))
    let noise = try SmallClimate.values("tas_noise", in: folder.path("obs.nc"))
    #expect(noise.allSatisfy { $0.allSatisfy { $0 == 2 } })
    var masks: Set<[Bool]> = []
    for (values, clean) in zip(observed, truth.values(ofChannel: 0)) {
      let missing = values.count { $0.isNaN }
      #expect(abs(Double(missing) / Double(values.count) - 0.6) < 0.06)
      #expect((1.3...2.7).contains(rootMeanSquareDifference(values, clean)))
      masks.insert(values.map(\.isNaN))
    }
    #expect(masks.count == 3)
    let file = try NetCDFFile(path: folder.path("obs.nc"))
    #expect(file.text("sextant_mask") == "random:0.6")
  }
}
