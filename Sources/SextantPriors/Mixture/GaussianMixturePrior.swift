// A mixture of Gaussians over the fields of a domain: each group of the archive has a mean and modes of its own.
//
// All is done in the coefficients of the pooled modes, whose pooled covariance is the identity. With n fields, mean c and
// covariance S a group's component has the mean n/(n + 1/2)·c and the covariance λS + (1 − λ)W, λ = n/(n + 15), W the
// covariance within groups, of which a fiftieth is the pooled covariance: so a group of one field is proper too.

import SextantArrays

/// A pooled prior and what its archive's groups are like.
public struct GaussianMixturePrior: Sendable {
  /// A group of the archive.
  public struct Component: Sendable {
    /// Its share of the archive's fields.
    public var weight: Double
    /// Its mean, as coefficients of the pooled modes (k), in units of their standard deviations.
    public var centre: [Double]
    /// L with L·Lᵀ the covariance of those coefficients (k×k).
    public var factor: CholeskyFactor<Double>
  }

  /// What was learned from all fields.
  public let pooled: GaussianPrior
  /// The groups.
  public let components: [Component]

  /// Fields of a group at which its own covariance weighs as much as that within all groups.
  private static let covarianceShrinkage = 15.0
  /// Fields of a group at which its mean would lie half way to the pooled mean.
  private static let meanShrinkage = 0.5
  /// The share of the pooled covariance in every component.
  private static let pooledShare = 0.02

  /// - Parameters:
  ///   - pooled: learned from all fields of the archive, which it keeps as coefficients.
  ///   - membership: the group of each field (N), from 0 without gaps.
  /// - Throws: ``PriorError/noComponents(_:)`` where membership and archive do not fit.
  public init(_ pooled: GaussianPrior, membership: [Int]) throws {
    let coefficients = pooled.archiveCoefficients.converted(to: Double.self)
    let (n, k) = (coefficients.shape[0], coefficients.columnCount)
    let groups = (membership.max() ?? -1) + 1
    guard n == membership.count, n > 0, groups > 0, Set(membership) == Set(0..<groups) else {
      throw PriorError.noComponents(
        "\(membership.count) groups of fields were named for an archive of \(n), or some are empty. Train it again.")
    }
    self.pooled = pooled
    let members = (0..<groups).map { group in membership.indices.filter { membership[$0] == group } }
    let means = members.map { coefficients.gatheringRows($0).columnMeans() }
    let scatters = zip(members, means).map { own, mean -> Tensor<Double> in
      var rows = coefficients.gatheringRows(own)
      rows.withUnsafeMutableScalars { values in
        for i in values.indices { values[i] -= mean[i % k] }
      }
      return gramMatrix(rows, transposeFirst: true)
    }
    var within = Tensor<Double>.zeros([k, k])
    for scatter in scatters { within.add(scatter, scaledBy: 1 / Double(n)) }
    components = try members.indices.map { group in
      let count = Double(members[group].count)
      let own = groups > 1 ? count / (count + Self.covarianceShrinkage) : 1
      var covariance = scatters[group] * (own / count)
      covariance.add(within, scaledBy: 1 - own)
      let share = groups > 1 ? Self.pooledShare : 0
      covariance = covariance * (1 - share)
      for i in 0..<k { covariance[i, i] += max(share, 1e-9) }
      let centre = means[group].map { $0 * count / (count + (groups > 1 ? Self.meanShrinkage : 0)) }
      return Component(weight: count / Double(n), centre: centre, factor: try CholeskyFactor(covariance))
    }
  }

  /// The mean of a component as a standardised state (d).
  public func mean(of component: Component) -> [Float] {
    let k = component.centre.count
    return matrixProduct(
      Tensor(component.centre.map { Float($0) }, shape: [1, k]), pooled.functions.scaledModes
    ).scalars
  }

  /// Modes with a component's covariance (k×d), standardised.
  public func modes(of component: Component) -> Tensor<Float> {
    matrixProduct(
      component.factor.lower.converted(to: Float.self), pooled.functions.scaledModes, transposingFirst: true)
  }

  /// log p(y) under each component's modes and independent noise for what they leave: cheap, and enough to tell which
  /// components come into question.
  public func roughEvidence(of observation: StateObservation) throws -> [Double] {
    // G = Φ at the observed places (k×m), with the whole noise taken out: R = σ² + rest.
    let rest = observation.apply(Tensor(pooled.functions.residualVariance, shape: [1, pooled.space.count])).scalars
    let precision = zip(observation.noiseVariance, rest).map { 1 / ($0 + Double($1)) }
    let roots = precision.map { Float($0.squareRoot()) }
    let weighted = observation.apply(pooled.functions.scaledModes).scalingColumns(by: roots)
      .converted(to: Double.self)
    let gram = gramMatrix(weighted)
    let anomalies = zip(observation.anomalies, precision).map { $0 * $1.squareRoot() }
    let (k, m) = (gram.columnCount, anomalies.count)
    return try components.map { component in
      // a = y − Gᵀc; P = I + Lᵀ·GGᵀ·L; evidence by Woodbury.
      let expected = matrixProduct(Tensor(component.centre, shape: [1, k]), weighted).scalars
      let left = zip(anomalies, expected).map { $0 - $1 }
      let half = matrixProduct(component.factor.lower, gram, transposingFirst: true)
      var inner = matrixProduct(half, component.factor.lower)
      for i in 0..<k { inner[i, i] += 1 }
      let factor = try CholeskyFactor(inner)
      let projected = matrixProduct(
        component.factor.lower, matrixProduct(weighted, Tensor(left, shape: [m, 1])), transposingFirst: true)
      let whitened = factor.solveLower(projected)
      let fit = left.reduce(0.0) { $0 + $1 * $1 } - whitened.dot(whitened)
      return -0.5 * (fit + factor.logDeterminant)
    }
  }
}
