// EOF optimal interpolation: the archive's modes with independent noise for the residual, in closed form
// (docs/mathematics.md). A mask takes one factorisation of a k×k matrix; an operator that mixes states takes one in
// observation space.

import SextantArrays
import SextantMeasurement
import SextantPriors
import SextantSignals

/// Recovers fields from the archive's modes alone. Exact, fast, and overconfident away from the archive.
public struct EOFInterpolationSolver: Solver {
  public let name = "EOF optimal interpolation"
  /// The prior with the modes.
  public let prior: GaussianPrior

  /// Makes the solver for the modes of a prior.
  public init(_ prior: GaussianPrior) { self.prior = prior }

  public func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    let model = try MeasurementModel(operation: operation, noise: noise)
    let observed = try prior.space.observationOperator(model)
    if observed.selectedStates != nil {
      return ModePreparation(
        model: model, space: prior.space, operation: observed,
        factor: try ModeGaussianFactor(prior.functions, given: observed))
    }
    let covariance = ModeCovariance(prior.functions)
    return MixingPreparation(
      model: model, space: prior.space, operation: observed, covariance: covariance,
      factor: try DenseGaussianFactor(
        observed, priorVariances: covariance.variances, priorBlock: covariance.rows(of:)))
  }
}

/// Modes conditioned on an operator that selects states.
private struct ModePreparation: PreparedSolver {
  let model: MeasurementModel
  let space: StateSpace
  let operation: ObservationOperator
  let factor: ModeGaussianFactor

  func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior {
    let posterior = ModeGaussianPosterior(factor, given: space.observe(measurement, by: operation))
    return space.posterior(
      mean: posterior.mean, spread: posterior.spread,
      samples: samples > 0 ? posterior.samples(samples, using: &random) : nil, label: measurement.label)
  }
}

/// Modes conditioned on an operator that mixes states.
private struct MixingPreparation: PreparedSolver {
  let model: MeasurementModel
  let space: StateSpace
  let operation: ObservationOperator
  let covariance: ModeCovariance
  let factor: DenseGaussianFactor<Double>
  private let priorFactor = Lazy<CholeskyFactor<Double>>()

  init(
    model: MeasurementModel, space: StateSpace, operation: ObservationOperator, covariance: ModeCovariance,
    factor: DenseGaussianFactor<Double>
  ) {
    (self.model, self.space, self.operation) = (model, space, operation)
    (self.covariance, self.factor) = (covariance, factor)
  }

  func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior {
    let posterior = DenseGaussianPosterior(factor, given: space.observe(measurement, by: operation))
    let draws =
      try samples > 0
      ? posterior.samples(samples, priorFactor: priorFactor.value(covariance.factor), using: &random) : nil
    return space.posterior(
      mean: posterior.mean.map(Float.init), spread: posterior.spread.map(Float.init),
      samples: draws?.converted(to: Float.self), label: measurement.label)
  }
}

/// The covariance ΦᵀΦ + D of modes and residual.
private struct ModeCovariance: Sendable {
  private let modes: Tensor<Double>
  private let residual: [Double]

  init(_ functions: EmpiricalOrthogonalFunctions) {
    modes = functions.scaledModes.converted(to: Double.self)
    residual = functions.residualVariance.map(Double.init)
  }

  /// Its diagonal (d).
  var variances: [Double] { zip(modes.columnSquaredNorms(), residual).map { $0 + $1 } }

  /// Its rows (n×d) for n states.
  func rows(of states: [Int]) -> Tensor<Double> {
    var rows = matrixProduct(modes.gatheringColumns(states), modes, transposingFirst: true)
    let d = residual.count
    rows.withUnsafeMutableScalars { for (i, state) in states.enumerated() { $0[i * d + state] += residual[state] } }
    return rows
  }

  /// L with L·Lᵀ the covariance (d×d).
  func factor() throws -> CholeskyFactor<Double> {
    try CholeskyFactor(rows(of: Array(residual.indices)).addingToDiagonal(1e-9))
  }
}

extension StateSpace {
  /// The posterior over fields in the variables' units for a posterior over standardised states.
  func posterior(
    mean: [Float], spread: [Float]?, samples: Tensor<Float>?, label: FieldLabel,
    diagnostics: [String: Double] = [:]
  ) -> Posterior {
    Posterior(
      mean: fields(fromStates: Tensor(mean, shape: [1, mean.count]), label: label).scalars,
      spread: spread.map { self.spread(fromStates: $0) },
      samples: samples.map { fields(fromStates: $0, label: label) }, diagnostics: diagnostics)
  }
}

extension Tensor {
  /// The square matrix with `share` of its mean diagonal added to the diagonal, which prevents indefiniteness by
  /// rounding.
  ///
  /// Consumes the matrix, because a covariance of all states is too large to copy.
  consuming func addingToDiagonal(_ share: Scalar) -> Tensor {
    let n = columnCount
    withUnsafeMutableScalars { values in
      var trace: Scalar = 0
      for i in 0..<n { trace += values[i * n + i] }
      for i in 0..<n { values[i * n + i] += share * trace / Scalar(Swift.max(1, n)) }
    }
    return self
  }
}

extension Method {
  /// Optimal interpolation with the archive's modes.
  public static let eof = Method(
    name: "eof", title: "EOF optimal interpolation", traits: Traits(hasGaussianPosterior: true),
    needs: .gaussian
  ) { context in
    EOFInterpolationSolver(try context.gaussian().prior)
  }
}
