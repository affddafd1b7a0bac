// A folder for the files of a row's work, which is removed with the work.

import Foundation

/// A folder that is removed with its last reference.
final class TemporaryFolder {
  private let url: URL

  /// The folder's path.
  var path: String { url.path }

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "sextant-benchmark-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}
