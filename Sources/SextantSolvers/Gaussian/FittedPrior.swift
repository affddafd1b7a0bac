// A fitted covariance in both precisions, and its preparation for an operator. The whole matrix and the factor for
// prior draws depend on the parameters alone, and are kept if they will be used again.

import SextantArrays
import SextantMeasurement
import SextantPriors

/// The parts of a covariance that are kept for further use.
enum CovarianceReuse {
  /// Nothing, for a covariance that serves one measurement.
  case none
  /// The factor for prior draws (d×d), for a covariance that serves many measurements by one operator.
  case factor
  /// The factor and the whole matrix (d×d), for a covariance that serves many operators.
  case everything
}

/// A covariance with fixed parameters, ready to be conditioned.
struct FittedPrior: Sendable {
  let covariance: FittedCovariance
  private let single: CovarianceParts<Float>
  private let double: CovarianceParts<Double>

  init(_ covariance: FittedCovariance, reuse: CovarianceReuse) {
    self.covariance = covariance
    let (model, theta) = (covariance.model, covariance.chosen.values)
    let all = Array(0..<model.stateCount)
    single = CovarianceParts(reuse) {
      model.singlePrecisionBlock(rows: $0 ?? all, columns: all, parameters: theta)
    } sampler: {
      try PriorSampler<Float>(model, parameters: theta)
    }
    double = CovarianceParts(reuse) { rows in
      rows.map { model.block(rows: $0, columns: all, parameters: theta) } ?? model.covariance(parameters: theta)
    } sampler: {
      try PriorSampler<Double>(model, parameters: theta)
    }
  }

  /// The preparation for an operator, in single precision if the noise allows it.
  func preparation(
    _ model: MeasurementModel, space: StateSpace, operation: ObservationOperator
  ) throws -> any PreparedSolver {
    let variances = covariance.model.variances(parameters: covariance.chosen.values)
    if Self.isForgiving(operation, priorVariances: variances, smoothness: covariance.smoothness ?? .half) {
      return FittedPreparation(
        model: model, space: space, operation: operation, covariance: covariance, parts: single,
        factor: try DenseGaussianFactor(operation, priorVariances: variances, priorBlock: single.rows(of:)))
    }
    return FittedPreparation(
      model: model, space: space, operation: operation, covariance: covariance, parts: double,
      factor: try DenseGaussianFactor(operation, priorVariances: variances, priorBlock: double.rows(of:)))
  }

  /// Whether the noise is large enough for single precision. Only a few entries, such as those of a pole, come near the
  /// limit, and all others keep the condition number of S below a million. The covariance of a smoother field is
  /// singular but for the noise, and needs a hundred times as much.
  private static func isForgiving(
    _ operation: ObservationOperator, priorVariances: [Double], smoothness: MaternCorrelation
  ) -> Bool {
    let mean = priorVariances.reduce(0, +) / Double(max(1, priorVariances.count))
    let share = smoothness == .half ? 1e-4 : 1e-2
    return operation.noiseVariance.allSatisfy { $0 > share * mean }
  }
}

/// Rows of a covariance and draws from it, in one precision.
private struct CovarianceParts<Scalar: TensorScalar>: Sendable {
  private let reuse: CovarianceReuse
  private let makeRows: @Sendable ([Int]?) -> Tensor<Scalar>
  private let makeSampler: @Sendable () throws -> PriorSampler<Scalar>
  private let whole = Lazy<Tensor<Scalar>>()
  private let keptSampler = Lazy<PriorSampler<Scalar>>()

  /// - Parameters:
  ///   - reuse: the parts to keep.
  ///   - rows: computes the rows of some states (n×d), or of all states (d×d) for nil.
  ///   - sampler: makes the sampler of the prior.
  init(
    _ reuse: CovarianceReuse, rows: @escaping @Sendable ([Int]?) -> Tensor<Scalar>,
    sampler: @escaping @Sendable () throws -> PriorSampler<Scalar>
  ) {
    self.reuse = reuse
    makeRows = rows
    makeSampler = sampler
  }

  /// The rows of n states (n×d).
  func rows(of states: [Int]) -> Tensor<Scalar> {
    reuse == .everything ? whole.value { makeRows(nil) }.gatheringRows(states) : makeRows(states)
  }

  /// The sampler of the prior.
  func sampler() throws -> PriorSampler<Scalar> {
    try reuse == .none ? makeSampler() : keptSampler.value(makeSampler)
  }
}

/// A fitted covariance conditioned on an operator.
private struct FittedPreparation<Scalar: TensorScalar>: PreparedSolver {
  let model: MeasurementModel
  let space: StateSpace
  let operation: ObservationOperator
  let covariance: FittedCovariance
  let parts: CovarianceParts<Scalar>
  let factor: DenseGaussianFactor<Scalar>

  func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior {
    let observation = space.observe(measurement, by: operation)
    let shift = covariance.shift
    let posterior = DenseGaussianPosterior(factor, given: shift.map { observation.subtracting($0) } ?? observation)
    var mean = posterior.mean.map { Float($0) }
    var draws: Tensor<Float>?
    if samples > 0 {
      let prior = try parts.sampler().draws(samples, using: &random)
      draws = posterior.samples(conditioning: prior, using: &random).converted(to: Float.self)
    }
    if let shift {
      for state in mean.indices { mean[state] += shift[state] }
      draws?.withUnsafeMutableScalars { values in
        for i in values.indices { values[i] += shift[i % shift.count] }
      }
    }
    return space.posterior(
      mean: mean, spread: posterior.spread.map { Float($0) }, samples: draws, label: measurement.label,
      diagnostics: covariance.diagnostics(logEvidence: posterior.logEvidence))
  }

  func posterior(leavingOut rows: [Int], of measurement: FieldMeasurement) throws -> Posterior? {
    guard let withheld = space.withholding(rows, of: measurement, by: operation), !withheld.isEmpty else { return nil }
    let observation = space.observe(measurement, by: operation)
    let shift = covariance.shift
    let found = try factor.marginals(
      leavingOut: withheld, of: shift.map { observation.subtracting($0) } ?? observation, shift: shift)
    var mean = [Float](repeating: .nan, count: space.count)
    var spread = mean
    for (own, moments) in zip(withheld, found) {
      mean[own.state] = Float(moments.mean) + (shift?[own.state] ?? 0)
      spread[own.state] = Float(moments.variance.squareRoot())
    }
    return space.posterior(mean: mean, spread: spread, samples: nil, label: measurement.label)
  }
}
