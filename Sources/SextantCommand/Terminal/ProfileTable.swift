// The table of `--profile`: where a training's time went, by operation.

import Foundation
import Sextant

extension OperationProfile {
  /// A line for each entry, the longest first, with shares of all that was timed.
  var table: String {
    let entries = sorted
    let all = entries.reduce(0) { $0 + $1.seconds }
    let head = Self.line("operation", "calls", "forward s", "backward s", "share")
    let lines = entries.map { entry in
      Self.line(
        entry.name, "\(entry.calls)", String(format: "%.3f", entry.forward), String(format: "%.3f", entry.backward),
        String(format: "%.1f %%", 100 * entry.seconds / max(all, .leastNormalMagnitude)))
    }
    return ([head] + lines + [Self.line("all", "", String(format: "%.3f", all), "", "")]).joined(separator: "\n")
  }

  private static func line(_ name: String, _ columns: String...) -> String {
    let width = max(0, 34 - name.count)
    return name + String(repeating: " ", count: width)
      + columns.map { String(repeating: " ", count: max(1, 12 - $0.count)) + $0 }.joined()
  }
}
