// The preparations of one solver for the operators that came last: a series of fields under one mask pays for one factorisation.

import SextantArrays
import SextantMeasurement
import Synchronization

/// A solver that keeps its most recent preparations.
///
/// Answers are those of the solver itself, to the last bit. Memory: that of at most ``limit`` preparations, of which the oldest
/// is released before another is made.
public final class PreparedSolvers: Sendable {
  /// What is prepared.
  public let solver: any Solver
  /// How many preparations are kept.
  public let limit: Int
  private let kept = Mutex<[any PreparedSolver]>([])

  /// - Parameter limit: how many preparations are kept, at least 1; more than one for series whose masks take turns.
  public init(_ solver: any Solver, limit: Int = 2) {
    precondition(limit >= 1, "A limit of \(limit) preparations")
    self.solver = solver
    self.limit = limit
  }

  /// The solver prepared for an operator and its noise; throws what preparing throws.
  public func prepared(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    let model = try MeasurementModel(operation: operation, noise: noise)
    let known = kept.withLock { kept -> (any PreparedSolver)? in
      guard let index = kept.lastIndex(where: { $0.model.matches(model) }) else {
        // Released first: two large factors need not be held at once where one is enough.
        if kept.count == limit { kept.removeFirst() }
        return nil
      }
      let found = kept.remove(at: index)
      kept.append(found)
      return found
    }
    if let known { return known }
    let made = try solver.prepare(for: operation, noise: noise)
    kept.withLock { kept in
      if kept.count == limit { kept.removeFirst() }
      kept.append(made)
    }
    return made
  }

  /// The posterior given a measurement, by a preparation that is kept if there is one.
  public func posterior(
    given measurement: FieldMeasurement, samples: Int, using random: inout RandomStream
  ) throws -> Posterior {
    try measurement.check()
    return try prepared(for: measurement.operation, noise: measurement.noise).solve(
      measurement, samples: samples, using: &random)
  }
}
