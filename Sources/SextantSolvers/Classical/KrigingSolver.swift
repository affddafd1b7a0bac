// Universal kriging: a trend of low degree and a Matérn field, whose smoothness and parameters maximise the likelihood
// of the field's own observations. It needs no archive and is exact for these parameters.

import Foundation
import SextantArrays
import SextantConfiguration
import SextantGeometry
import SextantMeasurement
import SextantPriors

/// Matérn kriging, which needs no archive. Distances are straight lines through space, not paths along the surface: see
/// ``SurfaceKrigingSolver``.
///
/// The dense factor belongs to the observations, of which there may be ``TwoScaleSolver/stateLimit``. Up to as many vertices, the
/// posterior has samples. On a larger domain it has the same exact mean and spread but no samples, which need a factor of the
/// covariance of all vertices.
public struct KrigingSolver: DirectSolver {
  public let name = "Matérn kriging"
  private let domain: any Domain
  private let channelCount: Int
  private let isInside: [Bool]?

  /// Makes the solver for fields of `channelCount` variables on a domain.
  ///
  /// - Parameters:
  ///   - domain: the domain of the fields.
  ///   - channelCount: the number C of variables.
  ///   - isInside: which entries of the V×C array belong to the field (V·C); nil for all.
  public init(domain: any Domain, channelCount: Int, isInside: [Bool]? = nil) {
    self.domain = domain
    self.channelCount = channelCount
    self.isInside = isInside
  }

  /// Whether the domain is small enough for samples.
  private var hasSamples: Bool { domain.nodeCount <= TwoScaleSolver.stateLimit }

  public func check(_ operation: any LinearOperator) throws {
    try operation.requireInputs(domain.vertexCount * channelCount)
  }

  /// Fills the channels separately, because without an archive their correlation is unknown.
  public func solve(
    _ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream
  ) throws -> Posterior {
    let size = domain.vertexCount * channelCount
    var mean = [Float](repeating: .nan, count: size)
    var spread = mean
    var draws = samples > 0 && hasSamples ? Tensor<Float>(repeating: .nan, shape: [samples, size]) : nil
    var diagnostics: [String: Double] = [:]
    let matrix = try measurement.operation.materialised(for: name)
    for channel in 0..<channelCount {
      guard let part = try solve(channel, measurement, matrix, samples: samples, using: &random) else { continue }
      for v in 0..<domain.vertexCount {
        mean[v * channelCount + channel] = part.mean[v]
        spread[v * channelCount + channel] = part.spread?[v] ?? .nan
      }
      if let samples = part.samples {
        draws?.withUnsafeMutableScalars { out in
          samples.withUnsafeScalars { source in
            for i in 0..<source.count {
              let (row, v) = i.quotientAndRemainder(dividingBy: domain.vertexCount)
              out[row * size + v * channelCount + channel] = source[i]
            }
          }
        }
      }
      for (key, value) in part.diagnostics { diagnostics[channelCount > 1 ? "\(key)[\(channel)]" : key] = value }
    }
    return Posterior(mean: mean, spread: spread, samples: draws, diagnostics: diagnostics)
  }

  private func solve(
    _ channel: Int, _ measurement: FieldMeasurement, _ matrix: SparseMatrix, samples: Int,
    using random: inout RandomStream
  ) throws -> Posterior? {
    // The rows of this channel, as an operator on V entries.
    var entries: [(row: Int, column: Int, value: Double)] = []
    var (values, noise): ([Float], [Float]) = ([], [])
    for row in 0..<matrix.rowCount {
      let range = matrix.rowStarts[row]..<matrix.rowStarts[row + 1]
      guard !range.isEmpty, range.allSatisfy({ Int(matrix.columns[$0]) % channelCount == channel }) else { continue }
      for k in range { entries.append((values.count, Int(matrix.columns[k]) / channelCount, matrix.values[k])) }
      values.append(measurement.values[row])
      noise.append(measurement.noise[row])
    }
    guard !values.isEmpty else { return nil }
    let operation = SparseMatrix.plainestOperator(
      rowCount: values.count, columnCount: domain.vertexCount, entries: entries)
    let inside = (0..<domain.vertexCount).map { isInside?[$0 * channelCount + channel] ?? true }
    let prior = Self.prior(
      domain: domain, isInside: inside, values: values,
      rows: operation.selectedEntries == nil ? RowSizes(entries, count: values.count) : nil)
    let part = FieldMeasurement(values: values, noise: noise, operation: operation, label: measurement.label)
    guard hasSamples else { return try Self.blockwisePosterior(given: part, prior: prior, on: domain) }
    return try TwoScaleSolver(prior, domain: domain).posterior(given: part, samples: samples, using: &random)
  }

  /// The posterior on a domain that is too large for samples: equal to that of a small one but for rounding.
  ///
  /// Throws `PriorError.tooLarge` where there are too many observations, too.
  static func blockwisePosterior(
    given measurement: FieldMeasurement, prior: GaussianPrior, on domain: any Domain
  ) throws -> Posterior {
    try measurement.check()
    let observation = try prior.space.observe(measurement)
    guard observation.count <= TwoScaleSolver.stateLimit else {
      throw PriorError.tooLarge(
        "Kriging takes at most \(TwoScaleSolver.stateLimit) observations of a field on more than as many vertices, and this one has \(observation.count) on \(domain.nodeCount). Use the sparse Matérn field: sparse-matern."
      )
    }
    let covariance = try CovarianceFit(prior, on: domain, seed: RandomStream(seed: 0)).covariance(for: observation)
    let posterior = try BlockwiseGaussianPosterior(
      observation, covariance: covariance.model, parameters: covariance.chosen.values)
    return prior.space.posterior(
      mean: posterior.mean.map { Float($0) }, spread: posterior.spread.map { Float($0) }, samples: nil,
      label: measurement.label, diagnostics: covariance.diagnostics(logEvidence: posterior.logEvidence))
  }

  /// The two-scale prior whose modes are a trend: constant and linear in space, and on a domain with latitudes quadratic
  /// in latitude.
  ///
  /// A mesh has no north, so that its trend treats all directions alike, and a turned mesh has the same answer.
  ///
  /// - Parameter rows: the sizes of the rows of which the values are the sums; nil where each value is that of one place.
  static func prior(domain: any Domain, isInside: [Bool], values: [Float], rows: RowSizes? = nil) -> GaussianPrior {
    let layout = StateLayout(domain: domain, channelCount: 1, isInside: isInside)
    let (mean, variance) = rows?.moments(of: values) ?? Self.moments(of: values)
    let climatology = Climatology(
      kind: .constant, coefficients: Tensor(repeating: Float(mean), shape: [1, layout.count]))
    let space = StateSpace(
      layout: layout, climatology: climatology, scales: [variance > 0 ? Float(variance.squareRoot()) : 1])
    let nodes = domain.nodePositions
    let positions = layout.nodeOfState.map { nodes[Int($0)] }
    // The trend is centred and scaled to the extent of the domain, which may be a small part of the sphere.
    let centre = positions.reduce(SIMD3<Double>(), +) / Double(max(1, positions.count))
    let extent = positions.reduce(1e-6) { max($0, (($1 - centre) * ($1 - centre)).sum().squareRoot()) }
    let hasLatitude = domain.geography != nil
    let trend = positions.flatMap { position -> [Float] in
      let p = (position - centre) / extent
      let linear = [1, p.x, p.y, p.z]
      return (hasLatitude ? linear + [1.5 * p.z * p.z - 0.5] : linear).map { Float($0 * 2) }
    }
    let count = hasLatitude ? 5 : 4
    let modes = Tensor(trend, shape: [positions.count, count]).transposed()
    let functions = EmpiricalOrthogonalFunctions(
      scaledModes: modes, standardDeviations: [Float](repeating: 2, count: count),
      residualVariance: [Float](repeating: 1, count: positions.count))
    return GaussianPrior(
      configuration: GaussianPriorConfiguration(kind: .trend, modeCount: count), space: space, functions: functions,
      archiveCoefficients: .zeros([0, count]), landShare: nil, channelCorrelation: .identity(1))
  }
}

extension KrigingSolver {
  /// The mean and the variance of values.
  private static func moments(of values: [Float]) -> (mean: Double, variance: Double) {
    let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
    let variance = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(values.count)
    return (mean, variance)
  }

  /// How large the rows of an operator are: the values of a constant field are its constant times the sums of the rows, and those of
  /// a field without any correlation vary by the root of the sum of the squares.
  struct RowSizes {
    private var sums: [Double]
    private var squares: [Double]

    init(_ entries: [(row: Int, column: Int, value: Double)], count: Int) {
      sums = [Double](repeating: 0, count: count)
      squares = sums
      for entry in entries {
        sums[entry.row] += entry.value
        squares[entry.row] += entry.value * entry.value
      }
    }

    /// The mean and the variance of a field of which the values are sums: the constant that fits them best, and what is left of each
    /// for a row of size 1. Values of projections would otherwise have the mean 0, and the mean of the field would be a part of the variance.
    func moments(of values: [Float]) -> (mean: Double, variance: Double) {
      let total = sums.reduce(0) { $0 + $1 * $1 }
      let mean = total > 0 ? zip(sums, values).reduce(0.0) { $0 + $1.0 * Double($1.1) } / total : 0
      var variance = 0.0
      for (row, value) in values.enumerated() {
        let rest = Double(value) - sums[row] * mean
        variance += rest * rest / max(sums[row] * sums[row], squares[row], .leastNormalMagnitude)
      }
      return (mean, variance / Double(values.count))
    }
  }
}

/// The settings of kriging.
public struct KrigingSettings: Sendable, Equatable, Encodable {
  /// The distances on which the covariance of two values depends.
  public enum Distances: String, ConfigurationChoice {
    /// Straight lines through space.
    ///
    /// The default: the covariance is a known function, valid for any points, and does not depend on how fine a mesh is or
    /// whether its parts touch.
    case space
    /// Along the surface: a Matérn field by the surface's Laplacian, on each connected part alone.
    case surface
  }

  /// The distances.
  public var distances = Distances.space

  public init(distances: Distances = .space) { self.distances = distances }
}

extension KrigingSettings: MethodSettings {
  public func reading(_ section: ConfigurationReader) throws -> KrigingSettings {
    KrigingSettings(distances: try section.value("distances", default: distances))
  }
}

extension Method {
  /// Matérn kriging.
  public static let kriging = Method(
    name: "kriging", title: "Matérn kriging", traits: Traits(hasGaussianPosterior: true), settings: KrigingSettings()
  ) { context in
    let space = context.space
    if context.ownSettings(as: KrigingSettings.self).distances == .surface {
      return try SurfaceKrigingSolver(
        domain: space.domain, channelCount: space.channelCount, isInside: space.isInside,
        seed: RandomStream(seed: context.model.provenance.seed))
    }
    return KrigingSolver(domain: space.domain, channelCount: space.channelCount, isInside: space.isInside)
  }
}
