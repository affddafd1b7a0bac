// A Gaussian over fields whose covariance is given by its eigenvectors. Adding noise of any size is then cheap, because
// α²·Σ + s²·I has the same eigenvectors. It is the closed form against which diffusion models are compared, and from
// which they may start.

import Foundation
import SextantArrays

/// N(μ, Uᵀ·diag(λ)·U + ρ²·I) over fields of V×C = D values, where the k rows of U are orthonormal.
public struct SpectralGaussian<Scalar: TensorScalar>: Sendable {
  /// V×C.
  public let shape: [Int]
  /// μ (D).
  public let mean: Tensor<Scalar>
  /// U (k×D).
  public let basis: Tensor<Scalar>
  /// λ (k): the variance along each row of U in addition to ρ².
  public let variances: [Double]
  /// ρ²: the isotropic residual variance.
  public let residualVariance: Double
  /// Uᵀ (D×k) where a copy is small: a sampler multiplies few fields by it at each of many steps, and rows are read in
  /// order then. The products have the same bits.
  private let transposedBasis: Tensor<Scalar>?

  /// D.
  public var dimension: Int { mean.count }

  /// A Gaussian with the covariance FᵀF + ρ²I, from modes that need not be orthogonal.
  ///
  /// - Parameters:
  ///   - mean: V×C.
  ///   - factor: F (k×D), such as empirical modes times their standard deviations.
  ///   - residualVariance: ρ²; positive unless the rows of `factor` span the whole space.
  public init(mean: Tensor<Scalar>, factor: Tensor<Scalar>, residualVariance: Double) throws {
    let expected = [factor.rowCount, mean.count]
    guard factor.shape == expected else {
      throw DiffusionError.shapeMismatch(what: "The modes of a Gaussian", expected: expected, found: factor.shape)
    }
    let precise = factor.converted(to: Double.self)
    // The k×k Gram matrix has the non-zero eigenvalues of FᵀF; the eigenvectors are Fᵀv/√λ.
    let (values, vectors) = try symmetricEigendecomposition(gramMatrix(precise))
    let kept = values.prefix { $0 > 1e-12 * (values.first ?? 0) && $0 > 0 }
    let rows = matrixProduct(vectors.rows(0..<kept.count), precise).scalingRows(by: kept.map { 1 / $0.squareRoot() })
    try self.init(
      mean: mean, basis: rows.converted(to: Scalar.self), variances: Array(kept), residualVariance: residualVariance)
  }

  /// A Gaussian with a given covariance (D×D), symmetric and positive definite.
  public init(mean: Tensor<Scalar>, covariance: Tensor<Double>) throws {
    guard covariance.shape == [mean.count, mean.count] else {
      throw DiffusionError.shapeMismatch(
        what: "The covariance of a Gaussian", expected: [mean.count, mean.count], found: covariance.shape)
    }
    let (values, vectors) = try symmetricEigendecomposition(covariance)
    try self.init(mean: mean, basis: vectors.converted(to: Scalar.self), variances: values, residualVariance: 0)
  }

  /// A Gaussian with orthonormal modes (k×D) and the variance along each mode in addition to ρ².
  public init(mean: Tensor<Scalar>, basis: Tensor<Scalar>, variances: [Double], residualVariance: Double) throws {
    guard basis.shape == [variances.count, mean.count] else {
      throw DiffusionError.shapeMismatch(
        what: "The basis of a Gaussian", expected: [variances.count, mean.count], found: basis.shape)
    }
    if let unusable = (variances + [residualVariance]).first(where: { !($0 >= 0 && $0.isFinite) }) {
      throw DiffusionError.unusableVariance(unusable)
    }
    shape = mean.shape
    self.mean = mean.reshaped(to: [mean.count])
    self.basis = basis
    transposedBasis = basis.count <= 1 << 22 ? basis.transposed() : nil
    self.variances = variances
    self.residualVariance = residualVariance
  }

  /// A noise level: the factor α of the signal and the standard deviation s of the noise.
  struct Level {
    let signal: Double
    let noise: Double
  }

  /// The variance of α·x + s·ε along each row of the basis.
  private func variances(at level: Level) -> [Double] {
    variances.map { level.signal * level.signal * ($0 + residualVariance) + level.noise * level.noise }
  }

  private func residualVariance(at level: Level) -> Double {
    level.signal * level.signal * residualVariance + level.noise * level.noise
  }

  /// x − α·μ for each sample (B×D).
  func deviations(of x: Tensor<Scalar>, at levels: [Level]) -> Tensor<Scalar> {
    let signals = Tensor(levels.map { Scalar($0.signal) }, shape: [levels.count, 1])
    return x.sampleRows - matrixProduct(signals, mean.reshaped(to: [1, dimension]))
  }

  /// (α²Σ + s²I)⁻¹·r for each sample (B×D).
  func solving(_ r: Tensor<Scalar>, at levels: [Level]) -> Tensor<Scalar> {
    // A complete basis leaves no residual space; omitting that term avoids a difference of large numbers.
    let isComplete = variances.count == dimension
    let outside = levels.map { isComplete ? 0 : 1 / residualVariance(at: $0) }
    var coefficients =  // B×k
      transposedBasis.map { matrixProduct(r, $0) } ?? matrixProduct(r, basis, transposingSecond: true)
    let modes = variances.count
    coefficients.withUnsafeMutableScalars { scalars in
      for (sample, level) in levels.enumerated() {
        for (mode, variance) in variances(at: level).enumerated() {
          scalars[sample * modes + mode] *= Scalar(1 / variance - outside[sample])
        }
      }
    }
    var result = matrixProduct(coefficients, basis)
    if !isComplete { result.add(r.scalingSamples(by: outside)) }
    return result
  }

  /// log N(x; αμ, α²Σ + s²I) of each sample, in nats.
  func logDensities(of x: Tensor<Scalar>, at levels: [Level]) -> [Double] {
    let deviations = deviations(of: x, at: levels)
    let quadratic = deviations.sampleProducts(with: solving(deviations, at: levels))
    return zip(levels, quadratic).map { level, quadratic in
      var logDeterminant = variances(at: level).reduce(0) { $0 + log($1) }
      let outside = dimension - variances.count
      if outside > 0 { logDeterminant += Double(outside) * log(residualVariance(at: level)) }
      return -0.5 * (quadratic + logDeterminant + Double(dimension) * log(2 * .pi))
    }
  }

  /// The log-density of each field (B×V×C), in nats.
  public func logDensities(of x: Tensor<Scalar>) -> [Double] {
    logDensities(of: x, at: Array(repeating: Level(signal: 1, noise: 0), count: x.shape[0]))
  }

  /// Draws fields (N×V×C), each from its own stream.
  public func samples(using streams: [RandomStream]) -> Tensor<Scalar> {
    let weights = Tensor<Scalar>.normals(streams.map { $0.split("modes") }, shape: [variances.count])
    var result = matrixProduct(weights.scalingColumns(by: variances.map { Scalar($0.squareRoot()) }), basis)
    let ones = Tensor<Scalar>(repeating: 1, shape: [streams.count, 1])
    result.add(matrixProduct(ones, mean.reshaped(to: [1, dimension])))
    if residualVariance > 0 {
      result.add(
        .normals(streams.map { $0.split("rest") }, shape: [dimension]), scaledBy: Scalar(residualVariance.squareRoot()))
    }
    return result.reshaped(to: [streams.count] + shape)
  }
}
