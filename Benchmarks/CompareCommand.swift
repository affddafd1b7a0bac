// `make bench`: times the work of Sextant and the same work in PyTorch, JAX and NumPy, if they are installed, in turns.
// It is not a test of speed: it fails only if the programs do not compute the same.

import ArgumentParser
import Foundation
import Sextant

/// The subcommand `compare`.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Times Sextant beside PyTorch, JAX and NumPy: medians and ratios of one run, in turns.",
    discussion: """
      Peers need Python with torch, jax and safetensors: SEXTANT_PYTHON names the interpreter, `make bench-peers` installs \
      one into .build/peers. Absent peers are left out.
      """)

  @OptionGroup var choice: RowChoice

  @Option(help: "Timed rounds; one more comes before them.")
  var rounds = 5

  @Option(help: "Threads of every program.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @Option(parsing: .upToNextOption, help: "The peers to run beside us: torch, jax, numpy.")
  var peers = PeerName.allCases

  @Option(help: "Writes all times as JSON.", completion: .file())
  var json: String?

  @Flag(help: "Lists the rows and ends.")
  var list = false

  func validate() throws {
    guard rounds >= 1 else { throw ValidationError("--rounds: expected 1 or more, found \(rounds)") }
    guard threads >= 1 else { throw ValidationError("--threads: expected 1 or more, found \(threads)") }
  }

  func run() throws {
    let chosen = choice.chosen
    guard !list else {
      for row in chosen { print("\(row.name.padding(toLength: 28, withPad: " ", startingAt: 0)) \(row.summary)") }
      return
    }
    if let advice = OpenBLAS.takeAdvice() { note(advice) }
    RowMeasurement.use(threads)
    // A peer that ended is met as a failed write, not as a signal.
    signal(SIGPIPE, SIG_IGN)
    let wanted = PeerName.allCases.filter { name in
      peers.contains(name) && chosen.contains { $0.peers.contains(name) }
    }
    var started = wanted.compactMap { Peer($0, threads: threads) }
    defer { for peer in started { peer.end() } }
    let folder = FileManager.default.temporaryDirectory.appending(path: "sextant-benchmarks-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }

    var report = Report(
      threads: threads, rounds: rounds,
      programs: Dictionary(uniqueKeysWithValues: started.map { ($0.name.rawValue, $0.version) }))
    let measure = RowMeasurement(rounds: rounds)
    for row in chosen {
      started = started.compactMap { $0.isAlive ? $0 : Peer($0.name, threads: threads) }
      let result = try measure(row, peers: started, folder: folder)
      print(Report.lines(of: result, peers: started))
      fflush(nil)
      report.rows.append(result)
    }
    print("\nmedians of \(rounds) rounds, \(threads) threads\n\n\(report.table)")
    if let json { try Report.write(report, to: json) }
    if report.rows.contains(where: { !$0.failures.isEmpty }) { throw ExitCode.failure }
  }
}

extension PeerName: ExpressibleByArgument {}

/// The rows to run.
struct RowChoice: ParsableArguments {
  @Option(parsing: .upToNextOption, help: "Rows to run; all that begin with one of these names. All rows if not given.")
  var rows: [String] = []

  var chosen: [BenchmarkRow] {
    BenchmarkRow.all.filter { row in rows.isEmpty || rows.contains { row.name.hasPrefix($0) } }
  }

  func validate() throws {
    for name in rows where !BenchmarkRow.all.contains(where: { $0.name.hasPrefix(name) }) {
      throw ValidationError("--rows: no row's name begins with '\(name)'; --list shows them")
    }
  }
}

extension BenchmarkRow {
  /// Every row, in the order of the table.
  static var all: [BenchmarkRow] { limits + flows + unets + stencils + images + layers + posteriors + patches + files }
}
