// The resources of our own process while a row ran: the peak of its memory, page faults, and blocks allocated for
// tensors.

import Foundation
import Sextant

/// Counters of this process.
struct ResourceUse {
  /// Page faults that did not read from a disk.
  let pageFaults: Int
  /// Allocations of tensors that the pool could not serve.
  let allocations: Int

  /// The current counters.
  static var now: ResourceUse {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    return ResourceUse(
      pageFaults: usage.ru_minflt, allocations: StoragePool.shared.statistics.allocations)
  }

  /// Resets the peak of the resident memory, if the system supports it.
  static func forgetPeak() {
    guard let handle = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return }
    try? handle.write(contentsOf: Data("5".utf8))
    try? handle.close()
  }

  /// The peak of the resident memory in bytes since ``forgetPeak()``; nil if the system does not report it.
  static var peakMemory: Int? { status("VmHWM:") }

  /// The resident memory in bytes; nil if the system does not report it.
  static var memory: Int? { status("VmRSS:") }

  private static func status(_ name: String) -> Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name) }),
      let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) })
    else { return nil }
    return kibibytes * 1024
  }
}
