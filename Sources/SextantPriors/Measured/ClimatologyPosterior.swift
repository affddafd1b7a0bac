// The climatology given measured fields, under a covariance of the anomalies: generalised least squares, in which a measured
// value tells of the mean of its neighbours as far as their anomalies are alike, and the uncertainty that is left.
//
// With the regressors tᵢ of field i, the precision of the coefficients is D⊗I + Σ (tᵢ·tᵢᵀ)⊗(Hᵢᵀ·Sᵢ⁻¹·Hᵢ). It is taken for
// D⊗I + (T/N)⊗A with T = Σ t·tᵀ and A = Σ Hᵀ·S⁻¹·H, so that it falls into one d×d matrix for each regressor: exact for one
// regressor, and otherwise for gaps that are unrelated to the season. The gradient is exact, so that the climatology at which the
// steps end is too.

import SextantArrays

/// What measured fields say of the climatology.
struct ClimatologyPosterior {
  /// The change of the coefficients to their posterior mean (terms × d).
  let shift: Tensor<Double>
  /// The posterior covariance of the climatology, averaged over the seasons of the fields (d×d).
  let covariance: Tensor<Double>

  /// - Parameters:
  ///   - climatology: the coefficients now (terms × d), with a prior about 0.
  ///   - precision: D, the precision of that prior (terms).
  ///   - slopes: Σ t·(Hᵀ·α)ᵀ, the gradient of the logarithm of the likelihood (terms × d).
  ///   - information: A (d×d), of which the lower triangle is read.
  ///   - terms: T (terms × terms).
  ///   - count: N.
  init(
    climatology: Tensor<Double>, precision: [Double], slopes: Tensor<Double>, information: Tensor<Double>,
    terms: Tensor<Double>, count: Int
  ) throws {
    let (q, d, share) = (precision.count, climatology.columnCount, 1 / Double(max(1, count)))
    let roots = precision.map { 1 / $0.squareRoot() }
    let gradient = slopes - climatology.scalingRows(by: precision)
    // Rows of `vectors` are the regressors, scaled by the prior, that the fields tell apart.
    let (values, vectors) = try symmetricEigendecomposition(terms.scalingRows(by: roots).scalingColumns(by: roots))
    let rotated = matrixProduct(vectors, gradient.scalingRows(by: roots))
    var (moved, covariance) = (Tensor<Double>.zeros([q, d]), Tensor<Double>.zeros([d, d]))
    for row in 0..<q {
      let weight = max(0, values[row]) * share
      var matrix = information * weight
      for j in 0..<d { matrix[j, j] += 1 }
      let factor = try CholeskyFactor(matrix)
      moved.replaceRows(from: row, with: factor.solve(Tensor(rotated.row(row).scalars)).reshaped(to: [1, d]))
      if weight > 0 { covariance.add(factor.inverse(), scaledBy: weight) }
    }
    shift = matrixProduct(vectors, moved, transposingFirst: true).scalingRows(by: roots)
    self.covariance = covariance
  }
}
