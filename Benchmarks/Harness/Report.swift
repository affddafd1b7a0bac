// The output: a few lines for each row when it is done, a table at the end, and everything as JSON on request.

import Foundation
import Sextant

/// A run of the suite.
struct Report: Encodable {
  let threads: Int
  let rounds: Int
  /// The programs with their versions.
  var programs: [String: String]
  var rows: [RowResult] = []

  /// The lines that are printed when a row is done.
  static func lines(of row: RowResult, peers: [Peer]) -> String {
    var lines = ["\(row.name): \(row.summary)"]
    if !row.seconds.isEmpty {
      var times = ["ours \(text(seconds: row.median))"]
      for peer in row.peers {
        let version = peers.first { $0.name == peer.peer }?.version ?? peer.peer.rawValue
        times.append("\(version) \(text(seconds: peer.median)) (÷ ours: \(text(ratio: row.ratio(to: peer.peer))))")
      }
      let spread = text(seconds: row.seconds.min() ?? 0) + " … " + text(seconds: row.seconds.max() ?? 0)
      lines.append("  \(times.joined(separator: ", ")); ours from \(spread), \(row.repeats) a round")
      let memory = row.peakMemory.map { "at most \($0 >> 20) MiB resident, " } ?? ""
      lines.append(
        "  ours: \(memory)\(text(count: row.pageFaults)) page faults and \(text(count: row.allocations)) allocations each time"
      )
    }
    if let parts = row.memoryParts, let ratio = row.memoryRatio {
      let sizes = [
        ("weights", parts.weights), ("moments", parts.moments), ("gradients", parts.gradients),
        ("activations", parts.activations),
      ].map { "\($0) \(text(bytes: $1))" }
      let own = row.memoryBefore.map { "; \(text(bytes: $0)) were there before" } ?? ""
      lines.append(
        "  ours: the memory is \(text(ratio: ratio)) times its parts: \(sizes.joined(separator: ", "))\(own)")
    }
    for peer in row.peers {
      let loss = peer.agreement.loss.map { "of the loss \(text(difference: $0)), of the rest " } ?? ""
      let place = peer.agreement.worst.map { ", most in \($0)" } ?? ""
      lines.append("  \(peer.peer.rawValue) differs by \(loss)\(text(difference: peer.agreement.numbers))\(place)")
    }
    return (lines + row.failures.map { "  FAILED: \($0)" }).joined(separator: "\n")
  }

  /// All rows, in Markdown: medians and ratios.
  var table: String {
    let columns = PeerName.allCases.filter { peer in rows.contains { $0.ratio(to: peer) != nil } }
    let head = ["row", "ours"] + columns.flatMap { ["\($0.rawValue)", "\($0.rawValue) ÷ ours"] }
    let body = rows.filter { !$0.seconds.isEmpty }.map { row in
      [row.name, Self.text(seconds: row.median)]
        + columns.flatMap { name in
          [
            row.peers.first { $0.peer == name }.map { Self.text(seconds: $0.median) } ?? "",
            Self.text(ratio: row.ratio(to: name)),
          ]
        }
    }
    let rule = head.indices.map { $0 == 0 ? "---" : "---:" }
    return ([head, rule] + body).map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
  }

  static func text(seconds: Double) -> String {
    let milliseconds = 1000 * seconds
    return switch milliseconds {
    case ..<1: String(format: "%.3f ms", milliseconds)
    case ..<10: String(format: "%.2f ms", milliseconds)
    case ..<1000: String(format: "%.1f ms", milliseconds)
    default: String(format: "%.2f s", seconds)
    }
  }

  static func text(ratio: Double?) -> String { ratio.map { String(format: "%.2f", $0) } ?? "" }

  static func text(bytes: Int) -> String { String(format: "%.1f MiB", Double(bytes) / 1_048_576) }

  static func text(count: Double) -> String { String(format: count < 10 ? "%.1f" : "%.0f", count) }

  static func text(difference: Double) -> String { String(format: "%.1e", difference) }

  /// Writes times as JSON, replacing what is there.
  static func write(_ values: some Encodable, to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try WholeFile.write(encoder.encode(values), to: path, overwrite: true)
  }
}
