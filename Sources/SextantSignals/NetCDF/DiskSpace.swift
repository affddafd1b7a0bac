// Determines by trial why a file cannot grow, because the libraries that write files report that a write failed but not
// that the disk is full.

import Foundation

/// Checks for disk space.
enum DiskSpace {
  /// The number of bytes to try: about as many as the libraries write at once.
  private static let wanted = 4 << 20

  /// The reason why the file at `path` cannot grow, in words; nil if it can grow, or if it cannot be opened.
  ///
  /// Appends to the file, so use it only for a file that is to be discarded.
  static func shortage(for path: String) -> String? {
    let descriptor = open(path, O_WRONLY | O_APPEND)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    let block = [UInt8](repeating: 0, count: 1 << 16)
    var appended = 0
    while appended < wanted {
      let written = block.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      guard written > 0 else {
        return words(for: errno, folder: URL(fileURLWithPath: path).deletingLastPathComponent())
      }
      appended += written
    }
    return nil
  }

  private static func words(for code: Int32, folder: URL) -> String? {
    switch code {
    case ENOSPC: "the disk is full: no space is left in \(folder.path). Free some space, or write elsewhere"
    case EDQUOT: "your disk quota is exhausted: no space is left in \(folder.path). Free some space, or write elsewhere"
    case EFBIG: "the file cannot grow further: the size of files is limited (ulimit -f)"
    default: nil
    }
  }
}
