// What the progress bar says.

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

  @Test(arguments: [(0.2, "1 s"), (59.5, "1 min 0 s"), (3599, "59 min 59 s"), (7500, "2 h 5 min")])
  func durationsAreShort(seconds: Double, text: String) {
    #expect(ProgressBar.duration(seconds) == text)
  }
}
