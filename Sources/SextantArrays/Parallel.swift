// Parallel loops over index ranges, on the threads of `WorkerTeam`.
//
// The partition into chunks depends on the count and the grain alone, never on the number of threads, so a reduction
// over chunks gives the same bits on any machine.

import Dispatch
import Foundation
import Synchronization

/// Loops whose iterations may run in parallel.
public enum Parallel {
  private static let limit = Mutex(
    ProcessInfo.processInfo.environment["SEXTANT_THREADS"].flatMap(Int.init)
      ?? ProcessInfo.processInfo.activeProcessorCount)

  /// The number of threads for loops: all processors, or the environment variable `SEXTANT_THREADS`.
  public static var threadCount: Int { max(1, limit.withLock { $0 }) }

  /// Limits loops to `count` threads from now on. Results do not depend on it.
  public static func limitThreads(to count: Int) { limit.withLock { $0 = count } }

  /// Calls `body` with consecutive ranges of at most `grain` indices that together cover `0..<count`.
  ///
  /// `body` runs on several threads at once, so it must write only to disjoint locations.
  public static func forEachRange(
    of count: Int, grain: Int, _ body: @Sendable (Range<Int>) -> Void
  ) {
    guard count > 0 else { return }
    let grain = max(1, grain)
    let chunks = (count + grain - 1) / grain
    let threads = min(threadCount, chunks)
    guard threads > 1 else {
      for chunk in 0..<chunks { body(chunk * grain..<min(count, (chunk + 1) * grain)) }
      return
    }
    if WorkerTeam.shared.run(
      chunks, threads: threads, { chunk in body(chunk * grain..<min(count, (chunk + 1) * grain)) })
    {
      return
    }
    // A loop within another loop, or at the same time as that of another thread.
    let next = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      while true {
        let chunk = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard chunk < chunks else { return }
        body(chunk * grain..<min(count, (chunk + 1) * grain))
      }
    }
  }

  /// Calls `body` once for every index in `0..<count`.
  public static func forEach(_ count: Int, _ body: @Sendable (Int) -> Void) {
    forEachRange(of: count, grain: 1) { range in for i in range { body(i) } }
  }
}

/// A pointer that may be passed to a parallel loop, whose body must write to disjoint locations.
public struct UncheckedPointer<Pointee>: @unchecked Sendable {
  /// The first element.
  public let base: UnsafeMutablePointer<Pointee>

  @inlinable
  public init(_ base: UnsafeMutablePointer<Pointee>) { self.base = base }

  @inlinable
  public subscript(index: Int) -> Pointee {
    get { base[index] }
    nonmutating set { base[index] = newValue }
  }
}
