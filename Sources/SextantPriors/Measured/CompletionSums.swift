// Expectation and maximisation of a whole covariance from measured fields. Under a Gaussian with covariance K, field i with
// y = H·x + noise, with H a selection or any sparse operator, has the posterior mean K·Hᵀ·α with α = S⁻¹·a, S = H·K·Hᵀ + R, and the
// posterior covariance K − K·Hᵀ·S⁻¹·H·K. The mean over fields of E[x·xᵀ] is therefore, exactly,
//
//   K + K·G·K,  G = mean of Hᵀ·(α·αᵀ − S⁻¹)·H,
//
// so each field costs one factorisation of its own measured values, which neighbours in the archive that were measured at the same
// places with the same noise share, and the uncertainty of every completion is in the result. Its leading modes are those of the
// next prior. (Dempster, Laird and Rubin 1977; for ensembles of completions in place of this sum, Rozet and others 2024.) The M-step
// of the two-scale prior is beside its training.

import Foundation
import SextantArrays

/// Sums over measured fields under one covariance, from which the next covariance and mean follow.
package struct CompletionSums: Sendable {
  private var adjoints: AdjointSums
  /// The sum of Hᵀ·S⁻¹·H (d×d), its lower triangle: what the fields say of a mean.
  private var information: Tensor<Double>
  /// The sum of t·tᵀ (terms × terms).
  private var terms: Tensor<Double>
  /// The number of fields.
  package private(set) var count = 0
  /// The logarithm of the likelihood of the fields.
  package private(set) var logLikelihood = 0.0

  package init(stateCount: Int, termCount: Int) {
    adjoints = AdjointSums(stateCount: stateCount, termCount: termCount)
    information = .zeros([stateCount, stateCount])
    terms = .zeros([termCount, termCount])
  }

  /// Adds fields.
  ///
  /// - Parameters:
  ///   - fields: the measured fields.
  ///   - covariance: K (d×d).
  ///   - climatology: the mean of the states as coefficients of the regressors (terms × d).
  ///   - progress: called after each field is read; may throw to interrupt.
  /// - Throws: `LinearAlgebraError` where the covariance of the values is not positive definite.
  package mutating func add(
    _ fields: GappyStates, covariance: Tensor<Double>, climatology: Tensor<Double>, progress: () throws -> Void = {}
  ) throws {
    var alike: AlikeFields?
    for position in 0..<fields.count {
      let field = try fields.field(position)
      let (values, t) = (field.values, field.terms)
      count += 1
      for a in t.indices { for b in t.indices { terms[a, b] += t[a] * t[b] } }
      if values.count > 0 {
        if alike.map({ !$0.values.isMeasured(as: values) }) ?? true {
          close(&alike)
          alike = try AlikeFields(values, covariance: covariance)
        }
        alike?.append(Self.anomalies(of: values, terms: t, climatology: climatology), terms: t)
        if alike?.waiting == AdjointSums.batch { solve(&alike) }
      }
      try progress()
    }
    close(&alike)
    adjoints.flush()
  }

  /// Solves for the fields that are waiting.
  private mutating func solve(_ alike: inout AlikeFields?) {
    logLikelihood -= 0.5 * (alike?.solve(into: &adjoints) ?? 0)
  }

  /// Adds what fields that are alike have in common.
  private mutating func close(_ alike: inout AlikeFields?) {
    solve(&alike)
    guard let fields = alike else { return }
    let number = Double(fields.count)
    logLikelihood -= 0.5 * number * (fields.factor.logDeterminant + Double(fields.values.count) * log(2 * Double.pi))
    fields.values.addPrecision(fields.factor.inverse(), times: number, to: &information)
  }

  /// Adds the sums of other fields under the same covariance.
  package mutating func add(_ other: CompletionSums) {
    adjoints.add(other.adjoints)
    information.add(other.information)
    terms.add(other.terms)
    count += other.count
    logLikelihood += other.logLikelihood
  }

  /// The covariance (d×d) and the climatology (terms × d) that the fields suggest, and the sampling covariance of this climatology
  /// (d×d).
  ///
  /// - Parameters:
  ///   - covariance: K, under which the fields were added.
  ///   - climatology: their mean then.
  ///   - precision: the precision of the prior of each coefficient of the climatology, about 0, as a multiple of (K + v·I)⁻¹.
  ///   - ownVariances: v; of several, the one under which the fields are likeliest.
  package func maximum(
    covariance: Tensor<Double>, climatology: Tensor<Double>, precision: [Double], ownVariances: [Double] = [1]
  ) throws -> (covariance: Tensor<Double>, climatology: Tensor<Double>, uncertainty: Tensor<Double>) {
    let share = 1 / Double(max(1, count))
    let posterior = try ClimatologyPosterior(
      climatology: climatology, precision: precision, anomalies: covariance, ownVariances: ownVariances,
      slopes: adjoints.slopes, information: information, terms: terms, count: count)
    var whole = adjoints.squares
    whole.add(information, scaledBy: -1)
    whole.mirrorLowerTriangle()
    var result = matrixProduct(matrixProduct(covariance, whole), covariance)
    result.withUnsafeMutableScalars { out in
      covariance.withUnsafeScalars { k in for i in out.indices { out[i] = k[i] + share * out[i] } }
    }
    // The second moment about the new mean: − Cᵀ·δ − δᵀ·C + δᵀ·T·δ with C = Σ t·xᵀ = (Σ t·(Hᵀ·α)ᵀ)·K.
    let completions = matrixProduct(adjoints.slopes, covariance)
    let half = completions - matrixProduct(terms, posterior.shift) * 0.5
    let moved = matrixProduct(half, posterior.shift, transposingFirst: true)
    result.add(moved, scaledBy: -share)
    result.add(moved.transposed(), scaledBy: -share)
    return (result, climatology + posterior.shift, posterior.covariance)
  }

  /// The anomalies about a climatology (m).
  static func anomalies(of values: ObservedStates, terms: [Double], climatology: Tensor<Double>) -> [Double] {
    let d = climatology.columnCount
    return climatology.withUnsafeScalars { mean in
      let expected = values.observed { state in
        terms.indices.reduce(0.0) { $0 + terms[$1] * mean[$1 * d + state] }
      }
      return zip(values.anomalies, expected).map { $0 - $1 }
    }
  }

  /// The prediction of hidden values from the others of a field.
  ///
  /// - Parameters:
  ///   - field: the field.
  ///   - mask: another field, whose gaps hide the values: gaps of the archive's own kind, which clouds are and single values are
  ///     not. Where these hide nothing or everything, the values are those that are hidden from learning.
  ///   - covariance: K (d×d).
  ///   - climatology: the mean of the states as coefficients of the regressors (terms × d).
  package static func score(
    _ field: GappyField, under mask: GappyField, covariance: Tensor<Double>, climatology: Tensor<Double>
  ) throws -> HiddenScore {
    let isThere = Set(mask.states)
    var (seen, hidden) = (field.values { isThere.contains($0) }, field.values { !isThere.contains($0) })
    if seen.count == 0 || hidden.count == 0 { (seen, hidden) = (field.values(hidden: false), field.values(hidden: true)) }
    var score = HiddenScore()
    guard seen.count > 0, hidden.count > 0 else { return score }
    let factor = try CholeskyFactor(seen.innovation(under: covariance))
    let cross = hidden.covariance(with: seen, under: covariance)
    let alpha = factor.solve(Tensor(anomalies(of: seen, terms: field.terms, climatology: climatology)))
    let mean = matrixProduct(cross, alpha.reshaped(to: [seen.count, 1])).scalars
    let explained = factor.solveLower(rows: cross)
    let truth = anomalies(of: hidden, terms: field.terms, climatology: climatology)
    let products = (explained * explained).scalars
    let priorVariances = hidden.variances(under: covariance)
    for i in 0..<hidden.count {
      var variance = priorVariances[i] + hidden.noiseVariance[i]
      for j in 0..<seen.count { variance -= products[i * seen.count + j] }
      score.add(error: truth[i] - mean[i], variance: variance)
    }
    return score
  }
}

/// How well hidden values were predicted.
package struct HiddenScore: Sendable, Equatable, Codable {
  private var logDensitySum = 0.0
  private var squaredErrorSum = 0.0
  private var varianceSum = 0.0
  /// The number of hidden values.
  package private(set) var count = 0

  package init() {}

  /// Adds a value whose error has this predicted variance, noise included.
  mutating func add(error: Double, variance: Double) {
    let variance = max(variance, 1e-12)
    logDensitySum -= 0.5 * (error * error / variance + log(2 * Double.pi * variance))
    squaredErrorSum += error * error
    varianceSum += variance
    count += 1
  }

  /// Adds the values of another score.
  package mutating func add(_ other: HiddenScore) {
    logDensitySum += other.logDensitySum
    squaredErrorSum += other.squaredErrorSum
    varianceSum += other.varianceSum
    count += other.count
  }

  /// The mean logarithm of the predictive density.
  package var logDensity: Double { logDensitySum / Double(max(1, count)) }
  /// The root mean square error.
  package var error: Double { (squaredErrorSum / Double(max(1, count))).squareRoot() }
  /// The predicted spread over the error.
  package var spreadOverError: Double { (varianceSum / max(squaredErrorSum, .leastNormalMagnitude)).squareRoot() }
}

extension EmpiricalOrthogonalFunctions {
  /// The leading modes of a covariance (d×d), and the variance that they leave.
  package init(ofCovariance covariance: Tensor<Double>, modeCount: Int) throws {
    let d = covariance.columnCount
    let (values, vectors) = try symmetricEigendecomposition(covariance, count: modeCount)
    let kept = min(modeCount, values.prefix { $0 > 1e-9 * max(values.first ?? 0, .leastNormalMagnitude) }.count)
    let deviations = values.prefix(kept).map { Float($0.squareRoot()) }
    let modes = vectors.rows(0..<kept).converted(to: Float.self).scalingRows(by: deviations)
    let held = modes.columnSquaredNorms()
    self.init(
      scaledModes: modes, standardDeviations: deviations,
      residualVariance: (0..<d).map { Float(max(0, covariance[$0, $0] - held[$0])) })
  }
}
