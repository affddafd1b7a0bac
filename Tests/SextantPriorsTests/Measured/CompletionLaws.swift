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
    try sums.add(fields, covariance: covariance, climatology: climatology)
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

  /// Fields that were measured alike share a factorisation, and the sums are those of the fields one at a time.
  @Test(arguments: [false, true]) func alikeFieldsAddUp(isCombined: Bool) throws {
    let d = MeasuredWorld.stateCount
    let combination = SparseMatrix(
      rowCount: d - 1, columnCount: d, entries: (0..<d - 1).flatMap { [($0, $0, 0.7), ($0, $0 + 1, 0.3)] })
    // Three networks of stations in turn: runs of one, of two and of more than are solved together.
    let fields = (0..<140).map { index -> GappyField in
      var random = RandomStream(seed: 3).split(index)
      let network = index < 2 ? index : index < 4 ? 2 : 3
      let kept = (0..<d - 1).filter { $0 % 4 != network }
      return GappyField(
        states: kept, anomalies: kept.map { _ in random.normal() }, noiseVariance: kept.map { 0.1 + 0.1 * Double($0 % 2) },
        isHidden: kept.map { _ in false }, terms: [1, random.normal()], matrix: isCombined ? combination.rows(kept) : nil)
    }
    let (together, zero) = (GappyStates(fields, stateCount: d), Tensor<Double>.zeros([2, d]))
    let found = try Self.sums(together, covariance: Self.start, climatology: zero)
    var single = CompletionSums(stateCount: d, termCount: 2)
    for position in fields.indices { try single.add(together.part([position]), covariance: Self.start, climatology: zero) }
    #expect(found.count == single.count)
    #expect(abs(found.logLikelihood - single.logLikelihood) < 1e-9 * abs(single.logLikelihood))
    let (a, b) = (
      try found.maximum(covariance: Self.start, climatology: zero, precision: [1, 1]),
      try single.maximum(covariance: Self.start, climatology: zero, precision: [1, 1])
    )
    for (a, b) in [(a.covariance, b.covariance), (a.climatology, b.climatology), (a.uncertainty, b.uncertainty)] {
      #expect(zip(a.scalars, b.scalars).allSatisfy { abs($0 - $1) < 1e-9 })
    }
  }

  @Test func stepsRaiseTheLikelihood() throws {
    let fields = Self.world.fields(60, missing: 0.5, noise: (0.1, 0.4), seed: 9).measured
    var (covariance, climatology) = (Self.start, Tensor<Double>.zeros([2, MeasuredWorld.stateCount]))
    var values: [Double] = []
    for _ in 0..<4 {
      let sums = try Self.sums(fields, covariance: covariance, climatology: climatology)
      values.append(sums.logLikelihood)
      let next = try sums.maximum(covariance: covariance, climatology: climatology, precision: [1e-6, 1e-6])
      (covariance, climatology) = (next.covariance, next.climatology)
    }
    #expect(zip(values, values.dropFirst()).allSatisfy { $1 > $0 }, "\(values)")
  }

  /// Fields that are seen through a blur of 5×5 states, with gaps: the covariance beneath it comes near to what the same fields would
  /// have given had they been seen themselves, and far nearer to the truth than that of the blurred values.
  @Test func theCovarianceBeneathABlurIsFound() throws {
    let (d, side) = (MeasuredWorld.stateCount, MeasuredWorld.side)
    let blur = SparseMatrix(
      rowCount: d, columnCount: d,
      entries: (0..<d * 25).map { index in
        let (state, place) = index.quotientAndRemainder(dividingBy: 25)
        func clamped(_ i: Int) -> Int { max(0, min(side - 1, i)) }
        let (x, y) = (clamped(state % side + place % 5 - 2), clamped(state / side + place / 5 - 2))
        return (state, y * side + x, 1.0 / 25)
      })
    let (count, noise) = (300, 0.05)
    let truth = Self.world.fields(count, missing: 0, seed: 10).truth
    var random = RandomStream(seed: 11)
    let fields = (0..<count).map { index in
      let terms = [1, cos(2 * Double.pi * Double(index % 12) / 12)]
      let anomalies = truth.row(index).scalars.enumerated().map { state, value in
        value - terms[0] * Self.world.mean[0, state] - terms[1] * Self.world.mean[1, state]
      }
      let kept = (0..<d).filter { _ in random.uniform() >= 0.2 }
      let values = blur.rows(kept).times(anomalies).map { $0 + noise * random.normal() }
      return GappyField(
        states: kept, anomalies: values, noiseVariance: kept.map { _ in noise * noise }, isHidden: kept.map { _ in false },
        terms: terms, matrix: blur.rows(kept))
    }
    func distance(_ covariance: Tensor<Double>) -> Double {
      func square(_ matrix: Tensor<Double>) -> Double { matrix.columnSquaredNorms().reduce(0, +) }
      return (square(covariance - Self.world.covariance) / square(Self.world.covariance)).squareRoot()
    }
    // What a factor analysis of the blurred values would find at best, and what the clean fields give.
    let dense = Tensor<Double>(shape: [d, d]) { out in
      out.initialize(repeating: 0)
      for i in 0..<d {
        for k in blur.rowStarts[i]..<blur.rowStarts[i + 1] { out[i * d + Int(blur.columns[k])] = blur.values[k] }
      }
    }
    var start = matrixProduct(matrixProduct(dense, Self.world.covariance), dense, transposingSecond: true)
    for j in 0..<d { start[j, j] += MeasuredWorld.residual }
    let states = GappyStates(fields, stateCount: d)
    var covariance = start
    let zero = Tensor<Double>.zeros([2, d])
    for _ in 0..<3 {
      let sums = try Self.sums(states, covariance: covariance, climatology: zero)
      covariance = try sums.maximum(covariance: covariance, climatology: zero, precision: [1e12, 1e12]).covariance
    }
    let clean = gramMatrix(
      Tensor<Double>(shape: [count, d]) { out in
        for index in 0..<count {
          let season = cos(2 * Double.pi * Double(index % 12) / 12)
          for j in 0..<d { out[index * d + j] = truth[index, j] - Self.world.mean[0, j] - season * Self.world.mean[1, j] }
        }
      }, transposeFirst: true) * (1 / Double(count))
    let (found, before, best) = (distance(covariance), distance(start), distance(clean))
    #expect(found < 0.7 * before && found < 1.7 * best, "\(found), blurred \(before), clean \(best)")
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
