// Answers that are none: numbers that are not finite, and numbers that have nothing to do with what was measured.

import Foundation
import Sextant
import Testing

@testable import SextantPipelines

@Suite struct AnswerFitTests {
  private let truth: [Float] = (0..<40).map { Float(10 + 5 * sin(Double($0) / 3)) }

  private func check(
    _ mean: [Float], by method: Method, noise: Float = 0.1, isInside: [Bool]? = nil, saturated: [Int] = []
  ) throws {
    var measurement = FieldMeasurement(
      values: truth, noise: [Float](repeating: noise, count: truth.count),
      operation: SelectionOperator(inputCount: truth.count, indices: Array(truth.indices)))
    if !saturated.isEmpty { measurement.isSaturated = truth.indices.map { saturated.contains($0) } }
    try Posterior(mean: mean).requireSensible(
      measurement, by: method, field: "field 1", isInside: isInside ?? [Bool](repeating: true, count: truth.count),
      means: [truth.reduce(0, +) / Float(truth.count)])
  }

  @Test func numbersThatAreNotFiniteAreCounted() throws {
    var mean = truth
    mean[3] = .nan
    mean[7] = .infinity
    #expect(throws: AnswerFitError.notFinite(method: "eof", field: "field 1", count: 2, total: 40)) {
      try check(mean, by: .eof)
    }
    // Outside the domain there is nothing to answer, and a method without an archive may leave places out.
    try check(mean, by: .eof, isInside: truth.indices.map { $0 != 3 && $0 != 7 })
    try check(mean, by: .nearest)
  }

  @Test func aSamplerThatLostTheMeasurementIsRefused() throws {
    let black = [Float](repeating: 0, count: truth.count)
    let error = #expect(throws: AnswerFitError.self) { try check(black, by: .dps) }
    guard case .misfit("dps", "field 1", let deviations)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(deviations > 50)
    // Noise that was stated too small is no error, and a closed form is near what it was given anyway.
    try check(truth.map { $0 + 1 }, by: .dps)
    try check(black, by: .eof)
    try check(black, by: .dps, noise: 20)
  }

  @Test func whatWasCutOffFitsWhateverIsLarger() throws {
    let high = truth.indices.filter { $0 < 20 }
    let mean = truth.indices.map { $0 < 20 ? truth[$0] + 40 : truth[$0] }
    #expect(throws: AnswerFitError.self) { try check(mean, by: .dps) }
    try check(mean, by: .dps, saturated: high)
  }
}
