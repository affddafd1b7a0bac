// The climatology that is learned of few fields with gaps and noise says how little it knows.

import Foundation
import SextantArrays
import Testing

@testable import SextantPriors

@Suite struct ClimatologyPosteriorLaws {
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
    let (d, precision) = (MeasuredWorld.stateCount, [1.0, 1])
    var (error, ownError, stated) = (0.0, 0.0, 0.0)
    for seed in 0..<30 {
      let fields = Self.world.fields(36, missing: 0.6, noise: (0.5, 0.7), seed: 100 + UInt64(seed)).measured
      var sums = CompletionSums(stateCount: d, termCount: 2)
      try sums.add(fields, covariance: Self.world.covariance, climatology: .zeros([2, d]))
      var own = (grams: [Tensor<Double>](repeating: .zeros([2, 2]), count: d), right: Tensor<Double>.zeros([d, 2]))
      for position in 0..<fields.count {
        let field = try fields.field(position)
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
}
