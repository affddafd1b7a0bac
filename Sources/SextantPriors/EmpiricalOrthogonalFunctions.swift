// Empirical orthogonal functions: the leading modes of an archive's anomalies, and the residual variance.
//
// If the archive fits in memory, the modes are exact and computed from the smaller of the two Gram matrices. Otherwise
// a randomised range finder (Halko, Martinsson and Tropp 2011) reads the archive a few times in pieces. Anomalies must
// be centred and scaled; gaps (NaN) count as zero anomalies.

import SextantArrays

/// The leading modes of a set of anomalies.
public struct EmpiricalOrthogonalFunctions: Sendable {
  /// The modes, each multiplied by its standard deviation: k×d, orthogonal rows, largest first.
  public let scaledModes: Tensor<Float>
  /// The standard deviation of each mode's coefficient (k).
  public let standardDeviations: [Float]
  /// The residual variance of each state, which the modes do not explain (d).
  public let residualVariance: [Float]

  /// k.
  public var modeCount: Int { standardDeviations.count }
  /// d.
  public var stateCount: Int { residualVariance.count }

  /// The variance of each state, explained and residual (d).
  public var totalVariance: [Double] {
    zip(residualVariance, scaledModes.columnSquaredNorms()).map { Double($0) + $1 }
  }

  public init(scaledModes: Tensor<Float>, standardDeviations: [Float], residualVariance: [Float]) {
    precondition(
      scaledModes.shape == [standardDeviations.count, residualVariance.count], "Modes of shape \(scaledModes.shape)")
    self.scaledModes = scaledModes
    self.standardDeviations = standardDeviations
    self.residualVariance = residualVariance
  }

  /// The first `count` modes; the variance of the others is added to the residual variance.
  public func truncated(to count: Int) -> EmpiricalOrthogonalFunctions {
    guard count < modeCount else { return self }
    let dropped = scaledModes.rows(count..<modeCount).columnSquaredNorms()
    return EmpiricalOrthogonalFunctions(
      scaledModes: scaledModes.rows(0..<count), standardDeviations: Array(standardDeviations.prefix(count)),
      residualVariance: zip(residualVariance, dropped).map { $0 + Float($1) })
  }

  /// The coefficients of anomalies (N×d, NaN for a zero anomaly) in units of each mode's standard deviation (N×k).
  public func coefficients(of anomalies: Tensor<Float>) -> Tensor<Float> {
    matrixProduct(Self.withoutGaps(anomalies), scaledModes, transposingSecond: true)
      .scalingColumns(by: standardDeviations.map { 1 / ($0 * $0) })
  }

  /// The fraction of the total variance that the modes explain.
  public var explainedShare: Double {
    let held = standardDeviations.reduce(0.0) { $0 + Double($1) * Double($1) }
    let left = residualVariance.reduce(0.0) { $0 + Double($1) }
    return held + left > 0 ? held / (held + left) : 0
  }

  /// The exact modes of anomalies in memory (N×d, mean square = variance, NaN for a zero anomaly).
  ///
  /// - Parameters:
  ///   - anomalies: the anomalies (N×d), with NaN for a zero anomaly.
  ///   - modeCount: the largest number of modes k.
  ///   - weights: the weight of each field (N); nil for equal weights.
  ///   - progress: called between the products and the decomposition, each of which may take minutes; may throw to interrupt.
  public init(
    of anomalies: Tensor<Float>, modeCount: Int, weights: [Double]? = nil, progress: () throws -> Void = {}
  ) throws {
    let (fields, d) = (anomalies.rowCount, anomalies.columnCount)
    let total = weights?.reduce(0, +) ?? Double(fields)
    let factors = (0..<fields).map { Float(((weights?[$0] ?? 1) / total).squareRoot()) }
    let scaled = Self.withoutGaps(anomalies).scalingRows(by: factors)
    let variance = scaled.columnSquaredNorms()
    // The eigenvectors of either Gram matrix give the same modes. Double precision, because a Gram matrix squares the
    // condition number.
    let isWide = fields <= d
    let gram = gramMatrix(scaled.converted(to: Double.self), transposeFirst: !isWide)
    try progress()
    let (values, vectors) = try symmetricEigendecomposition(gram, count: modeCount)
    try progress()
    let kept = min(modeCount, values.prefix { $0 > 1e-9 * max(values.first ?? 0, .leastNormalMagnitude) }.count)
    let leading = vectors.rows(0..<kept).converted(to: Float.self)
    let standardDeviations = values.prefix(kept).map { Float($0.squareRoot()) }
    // Wide: uᵢᵀX is already the mode times its standard deviation. Tall: the eigenvector is the mode itself.
    let modes = isWide ? matrixProduct(leading, scaled) : leading.scalingRows(by: standardDeviations)
    self.init(modes: modes, standardDeviations: standardDeviations, variance: variance)
  }

  /// The modes of anomalies that are read in pieces, by a randomised range finder.
  ///
  /// - Parameters:
  ///   - forEachPiece: calls its argument with consecutive pieces (n×d); each call must give the same fields in the
  ///     same order.
  ///   - fieldCount: the number of fields N.
  ///   - d: the number of states.
  ///   - modeCount: the largest number of modes k.
  ///   - powerIterations: the number of power iterations; the archive is read 2 + 2·powerIterations times.
  ///   - random: the stream for the random directions.
  public init(
    streaming forEachPiece: ((Tensor<Float>) throws -> Void) throws -> Void, fieldCount: Int,
    stateCount d: Int, modeCount: Int, powerIterations: Int = 1, random: inout RandomStream
  ) throws {
    let width = min(modeCount + 16, fieldCount, d)
    let normalisation = Float(1 / Double(fieldCount).squareRoot())
    var variance = [Double](repeating: 0, count: d)
    var sketch: Tensor<Float> = random.normals([width, d])  // rows: directions in state space
    var basis = Tensor<Double>.zeros([0, 0])
    for pass in 0...powerIterations {
      // Y = X·Ωᵀ (fields × width), its orthonormal basis Q, then Z = Qᵀ·X (width × d).
      var projections = Tensor<Float>.zeros([fieldCount, width])
      var row = 0
      try forEachPiece { piece in
        let clean = Self.withoutGaps(piece) * normalisation
        if pass == 0 { for (j, square) in clean.columnSquaredNorms().enumerated() { variance[j] += square } }
        let part = matrixProduct(clean, sketch, transposingSecond: true)
        projections.replaceRows(from: row, with: part)
        row += piece.rowCount
      }
      basis = try orthonormalised(projections.converted(to: Double.self))
      let single = basis.converted(to: Float.self)
      var image = Tensor<Float>.zeros([width, d])
      row = 0
      try forEachPiece { piece in
        let clean = Self.withoutGaps(piece) * normalisation
        image.add(matrixProduct(single.rows(row..<row + piece.rowCount), clean, transposingFirst: true))
        row += piece.rowCount
      }
      sketch = image
    }
    let (values, vectors) = try symmetricEigendecomposition(
      gramMatrix(sketch.converted(to: Double.self)), count: modeCount)
    let kept = min(modeCount, values.prefix { $0 > 1e-9 * max(values.first ?? 0, .leastNormalMagnitude) }.count)
    let modes = matrixProduct(vectors.rows(0..<kept).converted(to: Float.self), sketch)
    self.init(
      modes: modes, standardDeviations: values.prefix(kept).map { Float($0.squareRoot()) }, variance: variance)
  }

  private init(modes: Tensor<Float>, standardDeviations: [Float], variance: [Double]) {
    let held = modes.columnSquaredNorms()
    self.init(
      scaledModes: modes, standardDeviations: standardDeviations,
      residualVariance: zip(variance, held).map { Float(max(0, $0 - $1)) })
  }

  private static func withoutGaps(_ anomalies: Tensor<Float>) -> Tensor<Float> {
    anomalies.map { $0.isNaN ? 0 : $0 }
  }
}

/// An orthonormal basis of the columns of `matrix` (n×w), by two passes of Cholesky QR.
func orthonormalised(_ matrix: Tensor<Double>) throws -> Tensor<Double> {
  var result = matrix
  for _ in 0..<2 {
    var gram = gramMatrix(result, transposeFirst: true)
    let trace = (0..<gram.columnCount).reduce(0.0) { $0 + gram[$1, $1] }
    for i in 0..<gram.columnCount { gram[i, i] += 1e-12 * trace }
    // Q = A·L⁻ᵀ: each row of Q is L⁻¹ times the corresponding row of A.
    result = try CholeskyFactor(gram).solveLower(rows: result)
  }
  return result
}
