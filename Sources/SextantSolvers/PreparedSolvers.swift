// The preparations of a solver for the most recent operators, so that a series of fields with one mask needs one
// factorisation.

import SextantArrays
import SextantMeasurement
import Synchronization

/// A solver that keeps its most recent preparations.
///
/// The posteriors equal those of the solver itself to the last bit. The memory is that of at most ``limit``
/// preparations; the oldest one is released before another is made.
public final class PreparedSolvers: Sendable {
  /// The solver that is prepared.
  public let solver: any Solver
  /// The largest number of preparations that are kept.
  public let limit: Int
  private let cache = Mutex<[any PreparedSolver]>([])

  /// Makes an empty cache of preparations.
  ///
  /// - Parameters:
  ///   - solver: the solver to prepare.
  ///   - limit: the largest number of preparations that are kept, at least 1; more than one for series whose masks
  ///     alternate.
  public init(_ solver: any Solver, limit: Int = 2) {
    precondition(limit >= 1, "A limit of \(limit) preparations")
    self.solver = solver
    self.limit = limit
  }

  /// The solver prepared for an operator and its noise. Throws the errors of its preparation.
  public func prepared(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    let model = try MeasurementModel(operation: operation, noise: noise)
    let cached = cache.withLock { cache -> (any PreparedSolver)? in
      guard let index = cache.lastIndex(where: { $0.model.matches(model) }) else {
        // Released first, so that two large factors are not in memory at once.
        if cache.count == limit { cache.removeFirst() }
        return nil
      }
      let found = cache.remove(at: index)
      cache.append(found)
      return found
    }
    if let cached { return cached }
    let made = try solver.prepare(for: operation, noise: noise)
    cache.withLock { cache in
      if cache.count == limit { cache.removeFirst() }
      cache.append(made)
    }
    return made
  }

  /// The posterior given a measurement, with a preparation from the cache if there is one.
  public func posterior(
    given measurement: FieldMeasurement, samples: Int, using random: inout RandomStream
  ) throws -> Posterior {
    try measurement.check()
    return try prepared(for: measurement.operation, noise: measurement.noise).solve(
      measurement, samples: samples, using: &random)
  }
}
