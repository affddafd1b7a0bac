// Factor analysis with gaps and noise: the likelihood never falls, the covariance is as near to the truth as so many values
// allow, and neither threads nor an interruption change a bit.

import Foundation
import SextantArrays
import SextantTestSupport
import Testing

@testable import SextantPriors

@Suite struct FactorLaws {
  private static let world = MeasuredWorld()

  private static func searched(
    _ fields: GappyStates, largest: Int, onlyFirst: Bool = false
  ) throws -> FactorSearch {
    var search = FactorSearch(stateCount: MeasuredWorld.stateCount, termPrecision: [1, 1])
    repeat {
      try search.advance(over: fields, largest: largest, random: RandomStream(seed: 1))
    } while !search.isFinished && !onlyFirst
    return search
  }

  /// With noise of one level and of two, with many gaps and few.
  @Test(arguments: [(0.5, (0.05, 0.05)), (0.9, (0.05, 0.5)), (0.0, (0.3, 0.1))])
  func theLikelihoodNeverFalls(missing: Double, noise: (Double, Double)) throws {
    let fields = Self.world.fields(80, missing: missing, noise: noise, seed: 3).measured
    var search = FactorSearch(stateCount: MeasuredWorld.stateCount, termPrecision: [1, 1])
    while !search.isFinished {
      let values = try search.advance(over: fields, largest: 10, random: RandomStream(seed: 1))
      #expect(values.count > 2)
      for (before, after) in zip(values, values.dropFirst()) {
        #expect(after >= before - 1e-9 * abs(before), "\(values)")
      }
    }
  }

  /// What the search does not see, its best model does not know; the last learning sees all. The errors of such a model at fields that
  /// it did not see have more variance than the noise, by the share that theory says.
  @Test func theSearchKnowsNothingOfOtherFields() throws {
    let (count, level) = (60, 0.5)
    let fields = Self.world.fields(count, missing: 0.3, noise: (level, level), seed: 5).measured
    let part = fields.part(Array(0..<count - 10))
    func search(_ all: GappyStates?) throws -> FactorSearch {
      var search = FactorSearch(stateCount: MeasuredWorld.stateCount, termPrecision: [1, 1])
      while !search.isFinished {
        try search.advance(over: part, all: all, largest: 10, random: RandomStream(seed: 1))
      }
      return search
    }
    let (own, whole) = (try search(nil), try search(fields))
    #expect(own.best == whole.best && own.scores == whole.scores && own.model != whole.model)
    let seen = try part.seenCounts()
    let share = own.best.learnedNoiseShare(at: 0..<MeasuredWorld.stateCount, seenCounts: seen)
    let mean = Double(seen.reduce(0, +)) / Double(seen.count)
    #expect(share > 0 && share < 1.2 * Double(own.best.factorCount + 2) / mean, "\(share)")
  }

  /// The divergence of the maximum likelihood is half a unit a parameter and field in which the parameter is seen. Gaps that
  /// count as the climatology are far from it.
  @Test func theCovarianceIsAsNearAsTheMeasurementsAllow() throws {
    let count = 1000
    let fields = Self.world.fields(count, missing: 0.5, seed: 4).measured
    let search = try Self.searched(fields, largest: 20)
    #expect(search.model.factorCount == MeasuredWorld.modeCount, "\(search.tried) \(search.scores)")
    let divergence = try Self.world.divergence(
      to: search.model.covariance, mean: search.model.climatology, season: 0.5)
    let bound = MeasuredWorld.parameterCount(modes: MeasuredWorld.modeCount) / (2 * 0.5 * Double(count))
    #expect(divergence < 1.5 * bound && divergence > 0.5 * bound, "\(divergence), \(bound)")
    let anomalies = try Tensor<Float>(shape: [count, MeasuredWorld.stateCount]) { out in
      out.initialize(repeating: .nan)
      for row in 0..<count {
        let field = try fields.field(row)
        for (state, value) in zip(field.states, field.anomalies) {
          let mean = field.terms[0] * Self.world.mean[0, state] + field.terms[1] * Self.world.mean[1, state]
          out[row * MeasuredWorld.stateCount + state] = Float(value - mean)
        }
      }
    }
    let naive = try EmpiricalOrthogonalFunctions(of: anomalies, modeCount: MeasuredWorld.modeCount)
    var covariance = gramMatrix(naive.scaledModes, transposeFirst: true).converted(to: Double.self)
    for j in 0..<MeasuredWorld.stateCount { covariance[j, j] += Double(naive.residualVariance[j]) }
    let other = try Self.world.divergence(to: covariance, mean: Self.world.mean, season: 0.5)
    #expect(other > 10 * divergence, "\(other), \(divergence)")
  }

  /// The predictive density of hidden values is that of the truth, but for what learning costs.
  @Test func hiddenValuesAreScoredHonestly() throws {
    let fields = Self.world.fields(400, missing: 0.5, seed: 5).measured
    let search = try Self.searched(fields, largest: 5, onlyFirst: true)
    let truth = FactorModel(
      coefficients: Self.world.mean.stacked(on: Self.world.modes).transposed(),
      residualVariance: [Double](repeating: MeasuredWorld.residual, count: MeasuredWorld.stateCount),
      ridge: [Double](repeating: 1, count: 2 + MeasuredWorld.modeCount), termCount: 2)
    let best = try truth.expectation(over: fields, usesHidden: false)
    let score = try #require(search.scores.first)
    #expect(score < best.hiddenScore && score > best.hiddenScore - 0.1, "\(score), \(best.hiddenScore)")
    #expect(abs(best.hiddenError - (MeasuredWorld.residual + 0.0025).squareRoot()) < 0.02, "\(best.hiddenError)")
  }

  /// A state that was never measured has no modes and the residual variance of its prior; its neighbours are as without it.
  @Test func whatIsNeverMeasuredHasNoModes() throws {
    let fields = Self.world.fields(60, missing: 0.3, never: [17, 200], seed: 6).measured
    let model = try Self.searched(fields, largest: 5).model
    for state in [17, 200] {
      #expect(model.loadings.row(state).scalars.allSatisfy { abs($0) < 1e-12 })
      #expect(abs(model.residualVariance[state] - FactorModel.residualPrior.variance) < 0.01)
    }
  }

  @Test func threadsChangeNothing() throws {
    let fields = Self.world.fields(40, missing: 0.5, seed: 7).measured
    let models = try ThreadCounts.forEach { try Self.searched(fields, largest: 10).model }
    #expect(models.allSatisfy { $0 == models[0] })
  }
}
