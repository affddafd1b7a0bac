// Models whose variables are transformed: through training, file and filling, every answer is in the variable's own
// units and within its bounds, and what cannot be transformed is refused with a reason.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@testable import SextantModels
@testable import SextantTraining

@Suite struct TransformedModels {
  static func training(_ kind: MarginalTransformKind, archive: String) -> Training {
    var training = SmallClimate.training(from: archive)
    training.transforms = ["clt": kind]
    return training
  }

  @Test(arguments: [MarginalTransformKind.logit, .normalScore])
  func answersAreInTheVariablesUnits(kind: MarginalTransformKind) throws {
    let folder = try ScratchFolder()
    let fields = try SmallClimate.fields()
    try SmallClimate.write(fields.read(Array(0..<SmallClimate.trainingCount)), to: folder.path("archive.nc"))
    let model = try Self.training(kind, archive: folder.path("archive.nc")).learn().withFixedParameters()
    try model.write(toFolder: folder.path("RUN"), overwrite: false)
    let again = try Model(contentsOf: folder.path("RUN"))
    #expect(try ModelDescription(again) == ModelDescription(model) && ModelDescription(model).formatVersion == 2)
    let unseen = try SmallClimate.unseen(2)
    for method in [Method].withoutNetworks where method.learnsFromArchive {
      let paths = try [model, again].enumerated().map { number, model in
        try AnswerLaws.fill(unseen, model: model, method: method, in: folder, name: "\(method)-\(number).nc")
      }
      for (channel, (name, error)) in [("tas", 12.0), ("clt", 0.25)].enumerated() {
        let answer = try SmallClimate.values(name, in: paths[0])
        #expect(try answer == SmallClimate.values(name, in: paths[1]))
        let truth = unseen.values(ofChannel: channel)
        for (filled, clean) in zip(answer, truth) {
          #expect(rootMeanSquareDifference(filled, clean) < error, "\(method), \(name)")
        }
      }
      for suffix in [""] + AnswerLaws.companions(of: method) {
        for values in try SmallClimate.values("clt" + suffix, in: paths[0]) {
          #expect(values.allSatisfy { (0...1).contains($0) })
        }
      }
    }
  }

  @Test func aHiddenMaskIsFoundInTheVariablesUnits() throws {
    let folder = try ScratchFolder()
    let fields = try SmallClimate.fields()
    try SmallClimate.write(fields.read(Array(0..<SmallClimate.trainingCount)), to: folder.path("archive.nc"))
    let model = try Self.training(.logit, archive: folder.path("archive.nc")).learn().withFixedParameters()
    let field = try SmallClimate.unseen(1)[0]
    var random = RandomStream(seed: 4)
    let mask = try AnyMeasurementDesign("random:0.4")
      .draw(in: MeasurementContext(domain: field.domain, isValid: field.isValid), using: &random)
    let noise = field.values.scalars.indices.map { $0 % 2 == 0 ? Float(3) : 0.03 }
    let measured = try Simulation.measure(field, by: mask, noise: noise, using: &random)
    // Fillers far from every temperature and beyond every cloud cover: what is not found is looked for in the wrong units.
    let filler: [Float] = [200, 1.5]
    let values = noise.indices.map { measured.isMeasured[$0] ? measured.values[$0] : filler[$0 % 2] }
    let posterior = try HiddenMaskSolver(
      Method.twoScale.solver(for: model), prior: model.prior, transforms: model.space.transforms, filler: filler
    ).posterior(
      given: FieldMeasurement(
        values: values, noise: noise,
        operation: SelectionOperator(inputCount: values.count, indices: Array(values.indices)), label: field.label),
      samples: 0, using: &random)
    let missing = Double(measured.isMeasured.count { !$0 }) / Double(values.count)
    let estimate = try #require(posterior.diagnostics["estimated-missing-share"])
    #expect(abs(estimate - missing) < 0.01, "\(estimate), should be \(missing)")
  }

  @Test func parametersOfAnArchiveAreChosenInTransformedUnits() throws {
    let folder = try ScratchFolder()
    let fields = SyntheticClimate().fields(count: 30, on: try SmallClimate.grid(step: 30))
    try SmallClimate.write(fields, to: folder.path("archive.nc"))
    var training = Self.training(.logit, archive: folder.path("archive.nc"))
    training.parameters = .perArchive(missingShare: 0.5, noise: try NoiseSpecification(text: "tas=1K,clt=0.05"))
    guard case .fixed(let values) = try training.learn().parameters else {
      Issue.record("The parameters were not fixed")
      return
    }
    #expect(values.allSatisfy { abs($0) < 10 })
  }

  @Test func whatCannotBeTransformedIsRefused() throws {
    let folder = try ScratchFolder()
    let fields = SyntheticClimate().fields(count: 4, on: try SmallClimate.grid(step: 45))
    try SmallClimate.write(
      fields.mapping { _, _, channel, value in channel == 1 ? 0.5 : value }, to: folder.path("archive.nc"))
    var training = Self.training(.normalScore, archive: folder.path("archive.nc"))
    #expect(complaint { _ = try training.learn() }.contains("fewer than two distinct values"))
    training.transforms = ["clt": .logit]
    training.bounds = [:]
    #expect(complaint { _ = try training.learn() }.contains("needs both bounds"))
    training.transforms = ["cloud": .logit]
    #expect(complaint { _ = try training.learn() }.contains("there is no variable 'cloud'"))
  }
}
