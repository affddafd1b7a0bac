// The range of a variable's possible values: cloud cover lies between 0 and 1, precipitation is never negative.

import SextantArrays

/// The range of a variable.
public struct ValueBounds: Sendable, Equatable, Codable {
  /// The least possible value, or nil if there is none.
  public var minimum: Float?
  /// The greatest possible value, or nil if there is none.
  public var maximum: Float?
  /// The units of the range; nil for those of the variable. The range of a model names none.
  public var units: String?

  public init(minimum: Float? = nil, maximum: Float? = nil, units: String? = nil) {
    self.minimum = minimum
    self.maximum = maximum
    self.units = units
  }

  /// The nearest value in the range.
  public func clamp(_ value: Float) -> Float {
    min(max(value, minimum ?? -.infinity), maximum ?? .infinity)
  }

  /// The mean and the standard deviation of a normal variable after clamping.
  func clampedNormal(mean: Double, standardDeviation sigma: Double) -> (mean: Double, standardDeviation: Double) {
    guard sigma > 0, mean.isFinite else { return (Double(clamp(Float(mean))), 0) }
    let (low, high) = (minimum.map(Double.init), maximum.map(Double.init))
    // The moments of the part inside the range, and the two atoms at its ends.
    let a = low.map { ($0 - mean) / sigma }
    let b = high.map { ($0 - mean) / sigma }
    let below = a.map(StandardNormal.cumulative) ?? 0
    let above = b.map { 1 - StandardNormal.cumulative($0) } ?? 0
    let inside = max(0, 1 - below - above)
    let (densityA, densityB) = (a.map(StandardNormal.density) ?? 0, b.map(StandardNormal.density) ?? 0)
    // E[z; inside] and E[z²; inside].
    let first = densityA - densityB
    let second = inside + (a.map { $0 * densityA } ?? 0) - (b.map { $0 * densityB } ?? 0)
    let clampedMean =
      (low ?? 0) * below + (high ?? 0) * above + mean * inside + sigma * first
    let secondMoment =
      (low ?? 0) * (low ?? 0) * below + (high ?? 0) * (high ?? 0) * above
      + mean * mean * inside + 2 * mean * sigma * first + sigma * sigma * second
    return (clampedMean, max(0, secondMoment - clampedMean * clampedMean).squareRoot())
  }
}
