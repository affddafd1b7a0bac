// A Gaussian posterior over k coefficients, given by its mean and the Cholesky factor of its precision, and the affine
// maps between standard coordinates u and coefficients w = m + L⁻ᵀu as tape operations. The rows of a batch may belong
// to several posteriors. No gradient flows to m and L, which come from a prior and a measurement and are not trained.

import Foundation
import SextantArrays
import SextantAutodiff

/// N(m, (L·Lᵀ)⁻¹) over k coefficients.
public struct GaussianCoefficients<Scalar: TensorScalar>: Sendable {
  /// m, with k entries.
  public let mean: Tensor<Scalar>
  /// L (k×k), zero above the diagonal.
  let lower: Tensor<Scalar>
  /// log|det L|.
  public let logDeterminant: Double

  /// The number k of coefficients.
  public var count: Int { mean.count }

  /// - Parameters:
  ///   - mean: m, with k entries.
  ///   - precisionFactor: the Cholesky factor L of the precision P = L·Lᵀ (k×k), in any numerical precision.
  public init<Source: TensorScalar>(mean: Tensor<Source>, precisionFactor: CholeskyFactor<Source>) {
    let k = mean.count
    precondition(precisionFactor.size == k, "A factor of size \(precisionFactor.size) for \(k) coefficients")
    self.mean = mean.converted(to: Scalar.self).reshaped(to: [k])
    var lower = precisionFactor.lower.converted(to: Scalar.self)
    lower.withUnsafeMutableScalars { l in
      for i in 0..<k { for j in (i + 1)..<max(k, i + 1) { l[i * k + j] = 0 } }
    }
    self.lower = lower
    logDeterminant = precisionFactor.logDeterminant / 2
  }

  /// Rows·L⁻¹: each row u as L⁻ᵀu.
  func unwhitening(_ rows: Tensor<Scalar>) -> Tensor<Scalar> {
    CholeskyFactor(lower: lower).solveLowerTransposed(rows: rows)
  }

  /// Rows·L⁻ᵀ: the adjoint of ``unwhitening(_:)``.
  func unwhiteningAdjoint(_ rows: Tensor<Scalar>) -> Tensor<Scalar> {
    CholeskyFactor(lower: lower).solveLower(rows: rows)
  }

  /// `count` rows, each equal to `factor` times the mean.
  func meanRows(_ count: Int, times factor: Scalar) -> Tensor<Scalar> {
    (mean * factor).reshaped(to: [1, self.count]).gatheringRows(Array(repeating: 0, count: count))
  }
}

/// The assignment of a batch's rows to posteriors.
struct PosteriorRows<Scalar: TensorScalar>: Sendable {
  let posteriors: [GaussianCoefficients<Scalar>]
  /// The rows of each posterior, in ascending order.
  private let rows: [[Int]]

  /// Assigns equally many consecutive rows to each posterior.
  init(_ posteriors: [GaussianCoefficients<Scalar>], sharedBy count: Int) {
    precondition(
      !posteriors.isEmpty && count % posteriors.count == 0, "\(count) rows for \(posteriors.count) posteriors")
    let share = count / posteriors.count
    self.init(posteriors, of: (0..<count).map { $0 / share })
  }

  /// Assigns row i to posterior `assignment[i]`.
  init(_ posteriors: [GaussianCoefficients<Scalar>], of assignment: [Int]) {
    self.posteriors = posteriors
    var rows = [[Int]](repeating: [], count: posteriors.count)
    for (row, posterior) in assignment.enumerated() { rows[posterior].append(row) }
    self.rows = rows
  }

  /// log|det L| of the posterior of each row: [B].
  var logDeterminants: Tensor<Scalar> {
    var result = Tensor<Scalar>.zeros([rows.reduce(0) { $0 + $1.count }])
    for (posterior, rows) in zip(posteriors, rows) {
      for row in rows { result[row] = Scalar(posterior.logDeterminant) }
    }
    return result
  }

  /// w = m + L⁻ᵀu for each row u of B×k.
  func coefficients(_ u: DifferentiableTensor<Scalar>) -> DifferentiableTensor<Scalar> {
    let value = mapping(u.value) { posterior, rows in
      posterior.unwhitening(rows) + posterior.meanRows(rows.rowCount, times: 1)
    }
    return u.tape.record(value, operation: "coefficients of a Gaussian posterior", from: [u]) { gradient, cotangents in
      cotangents.add(mapping(gradient) { $0.unwhiteningAdjoint($1) }, to: u)
    }
  }

  /// u = Lᵀ(w − m) for each row w of B×k.
  func standardised(_ w: DifferentiableTensor<Scalar>) -> DifferentiableTensor<Scalar> {
    let value = mapping(w.value) { posterior, rows in
      matrixProduct(rows + posterior.meanRows(rows.rowCount, times: -1), posterior.lower)
    }
    return w.tape.record(value, operation: "standardised coefficients", from: [w]) { gradient, cotangents in
      cotangents.add(mapping(gradient) { matrixProduct($1, $0.lower, transposingSecond: true) }, to: w)
    }
  }

  private func mapping(
    _ values: Tensor<Scalar>, _ transform: (GaussianCoefficients<Scalar>, Tensor<Scalar>) -> Tensor<Scalar>
  ) -> Tensor<Scalar> {
    var result = Tensor<Scalar>.zeros(values.shape)
    for (posterior, rows) in zip(posteriors, rows) where !rows.isEmpty {
      let moved = transform(posterior, rows.count == values.rowCount ? values : values.gatheringRows(rows))
      if rows.count == values.rowCount { return moved }
      for (i, row) in rows.enumerated() { result.replaceRows(from: row, with: moved.rows(i..<i + 1)) }
    }
    return result
  }
}
