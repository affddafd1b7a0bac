// A progress observer that stops a training in the middle, as a user's Ctrl-C does.

import Sextant

/// Requests a stop once a training reports a number of steps.
public final class StopAfter: ProgressObserver {
  private let steps: Int
  private let interruption: Interruption
  nonisolated(unsafe) private var isTraining = false

  public init(steps: Int, interruption: Interruption) { (self.steps, self.interruption) = (steps, interruption) }

  public func start(_ activity: String, unit: String, count: Int) { isTraining = unit == "step" }
  public func advance(to done: Int) { if isTraining, done >= steps { interruption.request() } }
  public func finish() {}
}
