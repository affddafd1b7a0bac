// Execution time by operation, printed by `--profile`. A profile is local to a task and to the code that the task
// calls. Without a profile, a tape checks once and measures nothing.

import Synchronization

/// Seconds spent in each operation, forwards and backwards.
public final class OperationProfile: Sendable {
  /// The time of one operation.
  public struct Entry: Sendable, Equatable {
    /// The operation's name.
    public var name: String
    public var calls = 0
    /// Seconds to compute its value, including the code between the previous operation and this one.
    public var forward = 0.0
    /// Seconds in its pullback.
    public var backward = 0.0
    /// Seconds in both.
    public var seconds: Double { forward + backward }
  }

  /// The profile to which the tapes of this task write.
  @TaskLocal public static var current: OperationProfile?

  private let entries = Mutex<[String: Entry]>([:])

  public init() {}

  /// All entries, longest time first.
  public var sorted: [Entry] {
    entries.withLock { $0.values.sorted { ($1.seconds, $0.name) < ($0.seconds, $1.name) } }
  }

  /// Adds to the times of an operation; a forward time counts as one call.
  func add(_ name: String, forward: Double = 0, backward: Double = 0) {
    entries.withLock { entries in
      var entry = entries[name] ?? Entry(name: name)
      entry.calls += forward > 0 ? 1 : 0
      entry.forward += forward
      entry.backward += backward
      entries[name] = entry
    }
  }

  /// Records the time of `body` as an operation of the current profile, if there is one. For work that is not on a
  /// tape, such as an optimiser step.
  public static func measure<R, E: Error>(_ name: String, _ body: () throws(E) -> R) throws(E) -> R {
    guard let current else { return try body() }
    let start = ContinuousClock.now
    defer { current.add(name, forward: (ContinuousClock.now - start) / .seconds(1)) }
    return try body()
  }
}
