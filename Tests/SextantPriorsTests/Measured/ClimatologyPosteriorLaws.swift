// The climatology that is learned of few fields with gaps and noise says how little it knows.

import Foundation
import SextantArrays
import Testing

@testable import SextantPriors

@Suite struct ClimatologyPosteriorLaws {
  private static let world = MeasuredWorld()

  private static func season(_ index: Int) -> [Double] { [1, cos(2 * Double.pi * Double(index % 12) / 12)] }

  /// The mean over the seasons of the squared difference between a climatology (terms × d) and another, by default the world's.
  private static func squaredError(_ climatology: Tensor<Double>, about other: Tensor<Double> = world.mean) -> Double {
    let d = MeasuredWorld.stateCount
    var sum = 0.0
    for index in 0..<12 {
      let terms = season(index)
      for j in 0..<d {
        let error = terms.indices.reduce(0.0) { $0 + terms[$1] * (climatology[$1, j] - other[$1, j]) }
        sum += error * error / Double(12 * d)
      }
    }
    return sum
  }

  /// Under the true covariance the climatology comes nearer to the truth than the regression of each state's own values, and its
  /// stated variance is that between archives.
  @Test func theUncertaintyOfTheClimatologyIsItsVarianceBetweenArchives() throws {
    let (d, precision, count) = (MeasuredWorld.stateCount, [1.0, 1], 30)
    var (error, ownError, stated) = (0.0, 0.0, 0.0)
    var learned: [Tensor<Double>] = []
    for seed in 0..<count {
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
      learned.append(found.climatology)
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
    var mean = Tensor<Double>.zeros([2, d])
    for climatology in learned { mean.add(climatology, scaledBy: 1 / Double(count)) }
    let found = learned.reduce(0.0) { $0 + Self.squaredError($1, about: mean) } * Double(count) / Double(count - 1)
    #expect(stated / found > 0.85 && stated / found < 1.18, "stated \(stated), found \(found)")
    #expect(error < 0.8 * ownError, "\(error), state by state \(ownError)")
  }

  /// Of fields of which only the means of pairs of neighbours are measured, the difference within a pair is never seen. What is supposed of
  /// it does not grow from round to round, although what is not known of the climatology is a part of each round's covariance.
  @Test func whatNoFieldShowsDoesNotGrow() throws {
    let d = MeasuredWorld.stateCount
    let (whole, truth) = Self.world.fields(60, missing: 0, seed: 7)
    let pairs = SparseMatrix(
      rowCount: d / 2, columnCount: d,
      entries: (0..<d).map { (row: $0 / 2, column: $0, value: 0.5) })
    let fields = try (0..<whole.count).map { position -> GappyField in
      let field = try whole.field(position)
      var random = RandomStream(seed: 8).split(position)
      return GappyField(
        states: (0..<d / 2).map { 2 * $0 },
        anomalies: (0..<d / 2).map { 0.5 * (truth[position, 2 * $0] + truth[position, 2 * $0 + 1]) + 0.3 * random.normal() },
        noiseVariance: [Double](repeating: 0.09, count: d / 2), isHidden: [Bool](repeating: false, count: d / 2),
        terms: field.terms, matrix: pairs)
    }
    var (covariance, climatology) = (Self.world.covariance, Tensor<Double>.zeros([2, d]))
    func differences(_ covariance: Tensor<Double>) -> Double {
      stride(from: 0, to: d, by: 2).reduce(0.0) { sum, i in
        sum + covariance[i, i] + covariance[i + 1, i + 1] - 2 * covariance[i, i + 1]
      }
    }
    let first = differences(covariance)
    for _ in 0..<5 {
      var sums = CompletionSums(stateCount: d, termCount: 2)
      try sums.add(GappyStates(fields, stateCount: d), covariance: covariance, climatology: climatology)
      let next = try sums.maximum(covariance: covariance, climatology: climatology, precision: [1, 1])
      (covariance, climatology) = (next.covariance, next.climatology)
      covariance.add(next.uncertainty)
    }
    let last = differences(covariance)
    #expect(last > 0.5 * first && last < 1.5 * first, "\(first) at first, \(last) after five rounds")
  }

  /// How much the mean differs from place to place by itself is found, beneath an operator, from the fields alone: the climatology is as near
  /// to the truth as if it were known, and nearer than with another.
  @Test(arguments: [(1, 0.001), (0.001, 1)]) func theOwnVarianceOfTheMeanIsFound(_ variance: Double, _ other: Double) throws {
    let (d, covariance) = (MeasuredWorld.stateCount, Self.world.covariance)
    let pairs = SparseMatrix(
      rowCount: d / 2, columnCount: d, entries: (0..<d).map { (row: $0 / 2, column: $0, value: 0.5) })
    let (ofFields, ofMean) = (try CholeskyFactor(covariance), try CholeskyFactor(covariance + Tensor.identity(d) * variance))
    var (found, known, wrong) = (0.0, 0.0, 0.0)
    for seed in 0..<5 {
      var random = RandomStream(seed: 20).split(seed)
      let mean = ofMean.multiplyLower(random.normals([d, 1]) as Tensor<Double>).scalars
      let fields = (0..<12).map { _ -> GappyField in
        let field = ofFields.multiplyLower(random.normals([d, 1]) as Tensor<Double>).scalars
        return GappyField(
          states: (0..<d / 2).map { 2 * $0 },
          anomalies: (0..<d / 2).map { i in
            [2 * i, 2 * i + 1].reduce(0.3 * random.normal()) { $0 + 0.5 * (mean[$1] + field[$1]) }
          },
          noiseVariance: [Double](repeating: 0.09, count: d / 2), isHidden: [Bool](repeating: false, count: d / 2),
          terms: [1], matrix: pairs)
      }
      var sums = CompletionSums(stateCount: d, termCount: 1)
      try sums.add(GappyStates(fields, stateCount: d), covariance: covariance, climatology: .zeros([1, d]))
      func error(_ variances: [Double]) throws -> Double {
        let climatology = try sums.maximum(
          covariance: covariance, climatology: .zeros([1, d]), precision: [1], ownVariances: variances
        ).climatology
        return (0..<d).reduce(0.0) { $0 + pow(climatology[0, $1] - mean[$1], 2) }
      }
      found += try error([1, 0.1, 0.01, 0.001])
      known += try error([variance])
      wrong += try error([other])
    }
    #expect(found < 1.1 * known, "\(found), known \(known)")
    #expect(found < wrong, "\(found), with another \(wrong)")
  }
}
