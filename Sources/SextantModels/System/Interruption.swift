// A wish to stop that long work looks at between its steps. Where the wish comes from, such as Ctrl-C, is not known here.

import Synchronization

/// Asked to stop before the work was done. What was written so far is whole files or nothing.
public struct InterruptionError: Error, Equatable, CustomStringConvertible {
  public init() {}

  public var description: String { "Interrupted; files that were not finished have been removed." }
}

/// A flag that is raised once, from anywhere, and looked at by long work.
public final class Interruption: Sendable {
  private let flag = Atomic(false)

  public init() {}

  /// True once a stop was asked for.
  public var isRequested: Bool { flag.load(ordering: .relaxed) }

  /// Asks the work to stop at its next look. Safe in a signal handler.
  public func request() { flag.store(true, ordering: .relaxed) }

  /// Throws ``InterruptionError`` once a stop was asked for.
  public func check() throws {
    if isRequested { throw InterruptionError() }
  }
}
