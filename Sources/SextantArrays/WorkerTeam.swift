// The threads that parallel loops run on. A training step of a network is a thousand loops of 50 microseconds with as little
// between them: a thread that sleeps in between, as Dispatch's do, is woken when half of such a loop is done, and then takes
// rows that lie in the other core's cache. These look for the next loop for a tenth of a millisecond before they
// sleep, letting others go first, and begin with the same share of every loop.

import Foundation
import Synchronization

/// Threads that share the indices of one loop at a time with the thread that calls for it.
final class WorkerTeam: Sendable {
  /// The one team of the process.
  static let shared = WorkerTeam()

  /// How often a thread looks for the next loop before it sleeps; it yields its processor each time, which takes about half
  /// a microsecond where nobody else wants it.
  private static let patience = 200

  /// The loop at hand. Written by the caller while it alone is inside.
  private struct Loop {
    var body: @Sendable (Int) -> Void = { _ in }
    var count = 0
    var members = 1
  }

  /// How many threads are inside of which loop: the loop's number, a bit while others may still enter, and the threads.
  private struct Entry {
    static let threads: UInt64 = 0xFFFF
    static let isOpen: UInt64 = 0x1_0000
    static func number(_ entry: UInt64) -> UInt64 { entry >> 17 }
    static func opened(_ number: UInt64) -> UInt64 { number << 17 | isOpen }
  }

  /// One thread of the team, or the caller: what it has to share, alone in its cache lines.
  private final class Member: Sendable {
    /// The next index of the share that this member begins with.
    let next = Atomic(0)
    let isAsleep = Atomic(false)
    let alarm = DispatchSemaphore(value: 0)
    /// Keeps what other members write to out of these cache lines.
    private let distance: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)
  }

  private let isBusy = Atomic(false)
  private let entry = Atomic<UInt64>(0)
  private let left = Atomic<UInt64>(0)
  // Sound: both are written by the one caller that holds `isBusy`, before the entry is opened to those who read them.
  nonisolated(unsafe) private var loop = Loop()
  nonisolated(unsafe) private var members: [Member] = []

  private init() {}

  /// Calls `body` for every index in `0..<count` on at most `threads` threads.
  ///
  /// - Returns: false, with nothing done, where the team is at another loop, such as the one that this is called from.
  func run(_ count: Int, threads: Int, _ body: @Sendable (Int) -> Void) -> Bool {
    guard isBusy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged else { return false }
    defer { isBusy.store(false, ordering: .releasing) }
    while members.count < threads { addMember() }
    withoutActuallyEscaping(body) { body in
      loop = Loop(body: body, count: count, members: threads)
      for (index, member) in members.prefix(threads).enumerated() {
        member.next.store(count * index / threads, ordering: .relaxed)
      }
      left.store(0, ordering: .relaxed)
      let number = Entry.number(entry.load(ordering: .relaxed)) + 1
      entry.store(Entry.opened(number), ordering: .sequentiallyConsistent)
      for member in members[1..<threads]
      where member.isAsleep.load(ordering: .sequentiallyConsistent)
        && member.isAsleep.exchange(false, ordering: .sequentiallyConsistent)
      {
        member.alarm.signal()
      }
      work(as: 0)
      // Those who did not come by now are not waited for.
      let entered = entry.exchange(number << 17, ordering: .acquiringAndReleasing) & Entry.threads
      var rounds = 0
      while left.load(ordering: .acquiring) < entered {
        rounds += 1
        if rounds > 1000 { sched_yield() }
      }
      loop = Loop()
    }
    return true
  }

  /// The share of `member` and then what is left of the others'.
  @inline(never)
  private func work(as member: Int) {
    let (body, count, threads) = (loop.body, loop.count, loop.members)
    for offset in 0..<threads {
      let share = (member + offset) % threads
      let (next, end) = (members[share], count * (share + 1) / threads)
      while true {
        let index = next.next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < end else { break }
        body(index)
      }
    }
  }

  private func addMember() {
    let (member, index) = (Member(), members.count)
    members.append(member)
    guard index > 0 else { return }
    let seen = Entry.number(entry.load(ordering: .relaxed))
    let thread = Thread { self.serve(member, index, after: seen) }
    thread.name = "Sextant \(index)"
    thread.stackSize = 8 << 20
    thread.start()
  }

  private func serve(_ member: Member, _ index: Int, after first: UInt64) {
    var (seen, rounds) = (first, 0)
    while true {
      let current = entry.load(ordering: .sequentiallyConsistent)
      if Entry.number(current) != seen {
        seen = Entry.number(current)
        if enter(seen, as: index) { rounds = 0 }
      }
      rounds += 1
      if rounds < Self.patience {
        sched_yield()
        continue
      }
      member.isAsleep.store(true, ordering: .sequentiallyConsistent)
      // A loop that began in between is seen here, or its caller saw that this thread sleeps.
      if Entry.number(entry.load(ordering: .sequentiallyConsistent)) == seen
        || !member.isAsleep.exchange(false, ordering: .sequentiallyConsistent)
      {
        member.alarm.wait()
      }
      rounds = 0
    }
  }

  /// Takes part in the loop of this number if that is still open; false where this thread is not wanted in it.
  private func enter(_ number: UInt64, as index: Int) -> Bool {
    var current = entry.load(ordering: .acquiring)
    while Entry.number(current) == number && current & Entry.isOpen != 0 {
      let result = entry.compareExchange(expected: current, desired: current + 1, ordering: .acquiringAndReleasing)
      guard result.exchanged else {
        current = result.original
        continue
      }
      let isWanted = index < loop.members
      if isWanted { work(as: index) }
      left.wrappingAdd(1, ordering: .releasing)
      return isWanted
    }
    return true
  }
}
