// Where the time of an evaluation goes, by operation: what `--profile` prints. Scoped to a task and to what is called from it;
// without one, a tape asks once whether there is one, and times nothing.

import Synchronization

/// Seconds by operation, forwards and backwards.
public final class OperationProfile: Sendable {
  /// What one operation took.
  public struct Entry: Sendable, Equatable {
    /// The operation's name.
    public var name: String
    public var calls = 0
    /// Seconds in which its value was computed, with what lay between it and the operation before.
    public var forward = 0.0
    /// Seconds in its pullback.
    public var backward = 0.0
    /// Both together.
    public var seconds: Double { forward + backward }
  }

  /// The profile that tapes of this task write to.
  @TaskLocal public static var current: OperationProfile?

  private let entries = Mutex<[String: Entry]>([:])

  public init() {}

  /// All entries, the longest first.
  public var sorted: [Entry] {
    entries.withLock { $0.values.sorted { ($1.seconds, $0.name) < ($0.seconds, $1.name) } }
  }

  /// Adds to an operation's times; counts one call if it went forwards.
  func add(_ name: String, forward: Double = 0, backward: Double = 0) {
    entries.withLock { entries in
      var entry = entries[name] ?? Entry(name: name)
      entry.calls += forward > 0 ? 1 : 0
      entry.forward += forward
      entry.backward += backward
      entries[name] = entry
    }
  }

  /// Counts `body` as an operation of the current profile, if there is one: for what stands on no tape, such as an optimiser.
  public static func measure<R, E: Error>(_ name: String, _ body: () throws(E) -> R) throws(E) -> R {
    guard let current else { return try body() }
    let start = ContinuousClock.now
    defer { current.add(name, forward: (ContinuousClock.now - start) / .seconds(1)) }
    return try body()
  }
}
