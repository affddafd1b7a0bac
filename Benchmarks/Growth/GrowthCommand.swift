// `make bench-growth`: how time and memory grow with vertices, modes, samples and the length of the archive, on
// synthetic fields. There is no comparison with other programs here.

import ArgumentParser
import Foundation
import Sextant

/// The subcommand `growth` of the benchmarks.
struct GrowthCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "growth",
    abstract: "Measures time and memory against vertices, modes, samples and fields; writes growth.json and plots.")

  @Option(
    help: "The folder for growth.json and the plots; made if it is not there, what is in it is replaced.",
    completion: .directory)
  var output = "growth"

  @Option(help: "Times that each point is measured; the smallest time counts.")
  var rounds = 3

  @Option(help: "Threads.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @Option(help: "The largest number of vertices.")
  var largest = 1_000_000

  @Option(help: .hidden)
  var point: String?

  func validate() throws {
    guard rounds >= 1 else { throw ValidationError("--rounds: expected 1 or more, found \(rounds)") }
    guard threads >= 1 else { throw ValidationError("--threads: expected 1 or more, found \(threads)") }
    guard largest >= 1000 else { throw ValidationError("--largest: expected 1000 or more, found \(largest)") }
  }

  func run() throws {
    if let point { return try measure(point) }
    if let advice = OpenBLAS.takeAdvice() { note(advice) }
    var study = GrowthStudy(threads: threads, rounds: rounds)
    for sweep in GrowthSweep.all(largest: largest) {
      var results: [GrowthResult] = []
      for sizes in sweep.points {
        let result = try (1..<rounds).reduce(try child(sizes)) { best, _ in try best.best(with: child(sizes)) }
        note(GrowthStudy.line(of: result))
        results.append(result)
      }
      study.sweeps.append(MeasuredSweep(sweep: sweep, results: results))
    }
    print(study.text)
    try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
    try Report.write(study, to: output + "/growth.json")
    for (name, plot) in study.plots {
      try plot.write(to: "\(output)/\(name).png", width: 480, height: 340, resolution: 1.5, overwrite: true)
    }
  }

  /// Measures a point in this process and prints it.
  private func measure(_ text: String) throws {
    RowMeasurement.use(threads)
    let sizes = try JSONDecoder().decode(GrowthSizes.self, from: Data(text.utf8))
    FileHandle.standardOutput.write(try JSONEncoder().encode(try sizes.measured()))
  }

  /// Measures a point in a separate process.
  private func child(_ sizes: GrowthSizes) throws -> GrowthResult {
    let process = Process()
    process.executableURL = URL(
      fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    let text = String(decoding: try JSONEncoder().encode(sizes), as: UTF8.self)
    process.arguments = ["growth", "--threads", "\(threads)", "--point", text]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let answer = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw GrowthError.lost(sizes, status: process.terminationStatus) }
    return try JSONDecoder().decode(GrowthResult.self, from: answer)
  }
}
