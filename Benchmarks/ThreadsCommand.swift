// `SextantBenchmarks threads`: our rows with one thread and with several.

import ArgumentParser
import Foundation
import Sextant

/// The table of speed-ups by threads.
struct ThreadsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "threads",
    abstract: "Times our rows with one thread and with several, in turns, and compares the answers.")

  @OptionGroup var choice: RowChoice

  @Option(help: "Timed rounds; one more comes before them.")
  var rounds = 5

  @Option(help: "How many threads are held against one.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @Option(help: "Writes all times as JSON.", completion: .file())
  var json: String?

  func validate() throws {
    guard rounds >= 1 else { throw ValidationError("--rounds: expected 1 or more, found \(rounds)") }
    guard threads >= 2 else { throw ValidationError("--threads: expected 2 or more, found \(threads)") }
  }

  func run() throws {
    if let advice = OpenBLAS.takeAdvice() { note(advice) }
    let measure = RowMeasurement(rounds: rounds)
    var results: [ThreadScaling] = []
    print("| row | 1 thread | \(threads) threads | speed-up | difference |\n|---|---:|---:|---:|---:|")
    for row in choice.chosen {
      let result = try measure.scaling(of: row, threads: threads)
      let cells = [
        row.name, Report.text(seconds: result.single.median), Report.text(seconds: result.several.median),
        Report.text(ratio: result.speedUp), result.difference == 0 ? "0" : Report.text(difference: result.difference),
      ]
      print("| " + cells.joined(separator: " | ") + " |")
      fflush(nil)
      results.append(result)
    }
    if let json { try Report.write(results, to: json) }
  }
}
