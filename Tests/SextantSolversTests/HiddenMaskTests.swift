// A hidden mask is found: the share of fillers is estimated, and the answer is nearly that of a solver who knows the mask.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantPriors
import SextantSignals
import SextantSolvers
import SextantTestSupport
import Testing

@Suite struct HiddenMaskTests {
  @Test(arguments: [0.3, 0.45, 0.6]) func theMaskIsFound(share: Double) throws {
    let model = try SmallClimate.model()
    let solver = try TwoScaleSolver(model.prior, domain: model.space.domain, parameters: model.parameters)
    let filler: [Float] = [200, -0.5]
    let field = try SmallClimate.unseen(1)[0]
    var random = RandomStream(seed: 2)
    let mask = try AnyMeasurementDesign("random:\(share)")
      .draw(in: MeasurementContext(domain: field.domain, isValid: field.isValid), using: &random)
    let noise = (0..<field.values.count).map { $0 % 2 == 0 ? Float(3) : 0.05 }
    let measured = try Simulation.measure(field, by: mask, noise: noise, using: &random)
    let draws: Tensor<Float> = random.normals([noise.count])
    let values = noise.indices.map {
      measured.isMeasured[$0] ? measured.values[$0] : filler[$0 % 2] + noise[$0] * draws.scalars[$0]
    }
    let hidden = FieldMeasurement(
      values: values, noise: noise,
      operation: SelectionOperator(inputCount: values.count, indices: Array(values.indices)), label: field.label)
    let blind = HiddenMaskSolver(solver, prior: model.prior, transforms: model.space.transforms, filler: filler)
    let found = try blind.posterior(given: hidden, samples: 0, using: &random)
    let known = try solver.posterior(given: measured.measurement, samples: 0, using: &random)
    let missing = Double(measured.isMeasured.count { !$0 }) / Double(values.count)
    let estimate = try #require(found.diagnostics["estimated-missing-share"])
    #expect(abs(estimate - missing) < 0.02, "\(estimate), should be \(missing)")
    func error(_ posterior: Posterior) -> Double {
      zip(posterior.mean, field.values.scalars).enumerated().reduce(0.0) { sum, pair in
        let difference = Double(pair.element.0 - pair.element.1) / (pair.offset % 2 == 0 ? 10 : 0.3)
        return sum + difference * difference
      }.squareRoot()
    }
    #expect(error(found) < 1.1 * error(known), "\(error(found)), \(error(known)) with the mask")
  }

  @Test func valuesThatMixEntriesAreRefused() throws {
    let model = try SmallClimate.model()
    let blind = HiddenMaskSolver(
      ClimatologySolver(model.prior), prior: model.prior, transforms: model.space.transforms, filler: [200, 0])
    let count = model.space.isInside.count
    let average = SparseOperator(SparseMatrix(rowCount: 1, columnCount: count, entries: [(0, 0, 0.5), (0, 2, 0.5)]))
    var random = RandomStream(seed: 1)
    let error = try #require(throws: MeasurementError.self) {
      try blind.posterior(
        given: FieldMeasurement(values: [280], noise: [1], operation: average), samples: 0, using: &random)
    }
    guard case .operatorNotSupported("climatology, mask hidden", .sparse, _, _) = error else {
      Issue.record("\(error)")
      return
    }
  }
}
