// What our own process took while a row ran: memory at its peak, page faults, blocks asked of the system for tensors.

import Foundation
import Sextant

/// Counters of this process.
struct ResourceUse {
  /// Pages that had to be provided, without reading from a disk.
  let pageFaults: Int
  /// Blocks for tensors that the pool did not have.
  let allocations: Int

  /// The counters as they stand.
  static var now: ResourceUse {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    return ResourceUse(
      pageFaults: usage.ru_minflt, allocations: StoragePool.shared.statistics.allocations)
  }

  /// Makes the peak of the resident memory begin anew, where the system can.
  static func forgetPeak() {
    guard let handle = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return }
    try? handle.write(contentsOf: Data("5".utf8))
    try? handle.close()
  }

  /// The peak of the resident memory in bytes since ``forgetPeak()``; nil where the system does not tell.
  static var peakMemory: Int? { status("VmHWM:") }

  /// The resident memory in bytes; nil where the system does not tell.
  static var memory: Int? { status("VmRSS:") }

  private static func status(_ name: String) -> Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name) }),
      let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) })
    else { return nil }
    return kibibytes * 1024
  }
}
