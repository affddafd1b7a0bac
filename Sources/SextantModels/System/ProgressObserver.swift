// How long work tells of its progress. Pipelines report steps; whether anyone draws a bar is decided by the program.

/// Whoever wants to know how far a piece of work is.
///
/// Called from one thread at a time.
public protocol ProgressObserver: Sendable {
  /// A piece of work starts: its name, such as "imputing", what a step is, such as "field", and how many there are.
  func start(_ activity: String, unit: String, count: Int)
  /// `done` steps of it are done.
  func advance(to done: Int)
  /// It is over, finished or not.
  func finish()
}

/// Nobody wants to know.
public struct SilentProgress: ProgressObserver {
  public init() {}

  public func start(_ activity: String, unit: String, count: Int) {}
  public func advance(to done: Int) {}
  public func finish() {}
}
