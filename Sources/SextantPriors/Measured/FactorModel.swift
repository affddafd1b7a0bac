// Factor analysis of fields with gaps and noise: x = B·t + W·z + ε with z ~ N(0, I) and ε ~ N(0, Ψ), Ψ diagonal; each field
// gives y = x + noise at its measured states alone. t are the regressors of the season, so the climatology is learned with
// the modes. (Rubin and Thayer 1982; with missing entries, Ilin and Raiko 2010.)
//
// This file holds the model and the E-step, which is exact and in the space of the k factors; maximisation is beside it.

import Foundation
import SextantArrays

/// The parameters of a factor analysis over d states.
package struct FactorModel: Sendable, Equatable {
  /// The rows (B, W) of each state (d×q): q = regressors of the climatology and k loadings.
  package internal(set) var coefficients: Tensor<Double>
  /// The diagonal of Ψ (d).
  package internal(set) var residualVariance: [Double]
  /// The precision of the normal prior of each coefficient (q), about 0.
  package internal(set) var ridge: [Double]
  /// The number of regressors of the climatology.
  package let termCount: Int

  package init(coefficients: Tensor<Double>, residualVariance: [Double], ridge: [Double], termCount: Int) {
    precondition(
      coefficients.shape == [residualVariance.count, ridge.count] && termCount <= ridge.count,
      "Coefficients of shape \(coefficients.shape)")
    self.coefficients = coefficients
    self.residualVariance = residualVariance
    self.ridge = ridge
    self.termCount = termCount
  }

  /// q.
  var width: Int { ridge.count }
  /// k.
  package var factorCount: Int { width - termCount }
  /// d.
  package var stateCount: Int { residualVariance.count }

  /// Takes variances (d) out of the residual ones, of which a twentieth stays at least.
  package mutating func subtract(variances: [Double]) {
    residualVariance = zip(residualVariance, variances).map { max(0.05 * $0, $0 - $1) }
  }

  /// W, the loadings of each state (d×k).
  package var loadings: Tensor<Double> { coefficients.columns(termCount..<width) }

  /// The corrections of the climatology (terms × d), standardised.
  package var climatology: Tensor<Double> { coefficients.columns(0..<termCount).transposed() }
}

/// What the E-step finds of all fields.
package struct FactorExpectation: Sendable {
  /// The lower triangle of E[u·uᵀ] of each field, u = (t, z), packed by rows (N×p).
  var moments: Tensor<Double>
  /// E[u] of each field (N×q).
  package fileprivate(set) var means: Tensor<Double>
  /// The logarithm of the likelihood of the values that learning sees.
  package fileprivate(set) var logLikelihood = 0.0
  /// The sum of the logarithms of the predictive densities of the hidden values, and their number.
  package fileprivate(set) var hidden = (logDensity: 0.0, squaredError: 0.0, count: 0)

  /// The mean logarithm of the predictive density of a hidden value.
  package var hiddenScore: Double { hidden.logDensity / Double(max(1, hidden.count)) }
  /// The root mean square error at the hidden values, standardised.
  package var hiddenError: Double { (hidden.squaredError / Double(max(1, hidden.count))).squareRoot() }
}

/// The posterior of the factors of one field.
package struct FactorPosterior: Sendable {
  /// E[z] (k).
  package let mean: [Double]
  /// The Cholesky factor of the posterior precision (k×k).
  package let precision: CholeskyFactor<Double>
  /// log p(y).
  package let logLikelihood: Double

  /// A draw of the factors (k).
  package func sample(using random: inout RandomStream) -> [Double] {
    let white: Tensor<Double> = random.normals([1, mean.count])
    return zip(mean, precision.solveLowerTransposed(rows: white).scalars).map { $0 + $1 }
  }
}

extension FactorModel {
  /// The exact posterior of the factors given values of states: precision I + Wᵀ·V⁻¹·W with V = Ψ + R.
  package func posterior(given values: ObservedStates, terms: [Double]) throws -> FactorPosterior {
    let (m, k, q, t) = (values.count, factorCount, width, termCount)
    let rows = coefficients.gatheringRows(values.states)
    var right = [Double](repeating: 0, count: k)
    var (square, logVariance) = (0.0, 0.0)
    let weighted = Tensor<Double>(shape: [m, k]) { out in
      rows.withUnsafeScalars { rows in
        for i in 0..<m {
          var residual = values.anomalies[i]
          for p in 0..<t { residual -= rows[i * q + p] * terms[p] }
          let variance = residualVariance[values.states[i]] + values.noiseVariance[i]
          let root = 1 / variance.squareRoot()
          square += residual * residual / variance
          logVariance += log(variance)
          for a in 0..<k {
            let w = rows[i * q + t + a] * root
            out[i * k + a] = w
            right[a] += w * root * residual
          }
        }
      }
    }
    var precision = gramMatrix(weighted, transposeFirst: true)
    for a in 0..<k { precision[a, a] += 1 }
    let factor = try CholeskyFactor(precision)
    let mean = factor.solve(Tensor(right)).scalars
    let explained = zip(mean, right).reduce(0.0) { $0 + $1.0 * $1.1 }
    return FactorPosterior(
      mean: mean, precision: factor,
      logLikelihood: -0.5 * (square - explained + logVariance + factor.logDeterminant + Double(m) * log(2 * Double.pi)))
  }

  /// The E-step over all fields.
  ///
  /// - Parameters:
  ///   - fields: the measured fields.
  ///   - usesHidden: whether the hidden values are learned from as well; otherwise they are scored.
  ///   - progress: called after each field; may throw to interrupt.
  package func expectation(
    over fields: GappyStates, usesHidden: Bool, progress: () throws -> Void = {}
  ) throws -> FactorExpectation {
    let (n, k, q, t) = (fields.count, factorCount, width, termCount)
    let packed = q * (q + 1) / 2
    var result = FactorExpectation(moments: .zeros([n, packed]), means: .zeros([n, q]))
    for position in 0..<n {
      let field = try fields.field(position)
      let posterior = try posterior(given: usesHidden ? field.values : field.values(hidden: false), terms: field.terms)
      result.logLikelihood += posterior.logLikelihood
      let covariance = posterior.precision.inverse()
      let mean = field.terms + posterior.mean
      if !usesHidden { score(field.values(hidden: true), mean: mean, covariance: covariance, into: &result) }
      result.means.withUnsafeMutableScalars { out in for a in 0..<q { out[position * q + a] = mean[a] } }
      result.moments.withUnsafeMutableScalars { out in
        covariance.withUnsafeScalars { covariance in
          var slot = position * packed
          for a in 0..<q {
            for b in 0...a {
              out[slot] = mean[a] * mean[b] + (b >= t ? covariance[(a - t) * k + b - t] : 0)
              slot += 1
            }
          }
        }
      }
      try progress()
    }
    return result
  }

  /// The predictive density of hidden values.
  private func score(
    _ hidden: ObservedStates, mean: [Double], covariance: Tensor<Double>, into result: inout FactorExpectation
  ) {
    guard hidden.count > 0 else { return }
    let rows = coefficients.gatheringRows(hidden.states)
    let expected = matrixProduct(rows, Tensor(mean, shape: [width, 1])).scalars
    let loadings = rows.columns(termCount..<width)
    let products = (matrixProduct(loadings, covariance) * loadings).scalars
    for i in 0..<hidden.count {
      var variance = residualVariance[hidden.states[i]] + hidden.noiseVariance[i]
      for a in 0..<factorCount { variance += products[i * factorCount + a] }
      let error = hidden.anomalies[i] - expected[i]
      result.hidden.logDensity -= 0.5 * (error * error / variance + log(2 * Double.pi * variance))
      result.hidden.squaredError += error * error
      result.hidden.count += 1
    }
  }
}
