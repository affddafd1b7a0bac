// The measurement of a row. All programs first compute the same answers from the same weights. Then they take turns
// (ours, one peer, the next, ours, …), so that other work on the machine affects all of them. Two never run at the same
// time.
//
// Two Swift packages for benchmarks were considered: ordo-one's benchmark and Google's swift-benchmark. Both own the
// loop around a closure and run all its iterations without a break, so that other processes cannot take turns with it.
// Their other features (percentiles, counts of malloc) are less informative here than `ResourceUse`.

import Foundation
import Sextant

/// Measures rows one after another.
struct RowMeasurement {
  /// The number of counted rounds, which follow one uncounted round.
  let rounds: Int
  /// The time in seconds that a round of short work takes, by repetition, on our clock.
  let shortestRound = 0.5
  /// The pause between turns, because idle threads of OpenBLAS and OpenMP continue to spin for about 20 ms.
  let pause = 0.1

  /// Checks and times `row`.
  ///
  /// - Parameters:
  ///   - peers: the available peers.
  ///   - folder: the folder for exchanged files, which is emptied afterwards.
  func callAsFunction(_ row: BenchmarkRow, peers: [Peer], folder: URL) throws -> RowResult {
    var result = RowResult(name: row.name, summary: row.summary)
    StoragePool.shared.drain()
    result.memoryBefore = ResourceUse.memory
    let workload = try row.make()
    var able: [Peer] = []
    let candidates = peers.filter { row.peers.contains($0.name) }
    if !candidates.isEmpty {
      try compare(workload, with: candidates, folder: folder, able: &able, into: &result)
    }
    StoragePool.shared.drain()
    do {
      try time(workload, peers: able, into: &result)
      for peer in able { try peer.release() }
    } catch let error as SuiteError {
      result.failures.append(error.description)
    }
    return result
  }

  /// Sends the work and compares the answers.
  private func compare(
    _ workload: any Workload, with peers: [Peer], folder: URL, able: inout [Peer], into result: inout RowResult
  ) throws {
    let (taskPath, answerPath) = (
      folder.appending(path: "task.safetensors").path, folder.appending(path: "answer.safetensors").path
    )
    guard let task = try workload.task() else { return }
    try task.write(to: taskPath)
    defer { try? FileManager.default.removeItem(atPath: taskPath) }
    let answers = try workload.answers()
    for peer in peers {
      do {
        try peer.prepare(kind: task.kind, path: taskPath)
        try peer.check(path: answerPath)
        defer { try? FileManager.default.removeItem(atPath: answerPath) }
        let agreement = try Agreement(of: answers, withFileAt: answerPath)
        result.peers.append(RowResult.PeerResult(peer: peer.name, agreement: agreement))
        if !agreement.holds { result.failures.append("\(peer.name.rawValue) computes something else than we do") }
        able.append(peer)
      } catch let error as SuiteError {
        result.failures.append(error.description)
      }
    }
  }

  private func time(_ workload: any Workload, peers: [Peer], into result: inout RowResult) throws {
    ResourceUse.forgetPeak()
    StoragePool.shared.restartPeak()
    try workload.run()
    let once = try seconds { try workload.run() }
    result.repeats = max(1, Int((shortestRound / once).rounded(.up)))
    var (faults, allocations) = (0, 0)
    for round in 0...rounds {
      let before = ResourceUse.now
      let own = try seconds { for _ in 0..<result.repeats { try workload.run() } } / Double(result.repeats)
      let after = ResourceUse.now
      if round > 0 {
        result.seconds.append(own)
        faults += after.pageFaults - before.pageFaults
        allocations += after.allocations - before.allocations
      }
      for peer in peers {
        Thread.sleep(forTimeInterval: pause)
        let theirs = try peer.run(repeats: result.repeats) / Double(result.repeats)
        guard round > 0, let index = result.peers.firstIndex(where: { $0.peer == peer.name }) else { continue }
        result.peers[index].seconds.append(theirs)
      }
      Thread.sleep(forTimeInterval: pause)
    }
    let times = Double(rounds * result.repeats)
    (result.pageFaults, result.allocations) = (Double(faults) / times, Double(allocations) / times)
    result.peakMemory = ResourceUse.peakMemory
    let mostUsed = StoragePool.shared.statistics.peakBytes
    result.memoryParts = workload.memoryParts().map { $0.withActivations(mostUsed: mostUsed) }
  }

  func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    return (ContinuousClock.now - start) / .seconds(1)
  }
}
