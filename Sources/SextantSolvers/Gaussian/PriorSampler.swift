// Draws from the two-scale prior: the archive's modes by their coefficients, the rest by one Cholesky factor.
//
// Apart because the modes' few large variances are what makes the whole covariance ill conditioned: without them single
// precision mostly suffices, at half the cost. Where it does not, the factor is made in double precision.

import SextantArrays
import SextantPriors

/// Draws states from a covariance with its parameters put in.
struct PriorSampler<Scalar: TensorScalar>: Sendable {
  /// L with L·Lᵀ the covariance without the modes' own term (d×d).
  private let localFactor: CholeskyFactor<Scalar>
  /// The modes, each times its standard deviation (k×d).
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
  /// - Throws: ``LinearAlgebraError`` where the covariance is not positive definite.
  init(_ model: CovarianceModel, parameters theta: [Double]) throws {
    localFactor = try CholeskyFactor(model.localCovariance(parameters: theta).addingToDiagonal(1e-9))
    modes = model.modes * model.modeAmplitude(parameters: theta).squareRoot()
  }
}

extension PriorSampler<Float> {
  /// - Throws: ``LinearAlgebraError`` where the covariance is not positive definite.
  init(_ model: CovarianceModel, parameters theta: [Double]) throws {
    localFactor =
      try Self.singlePrecisionFactor(model, theta)
      ?? CholeskyFactor(rounding: CholeskyFactor(model.localCovariance(parameters: theta).addingToDiagonal(1e-9)))
    modes = (model.modes * model.modeAmplitude(parameters: theta).squareRoot()).converted(to: Float.self)
  }
  /// The factor made in single precision; nil where rounding would leave the covariance indefinite.
  private static func singlePrecisionFactor(_ model: CovarianceModel, _ theta: [Double]) -> CholeskyFactor<Float>? {
    func factor(_ states: Range<Int>) -> CholeskyFactor<Float>? {
      // A standard deviation of a thousandth of the field's own is far below any noise that single precision is used for.
      try? CholeskyFactor(
        model.singlePrecisionLocalCovariance(parameters: theta, states: states).addingToDiagonal(1e-6))
    }
    // The first states lie near a pole of a grid, nearest to one another: what fails there need not be made of all states.
    guard factor(0..<min(192, model.stateCount)) != nil else { return nil }
    return factor(0..<model.stateCount)
  }
}
