// A wish to stop that long work looks at between its steps. Where the wish comes from, such as Ctrl-C, is not known here.

import Synchronization

/// Asked to stop before the work was done. What was written so far is whole files or nothing.
public struct InterruptionError: Error, Equatable, CustomStringConvertible {
  /// What to do next, as a sentence; nil where there is nothing to go on with.
  public var next: String?

  public init(next: String? = nil) { self.next = next }

  public var description: String {
    "Interrupted; files that were not finished have been removed." + (next.map { " " + $0 } ?? "")
  }

  /// The result of `body`; an interruption of it says what to do next, unless it does so already.
  package static func saying<R>(_ next: @autoclosure () -> String?, _ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch let error as InterruptionError where error.next == nil {
      throw InterruptionError(next: next())
    }
  }
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
