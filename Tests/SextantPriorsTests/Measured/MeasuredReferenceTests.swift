// Expectation and maximisation from measured values against NumPy (Tests/References/measured_em.py).

import Foundation
import SextantArrays
import Testing

@testable import SextantPriors

@Suite struct MeasuredReferenceTests {
  struct Completion: Decodable {
    var likelihood: Double
    var covariance, climatology, uncertainty: [Double]
  }

  struct Reference: Decodable {
    var factorCount: Int
    var loadings, climate, residual, ridge, precision, terms, blur, prior: [Double]
    var states: [[Int]]
    var values, noise: [[Double]]
    var factorLikelihood: Double
    var coefficients, newResidual: [Double]
    var selected, blurred: Completion
  }

  private let reference: Reference
  private var d: Int { reference.residual.count }
  private var t: Int { reference.precision.count }

  init() throws {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/measured-em.json")
    reference = try JSONDecoder().decode(Reference.self, from: Data(contentsOf: url))
  }

  private func fields(isBlurred: Bool) -> GappyStates {
    let d = d
    let blur = SparseMatrix(
      rowCount: d, columnCount: d,
      entries: reference.blur.indices.filter { reference.blur[$0] != 0 }.map { ($0 / d, $0 % d, reference.blur[$0]) })
    let fields = reference.states.indices.map { i in
      let states = reference.states[i]
      return GappyField(
        states: states, anomalies: reference.values[i], noiseVariance: reference.noise[i],
        isHidden: states.map { _ in false }, terms: Array(reference.terms[i * t..<(i + 1) * t]),
        matrix: isBlurred ? blur.rows(states) : nil)
    }
    return GappyStates(fields, stateCount: d)
  }

  private func differ(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).map { abs($0 - $1) }.max() ?? .infinity }

  @Test func factorAnalysisAgrees() throws {
    let fields = fields(isBlurred: false)
    let climate = Tensor(reference.climate, shape: [d, t])
    let loadings = Tensor(reference.loadings, shape: [d, reference.factorCount])
    var model = FactorModel(
      coefficients: climate.transposed().stacked(on: loadings.transposed()).transposed(),
      residualVariance: reference.residual, ridge: reference.ridge, termCount: t)
    let expectation = try model.expectation(over: fields, usesHidden: true)
    #expect(abs(expectation.logLikelihood - reference.factorLikelihood) < 1e-9)
    try model.maximise(expectation, over: fields, usesHidden: true)
    #expect(differ(model.coefficients.scalars, reference.coefficients) < 1e-9)
    #expect(differ(model.residualVariance, reference.newResidual) < 1e-9)
  }

  /// With values of single states, and with values that combine three.
  @Test(arguments: [false, true]) func completionsAgree(isBlurred: Bool) throws {
    let fields = fields(isBlurred: isBlurred)
    let expected = isBlurred ? reference.blurred : reference.selected
    let (k, climate) = (Tensor(reference.prior, shape: [d, d]), Tensor(reference.climate, shape: [d, t]).transposed())
    var sums = CompletionSums(stateCount: d, termCount: t)
    try sums.add(fields, covariance: k, climatology: climate)
    #expect(abs(sums.logLikelihood - expected.likelihood) < 1e-9)
    let found = try sums.maximum(covariance: k, climatology: climate, precision: reference.precision)
    #expect(differ(found.covariance.scalars, expected.covariance) < 1e-9)
    #expect(differ(found.climatology.scalars, expected.climatology) < 1e-9)
    #expect(differ(found.uncertainty.scalars, expected.uncertainty) < 1e-9)
  }
}
