// Parallel loops: every index once, whoever else is at it, and the same sums whatever the number of threads.

import Dispatch
import Foundation
import SextantArrays
import Synchronization
import Testing

@Suite(.serialized) struct ParallelTests {
  /// How often each index of a loop was visited.
  final class Visits: Sendable {
    private let counts: Mutex<[Int]>

    init(_ count: Int) { counts = Mutex(Array(repeating: 0, count: count)) }

    func add(_ range: Range<Int>) { counts.withLock { counts in for i in range { counts[i] += 1 } } }

    var areOnceEach: Bool { counts.withLock { $0.allSatisfy { $0 == 1 } } }
  }

  func withThreads(_ count: Int, _ body: () -> Void) {
    let before = Parallel.threadCount
    defer { Parallel.limitThreads(to: before) }
    Parallel.limitThreads(to: count)
    body()
  }

  static func visitsAll(_ count: Int, grain: Int) -> Bool {
    let visits = Visits(count)
    Parallel.forEachRange(of: count, grain: grain) { visits.add($0) }
    return visits.areOnceEach
  }

  @Test(arguments: [1, 2, 3, 7], [0, 1, 2, 5, 100, 1001]) func loopsVisitEveryIndexOnce(threads: Int, count: Int) {
    withThreads(threads) {
      for grain in [1, 3, 64] { #expect(Self.visitsAll(count, grain: grain)) }
    }
  }

  /// Threads that sleep by the time of the next loop, and threads that are still at the end of the one before.
  @Test func loopsFollowEachOtherAtAnyDistance() {
    withThreads(3) {
      for pause in [0, 0, 0, 20, 200, 2000] as [UInt32] {
        for _ in 0..<50 {
          #expect(Self.visitsAll(17, grain: 2))
          if pause > 0 { usleep(pause) }
        }
      }
    }
  }

  @Test func loopsWithinLoopsVisitEveryIndexOnce() {
    withThreads(2) {
      let failures = Mutex(0)
      Parallel.forEach(20) { _ in if !Self.visitsAll(33, grain: 4) { failures.withLock { $0 += 1 } } }
      #expect(failures.withLock { $0 } == 0)
    }
  }

  @Test func loopsOfManyThreadsVisitEveryIndexOnce() {
    withThreads(3) {
      let failures = Mutex(0)
      DispatchQueue.concurrentPerform(iterations: 200) { _ in
        if !Self.visitsAll(65, grain: 4) { failures.withLock { $0 += 1 } }
      }
      #expect(failures.withLock { $0 } == 0)
    }
  }
}
