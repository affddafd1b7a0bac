// The climatology given measured fields, under a covariance of the anomalies: generalised least squares, in which a measured
// value tells of the mean of its neighbours as far as their anomalies are alike, and the uncertainty that is left.
//
// The prior of the coefficients is D⊗P⁻¹ about 0 with P = K + I. A variance that is the same for each state alone, I, would hold the
// leading modes back, along which the anomalies are large and many fields say little; K alone would hold back what anomalies never
// look like. With the regressors tᵢ of field i, the posterior precision is D⊗P⁻¹ + Σ (tᵢ·tᵢᵀ)⊗(Hᵢᵀ·Sᵢ⁻¹·Hᵢ). It is taken for
// D⊗P⁻¹ + (T/N)⊗A with T = Σ t·tᵀ and A = Σ Hᵀ·S⁻¹·H, so that it falls into one d×d matrix for each regressor: exact for one
// regressor, and otherwise for gaps that are unrelated to the season. The gradient is exact, so that the climatology at which the
// steps end is too. With P = L·Lᵀ everything is in coordinates in which the prior is white.
//
// What is not known of the climatology is the sampling covariance of this mean, C − C·P⁻¹·C with C the posterior covariance: what it would
// vary from archive to archive. C itself is P in every direction that no field shows, such as the details within the pixels of a reduced
// image, and a covariance of the fields to which it was added in each round would double there from round to round.

import SextantArrays

/// What measured fields say of the climatology.
struct ClimatologyPosterior {
  /// The change of the coefficients to their posterior mean (terms × d).
  let shift: Tensor<Double>
  /// The sampling covariance of the posterior mean, averaged over the seasons of the fields (d×d).
  let covariance: Tensor<Double>

  /// - Parameters:
  ///   - climatology: the coefficients now (terms × d).
  ///   - precision: D, the precision of their prior about 0 (terms).
  ///   - anomalies: K (d×d), the covariance of the anomalies.
  ///   - slopes: Σ t·(Hᵀ·α)ᵀ, the gradient of the logarithm of the likelihood (terms × d).
  ///   - information: A (d×d), of which the lower triangle is read.
  ///   - terms: T (terms × terms).
  ///   - count: N.
  /// - Throws: `LinearAlgebraError` where K is not positive semidefinite.
  init(
    climatology: Tensor<Double>, precision: [Double], anomalies: Tensor<Double>, slopes: Tensor<Double>,
    information: consuming Tensor<Double>, terms: Tensor<Double>, count: Int
  ) throws {
    let (q, d, share) = (precision.count, climatology.columnCount, 1 / Double(max(1, count)))
    let (roots, inverseRoots) = (precision.map { $0.squareRoot() }, precision.map { 1 / $0.squareRoot() })
    var wide = anomalies
    for j in 0..<d { wide[j, j] += 1 }
    let root = try CholeskyFactor(wide)
    information.mirrorLowerTriangle()
    var lower = root.lower
    for i in 0..<d { for j in (i + 1)..<d { lower[i, j] = 0 } }
    // Lᵀ·A·L, and the gradient with regard to the white coefficients D^½·B·L⁻ᵀ.
    let white = matrixProduct(lower, matrixProduct(information, lower), transposingFirst: true)
    let gradient =
      matrixProduct(slopes.scalingRows(by: inverseRoots), lower)
      - root.solveLower(rows: climatology.scalingRows(by: roots))
    // Rows of `vectors` are the regressors, scaled by the prior, that the fields tell apart.
    let (values, vectors) = try symmetricEigendecomposition(
      terms.scalingRows(by: inverseRoots).scalingColumns(by: inverseRoots))
    let rotated = matrixProduct(vectors, gradient)
    var (moved, covariance) = (Tensor<Double>.zeros([q, d]), Tensor<Double>.zeros([d, d]))
    for row in 0..<q {
      let weight = max(0, values[row]) * share
      var matrix = white * weight
      for j in 0..<d { matrix[j, j] += 1 }
      let factor = try CholeskyFactor(matrix)
      moved.replaceRows(from: row, with: factor.solve(Tensor(rotated.row(row).scalars)).reshaped(to: [1, d]))
      if weight > 0 {
        let inverse = factor.inverse()
        covariance.add(inverse - matrixProduct(inverse, inverse), scaledBy: weight)
      }
    }
    shift = root.multiplyLower(rows: matrixProduct(vectors, moved, transposingFirst: true)).scalingRows(by: inverseRoots)
    // L·C·Lᵀ.
    self.covariance = root.multiplyLower(rows: root.multiplyLower(rows: covariance).transposed())
  }
}
