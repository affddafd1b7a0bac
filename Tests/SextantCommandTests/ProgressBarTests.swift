// What the progress bar says, and the lines that stand for it in a file.

import Synchronization
import Testing

@testable import SextantCommand

@Suite struct ProgressBarTests {
  @Test func theBarTellsShareRateAndTimeLeft() {
    let line = ProgressBar.text(activity: "imputing", unit: "field", done: 120, count: 300, seconds: 5)
    #expect(line == "imputing  █████████───────────────  120/300 fields  24.0/s  8 s left")
  }

  @Test func slowWorkIsToldInSecondsEach() {
    let line = ProgressBar.text(activity: "training", unit: "step", done: 1, count: 3, seconds: 100)
    #expect(line.hasSuffix("1/3 steps  100.0 s each  3 min 20 s left"))
  }

  @Test func nothingIsGuessedBeforeTheFirstStep() {
    #expect(ProgressBar.text(activity: "a", unit: "b", done: 0, count: 2, seconds: 9).hasSuffix("0/2 bs"))
  }

  /// The first answer of a series comes after all that the answers share.
  @Test(arguments: [(1, 37, false), (2, 37, true), (1, 149, false), (5, 149, true), (1, 20, true), (3, 100, true), (2, 100, false)])
  func theTimeLeftIsToldAfterAShareOfTheWork(done: Int, count: Int, isTold: Bool) {
    let line = ProgressBar.text(activity: "evaluating", unit: "answer", done: done, count: count, seconds: 80)
    #expect(line.contains(" left") == isTold && line.contains(" each"), "\(line)")
  }

  /// A clock, and what was printed.
  private final class Desk: Sendable {
    let time = Mutex(0.0)
    let lines = Mutex<[String]>([])
  }

  /// What a work of `count` steps of `seconds` prints where standard error is a file.
  static func lines(count: Int, seconds: Double) -> [String] {
    let desk = Desk()
    let progress = LineProgress(
      now: { desk.time.withLock { $0 } }, write: { line in desk.lines.withLock { $0.append(line) } })
    progress.start("flow", unit: "step", count: count)
    for step in 1...count {
      desk.time.withLock { $0 += seconds }
      progress.advance(to: step)
    }
    progress.finish()
    return desk.lines.withLock { $0 }
  }

  @Test(arguments: [(10_000, 0.1), (100, 7), (20, 100), (3, 3600)])
  func longWorkPrintsALineNowAndThen(count: Int, seconds: Double) {
    let lines = Self.lines(count: count, seconds: seconds)
    let whole = Double(count) * seconds
    // As often as the interval allows, and never less often than the steps.
    #expect(Double(lines.count) <= whole / LineProgress.interval)
    #expect(Double(lines.count) >= whole / (LineProgress.interval + seconds) - 1)
    #expect(lines.allSatisfy { $0.hasPrefix("flow: ") && $0.hasSuffix("\n") && !$0.contains("\r") })
  }

  @Test func shortWorkPrintsNothing() {
    #expect(Self.lines(count: 290, seconds: 0.1) == [])
    #expect(Self.lines(count: 2, seconds: 30).first == "flow: 1 of 2 steps, 30.0 s each, 30 s left\n")
  }

  @Test(arguments: [(0.2, "1 s"), (59.5, "1 min 0 s"), (3599, "59 min 59 s"), (7500, "2 h 5 min")])
  func durationsAreShort(seconds: Double, text: String) {
    #expect(ProgressBar.duration(seconds) == text)
  }
}
