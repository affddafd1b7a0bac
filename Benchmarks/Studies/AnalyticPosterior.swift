// The exact posterior of a known prior and one measurement of some vertices with independent noise, by dense
// linear algebra:
//
//   P = Σ⁻¹ + diag(mask)/σ²,  mean = μ + P⁻¹·maskᵀ·(y − μ)/σ²,
//   weight ∝ prior weight · N(y; μ, Σ + σ²I), each at the measured vertices.
//
// Its mean, spread, density and CRPS, all of them exact, are compared with those of learned posteriors.

import Foundation
import SextantArrays
import SextantFlows

/// A mixture of Gaussians over V vertices, given a measurement.
public struct AnalyticPosterior: Sendable {
  /// One Gaussian of the mixture.
  struct Component: Sendable {
    var logWeight: Double
    /// V.
    let mean: Tensor<Double>
    /// V×V.
    let precision: Tensor<Double>
    let factor: CholeskyFactor<Double>
    /// V.
    let variances: [Double]
  }

  let components: [Component]

  /// - Parameters:
  ///   - values: y (V), 0 at unmeasured vertices.
  ///   - mask: 1 at measured vertices (V).
  ///   - noise: σ; all in standardised units.
  /// - Throws: `LinearAlgebraError` if a factorisation fails.
  public init(_ prior: AnalyticPrior, values: [Double], mask: [Double], noise: Double) throws {
    let v = prior.vertexCount
    var components: [Component] = []
    for part in prior.components {
      var precision = part.precision
      for i in 0..<v { precision[i, i] += mask[i] / (noise * noise) }
      let factor = try CholeskyFactor(precision)
      let anomalies = (0..<v).map { mask[$0] * (values[$0] - part.mean[$0]) / (noise * noise) }
      let shift = factor.solve(Tensor(anomalies, shape: [v, 1])).reshaped(to: [v])
      let covariance = factor.inverse()
      components.append(
        Component(
          logWeight: part.logWeight + (try Self.logEvidence(part, values: values, mask: mask, noise: noise)),
          mean: part.mean + shift, precision: precision, factor: factor,
          variances: (0..<v).map { covariance[$0, $0] }))
    }
    let total = logSumExp(components.map(\.logWeight))
    for index in components.indices { components[index].logWeight -= total }
    self.components = components
  }

  /// log N(y; μ, Σ + σ²I) at the measured vertices.
  private static func logEvidence(
    _ part: AnalyticPrior.Component, values: [Double], mask: [Double], noise: Double
  ) throws -> Double {
    let measured = mask.indices.filter { mask[$0] > 0 }
    let m = measured.count
    guard m > 0 else { return 0 }
    var covariance = part.covariance.gatheringRows(measured).gatheringColumns(measured)
    for i in 0..<m { covariance[i, i] += noise * noise }
    let factor = try CholeskyFactor(covariance)
    let white = factor.solveLower(Tensor(measured.map { values[$0] - part.mean[$0] }, shape: [m, 1]))
    return -0.5 * (white.dot(white) + factor.logDeterminant + Double(m) * log(2 * .pi))
  }

  /// The posterior mean (V).
  public var mean: [Double] {
    var mean = Tensor<Double>.zeros([components[0].mean.count])
    for component in components { mean.add(component.mean, scaledBy: exp(component.logWeight)) }
    return mean.scalars
  }

  /// The posterior standard deviation of each vertex (V).
  public var spread: [Double] {
    let mean = mean
    return mean.indices.map { i in
      components.reduce(0) { sum, component in
        let offset = component.mean[i] - mean[i]
        return sum + exp(component.logWeight) * (component.variances[i] + offset * offset)
      }.squareRoot()
    }
  }

  /// The log-density of fields (N×V), in nats.
  public func logDensities(of x: Tensor<Double>) -> [Double] {
    let (n, v) = (x.rowCount, x.columnCount)
    let parts = components.map { component -> [Double] in
      let deviations =
        x - component.mean.reshaped(to: [1, v]).gatheringRows(Array(repeating: 0, count: n))
      let weighted = matrixProduct(deviations, component.precision)
      let constant = component.logWeight + 0.5 * (component.factor.logDeterminant - Double(v) * log(2 * .pi))
      return (0..<n).map { constant - 0.5 * weighted.row($0).dot(deviations.row($0)) }
    }
    return (0..<n).map { row in logSumExp(parts.map { $0[row] }) }
  }

  /// Draws fields (N×V).
  public func samples(_ count: Int, using random: RandomStream) -> Tensor<Double> {
    let v = components[0].mean.count
    var (chooser, values) = (random.split("component"), random.split("values"))
    let normals = values.normals([count, v], as: Double.self)
    let weights = components.map { exp($0.logWeight) }
    let chosen = (0..<count).map { _ in chooser.categorical(weights) ?? 0 }
    var result = Tensor<Double>.zeros([count, v])
    for (index, component) in components.enumerated() {
      let rows = chosen.indices.filter { chosen[$0] == index }
      guard !rows.isEmpty else { continue }
      let drawn = component.factor.solveLowerTransposed(normals.gatheringRows(rows).transposed()).transposed()
      for (place, row) in rows.enumerated() {
        result.replaceRows(
          from: row, with: drawn.rows(place..<place + 1) + component.mean.reshaped(to: [1, v]))
      }
    }
    return result
  }

  /// The CRPS at each vertex for the truth there (V), in closed form (Grimit et al. 2006).
  public func rankedProbability(truth: [Double]) -> [Double] {
    /// E|X| of a normal X.
    func expectedMagnitude(_ mean: Double, _ variance: Double) -> Double {
      let deviation = variance.squareRoot()
      let z = mean / deviation
      return deviation * 2 * StandardNormal.density(z) + mean * StandardNormal.central(z)
    }
    return truth.indices.map { i in
      components.reduce(0) { sum, a in
        let own = exp(a.logWeight) * expectedMagnitude(truth[i] - a.mean[i], a.variances[i])
        return components.reduce(sum + own) { sum, b in
          sum - 0.5 * exp(a.logWeight + b.logWeight)
            * expectedMagnitude(a.mean[i] - b.mean[i], a.variances[i] + b.variances[i])
        }
      }
    }
  }

  /// The same components in rotated coordinates w = U·x (rows of U orthonormal), as a base for a flow.
  func mixture(in basis: Tensor<Double>) throws -> PosteriorMixture<Float> {
    let v = components[0].mean.count
    return PosteriorMixture(
      try components.map { component in
        let rotated = matrixProduct(
          matrixProduct(basis, component.precision), basis, transposingSecond: true)
        let mean = matrixProduct(component.mean.reshaped(to: [1, v]), basis, transposingSecond: true)
        return GaussianCoefficients<Float>(mean: mean.reshaped(to: [v]), precisionFactor: try CholeskyFactor(rotated))
      }, logEvidences: components.map(\.logWeight))
  }
}
