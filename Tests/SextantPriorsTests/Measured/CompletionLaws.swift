// The covariance of completions: the closed sum is the mean of the posteriors' second moments, and steps with it raise the
// likelihood of the measured values.

import Foundation
import SextantArrays
import Testing

@testable import SextantPriors

@Suite struct CompletionLaws {
  private static let world = MeasuredWorld()

  private static func sums(
    _ fields: GappyStates, covariance: Tensor<Double>, climatology: Tensor<Double>
  ) throws -> CompletionSums {
    var sums = CompletionSums(stateCount: MeasuredWorld.stateCount, termCount: 2)
    for position in 0..<fields.count {
      let field = try fields.field(position)
      try sums.add(field.values, terms: field.terms, covariance: covariance, climatology: climatology)
    }
    return sums
  }

  /// A wider covariance than the world's, to start from.
  private static var start: Tensor<Double> {
    var result = world.covariance * 1.3
    for j in 0..<MeasuredWorld.stateCount { result[j, j] += 0.2 }
    return result
  }

  /// Each field's posterior by textbook formulas, one after another.
  @Test func theSumIsThatOfThePosteriors() throws {
    let d = MeasuredWorld.stateCount
    let fields = Self.world.fields(12, missing: 0.6, noise: (0.1, 0.4), seed: 8).measured
    let (k, zero) = (Self.start, Tensor<Double>.zeros([2, d]))
    // A prior so narrow that the climatology stays: the second moment is about 0.
    let found = try Self.sums(fields, covariance: k, climatology: zero).maximum(
      covariance: k, climatology: zero, precision: [1e12, 1e12])
    var expected = Tensor<Double>.zeros([d, d])
    for position in 0..<12 {
      let field = try fields.field(position)
      let rows = k.gatheringRows(field.states)
      var innovation = rows.gatheringColumns(field.states)
      for (i, variance) in field.noiseVariance.enumerated() { innovation[i, i] += variance }
      let inverse = try CholeskyFactor(innovation).inverse()
      let gain = matrixProduct(rows, inverse, transposingFirst: true)
      let mean = matrixProduct(gain, Tensor(field.anomalies, shape: [field.states.count, 1]))
      expected.add(k)
      expected.add(matrixProduct(gain, rows), scaledBy: -1)
      expected.add(matrixProduct(mean, mean, transposingSecond: true))
    }
    let largest = zip(found.covariance.scalars, expected.scalars).map { abs($0 - $1 / 12) }.max() ?? 1
    #expect(largest < 1e-9, "\(largest)")
    #expect(found.climatology.scalars.allSatisfy { abs($0) < 1e-9 })
  }

  @Test func stepsRaiseTheLikelihood() throws {
    let fields = Self.world.fields(60, missing: 0.5, noise: (0.1, 0.4), seed: 9).measured
    var (covariance, climatology) = (Self.start, Tensor<Double>.zeros([2, MeasuredWorld.stateCount]))
    var values: [Double] = []
    for _ in 0..<4 {
      let sums = try Self.sums(fields, covariance: covariance, climatology: climatology)
      values.append(sums.logLikelihood)
      (covariance, climatology) = try sums.maximum(
        covariance: covariance, climatology: climatology, precision: [1e-6, 1e-6])
    }
    #expect(zip(values, values.dropFirst()).allSatisfy { $1 > $0 }, "\(values)")
  }

  /// The modes of a covariance have its diagonal with what they leave.
  @Test func modesKeepTheVariance() throws {
    let functions = try EmpiricalOrthogonalFunctions(ofCovariance: Self.world.covariance, modeCount: 5)
    #expect(functions.modeCount == 5)
    for (j, variance) in functions.totalVariance.enumerated() {
      #expect(abs(variance - Self.world.covariance[j, j]) < 1e-4)
    }
    #expect(functions.residualVariance.allSatisfy { abs(Double($0) - MeasuredWorld.residual) < 0.02 })
  }
}
