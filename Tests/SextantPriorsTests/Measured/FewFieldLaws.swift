// What is learned from few fields with gaps and noise says how little it knows: of the climatology, and of unseen fields.

import Foundation
import SextantArrays
import SextantGeometry
import Testing

@testable import SextantPriors

@Suite struct FewFieldLaws {
  private static let world = MeasuredWorld()

  private static func season(_ index: Int) -> [Double] { [1, cos(2 * Double.pi * Double(index % 12) / 12)] }

  /// The mean over the seasons of the squared error of a climatology (terms × d).
  private static func squaredError(_ climatology: Tensor<Double>) -> Double {
    let d = MeasuredWorld.stateCount
    var sum = 0.0
    for index in 0..<12 {
      let terms = season(index)
      for j in 0..<d {
        let error = terms.indices.reduce(0.0) { $0 + terms[$1] * (climatology[$1, j] - world.mean[$1, j]) }
        sum += error * error / Double(12 * d)
      }
    }
    return sum
  }

  /// Under the true covariance the climatology comes nearer to the truth than the regression of each state's own values, and its
  /// stated variance is that of its errors, in the mean over worlds.
  @Test func theUncertaintyOfTheClimatologyIsThatOfItsErrors() throws {
    let (d, precision) = (MeasuredWorld.stateCount, [4.0, 10])
    var (error, ownError, stated) = (0.0, 0.0, 0.0)
    for seed in 0..<30 {
      let fields = Self.world.fields(36, missing: 0.6, noise: (0.5, 0.7), seed: 100 + UInt64(seed)).measured
      var sums = CompletionSums(stateCount: d, termCount: 2)
      var own = (grams: [Tensor<Double>](repeating: .zeros([2, 2]), count: d), right: Tensor<Double>.zeros([d, 2]))
      for position in 0..<fields.count {
        let field = try fields.field(position)
        try sums.add(
          field.values, terms: field.terms, covariance: Self.world.covariance, climatology: .zeros([2, d]))
        for (state, value) in zip(field.states, field.anomalies) {
          for a in 0..<2 {
            own.right[state, a] += field.terms[a] * value
            for b in 0..<2 { own.grams[state][a, b] += field.terms[a] * field.terms[b] }
          }
        }
      }
      let found = try sums.maximum(
        covariance: Self.world.covariance, climatology: .zeros([2, d]), precision: precision)
      error += Self.squaredError(found.climatology)
      stated += (0..<d).reduce(0.0) { $0 + found.uncertainty[$1, $1] / Double(d) }
      var regression = Tensor<Double>.zeros([2, d])
      for state in 0..<d {
        var gram = own.grams[state]
        for a in 0..<2 { gram[a, a] += precision[a] }
        let solution = try CholeskyFactor(gram).solve(Tensor(own.right.row(state).scalars)).scalars
        for a in 0..<2 { regression[a, state] = solution[a] }
      }
      ownError += Self.squaredError(regression)
    }
    #expect(stated / error > 0.8 && stated / error < 1.25, "stated \(stated), found \(error)")
    #expect(error < 0.8 * ownError, "\(error), state by state \(ownError)")
  }

  /// The rounds of completion on few fields: intervals of unseen fields hold as many of the true values as they say, and most of
  /// what is not known of the climatology is in them.
  @Test func intervalsOfUnseenFieldsHoldTheTruth() throws {
    let (d, side, count) = (MeasuredWorld.stateCount, MeasuredWorld.side, 40)
    let fields = Self.world.fields(count, missing: 0.6, noise: (0.4, 0.4), seed: 12).measured
    func model(_ learned: CompletedPrior) -> CovarianceModel {
      TwoScaleCovariance.model(
        modes: learned.functions.scaledModes,
        positions: (0..<d).map { SIMD3(Double($0 % side), Double($0 / side), 0) / 6 },
        channels: [Int32](repeating: 0, count: d), anomalyVariance: learned.functions.totalVariance, landShare: nil,
        climate: learned.climatology.row(0).scalars, channelCorrelation: .identity(1), isTrend: false)
    }
    var search = FactorSearch(stateCount: d, termPrecision: [1, 1])
    while !search.isFinished { try search.advance(over: fields, largest: 20, random: RandomStream(seed: 1)) }
    let factors = CompletedPrior(search.model)
    let (leftOut, stream) = (CompletionRounds.leftOut(of: count), RandomStream(seed: 2))
    var rounds = try CompletionRounds.begun(
      from: [factors, factors.withoutModes], over: fields, leavingOut: leftOut, modeCount: 30, termPrecision: [1, 1],
      random: stream, model: model, progress: {})
    while !rounds.isFinished {
      try rounds.advance(
        over: fields, leavingOut: leftOut, modeCount: 30, termPrecision: [1, 1], random: stream, model: model, progress: {})
    }
    let learned = rounds.best
    let covariance = model(learned).covariance(parameters: learned.parameters)
    let unseen = Self.world.fields(60, missing: 0.6, noise: (0.4, 0.4), seed: 13)
    var (inside, all) = (0, 0)
    for position in 0..<unseen.measured.count {
      let field = try unseen.measured.field(position)
      let factor = try CholeskyFactor(field.values.innovation(under: covariance))
      let anomalies = CompletionSums.anomalies(of: field.values, terms: field.terms, climatology: learned.climatology)
      let alpha = factor.solve(Tensor(anomalies)).reshaped(to: [field.values.count, 1])
      let cross = covariance.gatheringColumns(field.states)
      let mean = matrixProduct(cross, alpha).scalars
      let explained = factor.solveLower(rows: cross)
      for j in 0..<d {
        let row = explained.row(j).scalars
        let variance = covariance[j, j] - row.reduce(0.0) { $0 + $1 * $1 }
        let climate = (0..<2).reduce(0.0) { $0 + field.terms[$1] * learned.climatology[$1, j] }
        if abs(unseen.truth[position, j] - climate - mean[j]) < 1.6449 * variance.squareRoot() { inside += 1 }
        all += 1
      }
    }
    let coverage = Double(inside) / Double(all)
    #expect(coverage > 0.85 && coverage < 0.95, "\(coverage)")
  }
}
