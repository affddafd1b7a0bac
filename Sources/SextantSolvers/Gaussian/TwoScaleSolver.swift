// The two-scale Gaussian: the archive's modes plus a Matérn field, conditioned by one dense Cholesky factorisation in
// observation space. Its parameters are fixed or fitted to each field's own observations (CovarianceFit);
// docs/two-scale.md describes it.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantPriors

/// The origin of a covariance's parameters.
public enum ParameterFitting: Sendable, Equatable, Codable {
  /// Parameters that are fitted to each field's own observations.
  case perField
  /// Parameters that are the same for every field.
  case fixed([Double])
}

/// Recovers fields under the two-scale prior; exact given the parameters.
///
/// With fixed or fitted parameters, one factorisation serves all fields that are measured by one operator. With fixed
/// parameters, all preparations also share the prior's covariance and its factor.
public struct TwoScaleSolver: Solver {
  public let name = "two-scale Gaussian"
  /// The largest number of states d of the dense form, which stores a d×d matrix for samples, or two for fixed
  /// parameters.
  public static let stateLimit = 12_000

  private let prior: GaussianPrior
  private let fit: CovarianceFit
  /// The covariance if it is the same for all measurements; nil if it is fitted to each.
  private let fitted: FittedPrior?

  /// Makes the solver for a prior.
  ///
  /// - Parameters:
  ///   - prior: the prior that was learned from an archive.
  ///   - domain: the domain of the fields.
  ///   - parameters: the origin of the covariance's parameters.
  ///   - seed: the stream that selects the observations for the likelihood if there are many.
  /// - Throws: `PriorError.tooLarge` beyond ``stateLimit`` states.
  public init(
    _ prior: GaussianPrior, domain: some Domain, parameters: ParameterFitting = .perField,
    seed: RandomStream = RandomStream(seed: 0)
  ) throws {
    guard prior.space.count <= Self.stateLimit else {
      throw PriorError.tooLarge(
        "The dense two-scale prior supports at most \(Self.stateLimit) states, but this field has \(prior.space.count). Use --method eof, or sparse-matern, which needs no archive."
      )
    }
    self.prior = prior
    fit = CovarianceFit(prior, on: domain, seed: seed)
    fitted =
      if case .fixed(let theta) = parameters {
        FittedPrior(FittedCovariance(model: fit.model, chosen: ChosenParameters(values: theta)), reuse: .everything)
      } else {
        nil
      }
  }

  private init(_ solver: TwoScaleSolver, fitted: FittedPrior) {
    (prior, fit) = (solver.prior, solver.fit)
    self.fitted = fitted
  }

  /// The names of the parameters.
  fileprivate var parameterNames: [String] { fit.model.parameters.map(\.name) }

  public func fitted(to measurement: FieldMeasurement) throws -> any Solver {
    if fitted != nil { return self }
    let covariance = try fit.covariance(for: prior.space.observe(measurement))
    return TwoScaleSolver(self, fitted: FittedPrior(covariance, reuse: .factor))
  }

  public func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    let model = try MeasurementModel(operation: operation, noise: noise)
    let observed = try prior.space.observationOperator(model)
    guard observed.count > 0 else { throw PriorError.nothingObserved }
    guard let fitted else {
      return FittingPreparation(model: model, space: prior.space, operation: observed, fit: fit)
    }
    return try fitted.preparation(model, space: prior.space, operation: observed)
  }

  /// The means a − R·S⁻¹·a of the observed states and the roots of the variances on the diagonal of R − R·S⁻¹·R,
  /// without the rows of H·K that the whole field needs.
  public func marginals(atObserved measurement: FieldMeasurement) throws -> Posterior? {
    let observation = try prior.space.observe(measurement)
    guard let covariance = fitted?.covariance, let states = observation.selectedStates, observation.count > 0 else {
      return nil
    }
    let shifted = covariance.shift.map { observation.subtracting($0) } ?? observation
    let (m, noise) = (states.count, observation.noiseVariance)
    var innovation = covariance.model.block(rows: states, columns: states, parameters: covariance.chosen.values)
    innovation.withUnsafeMutableScalars { s in
      for i in 0..<m { s[i * m + i] += noise[i] }
    }
    let inverse = try CholeskyFactor(innovation).inverse()
    let weighted = matrixProduct(inverse, Tensor(shifted.anomalies, shape: [m, 1])).scalars
    var mean = [Float](repeating: .nan, count: prior.space.count)
    var spread = mean
    inverse.withUnsafeScalars { inverse in
      for (i, state) in states.enumerated() {
        mean[state] = Float(shifted.anomalies[i] - noise[i] * weighted[i]) + (covariance.shift?[state] ?? 0)
        spread[state] = Float(max(0, noise[i] * (1 - noise[i] * inverse[i * m + i])).squareRoot())
      }
    }
    return prior.space.posterior(
      mean: mean, spread: spread, samples: nil, label: measurement.label, diagnostics: [:])
  }
}

/// The preparation for an operator if each measurement has its own fitted covariance.
private struct FittingPreparation: PreparedSolver {
  let model: MeasurementModel
  let space: StateSpace
  let operation: ObservationOperator
  let fit: CovarianceFit

  func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior {
    let covariance = try fit.covariance(for: space.observe(measurement, by: operation))
    return try FittedPrior(covariance, reuse: .none).preparation(model, space: space, operation: operation)
      .solve(measurement, samples: samples, using: &random)
  }
}

extension Model {
  /// The two-scale solver of the model's Gaussian prior. Throws ``MethodError``, `PriorError.tooLarge`.
  func twoScaleSolver() throws -> TwoScaleSolver {
    let gaussian = try requireGaussian()
    let solver = try TwoScaleSolver(gaussian.prior, domain: space.domain, parameters: gaussian.parameters)
    if case .fixed(let values) = gaussian.parameters {
      let expected = solver.parameterNames.count
      guard values.count == expected, values.allSatisfy({ $0.isFinite && abs($0) < 50 }) else {
        throw MethodError.wrongParameters(model: provenance.name, found: values.count, expected: expected)
      }
    }
    return solver
  }
}

extension Method {
  /// The two-scale Gaussian.
  public static let twoScale = Method(
    name: "two-scale", title: "two-scale Gaussian", traits: Traits(hasGaussianPosterior: true, followsPrior: true),
    needs: .gaussian,
    series: { context in
      let gaussian = try context.gaussian()
      return try TwoScaleSeriesSolver(gaussian.prior, domain: context.space.domain, parameters: gaussian.parameters)
    }
  ) { context in
    try context.model.twoScaleSolver()
  }
}
