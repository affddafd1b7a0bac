// An exactly known prior: a mixture of Gaussians on the vertices of a sphere, dense, in double precision. With one
// component it is a Gaussian. Everything is in standardised units, as diffusion priors require: the mean of the mixture
// is subtracted, and the result is divided by the standard deviation over all vertices.

import Foundation
import SextantArrays
import SextantDiffusion
import SextantGeometry
import SextantRuns

/// A mixture of Gaussians over V vertices.
public struct AnalyticPrior: Sendable {
  /// One Gaussian.
  public struct Component: Sendable {
    /// log of the weight.
    public let logWeight: Double
    /// V.
    public let mean: Tensor<Double>
    /// V×V.
    public let covariance: Tensor<Double>
    /// Its inverse.
    let precision: Tensor<Double>
    let factor: CholeskyFactor<Double>

    init(logWeight: Double, mean: Tensor<Double>, covariance: Tensor<Double>) throws {
      (self.logWeight, self.mean, self.covariance) = (logWeight, mean, covariance)
      factor = try CholeskyFactor(covariance)
      precision = factor.inverse()
    }
  }

  /// The components.
  public let components: [Component]
  /// The size of one standardised unit in the field's units.
  public let unit: Double

  /// V.
  public var vertexCount: Int { components[0].mean.count }

  /// The prior that a study's settings describe, on a mesh.
  ///
  /// - Throws: `LinearAlgebraError` if a covariance is not positive definite up to rounding.
  public init(_ settings: StudyPriorSettings, mesh: SphereMesh, random: RandomStream) throws {
    let v = mesh.vertexCount
    // Means are smooth whatever the fields are: they stand for seasons or regimes.
    let meanFactor = try CholeskyFactor(
      Self.matern(mesh.nodePositions, range: 1, smoothness: .fiveHalves, deviation: settings.meanDeviation)
        + Tensor.identity(v) * 1e-9)
    let total = settings.weights.reduce(0, +)
    var parts: [(weight: Double, mean: Tensor<Double>, covariance: Tensor<Double>)] = []
    for (j, range) in settings.ranges.enumerated() {
      var stream = random.split("mean").split(j)
      let mean = meanFactor.multiplyLower(stream.normals([v, 1], as: Double.self)).reshaped(to: [v])
      parts.append(
        (
          settings.weights[j] / total, mean,
          Self.matern(
            mesh.nodePositions, range: range, smoothness: settings.smoothness.correlation,
            deviation: settings.deviations[j])
        ))
    }
    let moments = Self.moments(parts)
    let unit = ((0..<v).reduce(0) { $0 + moments.covariance[$1, $1] } / Double(v)).squareRoot()
    self.unit = unit
    components = try parts.map {
      try Component(
        logWeight: log($0.weight), mean: ($0.mean - moments.mean) * (1 / unit),
        covariance: $0.covariance * (1 / (unit * unit)))
    }
  }

  private init(components: [Component], unit: Double) { (self.components, self.unit) = (components, unit) }

  /// The single Gaussian with the same mean and covariance, which has the smallest divergence from this prior of all
  /// Gaussians.
  public func single() throws -> AnalyticPrior {
    let moments = Self.moments(components.map { (exp($0.logWeight), $0.mean, $0.covariance) })
    return AnalyticPrior(
      components: [try Component(logWeight: 0, mean: moments.mean, covariance: moments.covariance)], unit: unit)
  }

  /// Mean (V) and covariance (V×V) of a mixture.
  static func moments(
    _ parts: [(weight: Double, mean: Tensor<Double>, covariance: Tensor<Double>)]
  ) -> (mean: Tensor<Double>, covariance: Tensor<Double>) {
    let v = parts[0].mean.count
    var mean = Tensor<Double>.zeros([v])
    for part in parts { mean.add(part.mean, scaledBy: part.weight) }
    var covariance = Tensor<Double>.zeros([v, v])
    for part in parts {
      let offset = (part.mean - mean).reshaped(to: [1, v])
      covariance.add(part.covariance, scaledBy: part.weight)
      covariance.add(gramMatrix(offset, transposeFirst: true), scaledBy: part.weight)
    }
    return (mean, covariance)
  }

  /// A Matérn covariance over chord distances (V×V).
  static func matern(
    _ positions: [SIMD3<Double>], range: Double, smoothness: MaternCorrelation, deviation: Double
  ) -> Tensor<Double> {
    let v = positions.count
    let distances = positions.flatMap { a in
      positions.map { b in
        let offset = a - b
        return (offset * offset).sum() / (range * range)
      }
    }
    let correlations = Tensor<Double>(shape: [v, v]) { out in
      distances.withUnsafeBufferPointer {
        Double.kernels.matern(smoothness, squaredDistances: $0, values: out)
      }
    }
    return correlations * (deviation * deviation)
  }

  /// Fields (N×V), each from its own random stream.
  public func samples(using streams: [RandomStream]) -> Tensor<Double> {
    let v = vertexCount
    var result = Tensor<Double>.zeros([streams.count, v])
    for (row, stream) in streams.enumerated() {
      var (chooser, values) = (stream.split("component"), stream.split("values"))
      let component = components[chooser.categorical(components.map { exp($0.logWeight) }) ?? 0]
      let deviation = component.factor.multiplyLower(values.normals([v, 1], as: Double.self)).reshaped(to: [1, v])
      result.replaceRows(from: row, with: deviation + component.mean.reshaped(to: [1, v]))
    }
    return result
  }

  /// The exact noise predictor of a diffusion that begins at this prior.
  public func noisePredictor(_ schedule: VariancePreservingSchedule) throws -> any NoisePredictor<Float> {
    let v = vertexCount
    let gaussians = try components.map {
      try SpectralGaussian<Float>(
        mean: $0.mean.converted(to: Float.self).reshaped(to: [v, 1]), covariance: $0.covariance)
    }
    guard gaussians.count > 1 else { return GaussianNoisePredictor(gaussians[0], schedule: schedule) }
    return try MixtureNoisePredictor(gaussians, weights: components.map { exp($0.logWeight) }, schedule: schedule)
  }
}
