// The Gaussian-base flow (docs/mathematics.md): a conditional flow f on the coordinates u of a Gaussian posterior over k
// coefficients, w = m + L⁻ᵀu. Untrained, f is the identity and the flow is that posterior, to the bit; what training
// adds has to be worth more. Densities are of the k coefficients; what the coefficients leave of a field is not seen here.

import SextantArrays
import SextantAutodiff
import SextantNetworks

/// Coefficients that a flow drew, with the logarithm of the density at which it drew them.
public struct CoefficientDraws<Scalar: TensorScalar> {
  /// B×k.
  public let coefficients: Variable<Scalar>
  /// log q(w | y) of each row: [B].
  public let logDensity: Variable<Scalar>
}

/// A flow whose untrained state is the exact Gaussian posterior.
public struct GaussianBaseFlow<Scalar: TensorScalar>: Sendable {
  /// f, between z and the standard coordinates of a posterior.
  public let flow: ConditionalRealNVP<Scalar>

  /// The number k of coefficients.
  public var coefficientCount: Int { flow.dimension }
  /// The number F of features.
  public var featureCount: Int { flow.conditionWidth }

  /// Makes the flow's parameters in `builder`.
  ///
  /// - Parameters:
  ///   - coefficientCount: k.
  ///   - featureCount: the numbers F that the flow is told about a measurement, such as scaled posterior means, the
  ///     observed share and the noise; 0 for none.
  ///   - configuration: is made to restore the order of the entries, without which the start is a permutation.
  /// - Throws: ``FlowError`` for settings that make no flow.
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
  ///   - features: P×F, where P divides B; consecutive rows of z share a row.
  ///   - posteriors: one, or P′ that divide B; consecutive rows share one.
  public func sample(
    _ z: Variable<Scalar>, features: Variable<Scalar>, from posteriors: [GaussianCoefficients<Scalar>],
    in pass: NetworkPass<Scalar>
  ) -> CoefficientDraws<Scalar> {
    let rows = PosteriorRows(posteriors, sharedBy: z.value.rowCount)
    let points = flow.sample(z, given: features, in: pass)
    let logDensity = standardNormalLogDensity(z) - points.logDeterminant + pass.tape.constant(rows.logDeterminants)
    return CoefficientDraws(coefficients: rows.coefficients(points.values), logDensity: logDensity)
  }

  /// z for coefficients w (B×k), with log|det ∂z/∂w|; features and posteriors as in ``sample(_:features:from:in:)``.
  public func invert(
    _ w: Variable<Scalar>, features: Variable<Scalar>, from posteriors: [GaussianCoefficients<Scalar>],
    in pass: NetworkPass<Scalar>
  ) -> FlowPoints<Scalar> {
    let rows = PosteriorRows(posteriors, sharedBy: w.value.rowCount)
    return invert(w, given: flow.prepare(features, in: pass), rows: rows, in: pass)
  }

  func invert(
    _ w: Variable<Scalar>, given condition: PreparedCondition<Scalar>, rows: PosteriorRows<Scalar>,
    in pass: NetworkPass<Scalar>
  ) -> FlowPoints<Scalar> {
    let points = flow.invert(rows.standardised(w), given: condition, in: pass)
    return FlowPoints(
      values: points.values, logDeterminant: points.logDeterminant + pass.tape.constant(rows.logDeterminants))
  }

  /// log q(w | y) of each row of w (B×k): [B]; features and posteriors as in ``sample(_:features:from:in:)``.
  public func logDensity(
    of w: Variable<Scalar>, features: Variable<Scalar>, from posteriors: [GaussianCoefficients<Scalar>],
    in pass: NetworkPass<Scalar>
  ) -> Variable<Scalar> {
    let points = invert(w, features: features, from: posteriors, in: pass)
    return standardNormalLogDensity(points.values) + points.logDeterminant
  }
}
