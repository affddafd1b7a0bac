// The speed-up by threads: one of our rows with one thread and with several, in turns, and whether the answers are the
// same.

import Foundation
import Sextant

/// The results of a row.
struct ThreadScaling: Encodable {
  let name: String
  /// The seconds for doing the work once with one thread, for each round.
  var single: [Double] = []
  /// The same with all threads, in the same rounds.
  var several: [Double] = []
  /// The norm of the difference between the two answers over their norm; 0 if every bit is the same.
  var difference = 0.0

  /// The factor by which several threads are faster.
  var speedUp: Double { single.median / several.median }
}

extension RowMeasurement {
  /// Compares the answers of `row` with one thread and with `threads`, then times both in turns.
  func scaling(of row: BenchmarkRow, threads: Int) throws -> ThreadScaling {
    var result = ThreadScaling(name: row.name)
    StoragePool.shared.drain()
    Self.use(threads)
    let workload = try row.make()
    let answers = try workload.answers()
    Self.use(1)
    result.difference = Agreement(of: answers, and: try workload.answers()).numbers
    let once = try seconds { try workload.run() }
    for round in 0...rounds {
      for count in [1, threads] {
        Self.use(count)
        // Shorter by about as much as all threads may make it, so that a round of either takes about as long.
        let repeats = max(1, Int((shortestRound * Double(count) / once).rounded(.up)))
        let own = try seconds { for _ in 0..<repeats { try workload.run() } } / Double(repeats)
        if round > 0 { if count == 1 { result.single.append(own) } else { result.several.append(own) } }
        Thread.sleep(forTimeInterval: pause)
      }
    }
    return result
  }

  /// Sets the number of threads of our loops and of OpenBLAS.
  static func use(_ threads: Int) {
    Parallel.limitThreads(to: threads)
    OpenBLAS.limitThreads(to: threads)
  }
}
