// One line that says when, by which program and with which arguments a file was made.

import Foundation

/// What goes into the `history` of files.
public enum Provenance {
  /// "2026-11-20T12:00:00Z sextant 0.1.0: sextant impute obs.nc --model RUN --output filled.nc".
  ///
  /// The program's own path is left out: it says more of the machine than of the file.
  public static func line(_ arguments: [String], date: Date = Date()) -> String {
    let words = ["sextant"] + arguments.dropFirst().map { $0.contains(" ") ? "'\($0)'" : $0 }
    return "\(date.formatted(.iso8601)) sextant \(ProgramVersion.current): \(words.joined(separator: " "))"
  }
}
