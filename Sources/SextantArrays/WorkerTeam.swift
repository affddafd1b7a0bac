// The threads for parallel loops. A training step of a network consists of a thousand loops of about 50 microseconds,
// with little work between them. A thread that sleeps in between, as Dispatch's threads do, wakes up when half of such
// a loop is done, and then takes rows that are in the other core's cache. These threads look for the next loop for a
// tenth of a millisecond before they sleep, yield to other threads, and start with the same share of every loop.

import Foundation
import Synchronization

/// Threads that share the indices of one loop at a time with the calling thread.
final class WorkerTeam: Sendable {
  /// The single team of the process.
  static let shared = WorkerTeam()

  /// The number of times a thread looks for the next loop before it sleeps. It yields its processor each time, which
  /// takes about half a microsecond if no other thread wants it.
  private static let patience = 200

  /// The current loop, written by the caller while no other thread is inside.
  private struct Loop {
    var body: @Sendable (Int) -> Void = { _ in }
    var count = 0
    var members = 1
  }

  /// The number of the loop, a bit that is set while other threads may enter, and the number of threads inside.
  private struct Entry {
    static let threads: UInt64 = 0xFFFF
    static let isOpen: UInt64 = 0x1_0000
    static func number(_ entry: UInt64) -> UInt64 { entry >> 17 }
    static func opened(_ number: UInt64) -> UInt64 { number << 17 | isOpen }
  }

  /// A member of the team: a thread, or the caller. Its shared data are alone in their cache lines.
  private final class Member: Sendable {
    /// The next index of the share with which this member begins.
    let next = Atomic(0)
    let isAsleep = Atomic(false)
    let alarm = DispatchSemaphore(value: 0)
    /// Keeps data written by other members out of these cache lines.
    private let distance: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)
  }

  private let isBusy = Atomic(false)
  private let entry = Atomic<UInt64>(0)
  private let left = Atomic<UInt64>(0)
  // Sound, because both are written by the single caller that holds `isBusy`, before other threads may enter.
  nonisolated(unsafe) private var loop = Loop()
  nonisolated(unsafe) private var members: [Member] = []

  private init() {}

  /// Calls `body` for every index in `0..<count` on at most `threads` threads.
  ///
  /// - Returns: false, without having done anything, if the team is busy with another loop, for example the one from
  ///   which this is called.
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
      // Threads that have not entered by now are not waited for.
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

  /// Executes the share of `member`, then what is left of the other shares.
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
      // Either this thread sees a loop that began in the meantime, or the caller of that loop sees that this thread
      // sleeps.
      if Entry.number(entry.load(ordering: .sequentiallyConsistent)) == seen
        || !member.isAsleep.exchange(false, ordering: .sequentiallyConsistent)
      {
        member.alarm.wait()
      }
      rounds = 0
    }
  }

  /// Enters the loop with this number if it is still open; false if this thread may not take part.
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
