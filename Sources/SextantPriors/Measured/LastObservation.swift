// What the values of a field observe of the states, which neighbours in an archive that were measured at the same places with the
// same noise have in common. It is made once for them and is one in memory: of a few sums over a whole image it takes megabytes.

import SextantArrays
import Synchronization

/// What some values observe, with the values in the order of their states.
struct OrderedObservation: Sendable {
  /// What is observed, in the order of the measurement.
  let operation: ObservationOperator
  /// The state with the largest weight in each value, ascending (m).
  let states: [Int]
  /// The combination of states that each value measures, in the order of ``states``; nil where each measures its own.
  let matrix: SparseMatrix?
  /// The place of each value in the measurement; nil where the order is the same.
  private let order: [Int]?

  init(_ operation: ObservationOperator) {
    self.operation = operation
    let dominant = operation.dominantStates
    let order =
      operation.selectedStates == nil ? dominant.indices.sorted { (dominant[$0], $0) < (dominant[$1], $1) } : nil
    states = order?.map { dominant[$0] } ?? dominant
    matrix = order.map { operation.matrix.rows($0) }
    self.order = order
  }

  /// Numbers of the values of the measurement (m) in the order of ``states``.
  func ordered(_ numbers: [Double]) -> [Double] { order?.map { numbers[$0] } ?? numbers }
}

/// The last observation that was made.
final class LastObservation: Sendable {
  private struct Known: Sendable {
    let rows: [Int]
    let noise: [Float]
    let observation: OrderedObservation
  }

  private let known = Mutex<Known?>(nil)

  /// The observation by some values with some noise: the last one if it is the same.
  ///
  /// - Parameters:
  ///   - rows: which of the values that could be measured are there.
  ///   - noise: the standard deviation of the noise of each.
  ///   - make: makes the observation where the last one is another.
  func observation(
    at rows: [Int], noise: [Float], make: () throws -> ObservationOperator
  ) throws -> OrderedObservation {
    if let last = known.withLock({ $0 }), last.rows == rows, last.noise == noise { return last.observation }
    let observation = OrderedObservation(try make())
    known.withLock { $0 = Known(rows: rows, noise: noise, observation: observation) }
    return observation
  }
}
