// The contents of the files that something is learned from, as hashes: what tells whether a training that goes on finds them as it left
// them. Times and sizes tell less: a copy on another machine has another time.

import Foundation
import SextantMeasurement
import SextantStorage

/// Hashes of files that are learned from.
package enum LearnedFiles {
  /// The SHA-256 of each file, or of all files in a folder, by its path; empty for one that is not there.
  ///
  /// - Parameter check: called before each file; may throw to interrupt.
  /// - Throws: `FileError`, and what `check` throws.
  package static func digests(of paths: [String], check: () throws -> Void = {}) throws -> [String: String] {
    var result: [String: String] = [:]
    for path in paths where result[path] == nil {
      try check()
      result[path] = FileManager.default.fileExists(atPath: path) ? try FileDigest.sha256(ofFileOrFolder: path) : ""
    }
    return result
  }

  /// The same of the files that designs read, as one text; empty where they read none.
  package static func text(of designs: [AnyMeasurementDesign]) throws -> String {
    try digests(of: designs.flatMap(\.files)).sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(
      separator: "\n")
  }
}
