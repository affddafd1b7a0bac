// The climatology given measured fields, under a covariance of the anomalies: generalised least squares, in which a measured
// value tells of the mean of its neighbours as far as their anomalies are alike, and the uncertainty that is left.
//
// The prior of the coefficients is D⊗P⁻¹ about 0 with P = K + v·I. A variance that is the same for each state alone, v·I, would hold the
// leading modes back, along which the anomalies are large and many fields say little; K alone would hold back what anomalies never
// look like. Where values are those of an operator that hides details, such as a blur, v is found: of details in which anomalies hardly
// vary, a large v would make noise in the mean of all answers. With the regressors tᵢ of field i, the posterior precision is
// D⊗P⁻¹ + Σ (tᵢ·tᵢᵀ)⊗(Hᵢᵀ·Sᵢ⁻¹·Hᵢ). It is taken for D⊗P⁻¹ + (T/N)⊗A with T = Σ t·tᵀ and A = Σ Hᵀ·S⁻¹·H, so that it falls into one d×d
// matrix for each regressor: exact for one regressor, and otherwise for gaps that are unrelated to the season. The gradient is exact, so
// that the climatology at which the steps end is too. With P = L·Lᵀ everything is in coordinates in which the prior is white.
//
// What is not known of the climatology is the sampling covariance of this mean, C − C·P⁻¹·C with C the posterior covariance: what it would
// vary from archive to archive. C itself is P in every direction that no field shows, such as the details within the pixels of a reduced
// image.

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
  ///   - ownVariances: v, the variance of each state alone in the prior; of several, the one under which the fields are likeliest.
  ///   - slopes: Σ t·(Hᵀ·α)ᵀ, the gradient of the logarithm of the likelihood (terms × d).
  ///   - information: A (d×d), of which the lower triangle is read.
  ///   - terms: T (terms × terms).
  ///   - count: N.
  /// - Throws: `LinearAlgebraError` where K is not positive semidefinite.
  init(
    climatology: Tensor<Double>, precision: [Double], anomalies: Tensor<Double>, ownVariances: [Double],
    slopes: Tensor<Double>, information: consuming Tensor<Double>, terms: Tensor<Double>, count: Int
  ) throws {
    let share = 1 / Double(max(1, count))
    let (roots, inverseRoots) = (precision.map { $0.squareRoot() }, precision.map { 1 / $0.squareRoot() })
    information.mirrorLowerTriangle()
    let seen = information
    // Rows of `vectors` are the regressors, scaled by the prior, that the fields tell apart.
    let (values, vectors) = try symmetricEigendecomposition(
      terms.scalingRows(by: inverseRoots).scalingColumns(by: inverseRoots))
    let weights = values.map { max(0, $0) * share }

    var best = (variance: ownVariances[0], evidence: -Double.infinity)
    if ownVariances.count > 1 {
      // The gradient at a climatology of 0.
      let origin = slopes + matrixProduct(matrixProduct(terms, climatology), seen) * share
      for variance in ownVariances {
        let prior = try WhitePrior(anomalies, ownVariance: variance)
        let (white, lower) = (prior.whitened(seen), prior.lower)
        let rotated = matrixProduct(vectors, matrixProduct(origin.scalingRows(by: inverseRoots), lower))
        var evidence = 0.0
        for (row, weight) in weights.enumerated() {
          let factor = try Self.precision(white, weight: weight)
          let explained = factor.solveLower(Tensor(rotated.row(row).scalars).reshaped(to: [rotated.columnCount, 1]))
          evidence += 0.5 * explained.dot(explained) - 0.5 * factor.logDeterminant
        }
        if evidence > best.evidence { best = (variance, evidence) }
      }
    }

    let prior = try WhitePrior(anomalies, ownVariance: best.variance)
    let white = prior.whitened(seen)
    // The gradient with regard to the white coefficients D^½·B·L⁻ᵀ.
    let gradient =
      matrixProduct(slopes.scalingRows(by: inverseRoots), prior.lower)
      - prior.root.solveLower(rows: climatology.scalingRows(by: roots))
    let rotated = matrixProduct(vectors, gradient)
    let (q, d) = (precision.count, climatology.columnCount)
    var (moved, covariance) = (Tensor<Double>.zeros([q, d]), Tensor<Double>.zeros([d, d]))
    for (row, weight) in weights.enumerated() {
      let factor = try Self.precision(white, weight: weight)
      moved.replaceRows(from: row, with: factor.solve(Tensor(rotated.row(row).scalars)).reshaped(to: [1, d]))
      if weight > 0 {
        let inverse = factor.inverse()
        covariance.add(inverse - matrixProduct(inverse, inverse), scaledBy: weight)
      }
    }
    shift = prior.root.multiplyLower(rows: matrixProduct(vectors, moved, transposingFirst: true)).scalingRows(by: inverseRoots)
    // L·C·Lᵀ.
    self.covariance = prior.root.multiplyLower(rows: prior.root.multiplyLower(rows: covariance).transposed())
  }

  /// The factor of I + w·Lᵀ·A·L.
  private static func precision(_ white: Tensor<Double>, weight: Double) throws -> CholeskyFactor<Double> {
    var matrix = white * weight
    for j in 0..<white.columnCount { matrix[j, j] += 1 }
    return try CholeskyFactor(matrix)
  }
}

/// The coordinates in which a prior of covariance P = K + v·I is white.
private struct WhitePrior {
  /// The factor of P.
  let root: CholeskyFactor<Double>
  /// L, with zeros above its diagonal (d×d).
  let lower: Tensor<Double>

  init(_ anomalies: Tensor<Double>, ownVariance: Double) throws {
    let d = anomalies.columnCount
    var wide = anomalies
    for j in 0..<d { wide[j, j] += ownVariance }
    root = try CholeskyFactor(wide)
    var lower = root.lower
    for i in 0..<d { for j in (i + 1)..<d { lower[i, j] = 0 } }
    self.lower = lower
  }

  /// Lᵀ·A·L.
  func whitened(_ information: Tensor<Double>) -> Tensor<Double> {
    matrixProduct(lower, matrixProduct(information, lower), transposingFirst: true)
  }
}
