// The roughness θ of each place from the observations alone: MacKay's fixed point, θ = Σ residual² / Σ degrees of freedom,
// with sums in Gaussian windows. With the posterior N(x, A⁻¹), node i has the squared residual (K·x)²/C and
// γ = 1 − Var[K·x]/(θ·C) degrees of freedom, the variance from posterior draws. Windows do not mix classes of places (sea,
// coast, land), and fall back on a wider window, and that on the whole class's and the whole field's values, where they
// hold little: an estimate from n degrees of freedom counts n against the fallback's `windowPriorCount`.

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
  /// The smoothed shares of land at which classes begin.
  private static let classLimits: [Double] = [0.04, 0.35, 0.65, 0.96]
  /// The standard deviation of the window in which the share of land is smoothed, in units.
  private static let classWindow = 2.0

  /// - Parameter landShare: The share of land at each of the mesh's nodes; nil makes one class.
  init(_ level: MeshLevel, landShare: [Float]?, settings: SparseFieldConfiguration) throws {
    windows = level.windows
    self.settings = settings
    narrowCounts = level.areas.map { 2 * .pi * settings.narrowWindow * settings.narrowWindow / $0 }
    wideCounts = level.areas.map { 2 * .pi * settings.wideWindow * settings.wideWindow / $0 }
    guard let landShare else {
      classes = [UInt8](repeating: 0, count: level.nodeCount)
      classCount = 1
      return
    }
    let smooth = try windows.smoothed([landShare.map(Double.init)], deviation: Self.classWindow)
    classes = smooth[0].map { share in UInt8(Self.classLimits.count { share >= $0 }) }
    classCount = Self.classLimits.count + 1
  }

  /// The next roughness (n).
  ///
  /// - Parameters:
  ///   - current: The roughness under which the posterior was made (n).
  ///   - squaredResiduals: (K·x)²/C of the posterior mean x (n).
  ///   - residualVariances: The posterior variance of K·x, divided by C (n).
  func next(
    after current: [Double], squaredResiduals: [Double], residualVariances: [Double]
  ) throws -> [Double] {
    let n = current.count
    let degrees = (0..<n).map { 1 - residualVariances[$0] / current[$0] }
    var fields: [[Double]] = []
    for kind in 0..<classCount {
      fields.append((0..<n).map { Int(classes[$0]) == kind ? squaredResiduals[$0] : 0 })
      fields.append((0..<n).map { Int(classes[$0]) == kind ? degrees[$0] : 0 })
    }
    let narrow = try windows.smoothed(fields, deviation: settings.narrowWindow)
    let wide = try windows.smoothed(fields, deviation: settings.wideWindow)
    let overall = max(squaredResiduals.reduce(0, +), .leastNormalMagnitude) / max(degrees.reduce(0, +), 1)
    let ofClass = (0..<classCount).map { kind in
      blend(
        squares: fields[2 * kind].reduce(0, +), degrees: fields[2 * kind + 1].reduce(0, +), fallback: log(overall))
    }
    return (0..<n).map { i in
      let kind = Int(classes[i])
      let (squares, degrees) = (2 * kind, 2 * kind + 1)
      let wideEstimate = exp(
        blend(
          squares: wideCounts[i] * wide[squares][i], degrees: wideCounts[i] * wide[degrees][i],
          fallback: ofClass[kind]))
      let estimate =
        (narrowCounts[i] * narrow[squares][i] + settings.narrowPriorCount * wideEstimate)
        / (max(0, narrowCounts[i] * narrow[degrees][i]) + settings.narrowPriorCount)
      return min(max(estimate, current[i] / settings.largestChange), current[i] * settings.largestChange)
    }
  }

  /// The logarithm of squares / degrees, drawn towards the fallback's, where roughnesses may differ by orders of magnitude.
  private func blend(squares: Double, degrees: Double, fallback: Double) -> Double {
    guard degrees > 1e-6 else { return fallback }
    let found = log(max(squares, .leastNormalMagnitude) / degrees)
    return (degrees * found + settings.widePriorCount * fallback) / (degrees + settings.widePriorCount)
  }
}
