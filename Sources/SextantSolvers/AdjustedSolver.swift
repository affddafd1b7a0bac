// A solver whose posteriors are all changed by the same function: clamped to the ranges of the variables, or removed
// where a variable does not exist, such as sea-surface temperature on land.

import SextantArrays
import SextantMeasurement

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
}

extension Solver {
  /// This solver with answers that are not a number outside the domain.
  ///
  /// - Parameter isInside: whether each entry of the V×C array is inside the domain (V·C, channel fastest).
  public func restricted(to isInside: [Bool]) -> any Solver {
    AdjustedSolver(inner: self) { posterior in
      for entry in isInside.indices where !isInside[entry] {
        posterior.mean[entry] = .nan
        posterior.spread?[entry] = .nan
      }
      posterior.samples?.withUnsafeMutableScalars { values in
        for i in values.indices where !isInside[i % isInside.count] { values[i] = .nan }
      }
    }
  }

  /// This solver with answers within the ranges of their variables.
  ///
  /// Samples are moved to the nearest value in the range. The mean and the standard deviation become those of a normal
  /// variable after clamping, in closed form. A posterior well inside the range does not change. How far the mean moved is
  /// in the diagnostics (``ClampingShift``).
  ///
  /// - Parameter bounds: the range of each channel (C), in the variables' units; nil for a variable that may have any
  ///   value.
  public func clamped(to bounds: [ValueBounds?]) -> any Solver {
    AdjustedSolver(inner: self) { posterior in
      let channels = bounds.count
      var shifts = [ClampingShift](repeating: ClampingShift(), count: channels)
      for entry in posterior.mean.indices {
        guard let range = bounds[entry % channels], !posterior.mean[entry].isNaN else { continue }
        let clamped = range.clampedNormal(
          mean: Double(posterior.mean[entry]), standardDeviation: Double(posterior.spread?[entry] ?? 0))
        let moved = range.clamp(Float(clamped.mean))
        shifts[entry % channels].add(
          from: Double(posterior.mean[entry]), to: Double(moved), spread: Double(posterior.spread?[entry] ?? 0))
        posterior.mean[entry] = moved
        posterior.spread?[entry] = Float(clamped.standardDeviation)
      }
      posterior.samples?.withUnsafeMutableScalars { values in
        for i in values.indices {
          if let range = bounds[i % channels], !values[i].isNaN { values[i] = range.clamp(values[i]) }
        }
      }
      for (channel, shift) in shifts.enumerated() { shift.write(to: &posterior.diagnostics, channel: channel) }
    }
  }
}
