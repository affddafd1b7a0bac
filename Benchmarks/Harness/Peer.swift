// Another program that does the same work: a Python process that stays open, answers commands on a pipe, and waits in a
// read between them. Its side of the protocol is Peers/peer_protocol.py.

import Foundation

/// A peer's process.
final class Peer {
  let name: PeerName
  /// The program and its version, such as "JAX 0.10.2".
  let version: String
  private let process: Process
  private let commands: FileHandle
  private var answers: LineReader

  /// Starts the peer's script with `threads` threads. Nil, with a note on standard error, if Python or a package is
  /// missing.
  init?(_ name: PeerName, threads: Int) {
    let script = "Benchmarks/Peers/\(name.rawValue)_peer.py"
    guard FileManager.default.fileExists(atPath: script) else {
      note("\(name.rawValue) is left out: there is no \(script) here. Run the benchmark from the package's folder.")
      return nil
    }
    let (input, output) = (Pipe(), Pipe())
    process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [Self.python, script]
    process.standardInput = input
    process.standardOutput = output
    process.environment = Self.environment(threads: threads)
    (self.name, commands, answers) = (name, input.fileHandleForWriting, LineReader(output.fileHandleForReading))
    do { try process.run() } catch {
      note("\(name.rawValue) is left out: \(Self.python) cannot be started (\(error.localizedDescription))")
      return nil
    }
    let hello = (try? answers.next()).flatMap { try? JSONDecoder().decode(PeerAnswer.self, from: $0) }
    guard let version = hello?.version else {
      note(
        "\(name.rawValue) is left out: \(hello?.absent ?? "\(Self.python) ended"). `make bench-peers` installs the peers."
      )
      return nil
    }
    self.version = version
  }

  /// False if the process has ended by itself, for example because memory was insufficient.
  var isAlive: Bool { process.isRunning }

  /// Ends the process.
  func end() {
    try? commands.close()
    process.waitUntilExit()
  }

  /// Sends the work of a row.
  func prepare(kind: String, path: String) throws {
    _ = try ask(PeerCommand(command: "prepare", kind: kind, path: path))
  }

  /// Makes the peer write its answers to a safetensors file.
  func check(path: String) throws { _ = try ask(PeerCommand(command: "check", path: path)) }

  /// The seconds that the peer takes for `repeats` repetitions of its work, by its own clock.
  func run(repeats: Int) throws -> Double {
    guard let seconds = try ask(PeerCommand(command: "run", repeats: repeats)).seconds else {
      throw SuiteError.lostPeer(name, found: "one without a time")
    }
    return seconds
  }

  /// Makes the peer discard its work and release its memory.
  func release() throws { _ = try ask(PeerCommand(command: "release")) }

  private func ask(_ command: PeerCommand) throws -> PeerAnswer {
    try? commands.write(contentsOf: JSONEncoder().encode(command) + [0x0A])
    guard let line = try answers.next() else {
      process.waitUntilExit()
      throw SuiteError.lostPeer(name, found: "its end (status \(process.terminationStatus); 9 is often want of memory)")
    }
    guard let answer = try? JSONDecoder().decode(PeerAnswer.self, from: line) else {
      throw SuiteError.lostPeer(name, found: String(decoding: line.prefix(200), as: UTF8.self))
    }
    if let error = answer.error { throw SuiteError.peerFailed(name, reason: error) }
    return answer
  }

  /// The Python of `SEXTANT_PYTHON`, the one that `make bench-peers` installed, or else the system's.
  private static var python: String {
    let own = ".build/peers/bin/python3"
    return ProcessInfo.processInfo.environment["SEXTANT_PYTHON"]
      ?? (FileManager.default.isExecutableFile(atPath: own) ? own : "python3")
  }

  private static func environment(threads: Int) -> [String: String] {
    var environment = ProcessInfo.processInfo.environment
    for variable in ["SEXTANT_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"] {
      environment[variable] = "\(threads)"
    }
    // Large memory comes in large pages, which JAX is faster with. Threads that are made to sleep when idle would cost
    // PyTorch half of its speed. Whoever sets these has the last word.
    let habits = ["GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"]
    return environment.merging(habits) { given, _ in given }
  }
}

private struct PeerCommand: Encodable {
  let command: String
  var kind: String?
  var path: String?
  var repeats: Int?
}

private struct PeerAnswer: Decodable {
  var version: String?
  var absent: String?
  var error: String?
  var seconds: Double?
}

/// Lines of bytes from a pipe.
private struct LineReader {
  private let handle: FileHandle
  private var buffer = Data()

  init(_ handle: FileHandle) { self.handle = handle }

  /// The next line without its end; nil after the last.
  mutating func next() throws -> Data? {
    while true {
      if let end = buffer.firstIndex(of: 0x0A) {
        defer { buffer = Data(buffer[(end + 1)...]) }
        return Data(buffer[..<end])
      }
      let more = handle.availableData
      guard !more.isEmpty else { return nil }
      buffer += more
    }
  }
}
