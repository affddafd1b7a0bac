// The roughness θ at each node, estimated from the observations alone by MacKay's fixed point, θ = Σ residual² / Σ
// degrees of freedom, with sums over Gaussian windows. For the posterior N(x, A⁻¹) and a smoothness of 1, node i has the squared
// residual (K·x)²/C and γ = 1 − Var[K·x]/(θ·C) degrees of freedom, where the variance comes from posterior samples where it is not
// exact (FieldEquations.swift has the residuals of a smoothness of 2, which need not be positive by themselves). Windows do
// not combine different classes of nodes (sea, coast, land). Where they contain little data they are combined with a
// wider window, that with the whole class, and that with the whole field: an estimate from n degrees of freedom has the
// weight n against the `windowPriorCount` of the fallback. The estimate for the whole field is in turn combined with that
// of a stationary field of the largest likelihood (StationaryFieldFit.swift), because θ = 0 is a fixed point as well.

import Foundation
import SextantArrays

/// The windows, classes and counts of one mesh.
struct RoughnessEstimate: Sendable {
  private let windows: any WindowFamily
  private let settings: SparseFieldConfiguration
  /// The number of nodes in a narrow and in a wide window around each node (n).
  private let narrowCounts: [Double]
  private let wideCounts: [Double]
  /// The class of each node (n), below `classCount`.
  private let classes: [UInt8]
  private let classCount: Int
  /// The factor of the windows' widths.
  private let windowScale: Double
  /// The smoothed land fractions at which classes begin.
  private static let classLimits: [Double] = [0.04, 0.35, 0.65, 0.96]
  /// The standard deviation of the window that smooths the land fraction, in units.
  private static let classWindow = 2.0

  /// - Parameters:
  ///   - level: the mesh.
  ///   - landShare: the fraction of land at each of the mesh's nodes; nil gives a single class.
  ///   - settings: the settings of the prior.
  ///   - windowScale: the factor of the windows' widths.
  /// - Throws: the errors of the factorisation that makes the windows of a mesh.
  init(
    _ level: MeshLevel, landShare: [Float]?, settings: SparseFieldConfiguration, windowScale: Double = 1
  ) throws {
    windows = level.windows
    self.settings = settings
    self.windowScale = windowScale
    let (narrow, wide) = (settings.narrowWindow * windowScale, settings.wideWindow * windowScale)
    narrowCounts = level.areas.map { 2 * .pi * narrow * narrow / $0 }
    wideCounts = level.areas.map { 2 * .pi * wide * wide / $0 }
    guard let landShare else {
      classes = [UInt8](repeating: 0, count: level.nodeCount)
      classCount = 1
      return
    }
    let smooth = try windows.smoothed([landShare.map(Double.init)], standardDeviation: Self.classWindow)
    classes = smooth[0].map { share in UInt8(Self.classLimits.count { share >= $0 }) }
    classCount = Self.classLimits.count + 1
  }

  /// The next roughness (n).
  ///
  /// - Parameters:
  ///   - current: the roughness for which the posterior was computed (n).
  ///   - squaredResiduals: those of the posterior mean (n).
  ///   - residualVariances: the posterior expectation of those about it (n).
  ///   - stationary: the roughness of the stationary field of the largest likelihood.
  ///   - isExact: whether the variances are exact; if they come from samples, the degrees of freedom are uncertain, and
  ///     estimates count less.
  ///   - isAnchored: whether windows need clear evidence to depart from the stationary field.
  func next(
    after current: [Double], squaredResiduals: [Double], residualVariances: [Double], around stationary: Double,
    isExact: Bool, isAnchored: Bool
  ) throws -> [Double] {
    let n = current.count
    /// The standard deviation of the degrees of freedom of `count` nodes, from samples.
    func uncertainty(_ count: Double) -> Double {
      isExact ? 0 : (2 * count / Double(settings.drawsPerIteration)).squareRoot()
    }
    let degrees = (0..<n).map { 1 - residualVariances[$0] / current[$0] }
    var fields: [[Double]] = []
    for kind in 0..<classCount {
      fields.append((0..<n).map { Int(classes[$0]) == kind ? squaredResiduals[$0] : 0 })
      fields.append((0..<n).map { Int(classes[$0]) == kind ? degrees[$0] : 0 })
    }
    let narrow = try windows.smoothed(fields, standardDeviation: settings.narrowWindow * windowScale)
    let wide = try windows.smoothed(fields, standardDeviation: settings.wideWindow * windowScale)
    let anchor = settings.stationaryCount + uncertainty(Double(n))
    let overall =
      (max(0, squaredResiduals.reduce(0, +)) + anchor * stationary) / (max(0, degrees.reduce(0, +)) + anchor)
    let classPrior = isAnchored ? settings.stationaryCount + uncertainty(Double(n)) : settings.widePriorCount
    let ofClass = (0..<classCount).map { kind in
      blend(
        squares: fields[2 * kind].reduce(0, +), degrees: fields[2 * kind + 1].reduce(0, +), fallback: log(overall),
        priorCount: classPrior)
    }
    return (0..<n).map { i in
      let kind = Int(classes[i])
      let (squares, degrees) = (2 * kind, 2 * kind + 1)
      let wideEstimate = exp(
        blend(
          squares: wideCounts[i] * wide[squares][i], degrees: wideCounts[i] * wide[degrees][i],
          fallback: ofClass[kind],
          priorCount: isAnchored
            ? settings.stationaryCount + uncertainty(min(wideCounts[i], Double(n))) : settings.widePriorCount))
      let estimate =
        (max(0, narrowCounts[i] * narrow[squares][i]) + settings.narrowPriorCount * wideEstimate)
        / (max(0, narrowCounts[i] * narrow[degrees][i]) + settings.narrowPriorCount)
      return min(max(estimate, current[i] / settings.largestChange), current[i] * settings.largestChange)
    }
  }

  /// The logarithm of squares / degrees, shrunk towards that of the fallback, because roughnesses may differ by orders
  /// of magnitude.
  private func blend(squares: Double, degrees: Double, fallback: Double, priorCount: Double) -> Double {
    guard degrees > 1e-6, squares > 0 else { return fallback }
    let found = log(squares / degrees)
    return (degrees * found + priorCount * fallback) / (degrees + priorCount)
  }
}
