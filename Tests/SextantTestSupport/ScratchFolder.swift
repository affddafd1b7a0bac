// A folder that is gone when the last reference to it is, and at the latest when the process ends: a folder that a suite
// keeps for all of its tests is never released.

import Foundation
import Synchronization

/// A folder for the files of one test.
public final class ScratchFolder: Sendable {
  private let url: URL

  public init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("sextant-trial-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    FoldersInUse.add(url.path)
  }

  deinit {
    try? FileManager.default.removeItem(at: url)
    FoldersInUse.remove(url.path)
  }

  /// The folder's own path.
  public var path: String { url.path }

  /// The path of a file in it.
  public func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  /// The names of all that lies in the folder, hidden files too, sorted.
  public func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() }

  /// Writes a text to a file in the folder and returns its path.
  public func write(_ text: String, to name: String) throws -> String {
    try Data(text.utf8).write(to: url.appendingPathComponent(name))
    return path(name)
  }
}

/// The folders that are not yet removed, which go when the process ends.
private enum FoldersInUse {
  private static let paths = Mutex<Set<String>>([])
  private static let isWatched: Bool = atexit { FoldersInUse.removeAll() } == 0

  static func add(_ path: String) {
    _ = isWatched
    _ = paths.withLock { $0.insert(path) }
  }

  static func remove(_ path: String) { _ = paths.withLock { $0.remove(path) } }

  private static func removeAll() {
    for path in paths.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: path) }
  }
}
