// Keeps methods that know points but no domain out of places that the archive never has: sea-surface temperature on land.

import SextantArrays
import SextantMeasurement

/// A solver whose answers are missing outside the domain.
public struct DomainMaskedSolver: Solver {
  private let inner: any Solver
  /// Whether each entry of the V×C array is inside the domain (V·C).
  private let isInside: [Bool]

  public var name: String { inner.name }

  /// - Parameter isInside: whether each entry of the V×C array is inside the domain (V·C, channel fastest).
  public init(_ inner: any Solver, isInside: [Bool]) {
    self.inner = inner
    self.isInside = isInside
  }

  public func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    ChangedPreparation(try inner.prepare(for: operation, noise: noise), change: confine)
  }

  public func fitted(to measurement: FieldMeasurement) throws -> any Solver {
    DomainMaskedSolver(try inner.fitted(to: measurement), isInside: isInside)
  }

  public func marginals(atObserved measurement: FieldMeasurement) throws -> Posterior? {
    guard var posterior = try inner.marginals(atObserved: measurement) else { return nil }
    confine(&posterior)
    return posterior
  }

  private func confine(_ posterior: inout Posterior) {
    for entry in isInside.indices where !isInside[entry] {
      posterior.mean[entry] = .nan
      posterior.spread?[entry] = .nan
    }
    posterior.samples?.withUnsafeMutableScalars { values in
      for i in values.indices where !isInside[i % isInside.count] { values[i] = .nan }
    }
  }
}

/// A prepared solver whose answers are changed in the same way each time.
struct ChangedPreparation: PreparedSolver {
  private let inner: any PreparedSolver
  private let change: @Sendable (inout Posterior) -> Void

  var model: MeasurementModel { inner.model }

  init(_ inner: any PreparedSolver, change: @escaping @Sendable (inout Posterior) -> Void) {
    self.inner = inner
    self.change = change
  }

  func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior {
    var posterior = try inner.solve(measurement, samples: samples, using: &random)
    change(&posterior)
    return posterior
  }
}
