// The bar that long work draws on standard error: share, rate and time left. Where standard error is not a terminal, lines are
// printed instead; with --quiet, nothing.

import Foundation
import Sextant
import Synchronization

/// Draws progress on a terminal.
final class ProgressBar: ProgressObserver {
  private struct State {
    var activity = ""
    var unit = ""
    var count = 0
    var start = Date.distantPast
    var lastDrawing = Date.distantPast
    var isDrawn = false
  }

  private let state = Mutex(State())

  /// The observer for a command: a bar if somebody watches, lines if standard error is kept in a file.
  static func observer(isQuiet: Bool) -> any ProgressObserver {
    if isQuiet { return SilentProgress() }
    return isatty(STDERR_FILENO) == 0 ? LineProgress() : ProgressBar()
  }

  func start(_ activity: String, unit: String, count: Int) {
    state.withLock { state in
      state = State(activity: activity, unit: unit, count: count, start: Date())
      Self.draw(&state, done: 0, now: state.start)
    }
  }

  func advance(to done: Int) {
    let now = Date()
    state.withLock { state in
      // Ten drawings a second are enough for the eye; the last one must be seen.
      guard done >= state.count || now.timeIntervalSince(state.lastDrawing) > 0.1 else { return }
      Self.draw(&state, done: done, now: now)
    }
  }

  func finish() {
    state.withLock { state in
      if state.isDrawn { Self.write("\r\u{1B}[K") }
      state = State()
    }
  }

  private static func draw(_ state: inout State, done: Int, now: Date) {
    let line = text(
      activity: state.activity, unit: state.unit, done: done, count: state.count,
      seconds: now.timeIntervalSince(state.start))
    write("\r\u{1B}[K" + line)
    state.lastDrawing = now
    state.isDrawn = true
  }

  private static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

  /// One line such as "imputing  ████────  120/300 fields  24.0/s  8 s left".
  static func text(activity: String, unit: String, done: Int, count: Int, seconds: Double) -> String {
    let width = 24
    let share = count > 0 ? min(1, Double(done) / Double(count)) : 0
    let filled = Int((share * Double(width)).rounded(.down))
    let bar = String(repeating: "█", count: filled) + String(repeating: "─", count: width - filled)
    let line = "\(activity)  \(bar)  \(done)/\(count) \(unit)s"
    return line + (rate(done: done, count: count, seconds: seconds) ?? []).map { "  " + $0 }.joined()
  }

  /// The share of the work from which the time left is told. The first steps of many works do what all share, such as fitting
  /// parameters, and say nothing of the others.
  private static let leastShare = 0.03

  /// The rate and the time left, such as "24.0/s" and "8 s left"; nil before they can be told.
  static func rate(done: Int, count: Int, seconds: Double) -> [String]? {
    guard done > 0, seconds > 0.5 else { return nil }
    let rate = Double(done) / seconds
    let speed = rate >= 1 ? String(format: "%.1f/s", rate) : String(format: "%.1f s each", 1 / rate)
    let isTold = done < count && Double(done) >= leastShare * Double(count)
    return [speed] + (isTold ? ["\(duration(Double(count - done) / rate)) left"] : [])
  }

  /// A time in the two units that matter: "8 s", "3 min 20 s", "2 h 5 min".
  static func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded(.up))
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }
}
