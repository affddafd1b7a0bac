// Draws from the two-scale prior: the archive's modes by their coefficients, and the other terms by one Cholesky factor.
//
// They are drawn separately because the few large variances of the modes make the whole covariance ill-conditioned.
// Without them single precision usually suffices, at half the cost; otherwise the factor is computed in double
// precision.

import SextantArrays
import SextantPriors

/// Draws states from a covariance with fixed parameters.
struct PriorSampler<Scalar: TensorScalar>: Sendable {
  /// L such that L·Lᵀ is the covariance without the term of the modes alone (d×d).
  private let localFactor: CholeskyFactor<Scalar>
  /// The modes, each multiplied by its standard deviation (k×d).
  private let modes: Tensor<Scalar>

  /// `count` draws (count×d).
  func draws(_ count: Int, using random: inout RandomStream) -> Tensor<Scalar> {
    let coefficients: Tensor<Scalar> = random.normals([count, modes.rowCount])
    let white: Tensor<Scalar> = random.normals([count, modes.columnCount])
    var states = localFactor.multiplyLower(rows: white)
    states.add(matrixProduct(coefficients, modes))
    return states
  }
}

extension PriorSampler<Double> {
  /// - Throws: `LinearAlgebraError` where the covariance is not positive definite.
  init(_ model: CovarianceModel, parameters theta: [Double]) throws {
    localFactor = try CholeskyFactor(model.localCovariance(parameters: theta).addingToDiagonal(1e-9))
    modes = model.modes * model.modeAmplitude(parameters: theta).squareRoot()
  }
}

extension PriorSampler<Float> {
  /// - Throws: `LinearAlgebraError` where the covariance is not positive definite.
  init(_ model: CovarianceModel, parameters theta: [Double]) throws {
    localFactor =
      try Self.singlePrecisionFactor(model, theta)
      ?? CholeskyFactor(rounding: CholeskyFactor(model.localCovariance(parameters: theta).addingToDiagonal(1e-9)))
    modes = (model.modes * model.modeAmplitude(parameters: theta).squareRoot()).converted(to: Float.self)
  }

  /// The factor in single precision; nil if the covariance is indefinite after rounding.
  private static func singlePrecisionFactor(_ model: CovarianceModel, _ theta: [Double]) -> CholeskyFactor<Float>? {
    func factor(_ states: Range<Int>) -> CholeskyFactor<Float>? {
      // This adds a thousandth of the field's standard deviation, far below the noise at which single precision is used.
      try? CholeskyFactor(
        model.singlePrecisionLocalCovariance(parameters: theta, states: states).addingToDiagonal(1e-6))
    }
    // The first states of a grid are near a pole, where states are closest; if the factorisation fails there, it fails
    // overall.
    guard factor(0..<min(192, model.stateCount)) != nil else { return nil }
    return factor(0..<model.stateCount)
  }
}
