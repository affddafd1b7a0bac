// A solver whose posteriors are all changed by the same function: clamped to the ranges of the variables, or removed
// where a variable does not exist, such as sea-surface temperature on land.

import SextantArrays
import SextantMeasurement
import SextantSignals

/// Applies a function to every posterior of another solver.
struct AdjustedSolver: Solver {
  let inner: any Solver
  let adjust: @Sendable (inout Posterior) -> Void

  var name: String { inner.name }

  func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    AdjustedPreparation(inner: try inner.prepare(for: operation, noise: noise), adjust: adjust)
  }

  func fitted(to measurement: FieldMeasurement) throws -> any Solver {
    AdjustedSolver(inner: try inner.fitted(to: measurement), adjust: adjust)
  }

  func marginals(atObserved measurement: FieldMeasurement) throws -> Posterior? {
    guard var posterior = try inner.marginals(atObserved: measurement) else { return nil }
    adjust(&posterior)
    return posterior
  }
}

/// Applies a function to every posterior of a prepared solver.
struct AdjustedPreparation: PreparedSolver {
  let inner: any PreparedSolver
  let adjust: @Sendable (inout Posterior) -> Void

  var model: MeasurementModel { inner.model }

  func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior {
    var posterior = try inner.solve(measurement, samples: samples, using: &random)
    adjust(&posterior)
    return posterior
  }

  func posterior(leavingOut rows: [Int], of measurement: FieldMeasurement) throws -> Posterior? {
    guard var posterior = try inner.posterior(leavingOut: rows, of: measurement) else { return nil }
    adjust(&posterior)
    return posterior
  }
}

extension Solver {
  /// This solver with answers that are not a number outside the domain.
  ///
  /// - Parameter isInside: whether each entry of the V×C array is inside the domain (V·C, channel fastest).
  public func restricted(to isInside: [Bool]) -> any Solver {
    AdjustedSolver(inner: self) { $0.restrict(to: isInside) }
  }

  /// This solver with answers within the ranges of their variables.
  ///
  /// Samples are moved to the nearest value in the range. The mean and the standard deviation become those of a normal
  /// variable after clamping, in closed form. A posterior well inside the range does not change. How far the mean moved is
  /// in the diagnostics (`ClampingShift`).
  ///
  /// - Parameter bounds: the range of each channel (C), in the variables' units; nil for a variable that may have any
  ///   value.
  public func clamped(to bounds: [ValueBounds?]) -> any Solver {
    AdjustedSolver(inner: self) { $0.clamp(to: bounds) }
  }
}

extension Posterior {
  /// Makes every entry outside the domain not a number; see ``Solver/restricted(to:)``.
  mutating func restrict(to isInside: [Bool]) {
    EntryRegion(isInside).removeOutside(mean: &mean, spread: &spread, members: &samples)
  }

  /// Moves everything into the ranges of the variables; see ``Solver/clamped(to:)``.
  mutating func clamp(to bounds: [ValueBounds?]) {
    let channels = bounds.count
    var shifts = [ClampingShift](repeating: ClampingShift(), count: channels)
    for entry in mean.indices {
      guard let range = bounds[entry % channels], !mean[entry].isNaN else { continue }
      let clamped = range.clampedNormal(
        mean: Double(mean[entry]), standardDeviation: Double(spread?[entry] ?? 0))
      let moved = range.clamp(Float(clamped.mean))
      shifts[entry % channels].add(
        from: Double(mean[entry]), to: Double(moved), spread: Double(spread?[entry] ?? 0))
      mean[entry] = moved
      spread?[entry] = Float(clamped.standardDeviation)
    }
    samples?.withUnsafeMutableScalars { values in
      for i in values.indices {
        if let range = bounds[i % channels], !values[i].isNaN { values[i] = range.clamp(values[i]) }
      }
    }
    for (channel, shift) in shifts.enumerated() { shift.write(to: &diagnostics, channel: channel) }
  }
}
