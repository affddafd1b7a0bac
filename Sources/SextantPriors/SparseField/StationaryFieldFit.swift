// The deviation and the range of a stationary sparse field, by the marginal likelihood of its observations.
//
// A sparse field has the posterior precision A = Q + Hᵀ·R⁻¹·H, so that two factorisations give
//
//     −2·log p(y) = log|R| + log|A| − log|Q| + log(1ᵀS⁻¹1) + yᵀS⁻¹y − (1ᵀS⁻¹y)²/(1ᵀS⁻¹1),   S⁻¹ = R⁻¹ − R⁻¹HA⁻¹HᵀR⁻¹,
//
// where the level of the field is unknown and integrated out. |Q| follows from the determinant of the equations K,
// whose factor is far sparser than that of Q. The likelihood is maximised together with weak priors on the logarithms
// of the deviation and the range. The deviation is expected to be near that of the observations beyond their noise, and
// the range near a fifth of the root of the domain's area: both are in physical units, so that a finer mesh of the same
// surface finds the same field, and mean the same for each smoothness, so that the larger maximum decides between them.
// Unlike the fixed point of RoughnessEstimate.swift, which θ = 0 always satisfies, the maximum cannot collapse where the
// noise is as large as the signal.

import Foundation
import SextantArrays
import SextantSparse

/// A stationary sparse field that was fitted to an observation.
struct StationaryField {
  let smoothness: SparseFieldSmoothness
  let roughness: Double
  /// κ² per squared unit.
  let kappaSquared: Double
  /// Minus the logarithm of the posterior density, up to a constant that is the same for all fields.
  let negativeLogDensity: Double
  /// Its place in the search: the logarithms of deviation and range about what is typical.
  let point: [Double]
}

/// The fit of a stationary field on one mesh to one observation.
struct StationaryFieldFit {
  /// The mesh, with the κ² of the configuration.
  let mesh: SparseFieldPrior.Mesh
  /// The observation on the mesh.
  let seen: MeshObservation
  /// The observation's anomalies without their level (m).
  let anomalies: [Double]
  /// The measurement of a field of ones (m).
  let rowSums: [Double]
  /// The variance of the noise (m).
  let noiseVariance: [Double]
  /// The number of nodes of the domain.
  let domainNodeCount: Int
  /// Whether the range is fitted; otherwise κ² is the configuration's.
  let fitsRange: Bool
  let configuration: SparseFieldConfiguration
  /// Factorises a matrix with a pattern of the mesh.
  let factorise: (_ matrix: SparseMatrix, _ pattern: SparseFieldPrior.Pattern) throws -> SparseCholesky

  /// The typical range √(8ν)/κ, as a share of the root of the domain's area.
  static let typicalRange = 0.2
  /// The standard deviations of the priors on the logarithms of the deviation and of the range.
  static let priorDeviations = (deviation: 1.5, range: 1.0)
  /// Larger meshes are searched from one start alone.
  private static let manyStartsLimit = 20_000
  /// The step of the differences that give the gradient.
  private static let step = 0.01
  /// A field that explains the observations worse than another one by this much in the logarithm where it is begun, is not
  /// searched any further.
  private static let hopeless = 10.0

  private var smoothness: SparseFieldSmoothness { mesh.equations.smoothness }

  /// The area of the domain, in squared units.
  private var area: Double { mesh.level.areas.reduce(0, +) }

  /// The variance of a field of roughness 1 about its own mean, in squared units: that of a Matérn field if the range is
  /// short, and that of an intrinsic field on a sphere of this area if it is long.
  private func unitVariance(kappaSquared: Double) -> Double {
    let wavenumber = 4 * Double.pi / area
    switch smoothness {
    case .one:
      return 1 / (4 * Double.pi * kappaSquared + area * wavenumber * wavenumber)
    case .two:
      // The sum of (2l + 1)/(l(l + 1))³ over the degrees l > 0 of the sphere is 0.4041.
      let long: Double = area * wavenumber * wavenumber * wavenumber / 0.4041
      return 1 / (8 * Double.pi * kappaSquared * kappaSquared + long)
    }
  }

  /// The deviation of the observations beyond their noise: the centre of the prior, never 0.
  private var typicalDeviation: Double {
    let weights = rowSums.reduce(0.0) { $0 + $1 * $1 }
    let count = weights > 0 ? weights : Double(max(1, anomalies.count))
    let variance = anomalies.reduce(0.0) { $0 + $1 * $1 } / count
    let noise = noiseVariance.reduce(0, +) / count
    return max(variance - noise, 0.1 * noise, 0.02 * variance, .leastNormalMagnitude).squareRoot()
  }

  /// The field with the largest posterior density.
  ///
  /// - Parameter other: the best field of another smoothness, near which the search begins.
  /// - Throws: the errors of the factorisation except for a matrix that is not positive definite.
  func maximum(besides other: StationaryField? = nil) throws -> StationaryField {
    let (deviation, rootArea) = (typicalDeviation, area.squareRoot())
    func field(_ point: [Double]) -> (roughness: Double, kappaSquared: Double) {
      let range = fitsRange ? Self.typicalRange * rootArea * exp(point[1]) : 0
      let kappaSquared = fitsRange ? 8 * Double(smoothness.rawValue) / (range * range) : configuration.kappaSquared
      let variance = deviation * deviation * exp(2 * point[0])
      return (variance / unitVariance(kappaSquared: kappaSquared), kappaSquared)
    }
    var failure: (any Error)?
    // Steps in the deviation use the prior of the step before; those of all steps would take much memory.
    var last: (kappaSquared: Double, prior: (mesh: SparseFieldPrior.Mesh, logDeterminant: Double))?
    // The units of the values only add a constant, which would change when the search ends.
    let unit = Double(anomalies.count - 1) * log(deviation)
    func objective(_ point: [Double]) -> Double {
      let (roughness, kappaSquared) = field(point)
      var value = 0.5 * pow(point[0] / Self.priorDeviations.deviation, 2) - unit
      if fitsRange { value += 0.5 * pow(point[1] / Self.priorDeviations.range, 2) }
      do {
        let known = last.flatMap { $0.kappaSquared == kappaSquared ? $0.prior : nil }
        let prior = try known ?? priorPart(kappaSquared: kappaSquared)
        last = (kappaSquared, prior)
        return value + (try negativeLogLikelihood(roughness: roughness, prior: prior))
      } catch is LinearAlgebraError {
        return .infinity
      } catch {
        failure = error
        return .infinity
      }
    }
    func result(_ point: [Double], _ value: Double) -> StationaryField {
      let (roughness, kappaSquared) = field(point)
      return StationaryField(
        smoothness: smoothness, roughness: roughness, kappaSquared: kappaSquared, negativeLogDensity: value, point: point)
    }
    var start = [Double](repeating: 0, count: fitsRange ? 2 : 1)
    let isSmall = mesh.level.nodeCount <= Self.manyStartsLimit
    if fitsRange && (isSmall || other != nil) {
      var points: [[Double]] = [[0, 0], [0, -1.2], [0, 1.2], [-1, 0]]
      // What a rough field explains by a long range, a smoother one explains by a much shorter one.
      if let other { points = [0, 0.7, 1.4].map { [other.point[0], other.point[1] - $0] } + (isSmall ? points : []) }
      let starts = points.map { (point: $0, value: objective($0)) }
      if let best = starts.min(by: { $0.value < $1.value }) {
        if let failure { throw failure }
        if let other, best.value > other.negativeLogDensity + Self.hopeless { return result(best.point, best.value) }
        start = best.point
      }
    }
    let minimum = minimise(
      from: start, scale: start.map { _ in 0.7 }, bounds: -5...5, maximumEvaluations: isSmall ? 14 : 7, tolerance: 1e-5
    ) { point in
      let value = objective(point)
      let gradient = point.indices.map { p -> Double in
        var moved = point
        moved[p] += Self.step
        return (objective(moved) - value) / Self.step
      }
      return (value, gradient)
    }
    if let failure { throw failure }
    return result(minimum.point, minimum.value)
  }

  /// The mesh with another κ², and log|Q| for a roughness of 1.
  private func priorPart(kappaSquared: Double) throws -> (mesh: SparseFieldPrior.Mesh, logDeterminant: Double) {
    let mesh = mesh.with(kappaSquared: kappaSquared, configuration)
    if mesh.equations.isSymmetric {
      do {
        let factor = try factorise(mesh.equations.rows, .equations)
        return (mesh, mesh.equations.logDeterminant(ofEquations: factor.logDeterminant))
      } catch is LinearAlgebraError {
        // Negative couplings make K indefinite, where KᵀK is not.
      }
    }
    let matrix = mesh.precision.prior(roughness: [Double](repeating: 1, count: mesh.level.nodeCount))
    return (mesh, try factorise(matrix, .prior(smoothness)).logDeterminant)
  }

  /// −log p(y), up to a constant.
  private func negativeLogLikelihood(
    roughness: Double, prior: (mesh: SparseFieldPrior.Mesh, logDeterminant: Double)
  ) throws -> Double {
    let (mesh, n) = (prior.mesh, prior.mesh.level.nodeCount)
    let variances = seen.variances(roughness: [Double](repeating: roughness, count: domainNodeCount))
    let precision = try PosteriorPrecision(mesh.precision, observing: seen.matrix)
    let factor = try factorise(
      precision.matrix(
        roughness: [Double](repeating: roughness, count: n), observation: (seen.matrix, variances)),
      precision.isPriorPattern ? .prior(smoothness) : .other)
    let right =
      seen.rightHandSide(of: anomalies, variances: variances)
      + seen.rightHandSide(of: rowSums, variances: variances)
    // As in MeshObservation.mean(of:variances:by:), the number of threads must not change the last digits.
    let parts = OpenBLAS.withSingleThread { factor.solveLower(rows: Tensor(right, shape: [2, n])) }
    let (values, ones) = (parts.row(0).scalars, parts.row(1).scalars)
    func product(_ a: [Double], _ b: [Double], _ x: [Double], _ y: [Double]) -> Double {
      let whole = variances.indices.reduce(0.0) { $0 + a[$1] * b[$1] / variances[$1] }
      return whole - zip(x, y).reduce(0.0) { $0 + $1.0 * $1.1 }
    }
    let (squares, cross, weight) = (
      product(anomalies, anomalies, values, values), product(anomalies, rowSums, values, ones),
      product(rowSums, rowSums, ones, ones)
    )
    var value = factor.logDeterminant - (prior.logDeterminant - Double(n) * log(roughness)) + squares
    value += variances.reduce(0.0) { $0 + log($1) }
    // Differences do not tell the level.
    if weight > 0 { value += log(weight) - cross * cross / weight }
    return 0.5 * value
  }
}
