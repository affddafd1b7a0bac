// The results of a row.

import Foundation

/// A row's times.
struct RowResult: Encodable {
  let name: String
  let summary: String
  /// The number of repetitions of the work in a round.
  var repeats = 1
  /// The seconds for doing the work once, for each counted round.
  var seconds: [Double] = []
  var peers: [PeerResult] = []
  /// The peak of our program's resident memory while the row was timed, in bytes.
  var peakMemory: Int?
  /// The resident memory before the row began, in bytes: the program, its libraries, and remains of earlier rows.
  var memoryBefore: Int?
  /// The parts of the memory of a training step; nil for rows that do not train.
  var memoryParts: MemoryParts?
  /// Page faults of our program for doing the work once.
  var pageFaults = 0.0
  /// The blocks allocated for tensors when the work is done once.
  var allocations = 0.0
  /// The reason why times are missing.
  var failures: [String] = []

  /// The results of one peer.
  struct PeerResult: Encodable {
    let peer: PeerName
    var agreement: Agreement
    /// As ``RowResult/seconds``, in the same rounds.
    var seconds: [Double] = []

    var median: Double { seconds.median }
  }

  var median: Double { seconds.median }

  /// The peak of the memory over the sum of its parts.
  var memoryRatio: Double? {
    guard let peakMemory, let memoryParts else { return nil }
    return Double(peakMemory) / Double(memoryParts.total)
  }

  /// The median of the peer's time over ours.
  func ratio(to peer: PeerName) -> Double? {
    peers.first { $0.peer == peer }.map { $0.median / median }
  }
}

extension [Double] {
  /// The middle value, or the mean of the two in the middle; NaN if there are none.
  var median: Double {
    guard !isEmpty else { return .nan }
    let ordered = sorted()
    return (ordered[(count - 1) / 2] + ordered[count / 2]) / 2
  }
}
