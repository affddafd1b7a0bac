// Progress of long work where standard error is a file or a pipe: a line now and then, so that the log of a job on a
// cluster says how far it is. Short work prints nothing.

import Foundation
import Sextant
import Synchronization

/// Prints progress as lines.
final class LineProgress: ProgressObserver {
  /// The seconds between two lines.
  static let interval = 30.0

  private struct State {
    var activity = ""
    var unit = ""
    var count = 0
    var start: Double
    var lastLine: Double
  }

  private let state: Mutex<State>
  private let now: @Sendable () -> Double
  private let write: @Sendable (String) -> Void

  /// - Parameters:
  ///   - now: The time in seconds, from any origin.
  ///   - write: Takes each line, with its end.
  init(
    now: @escaping @Sendable () -> Double = { Date().timeIntervalSinceReferenceDate },
    write: @escaping @Sendable (String) -> Void = { FileHandle.standardError.write(Data($0.utf8)) }
  ) {
    (self.now, self.write) = (now, write)
    let start = now()
    state = Mutex(State(start: start, lastLine: start))
  }

  func start(_ activity: String, unit: String, count: Int) {
    let time = now()
    state.withLock { state in
      state = State(activity: activity, unit: unit, count: count, start: time, lastLine: state.lastLine)
    }
  }

  func advance(to done: Int) {
    let time = now()
    let line = state.withLock { state -> String? in
      guard time - state.lastLine >= Self.interval else { return nil }
      state.lastLine = time
      return Self.text(
        activity: state.activity, unit: state.unit, done: done, count: state.count, seconds: time - state.start)
    }
    if let line { write(line + "\n") }
  }

  func finish() {}

  /// One line such as "flow: 1200 of 20000 steps, 24.0/s, 13 min 4 s left".
  static func text(activity: String, unit: String, done: Int, count: Int, seconds: Double) -> String {
    let line = "\(activity): \(done) of \(count) \(unit)s"
    guard let rate = ProgressBar.rate(done: done, count: count, seconds: seconds) else { return line }
    return line + rate.map { ", " + $0 }.joined()
  }
}
