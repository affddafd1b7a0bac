// Why a file could not grow, found out by trying: the libraries that write files tell that a write failed, and not
// that the disk is full.

import Foundation

/// Room for files.
enum DiskSpace {
  /// How many bytes there must be room for: as many as the libraries write at once, or nearly.
  private static let wanted = 4 << 20

  /// What keeps the file at `path` from growing, in words for people; nil if nothing does, or the file cannot be opened.
  ///
  /// Appends to the file: only for one that is given up.
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
    case ENOSPC: "the disk is full: no room is left in \(folder.path). Free some, or write elsewhere"
    case EDQUOT: "your share of the disk is used up: no room is left in \(folder.path). Free some, or write elsewhere"
    case EFBIG: "the file may not grow further: a limit is set on the size of files (ulimit -f)"
    default: nil
    }
  }
}
