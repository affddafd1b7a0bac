// The Gaussian-base flow (docs/mathematics.md): a conditional flow f on the standard coordinates u of a Gaussian posterior over k
// coefficients, w = m + L⁻ᵀu. Untrained, f is the identity and the flow equals that posterior to the last bit, so
// training can only be worthwhile if it improves on it. Densities refer to the k coefficients; the residual of the
// field is not included.

import SextantArrays
import SextantAutodiff
import SextantNetworks

/// Coefficients drawn by a flow, with their log-densities.
public struct CoefficientDraws<Scalar: TensorScalar> {
  /// B×k.
  public let coefficients: DifferentiableTensor<Scalar>
  /// log q(w | y) of each row: [B].
  public let logDensity: DifferentiableTensor<Scalar>
}

/// A flow that equals the exact Gaussian posterior until it is trained.
public struct GaussianBaseFlow<Scalar: TensorScalar>: Sendable {
  /// f, the flow between z and the standard coordinates of a posterior.
  public let flow: ConditionalRealNVP<Scalar>

  /// The number k of coefficients.
  public var coefficientCount: Int { flow.dimension }
  /// The number F of features.
  public var featureCount: Int { flow.conditionWidth }

  /// Creates the flow's parameters in `builder`.
  ///
  /// - Parameters:
  ///   - builder: the builder of the parameter set.
  ///   - coefficientCount: k.
  ///   - featureCount: the number F of features of a measurement that the flow takes, such as scaled posterior means,
  ///     the observed fraction and the noise; 0 for none.
  ///   - configuration: its `restoresOrder` is set, because the untrained flow would otherwise be a permutation.
  /// - Throws: ``FlowError`` for invalid settings.
  public init(
    _ builder: inout ParameterBuilder<Scalar>, coefficientCount: Int, featureCount: Int,
    configuration: CouplingFlowConfiguration = .gaussianBase
  ) throws(FlowError) {
    var configuration = configuration
    configuration.restoresOrder = true
    flow = try ConditionalRealNVP(
      &builder, dimension: coefficientCount, conditionWidth: featureCount, configuration: configuration)
  }

  /// Coefficients for z, with log q(w | y) = log N(z) − log|det f′| + log|det L|.
  ///
  /// - Parameters:
  ///   - z: B×k, standard normal.
  ///   - features: P×F, where P divides B; consecutive rows of z share a row of features.
  ///   - posteriors: one posterior, or P′ posteriors where P′ divides B; consecutive rows share one.
  ///   - pass: the pass with the parameters.
  public func sample(
    _ z: DifferentiableTensor<Scalar>, features: DifferentiableTensor<Scalar>,
    from posteriors: [GaussianCoefficients<Scalar>],
    in pass: NetworkPass<Scalar>
  ) -> CoefficientDraws<Scalar> {
    let rows = PosteriorRows(posteriors, sharedBy: z.value.rowCount)
    let points = flow.sample(z, given: features, in: pass)
    let logDensity = standardNormalLogDensity(z) - points.logDeterminant + pass.tape.constant(rows.logDeterminants)
    return CoefficientDraws(coefficients: rows.coefficients(points.values), logDensity: logDensity)
  }

  /// z for coefficients w (B×k), with log|det ∂z/∂w|. Features and posteriors are as in
  /// ``sample(_:features:from:in:)``.
  public func invert(
    _ w: DifferentiableTensor<Scalar>, features: DifferentiableTensor<Scalar>,
    from posteriors: [GaussianCoefficients<Scalar>],
    in pass: NetworkPass<Scalar>
  ) -> FlowPoints<Scalar> {
    let rows = PosteriorRows(posteriors, sharedBy: w.value.rowCount)
    return invert(w, given: flow.prepare(features, in: pass), rows: rows, in: pass)
  }

  func invert(
    _ w: DifferentiableTensor<Scalar>, given condition: PreparedCondition<Scalar>, rows: PosteriorRows<Scalar>,
    in pass: NetworkPass<Scalar>
  ) -> FlowPoints<Scalar> {
    let points = flow.invert(rows.standardised(w), given: condition, in: pass)
    return FlowPoints(
      values: points.values, logDeterminant: points.logDeterminant + pass.tape.constant(rows.logDeterminants))
  }

  /// log q(w | y) of each row of w (B×k): [B]. Features and posteriors are as in ``sample(_:features:from:in:)``.
  public func logDensity(
    of w: DifferentiableTensor<Scalar>, features: DifferentiableTensor<Scalar>,
    from posteriors: [GaussianCoefficients<Scalar>],
    in pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    let points = invert(w, features: features, from: posteriors, in: pass)
    return standardNormalLogDensity(points.values) + points.logDeterminant
  }
}
