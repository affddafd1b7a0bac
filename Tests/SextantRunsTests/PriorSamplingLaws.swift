// Fields drawn from priors: in the ranges of their variables, in files that are read again, a function of the seed
// alone; and the report on priors.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@testable import SextantModels
@testable import SextantPipelines

@Suite(.serialized) struct PriorSamplingLaws {
  private static let trained = Result {
    let folder = try ScratchFolder()
    return (folder, try DiffusionTrainingLaws.configuration(in: folder).train(overwrite: false))
  }

  @Test(arguments: [
    PriorSampling(count: 3, steps: 4, method: .ancestral), PriorSampling(count: 3, steps: 4, method: .ddim),
    PriorSampling(count: 3, steps: 4, method: .probabilityFlow, month: 7), PriorSampling(prior: .gaussian, count: 3),
  ])
  func samplesAreFieldsOfTheModel(_ request: PriorSampling) throws {
    let (desk, model) = try Self.trained.get()
    let folder = try ScratchFolder()
    let output = folder.path("samples.nc")
    // Maps are slow where optimisation is off: once is enough.
    let isDrawn = request.prior == .gaussian
    let summary = try request.run(
      folder: desk.path("run"), model: model, output: output, pictures: isDrawn ? folder.path("maps") : nil,
      overwrite: false, history: "test")
    #expect(
      summary.files.count == (isDrawn ? 3 : 1)
        && summary.files.allSatisfy { FileManager.default.fileExists(atPath: $0) })
    let file = try GriddedFile(path: output, variables: ["tas", "clt"])
    #expect(file.count == 3 && file.variables.map(\.units) == model.space.variables.map(\.units))
    #expect(try NetCDFFile(path: output).dimensions.first?.name == "realization")
    let set = try file.readAll()
    #expect(set.isValid.allSatisfy { $0 })
    let (temperature, cloud) = (set.values(ofChannel: 0), set.values(ofChannel: 1))
    #expect(cloud.allSatisfy { $0.allSatisfy { (0...1).contains($0) } })
    #expect(temperature.allSatisfy { $0.allSatisfy { (150...350).contains($0) } })
    #expect(Set(temperature.map { $0[40] }).count == 3)
    // One value at each pole.
    #expect(temperature.allSatisfy { Set($0.prefix(18)).count == 1 })
    let again = try request.fields(folder: desk.path("run"), model: model).fields
    #expect(again.values == (try request.fields(folder: desk.path("run"), model: model)).fields.values)
    var other = request
    other.seed = 2
    #expect(again.values != (try other.fields(folder: desk.path("run"), model: model)).fields.values)
  }

  @Test func moreSamplesLeaveTheFirstAsTheyAre() throws {
    let (desk, model) = try Self.trained.get()
    let samples = try [2, 5].map {
      try PriorSampling(count: $0, steps: 3).fields(folder: desk.path("run"), model: model).fields.values.rows(0..<2)
    }
    #expect(rootMeanSquareDifference(samples[0].scalars, samples[1].scalars) < 1e-3)
  }

  @Test func theReportHasBothPriors() throws {
    let (desk, model) = try Self.trained.get()
    let truth = desk.path("truth.nc")
    try SmallClimate.write(SmallClimate.unseen(4), to: truth)
    let file = GriddedDocument(try GriddedFile(path: truth, variables: ["tas", "clt"]))
    for given in [nil, file] {
      let (report, markdown) = try PriorReport(fieldLimit: 3, timeCount: 4).run(
        folder: desk.path("run"), model: model, file: given, overwrite: true)
      #expect(report.fieldCount == 3 && report.rows.map(\.name) == ["Gaussian", "diffusion"])
      #expect(report.rows.allSatisfy { $0.bound?.nats.isFinite ?? false })
      #expect(markdown.contains("| Gaussian |") && markdown.contains("| 0.02 |"))
      let data = try Data(contentsOf: URL(fileURLWithPath: desk.path("run/priors.json")))
      #expect(try JSONDecoder().decode(DenoisingReport.self, from: data).fieldCount == 3)
    }
    let other = GriddedDocument(try GriddedFile(path: truth, variables: ["tas"]))
    #expect(throws: RunError.self) {
      try PriorReport().run(folder: desk.path("run"), model: model, file: other, overwrite: true)
    }
  }
}
