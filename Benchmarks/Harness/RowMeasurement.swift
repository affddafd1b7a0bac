// How a row is measured. All programs first compute the same answers from the same weights; then they take turns, ours, one
// peer, the next, ours, …, so that whatever else the machine does falls on all of them. Never two at the same time.
//
// Two Swift packages for benchmarks were looked at: ordo-one's benchmark and Google's swift-benchmark. Both run all iterations
// of a closure in one go and own the loop around it, so that other processes cannot take turns with it; what they offer
// beside that (percentiles, counts of malloc) says less here than `ResourceUse` does.

import Foundation
import Sextant

/// Measures rows, one after the other.
struct RowMeasurement {
  /// Counted rounds; one more comes before them.
  let rounds: Int
  /// A round repeats short work until it has taken about this long by our clock.
  let shortestRound = 0.5
  /// How long everybody waits at a change of hands: idle threads of OpenBLAS and OpenMP go on spinning for some 20 ms.
  let pause = 0.1

  /// Checks and times `row`.
  ///
  /// - Parameters:
  ///   - peers: those that are there.
  ///   - folder: for the files that are handed over; emptied again.
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

  /// Hands the work over and compares the answers.
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
