// Honouring the range of a variable: cloud cover lies between 0 and 1, precipitation is never negative.
//
// Samples are moved to the nearest value in the range; mean and spread become those of the moved
// distribution, in closed form for a Gaussian. A posterior that lies well inside its range is unchanged.

import SextantArrays
import SextantMeasurement

/// The range of a variable, in its units.
public struct ValueBounds: Sendable, Equatable, Codable {
  /// The least possible value, or nil if there is none.
  public var minimum: Float?
  /// The greatest possible value, or nil if there is none.
  public var maximum: Float?

  public init(minimum: Float? = nil, maximum: Float? = nil) {
    self.minimum = minimum
    self.maximum = maximum
  }

  /// The nearest value in the range.
  public func clamp(_ value: Float) -> Float {
    min(max(value, minimum ?? -.infinity), maximum ?? .infinity)
  }

  /// Mean and standard deviation of a normal variable after it is clamped.
  public func clampedNormal(mean: Double, deviation: Double) -> (mean: Double, deviation: Double) {
    guard deviation > 0, mean.isFinite else { return (Double(clamp(Float(mean))), 0) }
    let (low, high) = (minimum.map(Double.init), maximum.map(Double.init))
    // Moments of the part inside, then the two atoms at the ends.
    let a = low.map { ($0 - mean) / deviation }
    let b = high.map { ($0 - mean) / deviation }
    let below = a.map(StandardNormal.cumulative) ?? 0
    let above = b.map { 1 - StandardNormal.cumulative($0) } ?? 0
    let inside = max(0, 1 - below - above)
    let (densityA, densityB) = (a.map(StandardNormal.density) ?? 0, b.map(StandardNormal.density) ?? 0)
    // E[z; inside] and E[z²; inside].
    let first = densityA - densityB
    let second = inside + (a.map { $0 * densityA } ?? 0) - (b.map { $0 * densityB } ?? 0)
    let clampedMean =
      (low ?? 0) * below + (high ?? 0) * above + mean * inside + deviation * first
    let secondMoment =
      (low ?? 0) * (low ?? 0) * below + (high ?? 0) * (high ?? 0) * above
      + mean * mean * inside + 2 * mean * deviation * first + deviation * deviation * second
    return (clampedMean, max(0, secondMoment - clampedMean * clampedMean).squareRoot())
  }
}

/// A solver whose answers stay within the ranges of their variables.
public struct BoundedSolver: Solver {
  private let inner: any Solver
  /// One range for each channel (C); nil for a variable that may have any value.
  private let bounds: [ValueBounds?]

  public var name: String { inner.name }

  /// - Parameter bounds: the range of each channel (C).
  public init(_ inner: any Solver, bounds: [ValueBounds?]) {
    self.inner = inner
    self.bounds = bounds
  }

  public func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    ChangedPreparation(try inner.prepare(for: operation, noise: noise), change: bound)
  }

  public func fitted(to measurement: FieldMeasurement) throws -> any Solver {
    BoundedSolver(try inner.fitted(to: measurement), bounds: bounds)
  }

  public func marginals(atObserved measurement: FieldMeasurement) throws -> Posterior? {
    guard var posterior = try inner.marginals(atObserved: measurement) else { return nil }
    bound(&posterior)
    return posterior
  }

  private func bound(_ posterior: inout Posterior) {
    let channels = bounds.count
    for entry in posterior.mean.indices {
      guard let range = bounds[entry % channels], !posterior.mean[entry].isNaN else { continue }
      let clamped = range.clampedNormal(
        mean: Double(posterior.mean[entry]), deviation: Double(posterior.spread?[entry] ?? 0))
      posterior.mean[entry] = range.clamp(Float(clamped.mean))
      posterior.spread?[entry] = Float(clamped.deviation)
    }
    posterior.samples?.withUnsafeMutableScalars { values in
      for i in values.indices {
        if let range = bounds[i % channels], !values[i].isNaN { values[i] = range.clamp(values[i]) }
      }
    }
  }
}
