// Keeps methods that know points but no domain out of places that the archive never has: sea-surface temperature on land.

import SextantArrays
import SextantMeasurement

/// A solver whose answers are missing outside the domain.
public struct ConfinedSolver: Solver {
  private let inner: any Solver
  /// Whether each entry of the V×C array is inside the domain (V·C).
  private let isInside: [Bool]

  public var name: String { inner.name }

  /// - Parameter isInside: whether each entry of the V×C array is inside the domain (V·C, channel fastest).
  public init(_ inner: any Solver, isInside: [Bool]) {
    self.inner = inner
    self.isInside = isInside
  }

  public func prepare(for operation: any LinearOperator) throws -> any PreparedSolver {
    Prepared(inner: try inner.prepare(for: operation), isInside: isInside)
  }

  private struct Prepared: PreparedSolver {
    let inner: any PreparedSolver
    let isInside: [Bool]

    func posterior(
      given measurement: FieldMeasurement, samples: Int, using random: inout RandomStream
    ) throws -> Posterior {
      var posterior = try inner.posterior(given: measurement, samples: samples, using: &random)
      for entry in isInside.indices where !isInside[entry] {
        posterior.mean[entry] = .nan
        posterior.spread?[entry] = .nan
      }
      posterior.samples?.withUnsafeMutableScalars { values in
        for i in values.indices where !isInside[i % isInside.count] { values[i] = .nan }
      }
      return posterior
    }
  }
}
