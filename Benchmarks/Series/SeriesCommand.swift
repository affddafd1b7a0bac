// `SextantBenchmarks series`: a series of fields under one mask, solved one by one and with one preparation for all of
// them.

import ArgumentParser
import Foundation
import Sextant

/// The table of the gain by a preparation.
struct SeriesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "series",
    abstract: "Times a series of fields under one mask: each solved by itself, and all by one preparation.",
    discussion:
      "The two take turns, field by field, and their answers are compared. The time of the preparation is part of the prepared series."
  )

  @Option(help: "How many fields there are.")
  var fields = 100

  @Option(help: "The rows of the global grid; it has twice as many columns.")
  var rows = 36

  @Option(help: "Posterior samples a field, where a method draws them.")
  var samples = 8

  @Option(help: "Threads to use; all processors by default.")
  var threads: Int?

  @Option(help: "Only cases whose names begin so.")
  var cases: String?

  @Option(help: "Writes all times as JSON.", completion: .file())
  var json: String?

  func validate() throws {
    for (name, value, least) in [("fields", fields, 2), ("rows", rows, 6), ("samples", samples, 0)] where value < least {
      throw ValidationError("--\(name): expected \(least) or more, found \(value)")
    }
  }

  func run() throws {
    if let advice = OpenBLAS.takeAdvice() { note(advice) }
    if let threads {
      Parallel.limitThreads(to: threads)
      OpenBLAS.limitThreads(to: threads)
    }
    let study = try SeriesStudy(rows: rows, fields: fields)
    var results: [SeriesResult] = []
    print(
      "| method | measured | by itself, a field | prepared, a field | preparation | speed-up | difference |\n|---|---|---:|---:|---:|---:|---:|"
    )
    for item in try study.cases() where cases.map({ item.name.hasPrefix($0) }) ?? true {
      let result = try study.result(of: item, samples: samples)
      let cells = [
        result.name, result.measured, Report.text(seconds: result.alone), Report.text(seconds: result.prepared),
        Report.text(seconds: result.preparation), Report.text(ratio: result.alone / result.prepared),
        result.difference == 0 ? "0" : Report.text(difference: result.difference),
      ]
      print("| " + cells.joined(separator: " | ") + " |")
      fflush(nil)
      results.append(result)
    }
    if let json { try Report.write(results, to: json) }
  }
}
