// Angles and labels through the whole pipeline: they are said, filled as what they are, checked as what they are, and nothing is
// asked of them that has no meaning.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@testable import SextantModels
@testable import SextantPipelines

@Suite(.serialized) struct AnglesAndLabels {
  /// A file with a direction that crosses north and with labels, of which every third is missing.
  private static func files(_ folder: ScratchFolder) throws -> SignalSet {
    let fields = try SmallClimate.unseen(2)
    var truth = fields.mapping { field, vertex, channel, _ in
      let place = fields.domain.nodePositions[Int(fields.domain.nodeOfVertex[vertex])]
      if channel == 1 { return place.z + 0.3 * place.x > 0.4 ? 40 : place.z + 0.3 * place.x > -0.3 ? 7 : 3 }
      let angle = 360 + 60 * (place.x + 0.2 * Double(field)) + 20 * place.y
      return Float(angle.truncatingRemainder(dividingBy: 360))
    }
    truth.variables = [
      Variable(name: "wdir", units: "degree", standardName: "wind_from_direction"), Variable(name: "landcover", units: "1"),
    ]
    try SmallClimate.write(truth, to: folder.path("truth.nc"))
    try SmallClimate.write(truth.mapping { $1 % 3 == 0 ? nil : $3 }, to: folder.path("in.nc"))
    return truth
  }

  private static func fill(
    _ folder: ScratchFolder, _ method: Method, model: Model? = nil, samples: Int = 8,
    change: (inout Imputation) throws -> Void = { _ in }
  ) throws -> ImputationSummary {
    var request = Imputation(
      method: method, samples: samples, noise: try NoiseSpecification(text: "wdir=3"),
      encodings: ["wdir": .angle(period: 360), "landcover": .labels], seed: 2)
    try change(&request)
    return try request.run(
      SignalInput(folder.path("in.nc")), model: model, output: folder.path("out.nc"), overwrite: true, history: "test")
  }

  @Test(arguments: [Method].withoutNetworks.filter { !$0.learnsFromArchive && $0.joinsTimes })
  func methodsThatKnowTimeRefuseThem(method: Method) throws {
    let folder = try ScratchFolder()
    _ = try Self.files(folder)
    #expect(throws: SeriesError.encoded(method: method.name)) { try Self.fill(folder, method) }
    #expect(try !folder.names().contains("out.nc"))
  }

  @Test(arguments: [Method].withoutNetworks.filter { !$0.learnsFromArchive && !$0.joinsTimes })
  func theyAreFilledAsWhatTheyAre(method: Method) throws {
    let folder = try ScratchFolder()
    let truth = try Self.files(folder)
    let summary = try Self.fill(folder, method)
    let (angles, labels) = (truth.values(ofChannel: 0), truth.values(ofChannel: 1))
    let (answered, named) = try (
      SmallClimate.values("wdir", in: folder.path("out.nc")), SmallClimate.values("landcover", in: folder.path("out.nc"))
    )
    let circle = ValueEncoding.angle(period: 360)
    var (worst, wrong) = (0.0, 0)
    for (field, vertex) in angles.indices.flatMap({ f in angles[f].indices.map { (f, $0) } }) {
      worst = max(worst, abs(circle.difference(Double(answered[field][vertex]), Double(angles[field][vertex]))))
      #expect((0..<360).contains(answered[field][vertex]))
      #expect([3, 7, 40].contains(named[field][vertex]))
      if vertex % 3 == 0, named[field][vertex] != labels[field][vertex] { wrong += 1 }
    }
    #expect(worst < 60 && Double(wrong) < 0.25 * Double(2 * labels[0].count / 3), "\(worst)°, \(wrong) labels")
    #expect(summary.remarks.contains { $0.topic == "angle" } && summary.remarks.contains { $0.topic == "labels" })
    #expect(!summary.remarks.contains { $0.topic == "nature" })
    let angle = try #require(summary.check["wdir"])
    let label = try #require(summary.check["landcover"])
    #expect(angle.rootMeanSquareError < 40 && angle.wrongShare == nil)
    let wrongShare = try #require(label.wrongShare)
    #expect(wrongShare < 0.5 && label.coverage90 == nil)
    #expect(summary.noise["landcover"] == nil)
    let score = try Scoring(truth: SignalInput(folder.path("truth.nc"), variables: ["wdir"])).run([folder.path("out.nc")])
    #expect(score.remarks.contains { $0.topic == "angle" })
  }

  @Test func withoutAWordTheyAreSaid() throws {
    let folder = try ScratchFolder()
    _ = try Self.files(folder)
    let summary = try Self.fill(folder, .kriging, samples: 0) {
      $0.encodings = [:]
      $0.noise = try NoiseSpecification(text: "wdir=3,landcover=0")
    }
    let words = summary.remarks.filter { $0.topic == "nature" }.map(\.text).joined()
    #expect(words.contains("--circular wdir=360") && words.contains("--categories landcover"), "\(words)")
  }

  @Test func whatHasNoMeaningIsRefused() throws {
    let folder = try ScratchFolder()
    _ = try Self.files(folder)
    let model = try SmallClimate.model()
    func words(_ model: Model? = nil, _ change: (inout Imputation) throws -> Void = { _ in }) -> String {
      complaint { _ = try Self.fill(folder, model == nil ? .kriging : .eof, model: model, change: change) }
    }
    #expect(words(model).contains("--categories and --circular"))
    #expect(words { $0.quantileLevels = [0.5] }.contains("no order"))
    #expect(words { $0.encodings = ["x": .labels] }.contains("--categories: there is no variable 'x'"))
    #expect(words { $0.encodings = ["": .angle(period: 360)] }.contains("several variables"))
    #expect(words { $0.transforms = ["wdir": .log] }.contains("angles or labels"))
    #expect(words { $0.noise = try NoiseSpecification(text: "auto") }.contains("--noise wdir=LEVEL"))
  }
}
