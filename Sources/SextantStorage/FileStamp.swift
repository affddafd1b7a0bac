// What tells whether a file was changed since it was last looked at, without reading it: its path, size and time. (A hash of the
// content is `FileDigest`.)

import Foundation

/// Stamps of files.
public enum FileStamp {
  /// Path, size and time of modification of a file, as one line. A file that is not there has the size 0.
  public static func text(of path: String) -> String {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    let date = (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
    return "\(path) \(attributes?[.size] ?? 0) \(date)"
  }
}
