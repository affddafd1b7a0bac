// The number of factors by hidden values, and the factors themselves: the model grows while it predicts the hidden values
// better, and is then learned from all values. It is a value between two of its steps, so that it can be written down and
// gone on with.

import Foundation
import SextantArrays

/// A search for the number of factors, between two steps.
package struct FactorSearch: Sendable, Equatable {
  /// The model as it is now.
  package var model: FactorModel
  /// The best model so far, judged by hidden values.
  package var best: FactorModel
  /// The score of each number of factors that was tried: the mean logarithm of the predictive density.
  package var scores: [Double] = []
  /// The numbers of factors that were tried.
  package var tried: [Int] = []
  /// Whether the model was learned from all values with the number that was found best.
  package var isFinished = false

  /// The largest number of steps of expectation and maximisation for one number of factors.
  package static let iterationLimit = 30
  /// The gain of the penalised log-likelihood a value below which no further step is made.
  package static let smallestGain = 2e-4

  /// - Parameters:
  ///   - stateCount: d.
  ///   - termPrecision: the precision of the prior of each coefficient of the climatology.
  package init(stateCount: Int, termPrecision: [Double]) {
    // Without factors everything is residual.
    let terms = termPrecision.count
    model = FactorModel(
      coefficients: .zeros([stateCount, terms]), residualVariance: [Double](repeating: 1, count: stateCount),
      ridge: termPrecision, termCount: terms)
    best = model
  }

  /// A search that was written down.
  package init(model: FactorModel, best: FactorModel, scores: [Double], tried: [Int], isFinished: Bool) {
    (self.model, self.best, self.scores, self.tried, self.isFinished) = (model, best, scores, tried, isFinished)
  }

  /// Takes the next step: another number of factors, or the last learning from all values.
  ///
  /// - Parameters:
  ///   - fields: the measured fields.
  ///   - all: what the last learning is from, where it is more than the fields that the search sees; ``best`` then knows nothing
  ///     of the others.
  ///   - largest: the largest number of factors.
  ///   - random: the stream for the directions in which factors are added.
  ///   - progress: called after each field of each pass; may throw to interrupt.
  /// - Returns: the penalised log-likelihood after each iteration.
  @discardableResult
  package mutating func advance(
    over fields: GappyStates, all: GappyStates? = nil, largest: Int, random: RandomStream, progress: () throws -> Void = {}
  ) throws -> [Double] {
    let limit = max(1, min(largest, fields.count - 1, fields.stateCount))
    let next = tried.isEmpty ? min(5, limit) : min(limit, 2 * (tried.last ?? 0))
    let isWorse = scores.count >= 2 && scores[scores.count - 1] <= scores[scores.count - 2]
    guard !isWorse, next > (tried.last ?? 0) else {
      model = best
      let (values, last) = try learn(over: all ?? fields, usesHidden: true, progress: progress)
      model = try model.withPrincipalFactors(last)
      isFinished = true
      return values
    }
    model = try model.growing(to: next, over: fields, random: random.split(next), progress: progress)
    let (values, last) = try learn(over: fields, usesHidden: false, progress: progress)
    tried.append(next)
    scores.append(last.hiddenScore)
    let old = model
    model = try old.withPrincipalFactors(last)
    if last.hiddenScore >= (scores.max() ?? -.infinity) { best = model }
    return values
  }

  /// Expectation and maximisation until the gain is small; the last E-step is that of the model.
  private mutating func learn(
    over fields: GappyStates, usesHidden: Bool, progress: () throws -> Void
  ) throws -> (values: [Double], last: FactorExpectation) {
    let valueCount = try (0..<fields.count).reduce(0) { $0 + (try fields.field($1)).states.count }
    var expectation = try model.expectation(over: fields, usesHidden: usesHidden, progress: progress)
    var values = [expectation.logLikelihood + model.logPrior]
    for _ in 0..<Self.iterationLimit {
      try model.maximise(expectation, over: fields, usesHidden: usesHidden)
      expectation = try model.expectation(over: fields, usesHidden: usesHidden, progress: progress)
      values.append(expectation.logLikelihood + model.logPrior)
      if values[values.count - 1] - values[values.count - 2] < Self.smallestGain * Double(valueCount) { break }
    }
    return (values, expectation)
  }
}

extension FactorModel {
  /// The same model with `count` factors: directions in which the residuals of fields vary are added, by one step of a
  /// randomised range finder in which what was not measured counts as no residual. `progress` is called after each field.
  func growing(
    to count: Int, over fields: GappyStates, random: RandomStream, progress: () throws -> Void
  ) throws -> FactorModel {
    let (d, added) = (stateCount, count - factorCount)
    guard added > 0 else { return self }
    var stream = random
    let directions: Tensor<Double> = stream.normals([d, added])
    var sketch = [Double](repeating: 0, count: d * added)
    for position in 0..<fields.count {
      let field = try fields.field(position)
      let values = field.values(hidden: false)
      let posterior = try posterior(given: values, terms: field.terms)
      let rows = coefficients.gatheringRows(values.states)
      let expected = matrixProduct(rows, Tensor(field.terms + posterior.mean, shape: [width, 1])).scalars
      var projection = [Double](repeating: 0, count: added)
      let residuals = zip(values.anomalies, expected).map { $0 - $1 }
      directions.withUnsafeScalars { directions in
        for (i, state) in values.states.enumerated() {
          for a in 0..<added { projection[a] += residuals[i] * directions[state * added + a] }
        }
      }
      for (i, state) in values.states.enumerated() {
        for a in 0..<added { sketch[state * added + a] += residuals[i] * projection[a] }
      }
      try progress()
    }
    // Orthonormal directions, each with the residual variance that it has to explain.
    let basis = try orthonormalised(Tensor(sketch, shape: [d, added]))
    let variance = residualVariance.reduce(0, +) / Double(max(1, d))
    let size = (0.5 * variance * Double(d) / Double(max(1, added))).squareRoot()
    let width = termCount + count
    let old = coefficients
    let grown = Tensor<Double>(shape: [d, width]) { out in
      for state in 0..<d {
        for a in 0..<self.width { out[state * width + a] = old[state, a] }
        for a in 0..<added { out[state * width + self.width + a] = size * basis[state, a] }
      }
    }
    // Loadings of a new factor are known to be about as large as what is left to explain.
    let precision = Double(max(1, added)) / max(variance, 1e-3)
    return FactorModel(
      coefficients: grown, residualVariance: residualVariance,
      ridge: ridge + [Double](repeating: precision, count: added), termCount: termCount)
  }

  /// The same covariance with orthogonal factors, largest first, whose prior is that of their own size: factors that explain
  /// little are known to have small loadings.
  ///
  /// - Parameter expectation: what the E-step with these parameters found.
  func withPrincipalFactors(_ expectation: FactorExpectation) throws -> FactorModel {
    let (k, t, d) = (factorCount, termCount, stateCount)
    guard k > 0 else { return self }
    // E[z·zᵀ] over fields is the identity at the maximum; elsewhere its root belongs to the loadings.
    let n = Double(expectation.means.rowCount)
    let sums = expectation.moments.columnSums().map { $0 / n }
    var moment = Tensor<Double>.zeros([k, k])
    for a in 0..<k {
      for b in 0...a {
        let (row, column) = (a + t, b + t)
        moment[a, b] = sums[row * (row + 1) / 2 + column]
        moment[b, a] = moment[a, b]
      }
    }
    let root = try CholeskyFactor(moment)
    // Rows of W·L: each is Lᵀ times the loadings of a state.
    var lower = root.lower
    for a in 0..<k { for b in (a + 1)..<max(a + 1, k) { lower[a, b] = 0 } }
    let scaled = matrixProduct(loadings, lower)
    let (_, vectors) = try symmetricEigendecomposition(gramMatrix(scaled, transposeFirst: true))
    let rotated = matrixProduct(scaled, vectors, transposingSecond: true)
    let norms = rotated.columnSquaredNorms()
    let old = coefficients
    let coefficients = Tensor<Double>(shape: [d, t + k]) { out in
      for state in 0..<d {
        for a in 0..<t { out[state * (t + k) + a] = old[state, a] }
        for a in 0..<k { out[state * (t + k) + t + a] = rotated[state, a] }
      }
    }
    let ridges = norms.map { Double(d) / max($0, 1e-6 * Double(d)) }
    return FactorModel(
      coefficients: coefficients, residualVariance: residualVariance, ridge: Array(ridge.prefix(t)) + ridges,
      termCount: t)
  }

  /// Modes and residual variances. The factors have to be orthogonal, as ``withPrincipalFactors(_:)`` makes them.
  package var functions: EmpiricalOrthogonalFunctions {
    let modes = loadings.transposed()
    let deviations = loadings.columnSquaredNorms().map { Float($0.squareRoot()) }
    return EmpiricalOrthogonalFunctions(
      scaledModes: modes.converted(to: Float.self), standardDeviations: deviations,
      residualVariance: residualVariance.map(Float.init))
  }
}
