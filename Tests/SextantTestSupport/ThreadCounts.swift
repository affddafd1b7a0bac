// The same work on several numbers of threads, for the law that none of them changes a bit.

import Sextant

/// Runs things on numbers of threads that tests choose. The settings belong to the process: only tests that run one after the
/// other may use this.
public enum ThreadCounts {
  /// What `body` returns on each of `counts` threads, for this package's loops and for OpenBLAS.
  public static func forEach<R>(_ counts: [Int] = [1, 2], _ body: () throws -> R) rethrows -> [R] {
    let (threads, libraryThreads) = (Parallel.threadCount, OpenBLAS.threadCount)
    defer {
      Parallel.limitThreads(to: threads)
      OpenBLAS.limitThreads(to: libraryThreads)
    }
    return try counts.map { count in
      Parallel.limitThreads(to: count)
      OpenBLAS.limitThreads(to: count)
      return try body()
    }
  }
}
