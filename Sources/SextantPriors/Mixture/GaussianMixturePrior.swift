// A mixture of Gaussians over the fields of a domain: each group of the archive has its own mean and modes.
//
// All computations use the coefficients of the pooled modes, whose pooled covariance is the identity. For a group with
// n fields, mean c and covariance S, the component has the mean n/(n + 1/2)·c and the covariance λS + (1 − λ)W with λ =
// n/(n + 15). W is the covariance within groups, plus a fiftieth of the pooled covariance, so that a group of a single
// field is proper as well.

import SextantArrays

/// A pooled prior, and the groups of its archive.
public struct GaussianMixturePrior: Sendable {
  /// A group of the archive.
  package struct Component: Sendable {
    /// Its fraction of the archive's fields.
    package var weight: Double
    /// Its mean as coefficients of the pooled modes (k), in units of their standard deviations.
    package var centre: [Double]
    /// L such that L·Lᵀ is the covariance of these coefficients (k×k).
    package var factor: CholeskyFactor<Double>
  }

  /// The prior learned from all fields.
  public let pooled: GaussianPrior
  /// The groups.
  package let components: [Component]

  /// The number of fields for which a group's own covariance has the same weight as that within all groups.
  private static let covarianceShrinkage = 15.0
  /// The number of fields for which a group's mean would be half way to the pooled mean.
  private static let meanShrinkage = 0.5
  /// The fraction of the pooled covariance in every component.
  private static let pooledShare = 0.02

  /// - Parameters:
  ///   - pooled: the prior learned from all fields of the archive, which it keeps as coefficients.
  ///   - membership: the group of each field (N), numbered from 0 without gaps.
  /// - Throws: ``PriorError/noComponents(_:)`` if the membership does not match the archive.
  public init(_ pooled: GaussianPrior, membership: [Int]) throws {
    let coefficients = pooled.archiveCoefficients.converted(to: Double.self)
    let (n, k) = (coefficients.shape[0], coefficients.columnCount)
    let groups = (membership.max() ?? -1) + 1
    guard n == membership.count, n > 0, groups > 0, Set(membership) == Set(0..<groups) else {
      throw PriorError.noComponents(
        "\(membership.count) group labels for an archive of \(n) fields, or some groups are empty. Train it again.")
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
  package func mean(of component: Component) -> [Float] {
    let k = component.centre.count
    return matrixProduct(
      Tensor(component.centre.map { Float($0) }, shape: [1, k]), pooled.functions.scaledModes
    ).scalars
  }

  /// Modes with the covariance of a component (k×d), standardised.
  package func modes(of component: Component) -> Tensor<Float> {
    matrixProduct(
      component.factor.lower.converted(to: Float.self), pooled.functions.scaledModes, transposingFirst: true)
  }

  /// log p(y) under each component's modes with independent noise for the residual. It is cheap to compute and
  /// sufficient to select the plausible components.
  package func roughEvidence(of observation: StateObservation) throws -> [Double] {
    // G = Φ at the observed places (k×m), whitened by the total noise R = σ² + residual variance.
    let residualVariance = observation.apply(Tensor(pooled.functions.residualVariance, shape: [1, pooled.space.count]))
      .scalars
    let precision = zip(observation.noiseVariance, residualVariance).map { 1 / ($0 + Double($1)) }
    let roots = precision.map { Float($0.squareRoot()) }
    let weighted = observation.apply(pooled.functions.scaledModes).scalingColumns(by: roots)
      .converted(to: Double.self)
    let gram = gramMatrix(weighted)
    let anomalies = zip(observation.anomalies, precision).map { $0 * $1.squareRoot() }
    let (k, m) = (gram.columnCount, anomalies.count)
    return try components.map { component in
      // a = y − Gᵀc; P = I + Lᵀ·GGᵀ·L; the evidence follows by the Woodbury identity.
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
