// The program as users run it: the executable that the build put beside the tests, as a process of its own.

import Foundation

/// A run of `sextant` in a process of its own.
final class Program {
  /// The executable; nil where the build made none beside the tests.
  static let path: String? = {
    let tests = URL(
      fileURLWithPath: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "")
    let place = tests.deletingLastPathComponent().appendingPathComponent("sextant").path
    return FileManager.default.isExecutableFile(atPath: place) ? place : nil
  }()

  /// How a run ended.
  struct End {
    /// The exit code, or 128 plus the signal that ended it, as shells have it.
    let code: Int32
    /// Whether a signal ended it, and not the program itself.
    let isKilled: Bool
    let output: String
    let errors: String

    /// Standard output as JSON.
    var json: Any? { try? JSONSerialization.jsonObject(with: Data(output.utf8)) }
  }

  private let process = Process()
  private let streams: [URL]

  /// Starts `sextant` with `arguments`.
  ///
  /// - Parameter prelude: shell commands before it, such as limits.
  init(_ arguments: [String], prelude: String = "", environment: [String: String] = [:]) throws {
    // Files and not pipes: a full pipe would stop the program while nobody reads.
    let folder = FileManager.default.temporaryDirectory
    streams = ["output", "errors"].map { folder.appendingPathComponent("sextant-\($0)-\(UUID().uuidString)") }
    for stream in streams { try Data().write(to: stream) }
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "\(prelude) exec \"$0\" \"$@\"", Self.path ?? "sextant"] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: streams[0])
    process.standardError = try FileHandle(forWritingTo: streams[1])
    try process.run()
  }

  deinit { for stream in streams { try? FileManager.default.removeItem(at: stream) } }

  /// Runs `sextant` to its end.
  static func run(
    _ arguments: String..., prelude: String = "", environment: [String: String] = [:]
  ) throws -> End {
    try Program(arguments, prelude: prelude, environment: environment).end()
  }

  /// Runs `sextant` to its end with each of several lists of arguments, as many at a time as there are processors.
  static func runs(_ lists: [[String]], prelude: String = "") throws -> [End] {
    let width = ProcessInfo.processInfo.activeProcessorCount
    return try stride(from: 0, to: lists.count, by: width).flatMap { start in
      try lists[start..<min(lists.count, start + width)].map { try Program($0, prelude: prelude) }.map { try $0.end() }
    }
  }

  /// Waits until it has ended.
  func end() throws -> End {
    process.waitUntilExit()
    let texts = try streams.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
    let (status, isKilled) = (process.terminationStatus, process.terminationReason == .uncaughtSignal)
    return End(code: isKilled ? 128 + status : status, isKilled: isKilled, output: texts[0], errors: texts[1])
  }

  /// Sends a signal.
  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// Waits until `condition` holds, or the program has ended; false in the latter case.
  func wait(until condition: () -> Bool) -> Bool {
    while process.isRunning {
      if condition() { return true }
      usleep(2000)
    }
    return false
  }

  /// Whether the program catches SIGINT already: before that, Ctrl-C ends it as it ends any program.
  var catchesInterruptions: Bool {
    guard let status = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("SigCgt:") }),
      let mask = line.split(whereSeparator: \.isWhitespace).last.flatMap({ UInt64($0, radix: 16) })
    else { return false }
    return mask & (1 << UInt64(SIGINT - 1)) != 0
  }
}
